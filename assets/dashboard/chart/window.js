// Which stretch of time a chart shows. It stands in the address once it was moved, so that it can be linked.
import { useEffect, useRef, useState } from "../lib/html.js";
import { useSettled } from "../lib/load.js";
import { keep } from "../lib/route.js";

const DAY = 86_400_000;
/** How long the chart waits for its window to hold still before it reads what is in it, in milliseconds. */
const STILL = 200;

/** The window around the newest issue, or around `asOf`. */
export function around(job, source, asOf) {
  const { last_issue_time: issue, covers_until: until } = job.health;
  const interval = source?.expected_interval_minutes ? source.expected_interval_minutes * 60_000 : DAY;
  const last = issue ? Date.parse(issue) : Date.now();
  const reach = Math.max(until ? Date.parse(until) - last : 0, interval);
  const middle = asOf ?? last;
  return { from: middle - Math.max(14 * interval, 2 * reach), to: middle + reach + Math.max(interval, reach * 0.1) + (asOf === null ? 0 : 4 * interval) };
}

const same = (one, other) => Math.round(one.from) === Math.round(other.from) && Math.round(one.to) === Math.round(other.to);
const read = ({ from, to }) => {
  const window = { from: Date.parse(from), to: Date.parse(to) };
  return window.to > window.from ? window : null;
};

/** The window as it is moved, as it held still last, and what moves it. */
export function useWindow(job, source, asOf, parameters) {
  const [window, setWindow] = useState(() => read(parameters) ?? around(job, source, asOf));
  const settled = useSettled(window, STILL);
  const first = useRef(window);
  const written = useRef(parameters);

  useEffect(() => {
    if (same(settled, first.current) && !parameters.from) return;
    const [from, to] = [settled.from, settled.to].map((time) => new Date(time).toISOString());
    if (from === parameters.from && to === parameters.to) return;
    written.current = { from, to };
    keep({ from, to });
  }, [settled]);

  // A link to another window of the same job.
  useEffect(() => {
    if (parameters.from === written.current.from && parameters.to === written.current.to) return;
    written.current = parameters;
    setWindow(read(parameters) ?? around(job, source, asOf));
  }, [parameters.from, parameters.to]);
  return { window, settled, setWindow };
}
