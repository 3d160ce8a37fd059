// The data that the chart shows: read from the server when time holds still, and computed from all issues while it is moved.
import { useMemo, useRef } from "../lib/html.js";
import { useLoaded, useSettled } from "../lib/load.js";
import { extentOf, hasSameSpread } from "../lib/spread.js";
import { knownAt, olderAt, readIssues, readKnown, readReadings } from "./read.js";

/** The as-of time holds still for this long before the server is asked, in milliseconds. */
const STILL = 120;
/** While time is moved, nothing is asked. */
const NEVER = 600_000;

/**
 * Returns `{ chart, readings, asked, problem, isLoading, reload }`. `chart` has the lines of the metric, and of the chosen one
 * its `known` values, the values that came `later`, the `older` issues, the `newest` one and the `trials`. `step` is the time as of
 * which they are known, and `asked` the one that the server was asked for last.
 */
export function useChart({ job, metric, numbers, window, asOf, isMoving, chosen, issues, trials, sensor }) {
  const { from, to } = window;
  const tooMany = useRef(Infinity);
  const inputs = [job.id, metric, from, to, job.health.last_arrival, chosen, trials];
  // Only answers to the same question are drawn together.
  const about = [job.id, metric, from, to, chosen].join();
  const read = { job, metric, numbers, from, to, chosen, trials, issues, about };
  const now = useLoaded((signal) => readKnown({ ...read, asOf: null }, signal), [...inputs, issues]);
  const key = now.value?.line?.key;
  const span = to - from;

  const canMove = tooMany.current > span;
  const asked = useSettled(asOf, isMoving && canMove ? NEVER : STILL);
  const then = useLoaded(async (signal) => (asked === null ? null : readKnown({ ...read, asOf: asked }, signal)), [...inputs, asked]);
  const held = useSettled(asked, isMoving ? NEVER : 0);
  const all = useLoaded(async (signal) => {
    const found = await readIssues({ ...read, key, asOf: held, isTooMany: span >= tooMany.current }, signal);
    if (found.isTooMany) tooMany.current = Math.min(tooMany.current, span);
    return found;
  }, [...inputs.slice(0, 5), issues, key, canMove ? null : held]);
  const readings = useLoaded(async (signal) => (sensor ? readReadings({ sensor, from, to, asOf: asked }, signal) : null),
    [from, to, job.health.last_arrival, sensor?.id, asked]);

  // Between two arrivals nothing changes: a step of time is drawn once.
  const points = all.value?.about === now.value?.about ? all.value?.points : undefined;
  const isAnswered = asOf === asked && (asOf === null || (then.value?.asOf === asOf && then.value.about === now.value?.about));
  const step = isAnswered || !points ? asked : (issues.find((issue) => issue.available <= asOf)?.available ?? 0);
  const before = useRef();
  const chart = useMemo(() => {
    if (!now.value || (!isAnswered && !points && before.current)) return before.current;
    const answer = step === null ? now.value : then.value ?? now.value;
    const isComputed = points && !isAnswered;
    const known = isComputed ? knownAt(points, step) : answer.points;
    const newestIssue = known.reduce((most, point) => (most === undefined || point.issue > most ? point.issue : most), undefined);
    const latest = issues.find((issue) => step === null || issue.available <= step)?.issue;
    return (before.current = {
      step, lines: now.value.lines, line: now.value.line ?? answer.line, known, newest: known.filter((point) => point.issue === newestIssue),
      later: step === null ? [] : later(now.value.points, known, step), older: points ? olderAt(points, step) : all.value?.older ?? [],
      trials: answer.trials, newestIssue, isNewest: newestIssue === latest, thinnedFrom: answer.thinnedFrom, extent: extentOfAll(now.value.points),
    });
  }, [now.value, then.value, all.value, step, isAnswered, issues]);
  const loaded = [now, then].find(({ problem }) => problem);
  return {
    chart, readings: readings.value, asked, problem: loaded?.problem, reload: loaded?.reload,
    isLoading: now.isLoading || (then.isLoading && !points), isReady: !now.isLoading && !then.isLoading && !all.isLoading && isAnswered,
  };
}

/**
 * The values that arrived later and differ from what was known, in stretches of `{ points, drawn }`: what is drawn begins and
 * ends where both agree.
 */
function later(now, known, asOf) {
  const before = new Map(known.map((point) => [point.t, point]));
  const found = [];
  let stretch = null;
  now.forEach((point, index) => {
    const then = before.get(point.t);
    if (point.available > asOf && !(then?.v === point.v && hasSameSpread(then, point))) {
      if (!stretch) found.push((stretch = { points: [], drawn: index > 0 ? [now[index - 1]] : [] }));
      stretch.points.push(point);
      stretch.drawn.push(point);
    } else if (stretch) {
      stretch.drawn.push(point);
      stretch = null;
    }
  });
  return found;
}

const extentOfAll = (points) => points.reduce(([low, high], point) => {
  const [least, most] = extentOf(point);
  return [Math.min(low, least), Math.max(high, most)];
}, [Infinity, -Infinity]);
