// The chart as a part of the page: drawn again when what it shows changes, and moved through by pointer and keyboard. The
// as-of handle lies on it.
import { html, useEffect, useLayoutEffect, useRef, useState } from "../lib/html.js";
import { useScheme } from "../lib/scheme.js";
import { useZone } from "../lib/time.js";
import { Handle } from "./handle.js";
import { draw } from "./plot.js";
import { listen, panned, zoomed } from "./moves.js";

/** The width of the chart on paper, in pixels. */
const PAPER = 680;
/** A click chooses a value that is no farther away, in pixels. */
const NEAR = 24;

/**
 * `lines`, `extent`, `marks` and `classes` as for draw; `moved(t)` is called with the time under the pointer in milliseconds, `setWindow` with a
 * new window, `choose(t, value)` with the time that is clicked and the value there, or with the time that the keyboard is at.
 * `time` is the as-of time with its arrivals, as useAsOf returns it.
 */
export function Canvas({ lines, extent, marks, classes, window: { from, to }, time, main, label, moved, setWindow, choose }) {
  const place = useRef(null);
  const plot = useRef(null);
  const at = useRef(null);
  const { stops } = time;
  const latest = useRef({});
  const zone = useZone();
  const scheme = useScheme();
  const isPrinting = usePrinting();
  const [box, setBox] = useState(null);
  const placed = (now) => setBox((before) => (before && Object.keys(now).every((key) => now[key] === before[key]) ? before : now));

  // While the chart is moved through, it shows the new window at once; what is in it is read when it holds still.
  const show = (window) => {
    plot.current?.setScale("x", { min: window.from / 1000, max: window.to / 1000 });
    setWindow(window);
  };
  const point = (seconds) => {
    const t = seconds === null ? null : nearest(main, seconds * 1000);
    if (t !== at.current) moved((at.current = t));
  };
  // A click elsewhere is for the focus, with which the wheel zooms.
  const chosen = (left, top) => {
    const { posToVal, valToPos, scales } = plot.current;
    const t = nearest(main, posToVal(left, "x") * 1000);
    if (t === null || !scales.y) return;
    const values = lines.filter((line) => line.scale === "y").flatMap((line) => line.points).filter((point) => point.t === t);
    const isNear = ({ v }) => Math.hypot(valToPos(t / 1000, "x") - left, valToPos(v, "y") - top) <= NEAR;
    if (values.some(isNear)) choose(t, posToVal(top, "y"));
  };
  latest.current = { show, point, chosen, isMarked: time.asOf !== null };

  useEffect(() => {
    const click = (left, top) => latest.current.chosen(left, top);
    return listen(place.current, () => plot.current, (window) => latest.current.show(window), click);
  }, []);
  useLayoutEffect(() => {
    const moved = (seconds) => latest.current.point(seconds);
    const width = isPrinting ? PAPER : place.current.clientWidth;
    const isMarked = () => latest.current.isMarked;
    plot.current = draw(place.current, { lines, extent, marks, classes, from, to, stops, width, isMarked, moved, placed });
    const resized = new ResizeObserver(([{ contentRect: { width, height } }]) => plot.current.setSize({ width, height }));
    if (!isPrinting) resized.observe(place.current);
    return () => {
      resized.disconnect();
      plot.current.destroy();
      plot.current = null;
    };
  }, [lines, JSON.stringify([classes, marks]), stops, zone, scheme, isPrinting]);
  useEffect(() => plot.current?.setScale("x", { min: from / 1000, max: to / 1000 }), [from, to, lines]);

  const key = (event) => {
    const act = {
      ArrowLeft: () => (event.shiftKey ? show(panned({ from, to }, -0.25)) : step(-1)),
      ArrowRight: () => (event.shiftKey ? show(panned({ from, to }, 0.25)) : step(1)),
      "+": () => show(zoomed({ from, to }, 0.5)),
      "-": () => show(zoomed({ from, to }, 2)),
      Enter: () => choose(at.current),
      Escape: () => plot.current?.setCursor({ left: -10, top: -10 }),
    }[event.key];
    if (!act || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    act();
  };
  const step = (by) => {
    const shown = main.filter((point) => point.t >= from && point.t < to);
    if (shown.length === 0 || !plot.current) return;
    const before = shown.findIndex((point) => point.t === at.current);
    const index = before < 0 ? (by > 0 ? 0 : shown.length - 1) : Math.min(shown.length - 1, Math.max(0, before + by));
    const left = plot.current.valToPos(shown[index].t / 1000, "x");
    plot.current.setCursor({ left, top: plot.current.over.clientHeight / 2 });
  };
  return html`
    <div class="canvas" ref=${place} tabindex="0" role="group" aria-label=${label} aria-describedby="chart-keys" onKeyDown=${key}></div>
    ${box && stops.length > 0 && html`<${Handle} box=${box} window=${{ from, to }} time=${time} />`}`;
}

/** The time of the point nearest to a time. */
function nearest(points, t) {
  let found = null;
  for (const point of points) if (found === null || Math.abs(point.t - t) < Math.abs(found - t)) found = point.t;
  return found;
}

// On paper the chart is narrower, and has the light colours.
function usePrinting() {
  const [isPrinting, setPrinting] = useState(false);
  useEffect(() => {
    const turn = (isOn) => () => {
      document.documentElement.classList.toggle("paper", isOn);
      setPrinting(isOn);
    };
    const [before, after] = [turn(true), turn(false)];
    addEventListener("beforeprint", before);
    addEventListener("afterprint", after);
    return () => {
      removeEventListener("beforeprint", before);
      removeEventListener("afterprint", after);
    };
  }, []);
  return isPrinting;
}
