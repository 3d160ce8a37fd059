// One predictive model: its versions with their contracts, and who uses them.
import { html } from "../lib/html.js";
import { BASE } from "../lib/base.js";
import { address, get, getAll } from "../lib/api.js";
import { useLoaded } from "../lib/load.js";
import { link } from "../lib/route.js";
import { may } from "../lib/session.js";
import { moment, useZone } from "../lib/time.js";
import { SameAs } from "../parts/copy.js";
import { Heading } from "../parts/heading.js";
import { Pending } from "../parts/problem.js";
import { State } from "../parts/state.js";
import { interval, retention } from "./sources.js";

/** How many jobs of a version are named. */
const NAMED = 20;

export function SourceView({ id, me }) {
  useZone();
  const loaded = useLoaded(async (signal) => {
    const [source, versions, jobs] = await Promise.all([
      get(`/sources/${id}`, {}, signal), getAll("/source_versions", { source_id: id }, signal), getAll("/jobs", { source_id: id }, signal),
    ]);
    return { source, versions: versions.reverse(), jobs };
  }, [id]);
  if (!loaded.value) return html`<${Heading}>Source<//><${Pending} loaded=${loaded} />`;
  const { source, versions, jobs } = loaded.value;
  return html`
    <p class="back"><a href=${link("sources")}>All sources</a></p>
    <div class="title">
      <${Heading}>${source.name}<//>
      ${may(me, "manager") && versions.length > 0 && html`<a class="button" href=${link("set-up", { source: id })}>Set up a job</a>`}
    </div>
    ${source.description && html`<p>${source.description}</p>`}
    <dl class="facts short">
      <dt>Expected interval</dt><dd>${interval(source)}</dd>
      <dt>Retention</dt><dd>${retention(source)}</dd>
      <dt>Owner</dt><dd>${source.organisation_id ? "one organisation" : "shared by all organisations"}</dd>
    </dl>
    ${versions.length === 0 && html`
      <p class="empty">This source has no version yet. Publish one with <code>POST /api/v1/source_versions</code>: see
      <a href=${`${BASE}/docs/jobs`}>Jobs</a>, step 2.</p>`}
    ${versions.map((version) => html`<${Version} key=${version.id} version=${version} jobs=${jobs.filter(uses(version))} />`)}
    <${SameAs} json=${address("/source_versions", { source_id: id })} file="${source.name} versions" />`;
}

/** Whether a job uses the version, or has it on trial. */
const uses = ({ id }) => (job) => job.source_version_id === id || (job.shadows ?? []).some((shadow) => shadow.source_version_id === id);

function Version({ version, jobs }) {
  return html`
    <section class="card">
      <h2>Version ${version.version}</h2>
      <p class="quiet">Published ${moment(version.created_at)}. Workers fetch its jobs with the service id <code>${version.id}</code>.</p>
      ${version.description && html`<p>${version.description}</p>`}
      <div class="columns">
        <div><h3>Needs</h3>
          ${version.input_roles.length === 0 ? html`<p class="quiet">nothing</p>` : html`<ul>${version.input_roles.map((role) => html`
            <li><strong>${role.role}</strong>: ${role.input_kind}${role.metric && ` of ${role.metric}`}
              ${role.unit && ` in ${role.unit}`}${!role.required && ", optional"}</li>`)}</ul>`}
        </div>
        <div><h3>Predicts</h3><ul>${version.output_roles.map((role) => html`
          <li><strong>${role.role}</strong>: ${role.metric}${role.unit && ` in ${role.unit}`}${!role.required && ", optional"}</li>`)}</ul></div>
      </div>
      <h3>Used by</h3>
      ${jobs.length === 0 ? html`<p class="quiet">no job</p>` : html`<ul class="plain">${jobs.slice(0, NAMED).map((job) => html`
        <li><a href=${link(`jobs/${job.id}`)}>${job.name}</a> ${job.source_version_id === version.id
          ? html`<${State} state=${job.health.state} />` : html`<span class="quiet">on trial</span>`}</li>`)}</ul>`}
      ${jobs.length > NAMED && html`<p><a href=${link("jobs", { source: version.source_id })}>and ${jobs.length - NAMED} more</a></p>`}
    </section>`;
}
