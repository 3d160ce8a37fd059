// A version on trial beside the version of the job: how many values each posted, and how far they are apart.
import { address, call, get } from "./api.js";
import { placeOf, points } from "./series.js";

/** The most values of a version that a comparison reads. */
export const MOST_VALUES = 20_000;
/** Fewer times that both have say little. */
export const FEW_PAIRS = 30;

const queryOf = ({ job, metric, from, to, asOf }, version) => ({
  metric, job_id: job.id, from: new Date(from).toISOString(), to: new Date(to).toISOString(), shape: "series",
  as_of: asOf ? new Date(asOf).toISOString() : undefined, ...(version && { track: "shadow", source_version: version }),
});

/** The number of values in the window: of the job, or of a version on trial. The server counts what it thins. */
export async function count(window, version, signal) {
  const all = await get("/predictions", { ...queryOf(window, version), max_points: 10 }, signal);
  return all.reduce((sum, series) => sum + (series.thinned_from ?? series.values.length), 0);
}

/** The values in the window by stage, location and time, the newest issue of each, and whether there are more. */
async function read(window, version, signal) {
  const found = new Map();
  let at = address("/predictions", { ...queryOf(window, version), limit: 10_000 });
  while (at && found.size < MOST_VALUES) {
    const { body, next } = await call(at, { signal });
    for (const series of body) for (const point of points(series)) found.set(`${placeOf(series)}|${point.t}`, point);
    at = next;
  }
  return { found, isCut: Boolean(at) };
}

/**
 * Compares the job's predictions of a metric with those of the version on trial: `{ own, trial, pairs, difference, isCut }`,
 * where `pairs` are the times that both have, oldest first, and `difference` is the mean absolute difference.
 */
export async function compare(window, version, signal) {
  const [own, trial] = await Promise.all([read(window, undefined, signal), read(window, version, signal)]);
  const pairs = [...own.found].flatMap(([key, point]) => {
    const other = trial.found.get(key);
    return other ? [{ key, t: point.t, own: point.v, trial: other.v }] : [];
  });
  pairs.sort((one, other) => one.t - other.t);
  const sum = pairs.reduce((sum, pair) => sum + Math.abs(pair.own - pair.trial), 0);
  return {
    own: own.found.size, trial: trial.found.size, pairs, difference: pairs.length > 0 ? sum / pairs.length : undefined,
    isCut: own.isCut || trial.isCut,
  };
}

/** The outputs that two versions share: the same metric in the same unit. */
export function shared(one, other) {
  const roles = other?.output_roles ?? [];
  return (one?.output_roles ?? []).filter(({ metric, unit }) => roles.some((role) => role.metric === metric && role.unit === unit));
}
