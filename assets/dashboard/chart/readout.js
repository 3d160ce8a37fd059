// The values at the pointer: the valid time, and for each line its value, its issue time and its lead time.
import { html } from "../lib/html.js";
import { fullMoment, lead, moment } from "../lib/time.js";
import { withUnit } from "../lib/value.js";
import { Class } from "../parts/class.js";

/** How old a reading may be to be shown with a time, in milliseconds. */
const RECENT = 2 * 3_600_000;

/** What is read first. */
const ORDER = ["known", "came", "trial", "reading"];

/** The line's point at the time, or the last before it that is not far. */
function pointAt(points, t, far) {
  let found;
  for (const point of points) {
    if (point.t > t) break;
    found = point;
  }
  return found && t - found.t <= far ? found : undefined;
}

/** `lines` have a name; what is at `t` is read of each, and of readings the last that was not long ago. */
export function Readout({ lines, metric, t, isPointed }) {
  if (t === null) return html`<div class="readout"></div>`;
  const shown = lines
    .filter((line) => line.name)
    .map((line) => ({ ...line, point: pointAt(line.points, t, line.kind === "reading" ? RECENT : 0) }))
    .filter((line) => line.point)
    .sort((one, other) => ORDER.indexOf(one.kind) - ORDER.indexOf(other.kind));
  return html`
    <div class="readout" role="status">
      <p><span class="quiet">Valid at</span> <strong class="valid">${fullMoment(t)}</strong>
        ${!isPointed && html` <span class="quiet">(point at the chart for other times)</span>`}</p>
      <ul>${shown.map((line) => html`
        <li>
          <${Sample} line=${line} /> ${line.name}: <strong>${withUnit(line.point.v, line.unit)}</strong>${" "}
          ${line.kind !== "reading" && html`<${Class} metric=${metric} value=${line.point.v} /> `}
          ${line.point.issue
            ? html`<span class="quiet">issued ${moment(line.point.issue)}, <span class="lead">${lead((line.point.t - line.point.issue) / 1000)}</span>${line.isOnTrial ? "" : `, version ${line.point.version}`}</span>`
            : html`<span class="quiet">read ${moment(line.point.t)}</span>`}
        </li>`)}
      </ul>
    </div>`;
}

/** A piece of a line, as the chart draws it. */
function Sample({ line }) {
  if (!line.dash) return html`<span class="key ${line.kind}"></span>`;
  return html`<svg class="key-of-trial" width="32" height="8" viewBox="0 0 32 8" aria-hidden="true">
    <line x1="0" y1="4" x2="32" y2="4" stroke-dasharray=${line.dash.join(" ")} /></svg>`;
}

/** What the lines of the chart are. */
export function Key({ lines }) {
  const shown = lines.filter((line, index) => line.title && lines.findIndex((other) => other.title === line.title) === index);
  return html`<ul class="keys" aria-label="Legend">${shown.map((line) => html`<li><${Sample} line=${line} /> ${line.title}</li>`)}</ul>`;
}
