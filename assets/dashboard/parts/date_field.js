// A time that is typed as the dashboard writes times, or picked. The fields of browsers show times in other formats.
import { html, useRef, useState } from "../lib/html.js";
import { fromField, moment, parsed, toField } from "../lib/time.js";
import { text } from "../texts/date_field.js";

let count = 0;

/** `time` is in milliseconds, `set` is called with another one; the last instant of the minute counts. */
export function DateField({ label, time, set }) {
  const id = useRef(`date-${(count += 1)}`).current;
  const picker = useRef(null);
  const [typed, setTyped] = useState(null);
  const [isWrong, setWrong] = useState(false);
  const enter = (event) => {
    const t = parsed(event.currentTarget.value);
    setWrong(Number.isNaN(t));
    if (Number.isNaN(t)) return;
    setTyped(null);
    if (event.currentTarget.value !== moment(time)) set(t);
  };
  // While a year is typed, its first digits are a year, too.
  const pick = (event) => {
    const t = event.currentTarget.value ? fromField(event.currentTarget.value).getTime() : Number.NaN;
    setWrong(false);
    setTyped(null);
    if (t > 0) set(t);
  };
  return html`
    <div class="field date">
      <label for=${id}>${label}</label>
      <span class="with-picker">
        <input id=${id} type="text" autocomplete="off" value=${typed ?? moment(time)} aria-invalid=${isWrong ? "true" : undefined}
          aria-describedby=${isWrong ? `${id}-wrong` : undefined} onInput=${(event) => setTyped(event.currentTarget.value)}
          onChange=${enter} onKeyDown=${(event) => event.key === "Enter" && enter(event)} />
        <button type="button" aria-label=${text.pick} onClick=${() => picker.current.showPicker?.()}>
          <svg class="sign" viewBox="0 0 16 16" width="16" height="16" aria-hidden="true"><path d="M2.5 4h11v9.5h-11zM2.5 7h11M5.5 2v3M10.5 2v3" /></svg>
        </button>
        <input class="picker" ref=${picker} type="datetime-local" tabindex="-1" aria-hidden="true" value=${toField(time)} onChange=${pick} />
      </span>
      ${isWrong && html`<p class="wrong" id="${id}-wrong" role="alert">${text.wrong}</p>`}
    </div>`;
}
