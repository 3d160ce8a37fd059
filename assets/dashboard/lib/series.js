// Converts the API's series into points: `t` and `v`, and for predictions `issue` and `available`; times in
// milliseconds.
import { duration } from "./time.js";

/** The times of a series: a start and a step, or a list. */
function timesOf(series) {
  const listed = series.valid_times ?? series.times;
  if (listed) return listed.map(Date.parse);
  const [start, step] = [Date.parse(series.start), duration(series.step ?? "PT0S")];
  return series.values.map((_, index) => start + index * step);
}

/** The points of a series. */
export function points(series) {
  const times = timesOf(series);
  const each = (one, many) => (many ? many.map(Date.parse) : series.values.map(() => Date.parse(one)));
  const issues = each(series.issue_time, series.issue_times);
  const available = each(series.available_at, series.available_times);
  return series.values.map((v, index) => ({ t: times[index], v, issue: issues[index], available: available[index] }));
}

/** The key that separates the lines of one metric: stage, location and source. A new version continues the line. */
export const lineOf = (series) => `${series.stage ?? ""}|${series.location_id ?? ""}|${series.source}`;

/** Groups series by their lines: `{ key, metric, unit, stage, location_id, points, thinned_from }`. */
export function lines(answer) {
  const found = new Map();
  for (const series of answer) {
    const key = `${series.metric}|${lineOf(series)}`;
    const { metric, unit, stage, location_id } = series;
    const line = found.get(key) ?? { key: lineOf(series), metric, unit, stage, location_id, points: [], thinned_from: 0 };
    line.points.push(...points(series));
    line.thinned_from += series.thinned_from ?? 0;
    found.set(key, line);
  }
  for (const line of found.values()) line.points.sort((one, other) => one.t - other.t);
  return [...found.values()];
}
