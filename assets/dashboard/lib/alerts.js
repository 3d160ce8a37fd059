// Alerts: what a form sends, what is read of them, and which of them a chart shows.
import { getAll } from "./api.js";
import { numbersOf } from "./spread.js";
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

/** A probability in percent, as forms have it, without errors of rounding. */
export const percentOf = (probability) => (isBlank(probability) ? probability : Number((probability * 100).toPrecision(12)));

/** A probability as the API takes it, of a number in percent. */
export const probabilityOf = (percent) => (isBlank(percent) ? null : Number((Number(percent) / 100).toPrecision(12)));

/**
 * Whether an alert can have a probability: an output of its job, or of a job of its source, has quantiles or members of the metric.
 * An alert that has one may lose it, even if its output has neither any more.
 */
export function canBeSure({ job_id, source_id, probability }, metric, jobs) {
  const watched = jobs.filter((job) => (job_id ? job.id === job_id : source_id && job.source_id === source_id));
  return !isBlank(probability) || watched.some(({ job_targets }) => numbersOf(job_targets.find((target) => target.metric === metric)) > 0);
}

/**
 * The alert of a form as a trial over all that has arrived, or null while the form lacks something that a trial needs. `alert` is
 * the one that is changed: it keeps what it watches. The probability counts if the alert `isSure`.
 */
export function trialOf(form, metric, alert, isSure) {
  const { job_id, source_id: source, location_id, stage, organisation_id } = alert ?? form;
  const levels = form.levels ?? [];
  const isWhole = levels.every(({ name, value }) => !isBlank(name) && !isBlank(value));
  const hasThreshold = !isBlank(form.value) || levels.length > 0;
  if (!(job_id || source) || !metric || !form.within || isBlank(form.issues) || !hasThreshold || !isWhole) return null;
  return {
    job_id, source, location_id, stage, organisation_id, metric, when: form.when, value: numberOf(form.value), clear: numberOf(form.clear),
    probability: isSure ? probabilityOf(form.probability) ?? undefined : undefined,
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
