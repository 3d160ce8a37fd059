// The as-of time on the chart: a dotted line that is dragged, or moved with the arrow keys from arrival to arrival.
import { html, useRef } from "../lib/html.js";
import { moment } from "../lib/time.js";
import { text } from "../texts/chart.js";

const MINUTE = 60_000;
const DAY = 86_400_000;

/** The as-of time in words. */
export const words = ({ asOf, index, stops }) =>
  asOf === null ? text.now : `${moment(asOf)}. ${index < 0 ? text.noneYet : text.latest(stops[index])}`;

/** `box` is the place of the plot in the frame, in pixels. Outside of the window, the line is at its edge. */
export function Handle({ box, window: { from, to }, time }) {
  const { asOf, stops, set, hold, step, index } = time;
  const line = useRef(null);
  const grip = useRef(null);
  const now = Date.now();
  const at = Math.min(to, Math.max(from, asOf ?? now));
  const x = ((at - from) / (to - from)) * box.width;

  const down = (event) => {
    if (event.button !== 0) return;
    event.preventDefault();
    line.current.focus({ preventScroll: true });
    line.current.setPointerCapture(event.pointerId);
    grip.current = { off: event.clientX - x, time: asOf };
    if (time.isPlaying) time.stop();
  };
  const drag = (event) => {
    if (!grip.current) return;
    const t = from + ((event.clientX - grip.current.off) / box.width) * (to - from);
    const held = Math.round(Math.min(to, Math.max(from, t)) / MINUTE) * MINUTE;
    hold((grip.current.time = held >= now ? null : held));
  };
  const up = () => {
    if (grip.current && time.isMoving) set(grip.current.time);
    grip.current = null;
  };
  const key = (event) => {
    const day = (by) => () => {
      const t = (asOf ?? now) + by;
      set(t >= now ? null : t);
    };
    const act = {
      ArrowLeft: () => step(-1), ArrowDown: () => step(-1), ArrowRight: () => step(1), ArrowUp: () => step(1),
      PageUp: day(DAY), PageDown: day(-DAY), Home: () => set(stops[0]), End: () => set(null),
    }[event.key];
    if (!act || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    act();
  };
  const isRight = x > box.width / 2;
  return html`
    <div class="handle ${isRight ? "left" : ""}" ref=${line} role="slider" tabindex="0"
      aria-label=${text.handle} aria-valuemin=${stops[0]} aria-valuemax=${now} aria-valuenow=${asOf ?? now} aria-valuetext=${words({ asOf, index, stops })}
      style=${{ transform: `translateX(${box.left + x}px)`, top: `${box.top}px`, height: `${box.height}px` }}
      onPointerDown=${down} onPointerMove=${drag} onPointerUp=${up} onPointerCancel=${up} onKeyDown=${key}>
      <span class="grip" aria-hidden="true">${asOf === null ? text.now : moment(asOf)}</span>
    </div>`;
}
