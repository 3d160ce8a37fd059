// How often each class was predicted and measured.
import { html } from "../lib/html.js";
import { text } from "../texts/accuracy.js";

export function ClassTable({ table }) {
  return html`
    <h4>${text.classes}</h4>
    <p class="quiet">${text.classesHint(table)}</p>
    <div class="wide" tabindex="0" role="region" aria-label=${text.classes}><table class="class-table">
      <caption class="hidden">${text.classes}</caption>
      <thead><tr><td></td>${table.classes.map((name) => html`<th scope="col">${text.wasMeasured(name)}</th>`)}</tr></thead>
      <tbody>${table.counts.map((counts, row) => html`
        <tr><th scope="row">${text.wasPredicted(table.classes[row])}</th>
          ${counts.map((count, column) => html`<td class=${row === column ? "right" : ""}>${count}</td>`)}</tr>`)}</tbody>
    </table></div>`;
}
