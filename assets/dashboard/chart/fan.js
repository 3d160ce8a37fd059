// The spread of predictions in the chart: bands between quantiles, the stronger the closer to the median, or members as thin lines.
import { opacityOf } from "../lib/spread.js";
import { colour } from "./paint.js";

/** The width of what is known of a single time, in pixels. */
const SINGLE = 6;

const COLOURS = { known: "chart-fan", later: "chart-later", trial: "chart-trial" };

/** Draws the spreads of the lines into the area of the plot. */
export function fans(plot, lines) {
  const { ctx, bbox: { left, top, width, height } } = plot;
  ctx.save();
  ctx.beginPath();
  ctx.rect(left, top, width, height);
  ctx.clip();
  for (const { fan, kind } of lines) {
    if (fan) paint(plot, fan, colour(COLOURS[kind]));
  }
  ctx.restore();
}

/** Draws a fan as fanOf returns it. `xOf(point)` is a place on the axis. If the fan `isStepped`, numbers hold until the next point. */
export function paint(plot, fan, tone, { xOf = ({ t }) => t / 1000, isStepped = false } = {}) {
  const { ctx } = plot;
  const ratio = devicePixelRatio;
  ctx.save();
  ctx.fillStyle = ctx.strokeStyle = tone;
  ctx.lineJoin = "round";
  for (const run of fan.runs) {
    const xs = run.points.map((point) => plot.valToPos(xOf(point), "x", true));
    const rows = run.points.map(({ values }) => values.map((value) => plot.valToPos(value, "y", true)));
    if (fan.isPaths) paths(ctx, xs, rows, ratio);
    else bands(ctx, fan.hasMedian ? run : { ...run, median: -1 }, ...widened(xs, rows, ratio, isStepped), ratio);
  }
  ctx.restore();
}

// A single time has the width of a few pixels, and a step has a corner.
function widened(xs, rows, ratio, isStepped) {
  const half = (SINGLE * ratio) / 2;
  if (xs.length === 1) return [[xs[0] - half, xs[0] + half], [rows[0], rows[0]]];
  if (!isStepped) return [xs, rows];
  const ends = [...xs.slice(1), xs.at(-1) + half];
  return [xs.flatMap((x, index) => [x, ends[index]]), rows.flatMap((row) => [row, row])];
}

function bands(ctx, { bands, median }, xs, rows, ratio) {
  const along = (index) => xs.forEach((x, at) => ctx.lineTo(x, rows[at][index]));
  const line = (index) => {
    ctx.beginPath();
    along(index);
    ctx.stroke();
  };
  ctx.globalAlpha = opacityOf(bands.length);
  for (const [low, high] of bands) {
    ctx.beginPath();
    along(high);
    for (let at = xs.length - 1; at >= 0; at -= 1) ctx.lineTo(xs[at], rows[at][low]);
    ctx.fill();
  }
  // The outermost band is pale: its edges are seen by a line.
  ctx.globalAlpha = 0.6;
  ctx.lineWidth = ratio;
  for (const index of bands[0] ?? []) line(index);
  if (median < 0) return;
  ctx.globalAlpha = 1;
  ctx.lineWidth = 1.5 * ratio;
  ctx.setLineDash([1.5 * ratio, 2.5 * ratio]);
  line(median);
  ctx.setLineDash([]);
}

// The members of a single time are dots.
function paths(ctx, xs, rows, ratio) {
  ctx.globalAlpha = 0.45;
  ctx.lineWidth = ratio;
  const count = Math.max(...rows.map((row) => row.length));
  for (let member = 0; member < count; member += 1) {
    ctx.beginPath();
    if (xs.length === 1) ctx.arc(xs[0], rows[0][member], 1.5 * ratio, 0, 7);
    else xs.forEach((x, at) => rows[at][member] !== undefined && ctx.lineTo(x, rows[at][member]));
    if (xs.length === 1) ctx.fill();
    else ctx.stroke();
  }
}

/** Marks the newest issue at the lower edge where a spread is drawn: a broad line would look like one of its bands. */
export function underline({ ctx, bbox, valToPos }, lines) {
  const { left, top, width, height } = bbox;
  const within = (t) => Math.min(left + width, Math.max(left, valToPos(t / 1000, "x", true)));
  const high = 5 * devicePixelRatio;
  ctx.save();
  ctx.fillStyle = colour("chart-line");
  ctx.globalAlpha = 0.5;
  for (const { points } of lines.filter(({ isUnderlined }) => isUnderlined)) {
    const [first, last] = [within(points[0].t), within(points.at(-1).t)];
    if (last > left && first < left + width) ctx.fillRect(first, top + height - high, Math.max(last - first, high), high);
  }
  ctx.restore();
}
