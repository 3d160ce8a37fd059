// Moving through a chart: by pointer, by wheel and by keyboard. All of it ends in a new window.

/** A window is never shorter than this, in milliseconds. */
const SHORTEST = 60_000;

/** And never longer than this, nor outside of the years that the API knows. */
const LONGEST = 200 * 365.25 * 86_400_000;
const FIRST = Date.parse("0001-01-01T00:00:00Z");
const LAST = Date.parse("9999-12-31T00:00:00Z");

function held({ from, to }) {
  const span = Math.min(to - from, LONGEST);
  const start = Math.min(Math.max(from, FIRST), LAST - span);
  return { from: start, to: start + span };
}

export function zoomed({ from, to }, factor, at = (from + to) / 2) {
  const span = Math.max(SHORTEST, (to - from) * factor);
  const share = (at - from) / (to - from);
  return held({ from: at - share * span, to: at + (1 - share) * span });
}

export function panned({ from, to }, share) {
  const by = (to - from) * share;
  return held({ from: from + by, to: to + by });
}

/**
 * Lets the chart in `place` be dragged and zoomed. `plot()` is the uPlot of the moment, `move(window)` is called with each
 * new window, `click(left, top)` with the place of a click, in pixels. Returns a function that removes the listeners.
 */
export function listen(place, plot, move, click) {
  let dragged = null;
  // Two fingers zoom: the places of the first and of the second, as they were and as they are.
  const fingers = new Map();
  let pinched = null;
  const windowOf = (plot) => ({ from: plot.scales.x.min * 1000, to: plot.scales.x.max * 1000 });
  const over = (event) => plot() && plot().over.contains(event.target);

  const down = (event) => {
    if (event.button !== 0 || !over(event)) return;
    if (event.pointerType === "touch") fingers.set(event.pointerId, event.clientX);
    if (fingers.size === 2) {
      pinched = { xs: [...fingers.values()], window: windowOf(plot()) };
      dragged = null;
      return;
    }
    dragged = { x: event.clientX, window: windowOf(plot()), id: event.pointerId, isFar: false };
  };
  const pinch = () => {
    const { left, width } = plot().over.getBoundingClientRect();
    const [one, other] = pinched.xs;
    const now = [...fingers.values()];
    const span = pinched.window.to - pinched.window.from;
    const timeAt = (x) => pinched.window.from + ((x - left) / width) * span;
    // Fingers that are close to each other have no ratio.
    const factor = Math.abs(one - other) / Math.max(20, Math.abs(now[0] - now[1]));
    const middle = (one + other) / 2;
    move(panned(zoomed(pinched.window, factor, timeAt(middle)), (middle - (now[0] + now[1]) / 2) / width));
  };
  const drag = (event) => {
    if (fingers.has(event.pointerId)) fingers.set(event.pointerId, event.clientX);
    if (pinched && plot()) return pinch();
    if (!dragged || event.pointerId !== dragged.id || !plot()) return;
    const way = event.clientX - dragged.x;
    if (Math.abs(way) > 4 && !dragged.isFar) {
      dragged.isFar = true;
      place.setPointerCapture(event.pointerId);
    }
    if (dragged.isFar) move(panned(dragged.window, -way / plot().over.clientWidth));
  };
  const up = (event) => {
    fingers.delete(event.pointerId);
    pinched = null;
    if (dragged && !dragged.isFar && event.pointerId === dragged.id && over(event)) {
      const { left, top } = plot().over.getBoundingClientRect();
      click(event.clientX - left, event.clientY - top);
    }
    dragged = null;
  };
  const cancel = (event) => {
    fingers.delete(event.pointerId);
    pinched = dragged = null;
  };
  // The wheel scrolls the page unless the chart is in use: it has the focus, or Ctrl is held.
  const wheel = (event) => {
    if (!over(event) || !(event.ctrlKey || event.metaKey || place.contains(document.activeElement))) return;
    event.preventDefault();
    const { left, width } = plot().over.getBoundingClientRect();
    const now = windowOf(plot());
    if (Math.abs(event.deltaX) > Math.abs(event.deltaY)) return move(panned(now, event.deltaX / width));
    const at = now.from + ((event.clientX - left) / width) * (now.to - now.from);
    move(zoomed(now, event.deltaY > 0 ? 1.25 : 0.8, at));
  };
  const listeners = { pointerdown: down, pointermove: drag, pointerup: up, pointercancel: cancel, wheel };
  for (const [name, listener] of Object.entries(listeners)) place.addEventListener(name, listener, { passive: false });
  return () => {
    for (const [name, listener] of Object.entries(listeners)) place.removeEventListener(name, listener);
  };
}
