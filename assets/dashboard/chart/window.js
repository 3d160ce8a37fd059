// Which stretch of time a chart shows. It stands in the address once it was moved, so that it can be linked.
import { useEffect, useRef, useState } from "../lib/html.js";
import { useSettled } from "../lib/load.js";
import { keep } from "../lib/route.js";

const DAY = 86_400_000;
/** How long the chart waits for its window to hold still before it reads what is in it, in milliseconds. */
const STILL = 200;

/** The window around the newest issue, or around `asOf`; `begin` is the first issue, if it is known. */
export function around({ job, source, asOf, begin }) {
  const { last_issue_time: issue, covers_until: until } = job.health;
  const interval = source?.expected_interval_minutes ? source.expected_interval_minutes * 60_000 : DAY;
  // A model may also describe the past: then its predictions end before they are issued.
  const last = Math.min(issue ? Date.parse(issue) : Date.now(), until ? Date.parse(until) : Infinity);
  const reach = Math.max(until ? Date.parse(until) - last : 0, interval);
  const middle = asOf ?? last;
  const back = Math.max(14 * interval, 2 * reach);
  // Of a job that is younger than that, there is nothing before its first issue.
  const from = begin <= middle ? Math.max(middle - back, begin - 0.1 * (middle + reach - begin)) : middle - back;
  return { from, to: middle + reach + Math.max(interval, reach * 0.1) + (asOf === null ? 0 : 4 * interval) };
}

const same = (one, other) => Math.round(one.from) === Math.round(other.from) && Math.round(one.to) === Math.round(other.to);
const read = ({ from, to }) => {
  const window = { from: Date.parse(from), to: Date.parse(to) };
  return window.to > window.from ? window : null;
};

/** The window as it is moved, as it held still last, and what moves it. */
export function useWindow(place, parameters) {
  const [window, setWindow] = useState(() => read(parameters) ?? around(place));
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
    setWindow(read(parameters) ?? around(place));
  }, [parameters.from, parameters.to]);
  return { window, settled, setWindow };
}
