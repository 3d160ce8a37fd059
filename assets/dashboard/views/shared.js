// What shared links and `kiosk` show: one job or the list of jobs, without navigation and without anything that changes.
import { html, useEffect, useMemo } from "../lib/html.js";
import { address, call, get } from "../lib/api.js";
import { RUNS, issuesOf } from "../lib/issues.js";
import { POLL, useLoaded } from "../lib/load.js";
import { keep, link } from "../lib/route.js";
import { moment, relative, useZone } from "../lib/time.js";
import { spoken, withUnit } from "../lib/value.js";
import { text } from "../texts/share.js";
import { Chart } from "../chart/chart.js";
import { Heading } from "../parts/heading.js";
import { reason } from "../parts/job_row.js";
import { Pending, ProblemNote } from "../parts/problem.js";
import { Coverage, State } from "../parts/state.js";
import { Tiles } from "../parts/tiles.js";
import { Zone } from "../parts/zone.js";

const PAGE = 100;

/** The page of a shared link or of a kiosk, or a hint if the link is of another page. */
export function Shared({ parts: [id], parameters, me }) {
  // `kiosk` without a value stays in the address when the view changes its parameters.
  useEffect(() => void (parameters.kiosk === "" && keep({ kiosk: "1" })), [parameters.kiosk]);
  const limit = me.limited_to;
  if (limit?.sensor_id) return html`<${Heading}>${text.device}<//><p>${text.device_lead}</p>`;
  const page = limit && (limit.job_id ? `jobs/${limit.job_id}` : "jobs");
  if (limit && (limit.job_id ?? undefined) !== id) {
    return html`<${Heading}>${text.elsewhere}<//><p><a href=${link(page, { share: parameters.share })}>${text.back}</a></p>`;
  }
  return html`
    ${id ? html`<${SharedJob} key=${id} id=${id} parameters=${parameters} />` : html`<${SharedList} parameters=${parameters} />`}
    ${!limit && html`<p><button type="button" onClick=${() => keep({ kiosk: "" })}>${text.leave}</button></p>`}`;
}

/** Names of the things that the job shows. Lists are not for the token of a link. */
const namesOf = ({ source, version, location }) => ({
  organisations: new Map(), versions: new Map(version ? [[version.id, version]] : []),
  sources: new Map(source ? [[source.id, source]] : []), locations: new Map(location ? [[location.id, location]] : []),
});

function SharedJob({ id, parameters }) {
  useZone();
  const loaded = useLoaded((signal) => get(`/jobs/${id}`, {}, signal), [id], POLL);
  const job = loaded.value;
  const arrival = job?.health.last_arrival;
  const bound = job?.role_bindings.filter(({ input_type }) => input_type === "sensor").map(({ input_id }) => input_id) ?? [];
  const around = useLoaded(async (signal) => {
    if (!job) return undefined;
    const [source, version, location, ...sensors] = await Promise.all([
      get(`/sources/${job.source_id}`, {}, signal),
      get(`/source_versions/${job.source_version_id}`, {}, signal),
      job.location_id ? get(`/locations/${job.location_id}`, {}, signal) : undefined,
      ...bound.map((id) => get(`/sensors/${id}`, {}, signal)),
    ]);
    return { source, location, sensors, names: namesOf({ source, version, location }) };
  }, [job?.source_version_id, job?.location_id, bound.join()]);
  const runs = useLoaded((signal) => call(address(`/jobs/${id}/runs`, { limit: RUNS }), { signal }), [id, arrival]);
  const issues = useMemo(() => issuesOf(runs.value?.body ?? []), [runs.value]);
  if (!job) return html`<${Heading}>${text.job}<//><${Pending} loaded=${loaded} />`;
  const there = around.value;
  return html`
    <div class="title">
      <${Heading}>${job.name}<//>
      <span class="now"><${State} state=${job.health.state} /> ${reason(job.health)} <${Coverage} job=${job} /></span>
    </div>
    <${ProblemNote} problem=${loaded.problem ?? around.problem ?? runs.problem} />
    <p class="quiet">${[there?.source?.name, there?.location?.name].filter(Boolean).join(", ")}</p>
    ${!job.health.last_issue_time ? html`<p class="empty">${text.no_predictions}</p>`
      : there && runs.value ? html`<${Chart} job=${job} source=${there.source} names=${there.names} issues=${issues} isComplete=${!runs.value.next}
          sensors=${there.sensors} parameters=${parameters} shown=${nothing} />`
      : html`<${Pending} loaded=${around} />`}`;
}

const nothing = () => {};

function SharedList({ parameters }) {
  useZone();
  const { cursor, state } = parameters;
  const loaded = useLoaded((signal) => call(address("/jobs", { limit: PAGE, cursor, health: state }), { signal }), [cursor, state], POLL);
  const counts = useLoaded((signal) => get("/health", {}, signal), [], POLL);
  const jobs = loaded.value?.body;
  const { columns } = text;
  const posted = (jobs ?? []).filter(({ health }) => health.last_arrival);
  const latest = useLoaded((signal) => readLatest(posted.map(({ id }) => id), signal), [posted.map(({ id, health }) => id + health.last_arrival).join()]);
  const values = Map.groupBy(latest.value ?? [], ({ job_id }) => job_id);
  return html`
    <${Heading}>${text.jobs}<//>
    ${counts.value && html`<${Tiles} counts=${counts.value} chosen=${state} />`}
    <${ProblemNote} problem=${jobs && (loaded.problem ?? latest.problem)} />
    ${!jobs ? html`<${Pending} loaded=${loaded} />` : jobs.length === 0 ? html`<p class="empty">${text.no_jobs}</p>` : html`
      <table class="cards" aria-label=${text.jobs}>
        <thead><tr>${Object.values(columns).map((head) => html`<th scope="col" class="no-sort">${head}</th>`)}</tr></thead>
        <tbody>${jobs.map((job) => html`<${Row} key=${job.id} job=${job} latest=${values.get(job.id) ?? []} />`)}</tbody>
      </table>
      <${Zone} />`}`;
}

/** The values of jobs that are valid now. If one of them was deleted meanwhile, the next reading of the list is without it. */
const readLatest = async (jobs, signal) =>
  (jobs.length > 0 ? get("/predictions/latest", { job_id: jobs, at: new Date().toISOString() }, signal) : []);

function Row({ job, latest }) {
  const { columns } = text;
  const { last_arrival, covers_until } = job.health;
  return html`
    <tr>
      <th scope="row">${job.name}</th>
      <td data-title=${columns.health}><div><${State} state=${job.health.state} /> <p class="quiet">${reason(job.health)}</p></div></td>
      <td data-title=${columns.last_post}>${last_arrival ? html`<span title=${moment(last_arrival)}>${relative(last_arrival)}</span>` : text.nothing}</td>
      <td data-title=${columns.until}>${covers_until ? moment(covers_until) : text.nothing}</td>
      <td data-title=${columns.now}><div>${latest.map(({ metric, unit, values }) => html`
        <p key=${metric}>${spoken(metric)} <strong>${withUnit(values.at(-1), unit)}</strong></p>`)}</div></td>
    </tr>`;
}
