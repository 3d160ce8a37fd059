// The newest series of jobs. Rows of jobs that come into view at the same moment are read by one request.
import { get } from "./api.js";

/** How long a request waits for others, in milliseconds. */
const WAIT = 30;
/** The most jobs of one request. */
const MOST = 50;
/** How much longer the window of a request may be than that of one of its jobs, unless it is a short one. */
const LONGER = 1.5;
const SHORT = 14 * 86_400_000;

/** The most values of each series. */
const POINTS = 100;

let waiting = [];

/**
 * The job's series in the window between two times in milliseconds, thinned to at most `POINTS` values each, perhaps with
 * values outside of the window.
 */
export function readNewest(job_id, from, to) {
  return new Promise((resolve, reject) => {
    if (waiting.length === 0) setTimeout(sendAll, WAIT);
    waiting.push({ job_id, from, to, resolve, reject });
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
    // If one of several jobs was deleted meanwhile, the others are read without it.
    if (problem.status === 404 && group.length > 1) group.forEach((one) => answer([one]));
    else group.forEach(({ reject }) => reject(problem));
  }
}

/** Puts together what has about the same window, so that no job is read over a much longer one than its own. */
function grouped(asked) {
  const groups = [];
  for (const one of asked.toSorted((a, b) => span(a) - span(b))) {
    const fits = (group) => span(around([...group, one])) <= Math.max(SHORT, LONGER * span(group[0]));
    const fitting = groups.find((group) => group.length < MOST && fits(group));
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
