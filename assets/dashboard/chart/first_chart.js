// A small chart of a sensor's readings and a prediction on one axis of time.
import { html, useLayoutEffect, useRef, useState } from "../lib/html.js";
import { instants, zoneOffset } from "../lib/csv_time.js";
import { useZone, zone } from "../lib/time.js";
import { number } from "../lib/value.js";

const HEIGHT = 280;
const EDGE = { left: 52, right: 12, top: 12, bottom: 40 };
const HOUR = 3_600_000;
const STEPS = [1, 3, 6, 12, 24, 48, 168, 336, 720, 2160, 8760].map((hours) => hours * HOUR);

export function FirstChart({ readings, predicted, unit, label }) {
  useZone();
  const place = useRef(null);
  const [width, setWidth] = useState(0);
  useLayoutEffect(() => {
    const resized = new ResizeObserver(([{ contentRect }]) => setWidth(Math.round(contentRect.width)));
    resized.observe(place.current);
    return () => resized.disconnect();
  }, []);
  return html`<div class="first-chart" ref=${place}>${width > 0 && html`<${Sheet} ...${{ readings, predicted, unit, label, width }} />`}</div>`;
}

function Sheet({ readings, predicted, unit, label, width }) {
  const all = [...readings, ...predicted];
  const [times, values] = [all.map(({ t }) => t), all.map(({ v }) => v)];
  const [first, last] = [Math.min(...times), Math.max(...times)];
  const marks = ticks(Math.min(...values), Math.max(...values));
  const [low, high] = [marks[0], marks.at(-1)];
  const x = (t) => EDGE.left + ((t - first) / (last - first || 1)) * (width - EDGE.left - EDGE.right);
  const y = (v) => HEIGHT - EDGE.bottom - ((v - low) / (high - low || 1)) * (HEIGHT - EDGE.top - EDGE.bottom);
  const step = STEPS.find((step) => (step / (last - first || 1)) * width > 80) ?? STEPS.at(-1);
  const dates = dateTicks(first, last, step);
  return html`
    <svg width=${width} height=${HEIGHT} viewBox="0 0 ${width} ${HEIGHT}" role="img" aria-label=${label}>
      ${marks.map((mark) => html`<path class="grid" d="M${EDGE.left} ${y(mark)}H${width - EDGE.right}" /><text x=${EDGE.left - 6} y=${y(mark) + 4} text-anchor="end">${number(mark)}</text>`)}
      ${dates.map(({ t, time, day }) => html`<path class="grid" d="M${x(t)} ${EDGE.top}V${HEIGHT - EDGE.bottom}" />
        <text x=${x(t)} y=${HEIGHT - 22} text-anchor="middle">${time}</text><text x=${x(t)} y=${HEIGHT - 6} text-anchor="middle">${day}</text>`)}
      <path class="measured" d=${line(readings, x, y)} />
      <path class="predicted" d=${line(predicted, x, y)} />
      ${unit && html`<text x="4" y=${EDGE.top + 2}>${unit}</text>`}
    </svg>`;
}

/** A line that is interrupted where much more time passes than usually. */
function line(points, x, y) {
  const steps = points.slice(1).map(({ t }, index) => t - points[index].t).sort((one, other) => one - other);
  const long = steps[Math.floor(steps.length / 2)] * 5;
  return points.map(({ t, v }, index) => `${index === 0 || t - points[index - 1].t > long ? "M" : "L"}${x(t).toFixed(1)} ${y(v).toFixed(1)}`).join("");
}

/** Round numbers around two values, at most six. */
function ticks(low, high) {
  const span = high - low || Math.abs(high) || 1;
  const power = 10 ** Math.floor(Math.log10(span / 4));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((step) => span / step <= 4);
  const [from, to] = [Math.floor(low / step), Math.ceil(high / step)];
  return Array.from({ length: Math.max(2, to - from + 1) }, (_, index) => Number(((from + index) * step).toPrecision(12)));
}

/** Times at which a step begins in the zone that is shown, each with the time of day (if the step is short) and the day. */
function dateTicks(first, last, step) {
  const format = (options) => new Intl.DateTimeFormat("en-GB", { timeZone: zone(), ...options });
  const [clock, day] = [format({ hour: "2-digit", minute: "2-digit" }), format(step < 336 * HOUR ? { day: "numeric", month: "short" } : { month: "short", year: "numeric" })];
  const offset = zoneOffset(zone());
  const found = [];
  for (let local = Math.ceil((first + offset(first)) / step) * step; local <= last + offset(last); local += step) {
    const [t] = instants(local, offset);
    if (t >= first && t <= last) found.push({ t, time: step < 24 * HOUR ? clock.format(t) : "", day: day.format(t) });
  }
  return found;
}
