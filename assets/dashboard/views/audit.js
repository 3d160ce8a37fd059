// The audit trail, filtered by kind, token and time. The filters are part of the address.
import { html } from "../lib/html.js";
import { address, call, getAll } from "../lib/api.js";
import { useLoaded } from "../lib/load.js";
import { useNames } from "../lib/names.js";
import { keep, link } from "../lib/route.js";
import { may } from "../lib/session.js";
import { moment, relative, useZone } from "../lib/time.js";
import { text } from "../texts/audit.js";
import { DateField } from "../parts/date_field.js";
import { Field } from "../parts/field.js";
import { Heading } from "../parts/heading.js";
import { Pager } from "../parts/pager.js";
import { Pending, ProblemNote } from "../parts/problem.js";

const KINDS = ["organisation", "location", "sensor", "source", "source_version", "job", "webhook", "token"];
const PAGE = 50;

export function Audit({ me, parameters }) {
  useZone();
  const names = useNames();
  const isManager = may(me, "manager");
  const { kind, token, from, to, organisation, id, cursor } = parameters;
  const filter = { kind, token, from, to, organisation_id: organisation, id, cursor, limit: PAGE };
  const loaded = useLoaded((signal) => (isManager ? call(address("/audit", filter), { signal }) : null), [isManager, JSON.stringify(filter)]);
  const tokens = useLoaded((signal) => (isManager ? getAll("/tokens", {}, signal) : []), [isManager]);
  if (!isManager) return html`<${Heading}>${text.title}<//><p>${text.refused(me.role)}</p>`;
  const entries = loaded.value?.body;
  const isFiltered = kind || token || from || to || organisation || id || cursor;
  const choose = (name) => (value) => keep({ [name]: value, cursor: "" });
  const known = (tokens.value ?? []).map(({ id, name }) => [id, name]);
  // The token of an entry may be revoked: then its name stands in the entry.
  const chosen = token && !known.some(([id]) => id === token) ? [[token, text.gone(entries?.find((entry) => entry.token_id === token)?.token_name ?? token)]] : [];
  const { filters } = text;
  return html`
    <${Heading}>${text.title}<//>
    <p class="quiet lead-in">${text.lead}</p>
    <div class="filters">
      <${Field} name="audit-kind" label=${filters.kind} kind="select" value=${kind ?? ""} set=${choose("kind")}
        options=${[["", text.all_kinds], ...KINDS.map((kind) => [kind, text.kind(kind)])]} />
      <${Field} name="audit-token" label=${filters.token} kind="select" value=${token ?? ""} set=${choose("token")}
        options=${[["", text.all_tokens], ...known, ...chosen]} />
      ${may(me, "admin") && names.organisations.size > 1 && html`
        <${Field} name="audit-organisation" label=${filters.organisation} kind="select" value=${organisation ?? ""} set=${choose("organisation")}
          options=${[["", text.all_organisations], ...[...names.organisations.values()].map(({ id, name }) => [id, name])]} />`}
      <${Time} name="from" value=${from} choose=${choose("from")} />
      <${Time} name="to" value=${to} choose=${choose("to")} />
    </div>
    ${isFiltered && html`<p><a href=${link("audit")}>${text.reset}</a></p>`}
    ${loaded.problem && entries && html`<${ProblemNote} problem=${loaded.problem} />`}
    ${!entries ? html`<${Pending} loaded=${loaded} />` : entries.length === 0 ? html`<p class="empty">${text.none}</p>` : html`
      <table class="cards" aria-label=${text.title}>
        <thead><tr>${Object.values(text.columns).map((head) => html`<th scope="col" class="no-sort">${head}</th>`)}</tr></thead>
        <tbody>${entries.map((entry, index) => html`<${Entry} key=${`${entry.at}/${index}`} entry=${entry} />`)}</tbody>
      </table>
      <${Pager} cursor=${cursor} next=${loaded.value.next} count=${entries.length} word=${text.entries} />
      `}`;
}

// A field shows minutes. The end of the chosen minute is meant by "until", its beginning by "from".
function Time({ name, value, choose }) {
  const set = (chosen) => {
    if (chosen === null) return choose("");
    const time = new Date(chosen);
    if (name === "from") time.setSeconds(0, 0);
    choose(time.toISOString());
  };
  return html`<${DateField} label=${text.filters[name]} time=${value ? Date.parse(value) : null} set=${set} isOptional />`;
}

function Entry({ entry }) {
  const { columns } = text;
  const view = { job: `jobs/${entry.id}`, source: `sources/${entry.id}` }[entry.kind];
  const isThere = view && entry.action !== "deleted";
  return html`
    <tr>
      <th scope="row"><span title=${relative(entry.at)}>${moment(entry.at)}</span></th>
      <td data-title=${columns.action}>${entry.action}</td>
      <td data-title=${columns.thing}><span>${text.kind(entry.kind)} ${isThere
        ? html`<a href=${link(view)}>${entry.name}</a>` : html`<strong>${entry.name}</strong>`}</span></td>
      <td data-title=${columns.by}>${entry.token_name}</td>
      <td data-title=${columns.changes}>${entry.changes && html`<${Changes} changes=${entry.changes} />`}</td>
    </tr>`;
}

const shown = (value) => (value === null ? text.cleared : typeof value === "object" ? JSON.stringify(value) : String(value));

function Changes({ changes }) {
  return html`<ul class="changes">${Object.entries(changes).map(([field, value]) => html`<li>${text.change(field, shown(value))}</li>`)}</ul>`;
}
