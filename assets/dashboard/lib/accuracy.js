// What is asked of the accuracy of predictions, and how its rows are arranged.
import { get, getAll } from "./api.js";
import { duration } from "./time.js";

/** Fewer pairs say little. */
export const FEW = 30;
/** The most rows and pairs of one request. */
export const MOST_ROWS = 10_000;
/** The length of the last days that are compared at first, in milliseconds. */
const MONTH = 30 * 86_400_000;
const EDGES = [6, 12, 24, 48, 72, 120, 168, 240, 360];

/**
 * The ranges of lead times in seconds. Each includes its upper end, so that what is predicted for exactly a day ahead belongs to
 * the first day. An analysis of its own time is the truth itself, and is left out.
 */
export const edges = (isAnalysis) => [isAnalysis ? 1 : 0, ...EDGES.map((hours) => hours * 3600 + 1)].join();

/** The range of a row in milliseconds, without the second that its edges have more. */
export function rangeOf(row) {
  const [from, to] = [row.lead_from, row.lead_to].map((edge) => Math.max(0, duration(edge) - 1000));
  return { key: row.lead_to, from, to };
}

/**
 * What may measure a metric of a job: `list` has the sensors that are bound to it, else those at its location. A job without a
 * location may predict for many, each with a sensor of its own. `isMeasured` if there is any.
 */
export async function sensorsOf(job, metric, signal) {
  const bound = new Set(job.role_bindings.filter(({ input_type }) => input_type === "sensor").map(({ input_id }) => input_id));
  const own = await Promise.all([...bound].map((id) => get(`/sensors/${id}`, {}, signal)));
  const fitting = own.filter((sensor) => sensor.metric === metric);
  if (fitting.length > 0) return { list: fitting, isMeasured: true };
  const list = await getAll("/sensors", { organisation_id: job.organisation_id, location_id: job.location_id, metric }, signal);
  return { list: job.location_id ? list : [], isMeasured: list.length > 0 };
}

/** The parameters of the truth: the chosen sensor, or the readings; the analyses if they are chosen or nothing measures the metric. */
export function truthOf({ list, isMeasured }, chosen) {
  if (list.some(({ id }) => id === chosen)) return { sensor_id: chosen };
  return chosen === "analysis" || !isMeasured ? { truth: "analysis" } : {};
}

const iso = (time) => new Date(time).toISOString();

/** The window of a period: the last days that the jobs have predictions of, everything, or what the chart shows. */
export function windowOf(period, jobs, chart, now) {
  if (period === "chart" && chart) return { from: iso(chart.from), to: iso(chart.to) };
  // A season that has passed ends with its last prediction.
  const ends = jobs.map(({ health }) => health.covers_until).filter(Boolean).map((end) => Date.parse(end) + 1000);
  const to = Math.min(now, ends.length > 0 ? Math.max(...ends) : now);
  return { from: period === "all" ? "1970-01-01T00:00:00Z" : iso(to - MONTH), to: iso(to) };
}

/** The line that a row belongs to: its source and version, whether that is on trial, its job, stage and location. */
export const lineOf = (row) => [row.source, row.source_version, row.job_id ?? "", row.track ?? "", row.stage ?? "", row.location_id ?? ""].join("|");

/** The rows with pairs as lines `{ key, name, rows }`, that of the job's version first, and the ranges that they have. */
export function arranged(rows, label, nameOf) {
  const found = rows.filter(({ pairs }) => pairs > 0);
  const lines = new Map();
  for (const row of found) lines.set(lineOf(row), [...(lines.get(lineOf(row)) ?? []), row]);
  const isOwn = ([row]) => row.source_version === label && !row.track;
  const ranges = [...new Map(found.map((row) => [row.lead_to, rangeOf(row)])).values()].sort((one, other) => one.to - other.to);
  const hasPlaces = new Set(found.map(({ location_id }) => location_id)).size > 1;
  const line = ([key, rows]) => ({ key, rows, name: nameOf(rows[0], hasPlaces) });
  return { ranges, lines: [...lines].map(line).sort((one, other) => isOwn(other.rows) - isOwn(one.rows)) };
}

/** What the requests of one row have in common. Times that all versions have need all versions. */
export const queryOf = (query, row) => ({
  ...query, lead_edges: `${row.lead_from},${row.lead_to}`, stage: row.stage, classes: undefined,
  ...(!query.common && { source_version: row.source_version, track: row.track ?? "main" }),
});
