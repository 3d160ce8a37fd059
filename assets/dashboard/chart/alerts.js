// Alerts in the chart: their thresholds as lines, and the times for which they are raised as a shade.
import { text } from "../texts/alerts.js";
import { colour, write } from "./paint.js";

/** The least width of a shade, in pixels: one value may suffice. */
const LEAST = 4;

/**
 * What the alerts that `alertsOn` returns draw: `thresholds` of `{ value, name }`, their `values`, `stretches` of `{ from, to }` in
 * milliseconds, and `entries` of the legend. Without `isNow` nothing is shown as raised.
 */
export function marksOf(watching, isNow) {
  const thresholds = watching.flatMap(({ alert }) => [
    { value: alert.value, name: text.threshold(alert) },
    ...alert.levels.filter((level) => level.value !== alert.value).map(({ name, value }) => ({ value, name: text.threshold({ ...alert, name, value }) })),
  ]);
  const shown = isNow ? watching : watching.map(({ alert }) => ({ alert }));
  const stretches = shown.filter(({ state }) => state?.first_time)
    .map(({ state }) => ({ from: Date.parse(state.first_time), to: Date.parse(state.last_time) }));
  return {
    thresholds, stretches, values: thresholds.map(({ value }) => value),
    entries: shown.map((each) => ({ kind: "alert", title: text.in_chart(each) })),
  };
}

/** Shades the stretches over the height of the plot. */
export function stretches({ ctx, bbox, valToPos }, marks) {
  const { left, top, width, height } = bbox;
  const least = LEAST * devicePixelRatio;
  ctx.save();
  ctx.globalAlpha = 0.16;
  ctx.fillStyle = colour("bad");
  for (const { from, to } of marks.stretches) {
    const [first, last] = [from, to].map((time) => valToPos(time / 1000, "x", true));
    const wide = Math.max(least, last - first);
    const begin = Math.max(left, (first + last - wide) / 2);
    const end = Math.min(left + width, (first + last + wide) / 2);
    if (end > begin) ctx.fillRect(begin, top, end - begin, height);
  }
  ctx.restore();
}

/** Draws the thresholds with their names above them, on the axis of the predictions. */
export function thresholds({ ctx, bbox, scales, valToPos }, marks) {
  if (scales.y?.min == null) return;
  const { left, top, width, height } = bbox;
  const ratio = devicePixelRatio;
  ctx.save();
  ctx.strokeStyle = colour("bad");
  ctx.lineWidth = ratio;
  ctx.setLineDash([8 * ratio, 3 * ratio]);
  // A line of an odd width is sharp in the middle of a pixel.
  const sharp = (y) => Math.round(y) + (ratio % 2) / 2;
  const seen = marks.thresholds.map(({ value, name }) => ({ name, y: sharp(valToPos(value, "y", true)) })).filter(({ y }) => y >= top && y <= top + height);
  for (const { y } of seen) {
    ctx.beginPath();
    ctx.moveTo(left, y);
    ctx.lineTo(left + width, y);
    ctx.stroke();
  }
  ctx.setLineDash([]);
  for (const { name, y } of seen) write(ctx, name, colour("bad"), left + 6 * ratio, y - 9 * ratio, "left");
  ctx.restore();
}
