// The chart as a table, for screen readers and for exact numbers.
import { html } from "../lib/html.js";
import { classOf } from "../lib/classes.js";
import { lead, moment } from "../lib/time.js";
import { withUnit } from "../lib/value.js";

const ROWS = 100;

/** `choose(t)` is called with the time whose value was chosen. */
export function Table({ line, caption, choose }) {
  const last = line.points.slice(-ROWS).reverse();
  return html`
    <details class="as-table">
      <summary>Show as table</summary>
      <div class="wide" tabindex="0" role="region" aria-label="Values">
        <table>
          <caption>${caption}${line.points.length > ROWS && `, the last ${ROWS} of ${line.points.length} in view`}</caption>
          <thead><tr><th scope="col">Valid at</th><th scope="col">Value</th><th scope="col">Issued</th><th scope="col">Lead time</th><th scope="col">Version</th></tr></thead>
          <tbody>${last.map((point) => html`
            <tr class="chosen-by-click" onClick=${() => choose(point.t, point.v)}>
              <td class="time"><button type="button" class="as-text" title="Show what made this value">${moment(point.t)}</button></td>
              <td>${withUnit(point.v, line.unit)}${classOf(line.metric, point.v) && `, ${classOf(line.metric, point.v).word}`}</td>
              <td class="time">${moment(point.issue)}</td>
              <td>${lead((point.t - point.issue) / 1000)}</td>
              <td>${point.version}</td>
            </tr>`)}</tbody>
        </table>
      </div>
    </details>`;
}
