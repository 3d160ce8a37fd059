// A time that is typed as the dashboard writes times, or picked. The fields of browsers show times in other formats.
import { html, useRef, useState } from "../lib/html.js";
import { fromField, moment, parsed, toField } from "../lib/time.js";
import { text } from "../texts/date_field.js";
import { text as problems } from "../texts/problems.js";

let count = 0;

/**
 * `time` is in milliseconds, or null in a field that may be empty (`isOptional`). `set` is called with another one; the last
 * instant of the minute counts. `hint` and `wrong`, its violations, are those of Field.
 */
export function DateField({ label, time, set, isOptional, hint, wrong = [] }) {
  const id = useRef(`date-${(count += 1)}`).current;
  const picker = useRef(null);
  const [typed, setTyped] = useState(null);
  const [isBad, setBad] = useState(false);
  const shown = time === null ? "" : moment(time);
  const isEmpty = (value) => isOptional && value.trim() === "";
  // A form is not sent with a time that cannot be read.
  const type = ({ currentTarget: field }) => {
    setTyped(field.value);
    field.setCustomValidity(isEmpty(field.value) || !Number.isNaN(parsed(field.value)) ? "" : text.wrong);
  };
  const enter = ({ currentTarget: field }) => {
    const t = isEmpty(field.value) ? null : parsed(field.value);
    setBad(Number.isNaN(t));
    if (Number.isNaN(t)) return;
    setTyped(null);
    if (field.value !== shown) set(t);
  };
  // While a year is typed, its first digits are a year, too.
  const pick = (event) => {
    const t = event.currentTarget.value ? fromField(event.currentTarget.value).getTime() : Number.NaN;
    setBad(false);
    setTyped(null);
    document.getElementById(id).setCustomValidity("");
    if (t > 0) set(t);
  };
  const sentences = isBad ? [text.wrong] : [...new Set(wrong.map((detail) => problems.violation(label, detail)))];
  const described = [hint && `${id}-hint`, sentences.length > 0 && `${id}-wrong`].filter(Boolean).join(" ");
  return html`
    <div class="field date">
      <label for=${id} id="${id}-label">${label}</label>
      <span class="with-picker">
        <input id=${id} type="text" autocomplete="off" value=${typed ?? shown} placeholder=${isOptional ? text.example : undefined}
          aria-invalid=${sentences.length > 0 ? "true" : undefined} aria-describedby=${described || undefined}
          onInput=${type} onChange=${enter} onKeyDown=${(event) => event.key === "Enter" && enter(event)} />
        <button type="button" aria-label=${text.pick} aria-describedby="${id}-label" onClick=${() => picker.current.showPicker?.()}>
          <svg class="sign" viewBox="0 0 16 16" width="16" height="16" aria-hidden="true"><path d="M2.5 4h11v9.5h-11zM2.5 7h11M5.5 2v3M10.5 2v3" /></svg>
        </button>
        <input class="picker" ref=${picker} type="datetime-local" tabindex="-1" aria-hidden="true" value=${time === null ? "" : toField(time)} onChange=${pick} />
      </span>
      ${hint && html`<p class="hint" id="${id}-hint">${hint}</p>`}
      ${sentences.length > 0 && html`<p class="wrong" id="${id}-wrong" role=${isBad ? "alert" : undefined}>${sentences.join(" ")}</p>`}
    </div>`;
}
