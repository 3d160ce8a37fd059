// The levels of an alert in its form: a row for each.
import { html } from "../lib/html.js";
import { text as problems } from "../texts/problems.js";
import { text } from "../texts/alerts.js";
import { Field } from "./field.js";

/** `wrong(rest)` are the violations below the pointer of the levels. */
export function AlertLevels({ value, set, wrong }) {
  const change = (index, field) => (given) => set(value.map((level, at) => (at === index ? { ...level, [field]: given } : level)));
  const own = wrong();
  return html`
    <fieldset class="roles">
      <legend>${text.levels}</legend>
      <p class="quiet">${text.levels_hint}</p>
      ${value.map((level, index) => html`
        <div class="role" key=${index} role="group" aria-label=${text.level(index)}>
          <${Field} name="level-${index}-name" label=${text.level_name} value=${level.name} set=${change(index, "name")} wrong=${wrong(`/${index}/name`)} required />
          <${Field} name="level-${index}-value" label=${text.level_value} kind="number" step="any" value=${level.value} set=${change(index, "value")}
            wrong=${wrong(`/${index}/value`)} required />
          <button type="button" aria-label=${text.remove_level(level.name, index)} onClick=${() => set(value.filter((_, at) => at !== index))}>${text.remove}</button>
        </div>`)}
      ${own.length > 0 && html`<p class="wrong">${own.map((detail) => problems.violation(text.levels, detail)).join(" ")}</p>`}
      <p><button type="button" onClick=${() => set([...value, { name: "", value: "" }])}>${text.add_level}</button></p>
    </fieldset>`;
}
