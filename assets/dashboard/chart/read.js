// The data of a chart of one metric: the values of now, those that were known at a time, older issues, readings.
import { address, call, get } from "../lib/api.js";
import { lineOf, lines, placeOf, points } from "../lib/series.js";

/** The points of a line that are asked for: more than a screen has columns. The server thins them. */
const MAX_POINTS = 3000;
/** The number of older issues that are drawn. */
export const OLDER = 8;
/** The most values of all issues that are read. With them, the chart needs no request while time is moved. */
const MOST_VALUES = 3000;
/** The most numbers of a spread that are read: values with many members are thinned more. */
const MOST_NUMBERS = 100_000;

const iso = (milliseconds) => new Date(milliseconds).toISOString();
const inOrder = (points) => points.sort((one, other) => one.t - other.t);

/** The parameters of the call that the chart's main line is of. A spread is asked for if the target declares `numbers` of it. */
export const parametersOf = ({ job, metric, from, to, asOf, numbers }) => ({
  metric, job_id: job.id, from: iso(from), to: iso(to), as_of: asOf && iso(asOf), spread: numbers > 0 ? "all" : undefined,
});

/** At most `most` values, and less if they have many numbers. */
const atMost = (most, numbers) => (numbers > 0 ? Math.min(most, Math.floor(MOST_NUMBERS / numbers)) : most);

const ask = (read, more, signal) =>
  get("/predictions", { ...parametersOf(read), ...more, shape: "series", max_points: atMost(MAX_POINTS, read.numbers) }, signal);

/**
 * Reads what the server returns as of `asOf`, or now: `{ lines, line, points, trials, thinnedFrom }`, where `lines` are all
 * lines of the metric and the rest is of the chosen one. `trials` are the labels of the versions on trial that are drawn.
 */
export async function readKnown({ chosen, trials, ...read }, signal) {
  const [answer, onTrial] = await Promise.all([ask(read, {}, signal), trials.length > 0 ? ask(read, { track: "shadow" }, signal) : []]);
  const found = lines(answer);
  const line = found.find((line) => line.key === chosen) ?? found[0];
  const ofTrial = (version) => {
    const isOwn = (series) => series.source_version === version && (!line || placeOf(series) === line.place);
    return { version, points: inOrder(onTrial.filter(isOwn).flatMap(points)) };
  };
  return { about: read.about, asOf: read.asOf, lines: found, line, points: line?.points ?? [], trials: trials.map(ofTrial), thinnedFrom: line?.thinned_from };
}

/**
 * The values of all issues in the window, for the line `key`: `{ points }`. Where they are too many, `{ older }` with the
 * values of the newest issues that are known at `asOf`; `issues` are the job's issues, newest first.
 */
export async function readIssues({ key, issues, isTooMany, ...read }, signal) {
  const own = (answer) => inOrder(answer.filter((series) => !key || lineOf(series) === key).flatMap(points));
  if (!isTooMany) {
    const query = { ...parametersOf({ ...read, asOf: null }), issues: "all", shape: "series", limit: atMost(MOST_VALUES, read.numbers) };
    const { body, next } = await call(address("/predictions", query), { signal });
    if (!next) return { about: read.about, points: own(body) };
  }
  const known = issues.filter((issue) => !read.asOf || issue.available <= read.asOf);
  // An issue predicts times after it, so that issues before the window may reach into it. Or it describes the past.
  const reach = Date.parse(read.job.health.covers_until) - Date.parse(read.job.health.last_issue_time);
  const isNear = ({ issue }) => reach < 0 || (issue >= read.from - reach && issue < read.to);
  const near = known.slice(1).filter(isNear).slice(0, OLDER);
  const older = await Promise.all(near.map(async ({ text }) => own(await ask({ ...read, numbers: 0 }, { issue_time: text }, signal))));
  return { about: read.about, older: older.filter((points) => points.length > 0), isTooMany: true };
}

/** The values that were known at a time, of those of all issues: for each valid time that of the newest issue. */
export function knownAt(all, asOf) {
  const found = new Map();
  for (const point of all) {
    if (asOf !== null && point.available > asOf) continue;
    const other = found.get(point.t);
    if (!other || point.issue > other.issue || (point.issue === other.issue && point.available > other.available)) found.set(point.t, point);
  }
  return inOrder([...found.values()]);
}

/** The issues before the newest that were known at a time, the newest first. */
export function olderAt(all, asOf) {
  const found = new Map();
  for (const point of all) {
    if (asOf !== null && point.available > asOf) continue;
    if (!found.has(point.issue)) found.set(point.issue, []);
    found.get(point.issue).push(point);
  }
  return [...found].sort(([one], [other]) => other - one).slice(1, OLDER + 1).map(([, points]) => points);
}

/** A sensor's readings in the window: `{ points, isThinned }`. */
export async function readReadings({ sensor, from, to, asOf }, signal) {
  const path = `/sensors/${sensor.id}/readings`;
  const series = await get(path, { from: iso(from), to: iso(to), as_of: asOf && iso(asOf), shape: "series", max_points: MAX_POINTS }, signal);
  return { points: points(series), isThinned: series.thinned_from > 0 };
}

/** The whole extent of a metric: from its first valid time to its last. */
export async function readExtent({ job, metric }, signal) {
  const to = Date.parse(job.health.covers_until) + 1000;
  const all = await get("/predictions", { ...parametersOf({ job, metric, from: 0, to }), shape: "series", max_points: 10 }, signal);
  const times = all.flatMap(points).map((point) => point.t);
  return times.length > 0 ? { from: Math.min(...times), to } : undefined;
}
