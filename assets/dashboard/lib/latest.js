// A sensor's newest reading: the last point of its readings, thinned, since the last stays.
import { get } from "./api.js";
import { points } from "./series.js";

const WEEK = 7 * 86_400_000;

/** The newest reading as a point, or null. */
export async function readLatest(sensor, signal) {
  const ask = (from) => get(`/sensors/${sensor.id}/readings`, { from, shape: "series", max_points: 10 }, signal);
  const recent = points(await ask(new Date(Date.now() - WEEK).toISOString()));
  const all = recent.length > 0 ? recent : points(await ask());
  return all.at(-1) ?? null;
}
