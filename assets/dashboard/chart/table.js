// The chart as a table, for screen readers and for exact numbers.
import { html } from "../lib/html.js";
import { classOf } from "../lib/classes.js";
import { lead, moment } from "../lib/time.js";
import { withUnit } from "../lib/value.js";

const ROWS = 100;

export function Table({ line, caption }) {
  const last = line.points.slice(-ROWS).reverse();
  return html`
    <details class="as-table">
      <summary>Show as table</summary>
      <div class="wide" tabindex="0" role="region" aria-label="Values">
        <table>
          <caption>${caption}${line.points.length > ROWS && `, the last ${ROWS} of ${line.points.length} in view`}</caption>
          <thead><tr><th scope="col">Valid at</th><th scope="col">Value</th><th scope="col">Issued</th><th scope="col">Lead time</th></tr></thead>
          <tbody>${last.map((point) => html`
            <tr>
              <td class="time">${moment(point.t)}</td>
              <td>${withUnit(point.v, line.unit)}${classOf(line.metric, point.v) && `, ${classOf(line.metric, point.v).word}`}</td>
              <td class="time">${moment(point.issue)}</td>
              <td>${lead((point.t - point.issue) / 1000)}</td>
            </tr>`)}</tbody>
        </table>
      </div>
    </details>`;
}
