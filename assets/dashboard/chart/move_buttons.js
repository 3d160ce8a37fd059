// Buttons that move the chart through time, for users without a mouse wheel.
import { html, useState } from "../lib/html.js";
import { ProblemNote } from "../parts/problem.js";
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
    <div class="moves" role="group" aria-label="Move through time">
      <button type="button" onClick=${move(panned(window, -0.5))}>‹ Earlier</button>
      <button type="button" onClick=${move(panned(window, 0.5))}>Later ›</button>
      <button type="button" aria-label="Zoom in" onClick=${move(zoomed(window, 0.5))}>+</button>
      <button type="button" aria-label="Zoom out" onClick=${move(zoomed(window, 2))}>−</button>
      <button type="button" onClick=${() => setWindow(around(place))}>${place.asOf === null ? "Newest" : "As-of time"}</button>
      <button type="button" onClick=${everything}>All data</button>
    </div>
    ${problem && html`<${ProblemNote} problem=${problem} />`}`;
}
