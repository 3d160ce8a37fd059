// The class that a value is in, as colour and as word; nothing without classes.
import { classOf } from "../lib/classes.js";
import { html } from "../lib/html.js";
import { text } from "../texts/classes.js";

export function Class({ classes, value }) {
  const found = value === undefined ? undefined : classOf(classes, value);
  return found && html`<span class="class ${found.tone}">${found.word}</span>`;
}

/** What the colours mean. */
export function Classes({ classes, metric }) {
  if (classes.length === 0) return null;
  return html`<ul class="classes" aria-label=${text.classesOf(metric)}>
    ${classes.map(({ from, word, tone }, index) => html`<li><span class="class ${tone}">${word}</span> ${text.range(from, classes[index + 1]?.from)}</li>`)}
  </ul>`;
}
