// The slider through time: it stops where an issue became available, and its end is now.
import { html } from "../lib/html.js";
import { fromField, moment, toField } from "../lib/time.js";
import { plural } from "../lib/value.js";

/** `stops` are the times at which issues became available, in order; `asOf` is null for now. */
export function AsOf({ stops, asOf, set, isComplete }) {
  if (stops.length === 0) return null;
  const index = asOf === null ? stops.length : Math.max(0, stops.findLastIndex((stop) => stop <= asOf));
  const choose = (index) => set(index >= stops.length ? null : stops[Math.max(0, index)]);
  const isBefore = asOf !== null && stops[0] > asOf;
  const words = asOf === null ? "now"
    : isBefore ? `${moment(asOf)}. There was no issue yet.`
    : `${moment(asOf)}. Latest issue then: received ${moment(stops[index])}.`;
  // While a year is typed, its first digits are a year, too.
  const day = (event) => {
    const time = event.currentTarget.value ? fromField(event.currentTarget.value).getTime() : Number.NaN;
    if (time > 0) set(Math.min(Date.now(), time));
  };
  return html`
    <fieldset class="as-of">
      <legend>As of <output>${asOf === null ? "now" : moment(asOf)}</output></legend>
      <div class="slide">
        <button type="button" disabled=${index === 0} onClick=${() => choose(index - 1)} aria-label="One issue earlier">‹</button>
        <input type="range" min="0" max=${stops.length} step="1" value=${index} aria-label="What was known as of" aria-valuetext=${words}
          onInput=${(event) => choose(Number(event.currentTarget.value))} />
        <button type="button" disabled=${asOf === null} onClick=${() => choose(index + 1)} aria-label="One issue later">›</button>
        <button type="button" disabled=${asOf === null} onClick=${() => set(null)}>Now</button>
      </div>
      <label class="day">Go to date <input type="datetime-local" value=${toField(asOf ?? Date.now())} onChange=${day} /></label>
      <p class="quiet" role="status">
        ${asOf === null ? "Move the slider to see what was known at an earlier time." : `Known on ${words}`}
        ${!isComplete && ` The slider has the newest ${plural(stops.length, "issue")}. Enter a date for older ones.`}
      </p>
    </fieldset>`;
}
