// The mappings of a feed in its form: a row for each.
import { html } from "../lib/html.js";
import { row } from "../lib/feeds.js";
import { choices } from "../lib/manage.js";
import { text as words } from "../texts/manage.js";
import { text as problems } from "../texts/problems.js";
import { text } from "../texts/feeds.js";
import { Field } from "./field.js";

/** `wrong(rest)` are the violations below the pointer of the mappings. `list` is the id of the places that the fields offer. */
export function FeedMappings({ value, set, wrong, sensors, hasTopics, list }) {
  const change = (index, name) => (given) => set(value.map((row, at) => (at === index ? { ...row, [name]: given } : row)));
  const own = wrong();
  return html`
    <fieldset class="roles">
      <legend>${text.mappings}</legend>
      <p class="quiet">${text.mappings_hint}</p>
      ${value.map((row, index) => {
        const field = (name, label, more = {}, place = name) => html`<${Field} name="mapping-${row.key}-${name}" label=${label} value=${row[name] ?? ""}
          set=${change(index, name)} wrong=${wrong(`/${index}/${place}`)} ...${more} />`;
        const number = { kind: "number", step: "any" };
        return html`<div class="role" key=${row.key} role="group" aria-label=${text.mapping(index)}>
          ${field("sensor_id", text.sensor, { kind: "select", required: true, options: choices(sensors, words.chooseOne) })}
          ${hasTopics && field("topic", text.mapping_topic)}
          ${field("value", text.value, { list })}
          ${field("time", text.time, { list, hint: text.time_hint })}
          ${field("pointer", text.pointer, { list }, "when/0/pointer")}
          ${field("equals", text.equals, {}, "when/0/equals")}
          ${row.more.length > 0 && html`<p class="quiet">${text.more_conditions(row.more.length)}</p>`}
          ${field("factor", text.factor, number)}
          ${field("offset", text.offset, number)}
          ${value.length > 1 && html`<button type="button" aria-label=${text.remove_mapping(index)} onClick=${() => set(value.filter((_, at) => at !== index))}>${text.remove}</button>`}
        </div>`;
      })}
      ${own.length > 0 && html`<p class="wrong">${own.map((detail) => problems.violation(text.mappings, detail)).join(" ")}</p>`}
      <p><button type="button" onClick=${() => set([...value, copied(value.at(-1))])}>${text.add}</button></p>
    </fieldset>`;
}

/** A further mapping is usually for the same device. */
const copied = (last) => row(last && { time: last.time, pointer: last.pointer, equals: last.equals, loaded: last.loaded, topic: last.topic, more: last.more });
