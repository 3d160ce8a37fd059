// The alerts: list, create with a dry run, edit, states and transitions, delete.
import { html } from "../lib/html.js";
import { address, getAll } from "../lib/api.js";
import { BASE } from "../lib/base.js";
import { POLL, useLoaded } from "../lib/load.js";
import { owns } from "../lib/manage.js";
import { useNames } from "../lib/names.js";
import { link } from "../lib/route.js";
import { may } from "../lib/session.js";
import { useZone } from "../lib/time.js";
import { text as words } from "../texts/manage.js";
import { text } from "../texts/alerts.js";
import { AlertForm } from "../parts/alert_form.js";
import { AlertState, AlertStates } from "../parts/alert_states.js";
import { SameAs } from "../parts/copy.js";
import { Empty } from "../parts/empty.js";
import { Heading } from "../parts/heading.js";
import { DeleteDialog, RowActs, Said, useManaged } from "../parts/manage.js";
import { Pending, ProblemNote } from "../parts/problem.js";
import { Table } from "../parts/table.js";

/** The most raised states that a row lists. */
const MOST = 3;

export function Alerts({ me, parameters }) {
  useZone();
  const names = useNames();
  const managed = useManaged();
  const loaded = useLoaded(async (signal) => {
    const [alerts, states, jobs] = await Promise.all(["/alerts", "/alert_states", "/jobs"].map((path) => getAll(path, {}, signal)));
    return { alerts, states: Map.groupBy(states, (state) => state.alert_id), jobs };
  }, [], POLL);
  if (!loaded.value) return html`<${Heading}>${text.title}<//><${Pending} loaded=${loaded} />`;

  const { alerts, states, jobs } = loaded.value;
  const { open, close } = managed;
  const isManager = may(me, "manager");
  const done = (say) => (alert) => {
    managed.say(say((alert ?? open.thing).name));
    loaded.reload();
  };
  const job = (id) => jobs.find((job) => job.id === id)?.name ?? id;
  const place = (id) => names.locations.get(id)?.name ?? id;
  const watched = ({ job_id, source, location_id, stage }) =>
    [job_id ? job(job_id) : text.every_job(source), location_id && place(location_id), stage].filter(Boolean).join(" · ");
  const placeOf = ({ job_id, location_id, stage }) =>
    [job_id && job(job_id), location_id && place(location_id), stage].filter(Boolean).join(" · ") || text.all;
  const columns = [
    { key: "name", title: text.columns.name, render: (alert) => html`${alert.name}${!alert.active && html`<p class="quiet">${text.inactive}</p>`}` },
    ...(names.organisations.size > 1 ? [{ key: "organisation", title: text.columns.organisation,
      value: ({ organisation_id: id }) => names.organisations.get(id)?.name }] : []),
    { key: "watches", title: text.columns.watches, value: watched, render: (alert) => html`<a href=${hrefOf(alert)}>${watched(alert)}</a>` },
    { key: "rule", title: text.columns.rule, value: text.rule },
    { key: "states", title: text.columns.states, value: (alert) => wordsOf(states.get(alert.id) ?? []),
      render: (alert) => html`<${States} states=${states.get(alert.id) ?? []} placeOf=${placeOf} />` },
    { key: "acts", title: "", value: () => "", render: (alert) => html`
      <div class="acts">
        <button type="button" onClick=${managed.show("states", alert)} aria-label=${text.show_of(alert.name)}>${text.show}</button>
        ${isManager && owns(me, alert.organisation_id) && html`<${RowActs} managed=${managed} thing=${alert} />`}
      </div>` },
  ];
  const form = { me, jobs, close };
  return html`
    <div class="title">
      <${Heading}>${text.title}<//>
      ${isManager && jobs.length > 0 && html`<button type="button" class="primary" onClick=${managed.show("new")}>${text.create}</button>`}
    </div>
    <p class="quiet lead-in">${text.lead} <a href=${`${BASE}/docs/alerts`}>${text.guide}</a></p>
    <${Said} managed=${managed} />
    <${ProblemNote} problem=${loaded.problem} />
    ${alerts.length === 0 ? html`<${Empty} title=${text.none}><p>${!isManager ? words.noneViewer : jobs.length > 0 ? text.none_lead : text.no_jobs}</p><//>` : html`
      <${Table} label=${text.title} word=${text.word} columns=${columns} rows=${alerts} sort="name" parameters=${parameters} />
      <${SameAs} json=${address("/alerts")} file="alerts" />`}
    ${open?.kind === "new" && html`<${AlertForm} ...${form} done=${done(words.created)} />`}
    ${open?.kind === "edit" && html`<${AlertForm} ...${form} alert=${open.thing} watched=${`${watched(open.thing)} · ${open.thing.metric}`} done=${done(words.saved)} />`}
    ${open?.kind === "states" && html`<${AlertStates} alert=${open.thing} placeOf=${placeOf} close=${close} />`}
    ${open?.kind === "delete" && html`
      <${DeleteDialog} name=${open.thing.name} path="/alerts/${open.thing.id}" close=${close} done=${done(words.deleted)}><p>${text.consequences}</p><//>`}`;
}

const hrefOf = ({ job_id, source_id }) => link(job_id ? `jobs/${job_id}` : `sources/${source_id}`);

/** What a row is searched and sorted by. */
const wordsOf = (states) => ["raised", "clear", "unknown"].flatMap((state) => states.filter((each) => each.state === state)
  .map(({ level }) => [text.states[state], level].filter(Boolean).join(" "))).join(", ");

function States({ states, placeOf }) {
  if (states.length === 0) return html`<span class="quiet">${text.not_judged}</span>`;
  const { raised = [], clear = [], unknown = [] } = Object.groupBy(states, ({ state }) => state);
  return html`<ul class="alert-states">
    ${raised.slice(0, MOST).map((state) => html`<li><${AlertState} state=${state} />${states.length > 1 && html` <span class="quiet">${placeOf(state)}</span>`}</li>`)}
    ${raised.length > MOST && html`<li class="quiet">${text.more(raised.length - MOST)}</li>`}
    ${[["clear", clear], ["unknown", unknown]].map(([state, all]) => all.length > 0 && html`
      <li class="quiet" title=${text.means[state]}>${text.counted(all.length, text.states[state])}</li>`)}
  </ul>`;
}
