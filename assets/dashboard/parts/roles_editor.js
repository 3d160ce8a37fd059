// The editor of a version's roles: a row for each input or output.
import { html } from "../lib/html.js";
import { text as problems } from "../texts/problems.js";
import { text } from "../texts/versions.js";
import { Field } from "./field.js";
import { RoleSpread, declared } from "./role_spread.js";

/** A new row. The key stays with the row when others are removed. */
let count = 0;
export const row = (role = { required: true }) => ({ ...role, key: (count += 1) });

/** The roles as the API takes them. */
export const rolesOf = (rows) => rows.map(({ key, metric, unit, quantiles, members, ...role }) => ({
  ...role, ...declared({ quantiles, members }),
  ...(metric?.trim() && role.input_kind !== "location" && { metric }), ...(unit?.trim() && role.input_kind !== "location" && { unit }),
}));

export function RolesEditor({ legend, add, isInput, value, set, wrong }) {
  const put = (index) => (changes) => set(value.map((row, at) => (at === index ? { ...row, ...changes } : row)));
  const change = (index, field) => (given) => put(index)({ [field]: given });
  const fresh = () => set([...value, row(isInput ? { input_kind: "sensor", required: true } : undefined)]);
  const own = wrong();
  return html`
    <fieldset class="roles">
      <legend>${legend}</legend>
      ${value.length === 0 && isInput && html`<p class="quiet">${text.noInputs}</p>`}
      ${value.map((row, index) => {
        const field = (name, label, more = {}) => html`<${Field} name="role-${row.key}-${name}" label=${label} value=${row[name] ?? ""}
          set=${change(index, name)} wrong=${wrong(`/${index}/${name}`)} ...${more} />`;
        const isPlace = row.input_kind === "location";
        return html`<div class="role" key=${row.key} role="group" aria-label="${legend}, ${index + 1}">
          ${field("role", text.role, { required: true })}
          ${isInput && field("input_kind", text.kind, { kind: "select", options: text.kinds })}
          ${!isPlace && field("metric", text.metric, { required: true })}
          ${!isPlace && field("unit", text.unit)}
          ${!isInput && html`<${RoleSpread} row=${row} set=${put(index)} wrong=${(rest) => wrong(`/${index}${rest}`)} />`}
          <label class="check"><input type="checkbox" checked=${row.required} onChange=${(event) => change(index, "required")(event.currentTarget.checked)} /> ${text.required}</label>
          ${(isInput || value.length > 1) && html`<button type="button" aria-label=${text.remove(row.role)} onClick=${() => set(value.filter((_, at) => at !== index))}>${text.removeShort}</button>`}
        </div>`;
      })}
      ${own.length > 0 && html`<p class="wrong">${own.map((detail) => problems.violation(legend, detail)).join(" ")}</p>`}
      <p><button type="button" onClick=${fresh}>${add}</button></p>
    </fieldset>`;
}
