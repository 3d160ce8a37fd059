// A sensor's chart with its window, its gaps, and the value at the pointer.
import { html, useState } from "../lib/html.js";
import { useLoaded } from "../lib/load.js";
import { gapsOf, readWindow } from "../lib/readings.js";
import { keep } from "../lib/route.js";
import { fullMoment } from "../lib/time.js";
import { withUnit } from "../lib/value.js";
import { text } from "../texts/readings.js";
import { Pending } from "./problem.js";
import { ReadingsPlot } from "./readings_plot.js";

const DAY = 86_400_000;
const SPANS = [["day", DAY], ["week", 7 * DAY], ["month", 30 * DAY]];
const SHORTEST = 60_000;

/** The window that the address names, or the last week of readings. */
export function chosenWindow({ from, to }, { first, last }) {
  const [start, end] = [Date.parse(from), Date.parse(to)];
  if (end > start) return { from: start, to: end };
  return { from: Math.max(first, last - 7 * DAY) - SHORTEST, to: last };
}

export function Readings({ sensor, extent, window, turn }) {
  const [at, setAt] = useState(null);
  const loaded = useLoaded(async (signal) => ({ ...(await readWindow(sensor.id, window, signal)), window }), [sensor.id, window.from, window.to, turn]);
  const show = ({ from, to }) => keep({ from: new Date(from).toISOString(), to: new Date(Math.max(to, from + SHORTEST)).toISOString() });
  const span = window.to - window.from;
  const panned = (share) => show({ from: window.from + share * span, to: window.to + share * span });
  const zoomed = (factor) => show({ from: window.from - ((factor - 1) / 2) * span, to: window.to + ((factor - 1) / 2) * span });
  const end = Math.min(Math.max(window.to, extent.first), extent.last);
  const { value } = loaded;
  const gaps = value ? gapsOf(value.points, value.thinned, value.window, extent) : [];
  return html`
    <div class="choices" role="group" aria-label=${text.windows}>
      ${SPANS.map(([name, length]) => html`<button type="button" key=${name} onClick=${() => show({ from: end - length, to: end })}>${text[name]}</button>`)}
      <button type="button" onClick=${() => show({ from: extent.first - SHORTEST, to: extent.last })}>${text.all}</button>
      <span class="moves">
        <button type="button" onClick=${() => panned(-0.5)}>${text.earlier}</button><button type="button" onClick=${() => panned(0.5)}>${text.later}</button>
        <button type="button" onClick=${() => zoomed(0.5)}>${text.in}</button><button type="button" onClick=${() => zoomed(2)}>${text.out}</button>
      </span>
    </div>
    ${!value ? html`<${Pending} loaded=${loaded} />` : html`
      <${ReadingsPlot} label=${text.chart(sensor.name)} points=${value.points} gaps=${gaps} unit=${sensor.unit} window=${value.window} moved=${setAt} chosen=${show} />
      <p class="at-pointer">${at && at.v !== null ? html`<strong>${withUnit(at.v, sensor.unit)}</strong> ${fullMoment(at.t)}`
        : html`<span class="quiet">${text.hint}</span>`}</p>
      <p class="quiet" role="status">${value.points.length === 0 ? text.empty
        : `${text.shown(value.points.length, value.thinned)}; ${text.gaps(gaps)}.`}</p>`}`;
}
