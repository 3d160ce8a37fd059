// The data of a chart of one metric: the known values, the newest issue, older issues, later values, readings.
import { get } from "../lib/api.js";
import { lineOf, lines, placeOf, points } from "../lib/series.js";

/** How many points of a line are asked for: more than a screen has columns. The server thins them. */
const MAX_POINTS = 3000;
/** How many older issues are drawn. */
const OLDER = 8;

const iso = (milliseconds) => new Date(milliseconds).toISOString();

/** The parameters of the call that the chart's main line is of. */
export const parametersOf = ({ job, metric, from, to, asOf }) => ({
  metric, job_id: job.id, from: iso(from), to: iso(to), as_of: asOf && iso(asOf),
});

/**
 * Reads what is drawn: `issues` are the job's issues, newest first, `trials` the labels of the versions on trial that are
 * drawn. Returns `{ lines, line, newest, older, came, trials, newestIssue, isNewest, thinnedFrom }`, where `lines` are all
 * lines of the metric and the rest is of the chosen one; `isNewest` is false if the newest issue in view is not the newest
 * that there is.
 */
export async function readChart({ job, metric, from, to, asOf, chosen, issues, trials }, signal) {
  const window = { job, metric, from, to };
  const ask = (more) => get("/predictions", { ...parametersOf({ ...window, asOf }), ...more, shape: "series", max_points: MAX_POINTS }, signal);
  const known = issues.filter((issue) => !asOf || issue.available <= asOf);
  // An issue predicts times after it, so that issues before the window may reach into it. Or it describes the past.
  const reach = Date.parse(job.health.covers_until) - Date.parse(job.health.last_issue_time);
  const isNear = ({ issue }, index) => index === 0 || reach < 0 || (issue >= from - reach && issue < to);
  const near = known.filter(isNear).slice(0, OLDER + 1);
  const [answer, came, onTrial, ...each] = await Promise.all([
    ask({}),
    asOf ? ask({ as_of: undefined }) : [],
    trials.length > 0 ? ask({ track: "shadow" }) : [],
    ...near.map(({ text }) => ask({ issue_time: text })),
  ]);
  const found = lines(answer);
  const line = found.find((line) => line.key === chosen) ?? found[0];
  const own = (answer) => answer.filter((series) => !line || lineOf(series) === line.key).flatMap(points).sort((one, other) => one.t - other.t);
  const ofTrial = (version) => {
    const isOwn = (series) => series.source_version === version && (!line || placeOf(series) === line.place);
    return { version, points: onTrial.filter(isOwn).flatMap(points).sort((one, other) => one.t - other.t) };
  };
  // Not every issue has every metric: the newest of this one is the first that has it.
  const [newest, ...older] = each.map(own).filter((points) => points.length > 0);
  const newestIssue = newest?.[0].issue;
  const isNewest = newestIssue === known[0]?.issue;
  return {
    lines: found, line, newest: newest ?? [], older, came: own(came), trials: trials.map(ofTrial), newestIssue, isNewest,
    thinnedFrom: line?.thinned_from,
  };
}

/** A sensor's readings in the window, in points. */
export async function readReadings({ sensor, from, to, asOf }, signal) {
  const path = `/sensors/${sensor.id}/readings`;
  const series = await get(path, { from: iso(from), to: iso(to), as_of: asOf && iso(asOf), shape: "series", max_points: MAX_POINTS }, signal);
  return points(series);
}

/** The whole extent of a metric: from its first valid time to its last. */
export async function readExtent({ job, metric }, signal) {
  const to = Date.parse(job.health.covers_until) + 1000;
  const all = await get("/predictions", { ...parametersOf({ job, metric, from: 0, to }), shape: "series", max_points: 10 }, signal);
  const times = all.flatMap(points).map((point) => point.t);
  return times.length > 0 ? { from: Math.min(...times), to } : undefined;
}
