// The newest series of jobs. Rows of jobs that come into view at the same moment are read by one request.
import { get } from "./api.js";

/** How long a request waits for others, in milliseconds. */
const WAIT = 30;
/** The most jobs of one request. */
const MOST = 50;
/** How much longer the window of a request may be than that of each of its jobs. */
const LONGER = 2;
/** The most values of each series. */
const POINTS = 100;

let waiting = [];

/**
 * The job's series in the window between two times in milliseconds, thinned to at most `POINTS` values each, perhaps with
 * values outside of the window. `kind` tells windows apart that are not read together: a job asks once for each kind.
 */
export function readNewest(kind, job_id, from, to) {
  return new Promise((resolve, reject) => {
    if (waiting.length === 0) setTimeout(sendAll, WAIT);
    waiting.push({ kind, job_id, from, to, resolve, reject });
  });
}

function sendAll() {
  const asked = waiting;
  waiting = [];
  for (const group of grouped(asked)) answer(group);
}

async function answer(group) {
  try {
    const { from, to } = around(group);
    const window = { from: new Date(from).toISOString(), to: new Date(to).toISOString() };
    const job_id = group.map((one) => one.job_id);
    const found = await get("/predictions", { metric: "all", job_id, ...window, shape: "series", max_points: POINTS });
    const byJob = Map.groupBy(found, ({ job_id }) => job_id);
    for (const { job_id, resolve } of group) resolve(byJob.get(job_id) ?? []);
  } catch (problem) {
    // If one of several jobs was deleted meanwhile, it is found by halves.
    const half = Math.ceil(group.length / 2);
    if (problem.status !== 404 || group.length === 1) group.forEach(({ reject }) => reject(problem));
    else for (const part of [group.slice(0, half), group.slice(half)]) await answer(part);
  }
}

/** Puts together what is of one kind and has about the same window, so that no job is read over a much longer one than its own. */
export function grouped(asked) {
  const groups = [];
  for (const one of asked.toSorted((a, b) => span(a) - span(b))) {
    const fits = (group) => group[0].kind === one.kind && group.length < MOST && span(around([...group, one])) <= LONGER * span(group[0]);
    const fitting = groups.find(fits);
    if (fitting) fitting.push(one);
    else groups.push([one]);
  }
  return groups;
}

const span = ({ from, to }) => to - from;

const around = (group) => ({
  from: Math.min(...group.map(({ from }) => from)),
  to: Math.max(...group.map(({ to }) => to)),
});
