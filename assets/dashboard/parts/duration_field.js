// A length of time as a number and its unit.
import { html, useRef, useState } from "../lib/html.js";
import { countOf, lengthOf } from "../lib/alerts.js";
import { text } from "../texts/alerts.js";
import { text as problems } from "../texts/problems.js";

let count = 0;

/** `value` is an ISO 8601 duration at first; `set` is called with another one, or with `none` if the number is deleted. */
export function DurationField({ label, hint, value, set, wrong = [], none = "", ...rest }) {
  const id = useRef(`duration-${(count += 1)}`).current;
  const [typed, setTyped] = useState(() => countOf(value));
  const change = (field) => (event) => {
    const next = { ...typed, [field]: event.currentTarget.value };
    setTyped(next);
    set(lengthOf(next) || none);
  };
  const sentences = [...new Set(wrong.map((detail) => problems.violation(label, detail)))];
  const described = [hint && `${id}-hint`, sentences.length > 0 && `${id}-wrong`].filter(Boolean).join(" ");
  return html`
    <div class="field">
      <label for=${id}>${label}</label>
      <span class="with-unit">
        <input id=${id} type="number" min="0" step="any" value=${typed.count} aria-describedby=${described || undefined}
          aria-invalid=${sentences.length > 0 ? "true" : undefined} onInput=${change("count")} ...${rest} />
        <select aria-label=${text.unit_of(label)} value=${typed.unit} onChange=${change("unit")}>
          ${Object.entries(text.units).map(([unit, word]) => html`<option key=${unit} value=${unit}>${word}</option>`)}
        </select>
      </span>
      ${hint && html`<p class="hint" id="${id}-hint">${hint}</p>`}
      ${sentences.length > 0 && html`<p class="wrong" id="${id}-wrong">${sentences.join(" ")}</p>`}
    </div>`;
}
