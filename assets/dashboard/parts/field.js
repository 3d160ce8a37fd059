// A field of a form with its label, a hint and its violations.
import { html } from "../lib/html.js";
import { text } from "../texts/problems.js";

let count = 0;
const ids = new Map();

// The same field has the same id each time that it is drawn.
function idOf(name) {
  if (!ids.has(name)) ids.set(name, `field-${(count += 1)}`);
  return ids.get(name);
}

/**
 * A field: `kind` is an input's type, "select" with `options` of [value, text], or "textarea". `wrong` lists its violations, as the
 * server describes them or as sentences. `ask` is the sentence that asks for its value: "Give the job a name."
 */
export function Field({ name, label, kind = "text", value, set, options = [], hint, wrong = [], ask, ...rest }) {
  const id = idOf(name);
  const asked = ask ?? text.ask(label, kind === "select");
  const sentences = [...new Set(wrong.map((detail) => text.violation(label, detail, asked)))];
  const described = [hint && `${id}-hint`, wrong.length > 0 && `${id}-wrong`].filter(Boolean).join(" ");
  const shared = {
    id, value, ...rest,
    "aria-describedby": described || undefined,
    "aria-invalid": wrong.length > 0 ? "true" : undefined,
  };
  const change = (event) => set(event.currentTarget.value);
  return html`
    <div class="field">
      <label for=${id}>${label}</label>
      ${kind === "select"
        ? html`<select ...${shared} onChange=${change}>${options.map(([value, word]) => html`<option key=${value} value=${value}>${word}</option>`)}</select>`
        : kind === "textarea" ? html`<textarea rows="3" ...${shared} onInput=${change}></textarea>`
        : html`<input type=${kind} ...${shared} onInput=${change} />`}
      ${hint && html`<p class="hint" id="${id}-hint">${hint}</p>`}
      ${wrong.length > 0 && html`<p class="wrong" id="${id}-wrong">${sentences.join(" ")}</p>`}
    </div>`;
}
