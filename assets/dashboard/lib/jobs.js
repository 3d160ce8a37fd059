// The search and the order of the jobs of the overview.
import { sourceName } from "./names.js";
import { ORDER } from "./states.js";

const names = new Intl.Collator("en", { numeric: true, sensitivity: "base" });
const byName = (one, other) => names.compare(one.name, other.name);
const severity = (job) => ORDER.indexOf(job.health.state);
/** Orders by a time; jobs without one come last. */
const byTime = (field, sign) => (one, other) => {
  const [a, b] = [one.health[field], other.health[field]].map((time) => (time ? sign * Date.parse(time) : Infinity));
  return a === b ? byName(one, other) : a - b;
};

/** The orders by their name in the address. */
export const SORTS = {
  health: (one, other) => severity(one) - severity(other) || byName(one, other),
  name: byName,
  newest: byTime("last_arrival", -1),
  oldest: byTime("last_arrival", 1),
  until: byTime("covers_until", 1),
};

/** The jobs of which each word of `q` is in the name, the source, the location or the organisation, in an order. */
export function arranged(jobs, names, { q = "", location, sort }) {
  const words = q.toLowerCase().split(/\s+/).filter(Boolean);
  const textOf = (job) => [
    job.name, sourceName(names, job), names.locations.get(job.location_id)?.name, names.organisations.get(job.organisation_id)?.name,
  ].join(" ").toLowerCase();
  const isFound = (job) => (!location || job.location_id === location) && words.every((word) => textOf(job).includes(word));
  return jobs.filter(isFound).sort(SORTS[sort] ?? SORTS.health);
}
