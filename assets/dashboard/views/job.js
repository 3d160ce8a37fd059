// One job: its predictions, how accurate they were, its health, its versions on trial, its inputs and targets, its runs and its history.
import { html, useEffect, useMemo, useState } from "../lib/html.js";
import { alertsOf } from "../lib/alerts.js";
import { address, call, get } from "../lib/api.js";
import { RUNS, issuesOf } from "../lib/issues.js";
import { POLL, useLoaded } from "../lib/load.js";
import { sourceName, useNames } from "../lib/names.js";
import { link } from "../lib/route.js";
import { may } from "../lib/session.js";
import { stateOf } from "../lib/states.js";
import { moment, relative, useZone } from "../lib/time.js";
import { Chart } from "../chart/chart.js";
import { Accuracy } from "../parts/accuracy.js";
import { Bell } from "../parts/bell.js";
import { Contract } from "../parts/contract.js";
import { FirstPrediction } from "../parts/first_prediction.js";
import { Heading } from "../parts/heading.js";
import { History } from "../parts/history.js";
import { JobActs } from "../parts/job_edit.js";
import { reason } from "../parts/job_row.js";
import { Pending, ProblemNote } from "../parts/problem.js";
import { Runs } from "../parts/runs.js";
import { Share } from "../parts/share.js";
import { Coverage, State } from "../parts/state.js";
import { Trials } from "../parts/trials.js";
import { text } from "../texts/job.js";

/** How often a job without predictions is asked for, in milliseconds. */
const SOON = 3000;

export function JobView({ id, parameters, me }) {
  useZone();
  const names = useNames();
  const [every, setEvery] = useState(POLL);
  const [window, setWindow] = useState(null);
  const loaded = useLoaded((signal) => call(address(`/jobs/${id}`), { signal }), [id], every);
  const job = loaded.value?.body;
  const arrival = job?.health.last_arrival;
  const state = job?.health.state;
  const runs = useLoaded((signal) => call(address(`/jobs/${id}/runs`, { limit: RUNS }), { signal }), [id, arrival, state]);
  const health = useLoaded((signal) => get(`/jobs/${id}/health`, { limit: 20 }, signal), [id, arrival, state]);
  const alerts = useLoaded(async (signal) => job && alertsOf(id, signal), [id, arrival, state]);
  const bound = job?.role_bindings.filter((binding) => binding.input_type === "sensor").map((binding) => binding.input_id) ?? [];
  const sensors = useLoaded((signal) => Promise.all(bound.map((id) => get(`/sensors/${id}`, {}, signal))), [bound.join()]);
  // A job without predictions is polled more often.
  useEffect(() => setEvery(job && !arrival ? SOON : POLL), [job && !arrival]);
  const issues = useMemo(() => issuesOf(runs.value?.body ?? []), [runs.value]);

  if (!job) return html`<p class="back"><a href=${link("jobs")}>${text.back}</a></p><${Heading}>${text.job}<//><${Pending} loaded=${loaded} />`;
  const raised = alerts.value?.raised;
  // A server that cannot be reached is one problem, not four.
  const failed = [loaded, runs, sensors, alerts].find(({ problem }) => problem);
  const isReady = runs.value && sensors.value && !names.isLoading;
  return html`
    <p class="back"><a href=${link("jobs")}>${text.back}</a></p>
    <div class="title job-title">
      <${Heading}>${job.name}<//>
      <div class="now" role="status">
        <${State} state=${state} />
        <${Bell} states=${raised} href=${link("alerts", raised?.length === 1 ? { q: raised[0].alert } : {})} />
        <span>${reason(job.health)}</span>
        <${Coverage} job=${job} />
        ${stateOf(state).cure && html`<span class="quiet">${stateOf(state).cure}</span>`}
      </div>
      <div class="acts">
        <${Share} me=${me} job=${job} names=${names} />
        ${may(me, "manager") && html`<${JobActs} job=${job} etag=${loaded.value.etag} done=${loaded.reload} />`}
      </div>
    </div>
    ${failed && html`<${ProblemNote} problem=${failed.problem} retry=${failed.reload} />`}
    ${!job.health.last_issue_time ? html`<${FirstPrediction} job=${job} me=${me} />`
      : isReady ? html`<${Chart} job=${job} source=${names.sources.get(job.source_id)} names=${names} issues=${issues}
          isComplete=${!runs.value.next} sensors=${sensors.value} alerts=${alerts.value} parameters=${parameters} shown=${setWindow} />`
      : html`<p class="quiet chart-place" role="status">${text.loading}</p>`}
    <dl class="facts short">
      <dt>${text.source}</dt><dd><a href=${link(`sources/${job.source_id}`)}>${sourceName(names, job) || "…"}</a></dd>
      ${job.location_id && html`<dt>${text.location}</dt><dd><a href=${link(`locations/${job.location_id}`)}>${names.locations.get(job.location_id)?.name ?? "…"}</a></dd>`}
      <dt>${text.lastPost}</dt><dd>${dated(arrival, text.noneYet)}</dd>
      <dt>${text.lastIssue}</dt><dd>${dated(job.health.last_issue_time, text.noneYet)}</dd>
      <dt>${text.until}</dt><dd>${dated(job.health.covers_until, text.nothingYet)}</dd>
    </dl>
    <${Contract} job=${job} names=${names} sensors=${sensors.value ?? []} />
    ${job.health.last_issue_time && !names.isLoading && html`<${Accuracy} job=${job} names=${names} window=${window} parameters=${parameters} />`}
    <${Trials} job=${job} etag=${loaded.value.etag} names=${names} me=${me} window=${window} done=${loaded.reload} />
    <${Runs} job=${job} runs=${runs.value?.body ?? []} health=${health.value} />
    <${History} job=${job} names=${names} />`;
}

/** A time with its distance from now, or `none` if there is no time. */
const dated = (time, none) => (time ? html`${moment(time)} <span class="quiet">(${relative(time)})</span>` : none);

