// Buttons that move the chart through time, for users without a mouse wheel.
import { html, useState } from "../lib/html.js";
import { ProblemNote } from "../parts/problem.js";
import { text } from "../texts/chart.js";
import { panned, zoomed } from "./moves.js";
import { readExtent } from "./read.js";
import { around } from "./window.js";

export function Moves({ place, metric, window, setWindow }) {
  const [problem, setProblem] = useState(null);
  const everything = async () => {
    setProblem(null);
    try {
      const extent = await readExtent({ job: place.job, metric });
      if (extent) setWindow(zoomed(extent, 1.04));
    } catch (problem) {
      setProblem(problem);
    }
  };
  const move = (window) => () => setWindow(window);
  return html`
    <div class="moves" role="group" aria-label=${text.move}>
      <button type="button" onClick=${move(panned(window, -0.5))}>${text.back}</button>
      <button type="button" onClick=${move(panned(window, 0.5))}>${text.forth}</button>
      <button type="button" aria-label=${text.zoomIn} onClick=${move(zoomed(window, 0.5))}>+</button>
      <button type="button" aria-label=${text.zoomOut} onClick=${move(zoomed(window, 2))}>−</button>
      <button type="button" onClick=${() => setWindow(around(place))}>${place.asOf === null ? text.newestWindow : text.asOfWindow}</button>
      <button type="button" onClick=${everything}>${text.all}</button>
    </div>
    ${problem && html`<${ProblemNote} problem=${problem} />`}`;
}
