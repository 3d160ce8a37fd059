// Converts the API's series into points: `t` and `v`, and for predictions `issue` and `available`; times in
// milliseconds.
import { spreadsOf } from "./spread.js";
import { duration } from "./time.js";

/** The times of a series: a start and a step, or a list. */
function timesOf(series) {
  const listed = series.valid_times ?? series.times;
  if (listed) return listed.map(Date.parse);
  const [start, step] = [Date.parse(series.start), duration(series.step ?? "PT0S")];
  return series.values.map((_, index) => start + index * step);
}

/** A valid time as the server writes it: a date has milliseconds only, the times of the server have microseconds. */
function textOf(series, index, t) {
  if (series.valid_times) return series.valid_times[index];
  const rest = /\.\d{3}(\d+)Z$/.exec(series.start)?.[1] ?? "";
  return new Date(t).toISOString().replace("Z", `${rest}Z`);
}

/**
 * The points of a series; those of predictions also have their issue and their valid time as texts, their version, and their
 * spread if it was asked for.
 */
export function points(series) {
  const times = timesOf(series);
  const each = (one, many) => series.values.map((_, index) => (many ? many[index] : one));
  const issues = each(series.issue_time, series.issue_times);
  const spreadAt = spreadsOf(series);
  const available = each(series.available_at, series.available_times);
  return series.values.map((v, index) => ({
    t: times[index], v, issue: Date.parse(issues[index]), available: Date.parse(available[index]),
    ...(series.source_version && { valid_time: textOf(series, index, times[index]), issue_time: issues[index], version: series.source_version }),
    ...spreadAt(index),
  }));
}

/**
 * The key that separates the lines of one metric. A new version of a job continues its line, which has a gap there. Each
 * version on trial has a line of its own.
 */
export const lineOf = (series) =>
  [placeOf(series), series.source, series.job_id ?? "", series.track ? series.source_version : ""].join("|");

/** What lines have in common that describe the same: stage and location. */
export const placeOf = (series) => `${series.stage ?? ""}|${series.location_id ?? ""}`;

/** Groups series by their lines: `{ key, place, metric, unit, stage, location_id, points, thinned_from }`. */
export function lines(answer) {
  const found = new Map();
  for (const series of answer) {
    const key = `${series.metric}|${lineOf(series)}`;
    const { metric, unit, stage, location_id } = series;
    const line = found.get(key)
      ?? { key: lineOf(series), place: placeOf(series), metric, unit, stage, location_id, points: [], thinned_from: 0 };
    line.points.push(...points(series));
    line.thinned_from += series.thinned_from ?? 0;
    found.set(key, line);
  }
  for (const line of found.values()) line.points.sort((one, other) => one.t - other.t);
  return [...found.values()];
}

/** The stretches of points that are of one version, so that a promotion does not look like a change of the weather. */
export function stretches(points) {
  const found = [];
  for (const point of points) {
    const last = found.at(-1);
    if (last?.[0].version === point.version) last.push(point);
    else found.push([point]);
  }
  return found;
}

/** The versions of points, in the order in which they first occur. */
export const versions = (points) => [...new Set(points.map((point) => point.version))];
