// All jobs at a glance: the health and the next values of each, as a list, as a calendar, or on a map.
import { html, useEffect, useMemo, useRef, useState } from "../lib/html.js";
import { MOST, get, getAll } from "../lib/api.js";
import { classesOf } from "../lib/classes.js";
import { arranged } from "../lib/jobs.js";
import { POLL, useLoaded } from "../lib/load.js";
import { useNames } from "../lib/names.js";
import { isNarrow, useStored } from "../lib/stored.js";
import { keep, link } from "../lib/route.js";
import { may, token } from "../lib/session.js";
import { plural, spoken } from "../lib/value.js";
import { Calendar } from "../parts/calendar.js";
import { Classes } from "../parts/class.js";
import { Demo } from "../parts/demo.js";
import { Heading } from "../parts/heading.js";
import { JobMap } from "../parts/job_map.js";
import { JobRow } from "../parts/job_row.js";
import { JobTools } from "../parts/job_tools.js";
import { Pending, ProblemNote } from "../parts/problem.js";
import { Share } from "../parts/share.js";
import { Tiles } from "../parts/tiles.js";
import { text } from "../texts/overview.js";
import { NoJobs } from "./no_jobs.js";

/** The jobs of a page, by the height of its rows. */
const PAGE = { comfortable: 25, compact: 50 };
/** A longer list is polled less often, in milliseconds. */
const LONG = 1000;
const SELDOM = 60_000;
/** The most raised states of alerts that the rows show. */
const RAISED = 1000;
/** The parameters that narrow the list. */
const FILTERS = ["organisation", "source", "location", "state"];

export function Overview({ parameters, me }) {
  const { organisation, source, state, view } = parameters;
  const names = useNames();
  const [rows, setRows] = useStored("rows", isNarrow() ? "compact" : "comfortable");
  const filter = { organisation_id: organisation, source_id: source, health: state };
  const [every, setEvery] = useState(POLL);
  const jobs = useLoaded((signal) => getAll("/jobs", filter, signal), [JSON.stringify(filter)], every);
  const counts = useLoaded((signal) => get("/health", { organisation_id: organisation }, signal), [organisation], POLL);
  const raised = useLoaded((signal) => get("/alert_states", { state: "raised", organisation_id: organisation, limit: RAISED }, signal), [organisation], every);
  const alerts = useMemo(() => Map.groupBy(raised.value ?? [], (state) => state.job_id), [raised.value]);
  const list = jobs.value;
  const changed = useChanges(list);
  useEffect(() => setEvery(list?.length > LONG ? SELDOM : POLL), [list?.length > LONG]);

  const found = arranged(list ?? [], names, parameters);
  const size = PAGE[rows] ?? PAGE.comfortable;
  const pages = Math.max(1, Math.ceil(found.length / size));
  const page = Math.min(pages, Math.max(1, Number(parameters.page) || 1));
  const shown = found.slice((page - 1) * size, page * size);
  const isFiltered = parameters.q || FILTERS.some((name) => parameters[name]);
  const isEmpty = list?.length === 0 && !isFiltered;

  return html`
    <div class="title overview-title">
      <${Heading}>${text.jobs}<//>
      ${counts.value && !isEmpty && html`<${Tiles} counts=${counts.value} chosen=${state} />`}
      <div class="acts">
        <${Share} me=${me} names=${names} />
        ${may(me, "manager") && html`<a class="button primary" href=${link("set-up")}>${text.setUp}</a>`}
      </div>
    </div>
    ${!token() && html`<${Demo} />`}
    ${!isEmpty && html`<${JobTools} names=${names} parameters=${parameters} me=${me} rows=${rows} setRows=${setRows} filters=${FILTERS} />`}
    <div class="hidden" role="status">${changed}</div>
    ${jobs.problem && list && html`<${ProblemNote} problem=${jobs.problem} retry=${jobs.reload} />`}
    ${!list ? html`<${Pending} loaded=${jobs} />`
      : isEmpty ? html`<${NoJobs} me=${me} />`
      : found.length === 0 ? html`<p class="empty">${text.none} <a href=${link("jobs")}>${text.showAll}</a></p>`
      : view === "map" ? html`<${JobMap} jobs=${found} names=${names} />`
      : html`
        <p class="quiet job-count" role="status">${text.count((page - 1) * size + 1, (page - 1) * size + shown.length, found.length, list.length)}
          ${list.length >= MOST && ` ${text.most(MOST)}`}</p>
        ${view === "calendar" ? html`<${Calendar} jobs=${shown} />` : html`<${List} jobs=${shown} names=${names} rows=${rows} alerts=${alerts} />`}
        ${pages > 1 && html`<${Pages} page=${page} pages=${pages} />`}`}`;
}

function List({ jobs, names, rows, alerts }) {
  return html`
    <ul class="jobs ${rows}" aria-label=${plural(jobs.length, "job")}>
      <li class="heads" aria-hidden="true">${[text.job, text.health, text.lastPost, text.until, text.values].map((head) => html`<span>${head}</span>`)}</li>
      ${jobs.map((job) => html`<${JobRow} key=${job.id} job=${job} names=${names} raised=${alerts.get(job.id)} isCompact=${rows === "compact"} />`)}
    </ul>
    ${classified(jobs, names).map(({ metric, classes }) => html`<h2>${text.classes(spoken(metric))}</h2><${Classes} metric=${metric} classes=${classes} />`)}`;
}

function Pages({ page, pages }) {
  const turn = (to) => () => {
    keep({ page: to > 1 ? String(to) : "" });
    scrollTo(0, 0);
  };
  return html`
    <nav class="pager" aria-label=${text.pages}>
      <button type="button" disabled=${page === 1} onClick=${turn(page - 1)}>${text.previous}</button>
      <span>${text.page(page, pages)}</span>
      <button type="button" disabled=${page === pages} onClick=${turn(page + 1)}>${text.next}</button>
    </nav>`;
}

/** The metrics of these jobs that have classes, each set of classes once. */
function classified(jobs, names) {
  const all = jobs.flatMap((job) => job.job_targets.map(({ metric }) => ({ metric, classes: classesOf(names, job, metric) })));
  return [...new Map(all.filter(({ classes }) => classes.length > 0).map((each) => [JSON.stringify(each), each])).values()];
}

// What has changed since the last poll, for screen readers: a job's state, or a new issue.
function useChanges(jobs) {
  const before = useRef(null);
  const [words, setWords] = useState("");
  useEffect(() => {
    if (!jobs) return;
    const changes = [];
    for (const job of jobs) {
      const known = before.current?.get(job.id);
      if (!known) continue;
      if (known.state !== job.health.state) changes.push(text.changed(job.name, job.health.state));
      else if (known.last_issue_time !== job.health.last_issue_time) changes.push(text.newIssue(job.name));
    }
    before.current = new Map(jobs.map((job) => [job.id, job.health]));
    if (changes.length > 0) setWords(changes.join(". "));
  }, [jobs]);
  return words;
}
