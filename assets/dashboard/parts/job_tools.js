// The search, the order, the filters and the view of the jobs. All of it but the height of the rows is part of the address.
import { html } from "../lib/html.js";
import { keep } from "../lib/route.js";
import { SORTS } from "../lib/jobs.js";
import { may } from "../lib/session.js";
import { ORDER, stateOf } from "../lib/states.js";
import { text } from "../texts/overview.js";
import { Field } from "./field.js";

/** The states that need attention. */
const WRONG = "failed,down,late";

const named = (things, all) => [["", all], ...[...things.values()].map((thing) => [thing.id, thing.name])];

/** `filters` are the parameters that narrow the list. */
export function JobTools({ names, parameters, me, rows, setRows, filters }) {
  const set = (name) => (value) => keep({ [name]: value, page: "" });
  const states = [["", text.anyHealth], [WRONG, text.attention], ...ORDER.map((state) => [state, stateOf(state).word])];
  const select = (name, label, options) =>
    html`<${Field} name=${name} label=${label} kind="select" value=${parameters[name] ?? ""} set=${set(name)} options=${options} />`;
  const isFiltered = filters.some((name) => parameters[name]);
  return html`
    <form class="job-tools" role="search" onSubmit=${(event) => event.preventDefault()} aria-label=${text.tools}>
      <${Field} name="q" label=${text.search} kind="search" value=${parameters.q ?? ""} set=${set("q")} autocomplete="off" />
      <${Field} name="sort" label=${text.sort} kind="select" value=${parameters.sort ?? "health"} set=${(value) => set("sort")(value === "health" ? "" : value)}
        options=${Object.keys(SORTS).map((sort) => [sort, text.sorts[sort]])} />
      <${Switch} label=${text.view} chosen=${parameters.view ?? "list"} options=${Object.entries(text.views)} set=${(view) => set("view")(view === "list" ? "" : view)} />
      <${Switch} label=${text.rows} chosen=${rows} options=${[["comfortable", text.comfortable], ["compact", text.compact]]} set=${setRows} />
      <details class="filters-fold" open=${isFiltered}>
        <summary>${text.filters}</summary>
        <div class="filters">
          ${may(me, "admin") && select("organisation", text.organisation, named(names.organisations, text.allOrganisations))}
          ${select("source", text.source, named(names.sources, text.allSources))}
          ${select("location", text.location, named(names.locations, text.allLocations))}
          ${select("state", text.state, states)}
          ${isFiltered && html`<p><button type="button" onClick=${() => keep(Object.fromEntries(["page", ...filters].map((name) => [name, ""])))}>${text.clear}</button></p>`}
        </div>
      </details>
    </form>`;
}

function Switch({ label, chosen, options, set }) {
  return html`
    <div class="switch" role="group" aria-label=${label}>${options.map(([key, name]) => html`
      <button type="button" aria-pressed=${chosen === key ? "true" : "false"} onClick=${() => set(key)}>${name}</button>`)}</div>`;
}
