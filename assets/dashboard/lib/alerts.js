// Alerts: what a form sends, what is read of them, and which of them a chart shows.
import { getAll } from "./api.js";
import { duration } from "./time.js";

/** The comparisons of the API, as they are written. */
export const SIGNS = { ge: "≥", gt: ">", le: "≤", lt: "<" };
/** Before everything that can have arrived. */
const BEGIN = "1970-01-01T00:00:00Z";
const SECONDS = { hours: 3600, days: 86_400 };

const isBlank = (value) => value === undefined || value === null || String(value).trim() === "";
const numberOf = (value) => (isBlank(value) ? undefined : Number(value));

/** A length of time of the API as `{ count, unit }`, in days if it is a number of days. */
export function countOf(text) {
  const seconds = duration(text ?? "") / 1000;
  if (Number.isNaN(seconds)) return { count: "", unit: "hours" };
  const unit = seconds > 0 && seconds % SECONDS.days === 0 ? "days" : "hours";
  return { count: String(seconds / SECONDS[unit]), unit };
}

/** The length of time of a number and a unit, or "" if there is no number. */
export const lengthOf = ({ count, unit }) => (isBlank(count) ? "" : `PT${Number(count) * SECONDS[unit]}S`);

/** Levels as the API takes them. */
export const levelsOf = (levels) => levels.map(({ name, value }) => ({ name, value: Number(value) }));

/**
 * The alert of a form as a trial over all that has arrived, or null while the form lacks something that a trial needs. `alert` is
 * the one that is changed: it keeps what it watches.
 */
export function trialOf(form, metric, alert) {
  const { job_id, source_id: source, location_id, stage, organisation_id } = alert ?? form;
  const levels = form.levels ?? [];
  const isWhole = levels.every(({ name, value }) => !isBlank(name) && !isBlank(value));
  const hasThreshold = !isBlank(form.value) || levels.length > 0;
  if (!(job_id || source) || !metric || !form.within || isBlank(form.issues) || !hasThreshold || !isWhole) return null;
  return {
    job_id, source, location_id, stage, organisation_id, metric, when: form.when, value: numberOf(form.value), clear: numberOf(form.clear),
    levels: levelsOf(levels), within: form.within, lasting: form.lasting, issues: numberOf(form.issues), tell: form.tell, from: BEGIN,
  };
}

/** The active alerts that watch a job, and its raised states, which are asked for only if there are alerts. */
export async function alertsOf(job, signal) {
  const alerts = (await getAll("/alerts", { job_id: job }, signal)).filter(({ active }) => active);
  return { alerts, raised: alerts.length > 0 ? await getAll("/alert_states", { job_id: job, state: "raised" }, signal) : [] };
}

/** The alerts that watch a line of a metric, each with its raised state for this line, if it is raised. */
export function alertsOn({ alerts, raised }, metric, line) {
  const isSame = (one, other) => (one ?? null) === (other ?? null);
  const isOn = (alert) => alert.metric === metric && (!alert.stage || isSame(alert.stage, line?.stage))
    && (!alert.location_id || isSame(alert.location_id, line?.location_id));
  const stateOf = ({ id }) => raised.find((state) => state.alert_id === id && isSame(state.stage, line?.stage) && isSame(state.location_id, line?.location_id));
  return alerts.filter(isOn).map((alert) => ({ alert, state: stateOf(alert) }));
}
