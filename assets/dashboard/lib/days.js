// The health of a job day by day, from the changes of its state.
import { startOfDay } from "./time.js";

/** The state of a day is the first of these that the job had on it. */
const ORDER = ["failed", "down", "late", "on_time", "new", "unmonitored", "paused"];

/** The last `count` days until now as their beginnings, and the end of the last one. */
export function lastDays(count, now = Date.now()) {
  const days = [now];
  let start = startOfDay(now);
  for (let index = 0; index < count; index += 1) {
    days.unshift(start);
    // A day may have 23 hours, or 25.
    start = startOfDay(start - 12 * 3_600_000);
  }
  return days;
}

/**
 * The worst state of each day with its share of the day: `{ state, share }`, or null where nothing is known. `health` is the
 * health of the job with its changes, newest first; `isCut` if there are older changes.
 */
export function statesOf(job, health, isCut, days) {
  const changes = health.changes.filter((change) => !change.role).reverse();
  const begin = Date.parse(job.created_at);
  const spans = changes.map((change, index) => ({
    state: change.state, from: Date.parse(change.at), to: changes[index + 1] ? Date.parse(changes[index + 1].at) : Infinity,
  }));
  const first = spans[0]?.from ?? Infinity;
  if (!isCut && begin < first) spans.unshift({ state: changes[0]?.previous ?? health.state, from: begin, to: first });
  return days.slice(0, -1).map((from, index) => {
    const to = days[index + 1];
    const shares = new Map();
    for (const span of spans) {
      const share = (Math.min(to, span.to) - Math.max(from, span.from)) / (to - from);
      if (share > 0) shares.set(span.state, (shares.get(span.state) ?? 0) + share);
    }
    const state = ORDER.find((state) => shares.has(state));
    return state ? { state, share: shares.get(state) } : null;
  });
}
