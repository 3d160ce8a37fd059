// A sensor's readings: their extent, those of a window with its gaps, and the newest ones.
import { address, call, get } from "./api.js";
import { points } from "./series.js";

/** The most points that the chart draws. */
const MAX_POINTS = 2000;
const DAY = 86_400_000;
const iso = (time) => new Date(time).toISOString();
const pathOf = (id) => `/sensors/${id}/readings`;

/** The times of the first and of the last reading, or null. */
export async function readExtent(id, signal) {
  const all = points(await get(pathOf(id), { shape: "series", max_points: 10 }, signal));
  return all.length > 0 ? { first: all[0].t, last: all.at(-1).t } : null;
}

/** The parameters of a window; its end is included. */
export const windowOf = ({ from, to }) => ({ from: iso(from), to: iso(to + 1) });

/** The readings of a window: `{ points, count, thinned }`; `thinned` is their number before they were thinned. */
export async function readWindow(id, window, signal) {
  const series = await get(pathOf(id), { ...windowOf(window), shape: "series", max_points: MAX_POINTS }, signal);
  return { points: points(series), thinned: series.thinned_from };
}

/** The number of readings of a window. */
export async function countReadings(id, window, signal) {
  const series = await get(pathOf(id), { ...window, shape: "series", max_points: 10 }, signal);
  return series.thinned_from ?? series.values.length;
}

/** Stretches of a window without readings: much longer than the usual time between two. `extent` is that of all readings. */
export function gapsOf(points, isThinned, window, extent) {
  const [from, to] = [Math.max(window.from, extent.first), Math.min(window.to, extent.last)];
  if (points.length === 0) return to > from ? [{ from, to }] : [];
  const times = points.map((point) => point.t);
  const steps = times.slice(1).map((time, index) => time - times[index]).sort((one, other) => one - other);
  // Thinned points are the least and the greatest of equal intervals: up to four times the usual time apart.
  const long = (steps[Math.floor(steps.length / 2)] ?? Infinity) * (isThinned ? 5 : 1.9);
  const ends = [from, ...times, to];
  return ends.slice(1).flatMap((time, index) => (time - ends[index] > long ? [{ from: ends[index], to: time }] : []));
}

/** The newest readings, newest first. The server lists them from the first on, so that longer and longer windows are asked for. */
export async function readNewest(id, { first, last }, count, signal) {
  for (const span of [60_000, 3_600_000, DAY, 30 * DAY, Infinity]) {
    const from = Math.max(first, last - span);
    const rows = await get(pathOf(id), { from: iso(from), limit: 10_000 }, signal);
    if (rows.length >= count || from === first) return rows.slice(-count).reverse();
  }
  return [];
}

/** The address of a sensor's readings. */
export const addressOf = (id, parameters) => address(pathOf(id), parameters);

export const withdraw = async (id, window) =>
  (await call(address(pathOf(id), window), { method: "DELETE" })).body;
