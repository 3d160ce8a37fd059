// The chart as a table, for screen readers and for exact numbers. On a phone each row is a card.
import { html } from "../lib/html.js";
import { classOf } from "../lib/classes.js";
import { hasSpread } from "../lib/spread.js";
import { lead, moment } from "../lib/time.js";
import { withUnit } from "../lib/value.js";
import { text } from "../texts/chart.js";
import { text as words } from "../texts/spread.js";

const ROWS = 100;

/** `choose(t)` is called with the time whose value was chosen. */
export function Table({ line, points, classes, asOf, choose }) {
  const last = points.slice(-ROWS).reverse();
  const isSpread = points.some(hasSpread);
  const heads = [text.validAt, text.value, ...(isSpread ? [words.spread] : []), text.issue, text.lead, text.ofVersion];
  const [issue, ahead, version] = heads.slice(-3);
  return html`
    <details class="as-table">
      <summary>${text.asTable}</summary>
      <div class="wide" tabindex="0" role="region" aria-label=${text.values}>
        <table class="cards">
          <caption>${text.caption(line.metric, asOf, last.length, points.length)}</caption>
          <thead><tr>${heads.map((head) => html`<th scope="col" class="no-sort">${head}</th>`)}</tr></thead>
          <tbody>${last.map((point) => html`
            <tr class="chosen-by-click" onClick=${() => choose(point.t, point.v)}>
              <td class="time"><button type="button" class="as-text" title=${text.what}>${moment(point.t)}</button></td>
              <td data-title=${heads[1]}>${withUnit(point.v, line.unit)}${classes.length > 0 && `, ${classOf(classes, point.v).word}`}</td>
              ${isSpread && html`<td data-title=${words.spread}>${words.all(point, line.unit)}</td>`}
              <td class="time" data-title=${issue}>${moment(point.issue)}</td>
              <td data-title=${ahead}>${lead((point.t - point.issue) / 1000)}</td>
              <td data-title=${version}>${point.version}</td>
            </tr>`)}</tbody>
        </table>
      </div>
    </details>`;
}
