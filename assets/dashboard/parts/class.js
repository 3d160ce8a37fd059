// The class that a value is in, as colour and as word; nothing for a metric without classes.
import { classOf, classes } from "../lib/classes.js";
import { html } from "../lib/html.js";

export function Class({ metric, value }) {
  const found = value === undefined ? undefined : classOf(metric, value);
  return found && html`<span class="class ${found.word}" title=${found.means}>${found.word}</span>`;
}

/** What the colours mean. */
export function Classes({ metric }) {
  const all = classes(metric);
  if (all.length === 0) return null;
  const range = (index) => (all[index + 1] ? `${all[index].from} to below ${all[index + 1].from}` : `${all[index].from} and more`);
  return html`<ul class="classes" aria-label="Classes of ${metric}">
    ${all.map((each, index) => html`<li><span class="class ${each.word}">${each.word}</span> ${range(index)}: ${each.means}</li>`)}
  </ul>`;
}
