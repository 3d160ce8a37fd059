// The as-of time: where it stands in the address, how it is moved, and how it is replayed.
import { useEffect, useMemo, useRef, useState } from "../lib/html.js";
import { keep } from "../lib/route.js";

/** A replay takes about this long, in milliseconds, and has at most that many steps. */
const REPLAY = 20_000;
const STEPS = 150;

/**
 * `stops` are the times at which issues became available, in order; `asOf` is null for now. While it is moved or replayed it
 * is not written to the address: browsers limit how often that may change.
 */
export function useAsOf(parameters, issues) {
  const kept = parameters.as_of ? Date.parse(parameters.as_of) || null : null;
  const [held, hold] = useState(undefined);
  const [replay, setReplay] = useState(null);
  const stops = useMemo(() => [...new Set(issues.map((issue) => issue.available))].sort((one, other) => one - other), [issues]);
  const asOf = held === undefined ? kept : held;
  const latest = useRef();
  latest.current = asOf;

  const set = (time) => {
    keep({ as_of: time === null ? "" : new Date(time).toISOString() });
    hold(undefined);
  };
  const stop = () => {
    setReplay(null);
    set(latest.current);
  };
  useEffect(() => {
    if (!replay) return;
    let at = 0;
    const next = () => {
      if (at < replay.length) return hold(replay[at++]);
      setReplay(null);
      set(latest.current);
    };
    next();
    const timer = setInterval(next, Math.min(700, Math.max(120, REPLAY / replay.length)));
    return () => clearInterval(timer);
  }, [replay]);
  const inWindow = ({ from, to }) => stops.filter((stop) => stop >= from && stop < to);
  /** Replays the arrivals of a window, from the as-of time on if there are any after it. */
  const play = (window) => {
    const within = inWindow(window);
    const rest = within.filter((stop) => asOf !== null && stop > asOf);
    const all = rest.length > 0 ? rest : within;
    const every = Math.ceil(all.length / STEPS);
    const steps = all.filter((_, index) => index % every === 0 || index === all.length - 1);
    setReplay(steps.at(-1) === stops.at(-1) ? [...steps, null] : steps);
  };

  const index = asOf === null ? stops.length : stops.findLastIndex((stop) => stop <= asOf);
  const step = (by) => {
    // Between two arrivals the first step back leads to the one before.
    const to = by < 0 && asOf !== null && index >= 0 && asOf > stops[index] ? index : index + by;
    set(to >= stops.length ? null : stops[Math.max(0, to)]);
  };
  return { asOf, stops, index, set, hold, step, play, stop, inWindow, isPlaying: replay !== null, isMoving: held !== undefined };
}
