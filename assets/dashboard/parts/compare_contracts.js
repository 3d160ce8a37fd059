// Two versions of a source side by side, with their differences marked by a word and a colour.
import { html, useState } from "../lib/html.js";
import { compareRoles, unbound } from "../lib/contracts.js";
import { text as spread } from "../texts/spread.js";
import { text } from "../texts/versions.js";
import { Dialog } from "./dialog.js";
import { Field } from "./field.js";
import { text as words } from "../texts/manage.js";

/** `versions` are all of the source, newest first. */
export function CompareContracts({ versions, close }) {
  const [[from, to], setPair] = useState([versions[1].id, versions[0].id]);
  const [older, newer] = [from, to].map((id) => versions.find((version) => version.id === id));
  const options = versions.map(({ id, version }) => [id, version]);
  const [inputs, outputs] = ["input_roles", "output_roles"].map((list) => compareRoles(older[list], newer[list]));
  const isSame = [...inputs, ...outputs].every(({ mark }) => mark === "same");
  const missing = unbound(older, newer);
  const dropped = outputs.filter(({ mark }) => mark === "removed").map(({ role }) => role);
  const actions = html`<button type="button" onClick=${close}>${words.close}</button>`;
  return html`
    <${Dialog} title=${text.compareTitle} close=${close} actions=${actions} wide>
      <div class="filters">
        <${Field} name="compare-from" label=${text.older} kind="select" value=${from} set=${(id) => setPair([id, to])} options=${options} />
        <${Field} name="compare-to" label=${text.newer} kind="select" value=${to} set=${(id) => setPair([from, id])} options=${options} />
      </div>
      <p role="status">${isSame ? text.same : html`<strong>${missing.length === 0 ? text.fits : text.misfits(missing.join(", "))}</strong>
        ${dropped.length > 0 && ` ${text.drops(dropped.join(", "))}`}`}</p>
      <div class="wide" tabindex="0" role="region" aria-label=${text.compareTitle}><table class="compare">
        <thead><tr><th scope="col">${text.part}</th><th scope="col">${older.version}</th><th scope="col">${newer.version}</th></tr></thead>
        <${Part} title=${text.inputs} rows=${inputs} /><${Part} title=${text.outputs} rows=${outputs} />
      </table></div>
    <//>`;
}

function Part({ title, rows }) {
  return html`<tbody>
    <tr><th scope="colgroup" colspan="3">${title}</th></tr>
    ${rows.map(({ role, one, other, mark, changed }) => html`<tr key=${role} class="row-${mark}">
      <th scope="row">${role}${mark !== "same" && html`<p class="mark">${text.marks[mark]}</p>`}</th><td><${Role} role=${one} changed=${changed} /></td><td><${Role} role=${other} changed=${changed} /></td>
    </tr>`)}
  </tbody>`;
}

function Role({ role, changed }) {
  if (!role) return html`<span class="quiet">${text.absent}</span>`;
  const part = (field, words) => words && html`<span class=${changed.includes(field) ? "differs" : ""}>${words}</span> `;
  return html`${part("input_kind", role.input_kind)}${part("metric", role.metric)}${part("unit", role.unit)}${part("required", !role.required && text.optional)}${part("quantiles", role.quantiles && spread.short(role))}${part("members", role.members && spread.short(role))}`;
}
