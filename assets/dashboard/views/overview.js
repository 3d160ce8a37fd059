// All jobs at a glance: the health and the next values of each.
import { html, useEffect, useRef, useState } from "../lib/html.js";
import { address, call, get } from "../lib/api.js";
import { classes } from "../lib/classes.js";
import { POLL, useLoaded } from "../lib/load.js";
import { useNames } from "../lib/names.js";
import { link } from "../lib/route.js";
import { may, token } from "../lib/session.js";
import { stateOf } from "../lib/states.js";
import { plural, spoken } from "../lib/value.js";
import { Classes } from "../parts/class.js";
import { Demo } from "../parts/demo.js";
import { Filters } from "../parts/filters.js";
import { Heading } from "../parts/heading.js";
import { JobRow } from "../parts/job_row.js";
import { Pager } from "../parts/pager.js";
import { Pending, ProblemNote } from "../parts/problem.js";
import { Share } from "../parts/share.js";
import { Tiles } from "../parts/tiles.js";
import { Zone } from "../parts/zone.js";
import { NoJobs } from "./no_jobs.js";

const PAGE = 25;

export function Overview({ parameters, me }) {
  const { organisation, source, state, cursor } = parameters;
  const names = useNames();
  const filter = { organisation_id: organisation, source_id: source, health: state, cursor, limit: PAGE };
  const jobs = useLoaded((signal) => call(address("/jobs", filter), { signal }), [JSON.stringify(filter)], POLL);
  const counts = useLoaded((signal) => get("/health", { organisation_id: organisation }, signal), [organisation], POLL);
  const changed = useChanges(jobs.value?.body);
  const list = jobs.value?.body;
  const isFiltered = organisation || source || state;

  return html`
    <div class="title">
      <${Heading}>Jobs<//>
      <div class="acts">
        <${Share} me=${me} names=${names} />
        ${may(me, "manager") && html`<a class="button primary" href=${link("set-up")}>Set up a job</a>`}
      </div>
    </div>
    <p class="quiet lead-in">
      A job is a predictive model that was set up for your sensors and locations. This page shows the health and the
      predictions of each job.
    </p>
    ${!token() && html`<${Demo} />`}
    ${counts.value && html`<${Tiles} counts=${counts.value} chosen=${state} />`}
    <${Filters} names=${names} parameters=${parameters} me=${me} />
    <div class="hidden" role="status">${changed}</div>
    ${jobs.problem && list && html`<${ProblemNote} problem=${jobs.problem} retry=${jobs.reload} />`}
    ${!list ? html`<${Pending} loaded=${jobs} />`
      : list.length > 0 ? html`
        <ul class="jobs" aria-label=${plural(list.length, "job")}>
          <li class="heads" aria-hidden="true">
            <span>Job</span><span>Health</span><span>Last post</span><span>Predicted until</span><span>Next values</span>
          </li>
          ${list.map((job) => html`<${JobRow} key=${job.id} job=${job} names=${names} />`)}
        </ul>
        <${Pager} cursor=${cursor} next=${jobs.value.next} count=${list.length} word="jobs" />
        ${classified(list).map((metric) => html`<h2>Classes of ${spoken(metric)}</h2><${Classes} metric=${metric} />`)}
        <${Zone} />`
      : isFiltered || cursor ? html`<p class="empty">No jobs match. <a href=${link("jobs")}>Show all jobs</a></p>`
      : html`<${NoJobs} me=${me} />`}`;
}

/** The metrics of these jobs that have classes. */
const classified = (jobs) =>
  [...new Set(jobs.flatMap((job) => job.job_targets.map((target) => target.metric)))].filter((metric) => classes(metric).length > 0);

// What has changed since the last poll, for screen readers: a job's state, or a new issue.
function useChanges(jobs) {
  const before = useRef(null);
  const [text, setText] = useState("");
  useEffect(() => {
    if (!jobs) return;
    const changes = [];
    for (const job of jobs) {
      const known = before.current?.get(job.id);
      if (!known) continue;
      if (known.state !== job.health.state) changes.push(`${job.name} is ${stateOf(job.health.state).word}`);
      else if (known.last_issue_time !== job.health.last_issue_time) changes.push(`${job.name} has a new issue`);
    }
    before.current = new Map(jobs.map((job) => [job.id, job.health]));
    if (changes.length > 0) setText(changes.join(". "));
  }, [jobs]);
  return text;
}
