// The values at the pointer: the valid time, and for each line its value, its issue time and its lead time.
import { html } from "../lib/html.js";
import { fullMoment, lead, moment, offset } from "../lib/time.js";
import { withUnit } from "../lib/value.js";
import { Class } from "../parts/class.js";
import { Spread } from "../parts/spread.js";
import { text } from "../texts/chart.js";
import { Sample } from "./legend.js";

/** A reading is shown with a time if it is not older than this, in milliseconds. */
const RECENT = 2 * 3_600_000;

/** The order of the lines. */
const ORDER = ["known", "later", "trial", "reading"];

/** The line's point at the time, or the last before it that is not far. */
function pointAt(points, t, far) {
  let found;
  for (const point of points) {
    if (point.t > t) break;
    found = point;
  }
  return found && t - found.t <= far ? found : undefined;
}

/** `lines` have a name; the value at `t` is shown of each, and of readings the last that was not long ago. */
export function Readout({ lines, classes, t, isPointed, ask }) {
  if (t === null) return html`<div class="readout"></div>`;
  const at = (line) => ({ ...line, point: pointAt(line.points, t, line.kind === "reading" ? RECENT : 0) });
  const found = lines.map(at).filter((line) => line.point);
  const shown = found.filter((line) => line.name).sort((one, other) => ORDER.indexOf(one.kind) - ORDER.indexOf(other.kind));
  const current = shown.find((line) => line.kind === "known")?.point.issue;
  const older = found.filter((line) => line.kind === "older" && line.point.issue !== current);
  return html`
    <div class="readout" role="status">
      <p><span class="quiet">${text.validAt}</span> <strong class="valid">${fullMoment(t)}</strong> <span class="quiet">${offset(t)}</span>
        ${!isPointed && html` <span class="quiet">${text.point}</span>`}
        ${shown.some((line) => line.kind !== "reading") && html` <button type="button" class="small" onClick=${() => ask(t)}>${text.changed}</button>`}</p>
      <ul>
        ${shown.map((line) => html`
          <li>
            <${Sample} line=${line} /> ${line.name}: <strong>${withUnit(line.point.v, line.unit)}</strong>${" "}
            ${line.kind !== "reading" && html`<${Class} classes=${classes} value=${line.point.v} /> `}
            <${Spread} point=${line.point} unit=${line.unit} />
            <span class="quiet">${line.point.issue
              ? `${text.issued(line.point.issue, lead((line.point.t - line.point.issue) / 1000))}${line.isOnTrial ? "" : text.version(line.point.version)}`
              : text.read(line.point.t)}</span>
          </li>`)}
        ${older.length > 0 && html`
          <li><${Sample} line=${older[0]} /> ${text.older}: ${older.map((line) => `${withUnit(line.point.v, line.unit)} (${moment(line.point.issue)})`).join(", ")}</li>`}
      </ul>
    </div>`;
}
