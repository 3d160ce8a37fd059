// One predictive model: its versions with their contracts, who uses them, and what manages them.
import { html } from "../lib/html.js";
import { address, get, getAll } from "../lib/api.js";
import { useLoaded } from "../lib/load.js";
import { owns } from "../lib/manage.js";
import { go, link } from "../lib/route.js";
import { may } from "../lib/session.js";
import { moment, useZone } from "../lib/time.js";
import { CompareContracts } from "../parts/compare_contracts.js";
import { SameAs } from "../parts/copy.js";
import { Empty } from "../parts/empty.js";
import { Heading } from "../parts/heading.js";
import { DeleteDialog, Said, useManaged } from "../parts/manage.js";
import { Pending } from "../parts/problem.js";
import { Publish } from "../parts/publish.js";
import { SourceDialogs } from "../parts/source_dialogs.js";
import { State } from "../parts/state.js";
import { text as words } from "../texts/manage.js";
import { text } from "../texts/sources.js";
import { interval, retention } from "./sources.js";

/** How many jobs of a version are named. */
const NAMED = 20;

export function SourceView({ id, me }) {
  useZone();
  const managed = useManaged();
  const loaded = useLoaded(async (signal) => {
    const [source, versions, jobs, organisations] = await Promise.all([
      get(`/sources/${id}`, {}, signal), getAll("/source_versions", { source_id: id }, signal), getAll("/jobs", { source_id: id }, signal),
      getAll("/organisations", {}, signal),
    ]);
    return { source, versions: versions.reverse(), jobs, organisations };
  }, [id]);
  const back = html`<p class="back"><a href=${link("sources")}>${text.all}</a></p>`;
  if (!loaded.value) return html`${back}<${Heading}>${text.one}<//><${Pending} loaded=${loaded} />`;
  const { source, versions, jobs, organisations } = loaded.value;
  const isOwner = owns(me, source.organisation_id);
  const { open, close, show } = managed;
  const said = (sentence) => {
    managed.say(sentence);
    loaded.reload();
  };
  const done = (kind, thing) => (kind === "delete" ? go("sources") : said(words.saved(thing.name)));
  return html`
    ${back}
    <div class="title">
      <${Heading}>${source.name}<//>
      <div class="acts">
        ${may(me, "manager") && versions.length > 0 && html`<a class="button" href=${link("set-up", { source: id })}>${text.setUp}</a>`}
        ${versions.length > 1 && html`<button type="button" onClick=${show("compare")}>${text.compare}</button>`}
        ${isOwner && html`<button type="button" onClick=${show("publish")}>${text.publish}</button>
          <button type="button" onClick=${show("edit", source)}>${words.edit}</button>
          <button type="button" class="danger" onClick=${show("delete", source)}>${words.delete}</button>`}
      </div>
    </div>
    <${Said} managed=${managed} />
    ${source.description && html`<p>${source.description}</p>`}
    <dl class="facts short">
      <dt>${text.interval}</dt><dd>${interval(source)}</dd>
      <dt>${text.retention}</dt><dd>${retention(source)}</dd>
      <dt>${text.owner}</dt><dd>${organisations.find((each) => each.id === source.organisation_id)?.name ?? text.shared}</dd>
    </dl>
    ${versions.length === 0 && html`<${Empty} title=${text.noVersions}><p>${isOwner ? text.noVersionsLead : text.noVersionsViewer}</p><//>`}
    ${versions.map((version) => html`<${Version} key=${version.id} version=${version} jobs=${jobs.filter(uses(version))} isOwner=${isOwner} managed=${managed} />`)}
    <${SameAs} json=${address("/source_versions", { source_id: id })} file="${source.name} versions" />
    <${SourceDialogs} managed=${managed} me=${me} organisations=${organisations} versions=${versions} done=${done} />
    ${open?.kind === "publish" && html`<${Publish} source=${source} newest=${versions[0]} close=${close} done=${({ version }) => said(text.versionPublished(version))} />`}
    ${open?.kind === "compare" && html`<${CompareContracts} versions=${versions} close=${close} />`}
    ${open?.kind === "delete-version" && html`<${DeleteDialog} name=${text.deleteVersion(open.thing.version)} path="/source_versions/${open.thing.id}" close=${close}
      users=${jobs.filter(uses(open.thing)).map((job) => ({ name: job.name, href: link(`jobs/${job.id}`) }))} inUse=${text.versionInUse}
      done=${() => said(text.versionDeleted(open.thing.version))}><p>${text.versionConsequences} ${words.undone}</p><//>`}`;
}

/** Whether a job uses the version, or has it on trial. */
const uses = ({ id }) => (job) => job.source_version_id === id || (job.shadows ?? []).some((shadow) => shadow.source_version_id === id);

function Version({ version, jobs, isOwner, managed }) {
  const what = (role) => `${role.metric ? ` of ${role.metric}` : ""}`;
  const rest = (role) => `${role.unit ? ` in ${role.unit}` : ""}${role.required ? "" : `, ${text.optional}`}`;
  return html`
    <section class="card">
      <div class="title">
        <h2>${text.version(version.version)}</h2>
        ${isOwner && html`<button type="button" class="danger" aria-label="${words.delete} ${text.deleteVersion(version.version)}"
          onClick=${managed.show("delete-version", version)}>${words.delete}</button>`}
      </div>
      <p class="quiet">${text.published(moment(version.created_at))}<code>${version.id}</code>.</p>
      ${version.description && html`<p>${version.description}</p>`}
      <div class="columns">
        <div><h3>${text.needs}</h3>
          ${version.input_roles.length === 0 ? html`<p class="quiet">${text.nothing}</p>` : html`<ul>${version.input_roles.map((role) => html`
            <li><strong>${role.role}</strong>: ${role.input_kind}${what(role)}${rest(role)}</li>`)}</ul>`}
        </div>
        <div><h3>${text.predicts}</h3><ul>${version.output_roles.map((role) => html`
          <li><strong>${role.role}</strong>: ${role.metric}${rest(role)}</li>`)}</ul></div>
      </div>
      <h3>${text.usedBy}</h3>
      ${jobs.length === 0 ? html`<p class="quiet">${text.noJob}</p>` : html`<ul class="plain">${jobs.slice(0, NAMED).map((job) => html`
        <li key=${job.id}><a href=${link(`jobs/${job.id}`)}>${job.name}</a> ${job.source_version_id === version.id
          ? html`<${State} state=${job.health.state} />` : html`<span class="quiet">${text.onTrial}</span>`}</li>`)}</ul>`}
      ${jobs.length > NAMED && html`<p><a href=${link("jobs", { source: version.source_id })}>${text.more(jobs.length - NAMED)}</a></p>`}
    </section>`;
}
