// The predictive models, with how many jobs use each.
import { html } from "../lib/html.js";
import { BASE } from "../lib/base.js";
import { API, curl, getAll, MOST } from "../lib/api.js";
import { useLoaded } from "../lib/load.js";
import { link } from "../lib/route.js";
import { may } from "../lib/session.js";
import { length } from "../lib/time.js";
import { plural } from "../lib/value.js";
import { Empty } from "../parts/empty.js";
import { Heading } from "../parts/heading.js";
import { Pending } from "../parts/problem.js";
import { TallyOfStates } from "../parts/tally.js";

const grace = (source) => (source.grace_minutes ? `, grace ${length(source.grace_minutes * 60)}` : "");
export const interval = (source) => {
  if (!source.expected_interval_minutes) return "none";
  return `every ${length(source.expected_interval_minutes * 60).replace(/^1 /, "")}${grace(source)}`;
};
export const retention = (source) => (source.retention_hours ? length(source.retention_hours * 3600) : "forever");

export function Sources({ me }) {
  const loaded = useLoaded(async (signal) => {
    const [sources, versions, jobs] = await Promise.all(["/sources", "/source_versions", "/jobs"].map((path) => getAll(path, {}, signal)));
    return { sources, versions, jobs };
  }, []);
  if (!loaded.value) return html`<${Heading}>Sources<//><${Pending} loaded=${loaded} />`;
  const { sources, versions, jobs } = loaded.value;
  const newest = (source) => versions.filter((version) => version.source_id === source.id).at(-1);
  return html`
    <${Heading}>Sources<//>
    <p class="quiet lead-in">A source is a predictive model. Each version lists its inputs and its outputs. A job uses one version.</p>
    ${sources.length === 0 ? html`<${None} me=${me} />` : html`
      <div class="wide" tabindex="0" role="region" aria-label="Sources"><table>
        <thead><tr>
          <th scope="col">Source</th><th scope="col">Newest version</th><th scope="col">Predicts</th>
          <th scope="col">Expected interval</th><th scope="col">Retention</th><th scope="col">Jobs</th>
        </tr></thead>
        <tbody>${sources.map((source) => {
          const version = newest(source);
          const own = jobs.filter((job) => job.source_id === source.id);
          return html`
            <tr key=${source.id}>
              <th scope="row"><a href=${link(`sources/${source.id}`)}>${source.name}</a>
                ${source.description && html`<p class="quiet">${source.description}</p>`}
                ${!source.organisation_id && html`<p class="quiet">Shared by all organisations.</p>`}</th>
              <td>${version?.version ?? html`<span class="quiet">none yet</span>`}</td>
              <td>${version?.output_roles.map((role) => role.metric).join(", ")}</td>
              <td>${interval(source)}</td>
              <td>${retention(source)}</td>
              <td><a href=${link("jobs", { source: source.id })}>${plural(own.length, "job")}</a> <${TallyOfStates} jobs=${own} /></td>
            </tr>`;
        })}</tbody>
      </table></div>
      ${jobs.length >= MOST && html`<p class="quiet">There are more than ${MOST} jobs. Only the first ${MOST} are counted here.</p>`}`}`;
}

function None({ me }) {
  const body = { name: "frost-predictor", description: "Predicts night frost.", expected_interval_minutes: 60 };
  const command = may(me, "manager") ? curl(`${API}/sources`, { method: "POST", body }) : undefined;
  return html`
    <${Empty} title="No sources yet" command=${command}>
      <p>Register a model as a source, then publish a version of it (<a href=${`${BASE}/docs/jobs`}>Jobs</a>, steps 1 to 3).
        ${!command && " A manager of your organisation can do this."}</p>
    <//>`;
}
