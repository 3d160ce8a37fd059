// The picture itself, drawn by uPlot: lines, the colours of classes in the background, and the line of the as-of time.
import uPlot from "../../vendor/uplot/uPlot.esm.js";
import { classes } from "../lib/classes.js";
import { zone } from "../lib/time.js";
import { number } from "../lib/value.js";

const HEIGHT = 380;
/** A narrower chart has no room for the axes' units, which the key has too. */
const NARROW = 560;
/** A line of no more points has a dot at each. */
const FEW = 120;
/** A line of more points is drawn thin, so that it stays a line. */
const MANY = 1000;

/** The time axis: what stands at a tick, and what below it where a day, a month or a year begins. */
const TICKS = [
  [31_536_000, "{YYYY}", null, null, null, null, null, null, 1],
  [2_419_200, "{MMM}", "\n{YYYY}", null, null, null, null, null, 1],
  [86_400, "{D} {MMM}", "\n{YYYY}", null, null, null, null, null, 1],
  [60, "{HH}:{mm}", "\n{D} {MMM} {YYYY}", null, "\n{D} {MMM}", null, null, null, 1],
  [1, "{HH}:{mm}:{ss}", "\n{D} {MMM} {YYYY}", null, "\n{D} {MMM}", null, null, null, 1],
];

/** A colour of the style sheet, as it is in the scheme that the browser shows. */
const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();

const STYLES = {
  older: () => ({ stroke: colour("chart-older"), width: 1.25, points: { show: false } }),
  came: () => ({ stroke: colour("chart-came"), width: 1.75, dash: [6, 4], points: { show: false } }),
  reading: () => ({ stroke: colour("chart-reading"), width: 1, points: { show: false } }),
  trial: (few, _, dash) => ({ stroke: colour("chart-trial"), width: 2, dash, points: { show: few, size: 5, fill: colour("chart-trial") } }),
  known: (few, many) => ({ stroke: colour("chart-line"), width: many ? 1.25 : 2, points: { show: few, size: 6, fill: colour("chart-line") } }),
  newest: (few) => ({ stroke: colour("chart-line"), width: few ? 4 : 2.5, points: { show: few, size: 9, fill: colour("chart-line") } }),
};

/**
 * Draws `lines` of `{ kind, points, unit, scale, dash }` into `place`, for the window `from` to `to` in milliseconds; `asOf` is
 * marked. `moved(x)` is called with the pointer's time in seconds, or null.
 */
export function draw(place, { lines, metric, from, to, asOf, moved, height = HEIGHT }) {
  const tables = lines.map((line) => [line.points.map((point) => point.t / 1000), line.points.map((point) => point.v)]);
  const aligned = tables.length > 0 ? uPlot.join(tables) : [[], []];
  // The predictions' axis is on the left, whatever is drawn first.
  const scales = [...new Map(lines.map((line) => [line.scale, line.unit])).entries()].sort(([one]) => (one === "y" ? -1 : 1));
  const isNarrow = place.clientWidth < NARROW;
  const font = "13px system-ui, sans-serif";
  const thin = { stroke: colour("chart-grid"), width: 1 };
  const axis = { stroke: colour("quiet"), font, labelFont: font, grid: thin, ticks: thin };
  const plot = new uPlot({
    width: place.clientWidth, height, tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), zone()),
    legend: { show: false },
    cursor: { drag: { x: false, y: false }, points: { show: false }, y: false },
    scales: {
      x: { time: true, auto: false, min: from / 1000, max: to / 1000 },
      ...Object.fromEntries(scales.map(([scale]) => [scale, { range: (_, low, high) => range(metric, scale, low, high) }])),
    },
    axes: [
      { ...axis, values: TICKS, space: 70 },
      ...scales.map(([scale, unit], index) => ({
        ...axis, scale, side: index === 0 ? 3 : 1, label: isNarrow ? "" : unit ?? "", labelSize: unit && !isNarrow ? 22 : 0, size: isNarrow ? 38 : 54,
        grid: index === 0 ? axis.grid : { show: false },
        values: (_, splits) => splits.map(number),
      })),
    ],
    series: [{}, ...lines.map((line) => ({ scale: line.scale, spanGaps: true, ...STYLES[line.kind](line.points.length <= FEW, line.points.length > MANY, line.dash) }))],
    hooks: {
      drawClear: [(plot) => bands(plot, metric, fill)],
      draw: [(plot) => bands(plot, metric, word), (plot) => mark(plot, (asOf ?? Date.now()) / 1000, asOf === null ? "now" : "as of")],
      setCursor: [(plot) => moved(plot.cursor.left >= 0 ? plot.posToVal(plot.cursor.left, "x") : null)],
    },
  }, aligned, place);
  return plot;
}

// A metric with classes shows them all; the others have some air around their values.
function range(metric, scale, low, high) {
  if (low === null) return [0, 1];
  const all = scale === "y" ? classes(metric) : [];
  if (all.length > 0) return [Math.min(low, all[0].from), Math.max(high, all.at(-1).from * 1.5) * 1.04];
  const air = (high - low || Math.abs(high) || 1) * 0.08;
  return [low - air, high + air];
}

// Draws something of each class that is in view: `part(ctx, class, box)`.
function bands(plot, metric, part) {
  const all = classes(metric);
  if (all.length === 0 || plot.scales.y?.min == null) return;
  const { left, top, width, height } = plot.bbox;
  plot.ctx.save();
  all.forEach((each, index) => {
    const y = (value) => Math.min(top + height, Math.max(top, plot.valToPos(value, "y", true)));
    const upper = all[index + 1] ? y(all[index + 1].from) : top;
    const lower = index === 0 ? top + height : y(each.from);
    part(plot.ctx, each, { left, width, upper, height: lower - upper });
  });
  plot.ctx.restore();
}

function fill(ctx, { word }, { left, width, upper, height }) {
  ctx.fillStyle = colour(`band-${word}`);
  ctx.fillRect(left, upper, width, height);
}

function word(ctx, { word }, { left, width, upper, height }) {
  if (height < 18 * devicePixelRatio) return;
  ctx.font = `600 ${12 * devicePixelRatio}px system-ui, sans-serif`;
  ctx.textAlign = "right";
  ctx.textBaseline = "middle";
  write(ctx, word, colour({ low: "good", moderate: "warn", high: "bad" }[word]), left + width - 8 * devicePixelRatio, upper + height / 2);
}

// Words on lines are read by the rim that they have.
function write(ctx, text, fill, x, y) {
  ctx.lineJoin = "round";
  ctx.lineWidth = 4 * devicePixelRatio;
  ctx.strokeStyle = colour("raised");
  ctx.strokeText(text, x, y);
  ctx.fillStyle = fill;
  ctx.fillText(text, x, y);
}

// The line between what was known and what was to come.
function mark(plot, seconds, name) {
  const { left, top, width, height } = plot.bbox;
  const x = plot.valToPos(seconds, "x", true);
  if (x < left || x > left + width) return;
  const { ctx } = plot;
  ctx.save();
  ctx.strokeStyle = colour("text");
  ctx.lineWidth = 1.5 * devicePixelRatio;
  ctx.setLineDash([3 * devicePixelRatio, 3 * devicePixelRatio]);
  ctx.beginPath();
  ctx.moveTo(x, top);
  ctx.lineTo(x, top + height);
  ctx.stroke();
  ctx.font = `600 ${12 * devicePixelRatio}px system-ui, sans-serif`;
  const isRight = x > left + width / 2;
  ctx.textAlign = isRight ? "right" : "left";
  ctx.setLineDash([]);
  write(ctx, name, colour("text"), x + (isRight ? -6 : 6) * devicePixelRatio, top + 14 * devicePixelRatio);
  ctx.restore();
}
