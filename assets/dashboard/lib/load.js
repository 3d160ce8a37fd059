// The data of a view is loaded when its inputs change, and polled while the page is visible.
import { useCallback, useEffect, useRef, useState } from "./html.js";

/** How often a view polls, in milliseconds. */
export const POLL = 15_000;

/**
 * Returns the result of `load(signal)`: `{ value, problem, isLoading, reload }`. The previous value stays until the next
 * one arrives. With `every` it is loaded again after that many milliseconds.
 */
export function useLoaded(load, inputs, every) {
  const [state, setState] = useState({ isLoading: true });
  const latest = useRef(load);
  latest.current = load;
  const [turn, setTurn] = useState(0);
  const reload = useCallback(() => setTurn((turn) => turn + 1), []);

  useEffect(() => {
    const abort = new AbortController();
    let isRunning = false;
    const run = async () => {
      if (isRunning) return;
      isRunning = true;
      try {
        const value = await latest.current(abort.signal);
        if (!abort.signal.aborted) setState({ value, isLoading: false });
      } catch (problem) {
        if (abort.signal.aborted) return;
        if (problem.name === "AbortError") return;
        setState((before) => ({ value: before.value, problem, isLoading: false }));
      } finally {
        isRunning = false;
      }
    };
    setState((before) => ({ ...before, isLoading: true }));
    run();
    const timer = every && setInterval(() => document.visibilityState === "visible" && run(), every);
    return () => {
      abort.abort();
      clearInterval(timer);
    };
  }, [...inputs, turn, every]);
  return { ...state, reload };
}

/** The last value that stayed unchanged for that number of milliseconds. */
export function useSettled(value, milliseconds) {
  const [settled, setSettled] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), milliseconds);
    return () => clearTimeout(timer);
  }, [value, milliseconds]);
  return settled;
}
