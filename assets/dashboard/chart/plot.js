// The picture itself, drawn by uPlot: lines, the colours of classes behind the predictions, arrivals, and now.
import uPlot from "../../vendor/uplot/uPlot.esm.js";
import { zone } from "../lib/time.js";
import { number } from "../lib/value.js";
import { text } from "../texts/chart.js";
import { stretches, thresholds } from "./alerts.js";
import { fans, underline } from "./fan.js";
import { colour, write } from "./paint.js";

/** A narrower chart has no room for the axes' units, which the legend has too, nor for the names of classes. */
const NARROW = 560;
/** A line of no more points has a dot at each. */
const FEW = 120;
/** A line of more points is drawn thin, so that it stays a line. */
const MANY = 1000;
/** The width of the classes at their axis, in pixels. */
const STRIP = 6;
/** The room for the names of classes at the right, and that for the grip of the as-of time above, in pixels. */
const GUTTER = 86;
const HEAD = 34;

/** The time axis: what stands at a tick, and what below it where a day, a month or a year begins. */
export const TICKS = [
  [31_536_000, "{YYYY}", null, null, null, null, null, null, 1],
  [2_419_200, "{MMM}", "\n{YYYY}", null, null, null, null, null, 1],
  [86_400, "{D} {MMM}", "\n{YYYY}", null, null, null, null, null, 1],
  [60, "{HH}:{mm}", "\n{D} {MMM} {YYYY}", null, "\n{D} {MMM}", null, null, null, 1],
  [1, "{HH}:{mm}:{ss}", "\n{D} {MMM} {YYYY}", null, "\n{D} {MMM}", null, null, null, 1],
];

const STYLES = {
  newest: () => ({ stroke: colour("chart-newest"), width: 10, points: { show: false } }),
  older: () => ({ stroke: colour("chart-older"), width: 1.25, points: { show: false } }),
  later: (few) => ({ stroke: colour("chart-later"), width: 2, dash: [6, 4], points: { show: few, size: 5, fill: colour("chart-later") } }),
  reading: (_, many) => ({ stroke: colour("chart-reading"), width: many ? 1 : 1.75, points: { show: false } }),
  trial: (few, _, dash) => ({ stroke: colour("chart-trial"), width: 2, dash, points: { show: few, size: 5, fill: colour("chart-trial") } }),
  known: (few, many) => ({ stroke: colour("chart-line"), width: many ? 1.25 : 2, points: { show: few, size: 6, fill: colour("chart-line") } }),
};

/** The look of axes. */
export function axis() {
  const font = "13px system-ui, sans-serif";
  const thin = { stroke: colour("chart-grid"), width: 1 };
  return { stroke: colour("quiet"), font, labelFont: font, grid: thin, ticks: thin };
}

/** The size of an axis of values, which has room for its longest number, and at least `least`. */
export const room = (least) => (_, values) => Math.max(least, 16 + 8 * Math.max(0, ...(values ?? []).map((value) => String(value).length)));

export const inZone = (seconds) => uPlot.tzDate(new Date(seconds * 1000), zone());

/**
 * Draws `lines` of `{ kind, points, drawn, unit, scale, dash, fan, isUnderlined }` into `place`, for the window `from` to `to` in milliseconds;
 * `extent` are values that the predictions' axis has in any case, `classes` those of its metric, `marks` those of alerts. `stops` are the arrivals. Now is marked if `isMarked()`. `moved(x)`
 * is called with the pointer's time in seconds, or null, and `placed(box)` with the place of the plot each time that it is drawn.
 */
export function draw(place, { lines, classes, extent, marks, from, to, stops, width, isMarked, moved, placed }) {
  const tables = lines.map(({ drawn }) => [drawn.map((point) => point.t / 1000), drawn.map((point) => point.v)]);
  const aligned = tables.length > 0 ? uPlot.join(tables) : [[], []];
  // The predictions' axis is on the left, whatever is drawn first.
  const scales = [...new Map(lines.map((line) => [line.scale, line.unit])).entries()].sort(([one]) => (one === "y" ? -1 : 1));
  const spread = lines.flatMap(({ fan }) => fan?.extent ?? []);
  const [least, most] = [Math.min(extent[0], ...marks.values, ...spread), Math.max(extent[1], ...marks.values, ...spread)];
  const isNarrow = width < NARROW;
  const isNamed = !isNarrow && scales.length === 1 && scales[0][0] === "y" && classes.length > 0;
  const look = axis();
  return new uPlot({
    width, height: place.clientHeight, tzDate: inZone,
    padding: [HEAD, isNamed ? GUTTER : null, null, null],
    legend: { show: false },
    cursor: { drag: { x: false, y: false }, points: { show: false }, y: false },
    scales: {
      x: { time: true, auto: false, min: from / 1000, max: to / 1000 },
      ...Object.fromEntries(scales.map(([scale]) => [scale, { range: (_, low, high) => range(classes, scale, [least, most], low, high) }])),
    },
    axes: [
      { ...look, values: TICKS, space: 70 },
      ...scales.map(([scale, unit], index) => ({
        ...look, scale, side: index === 0 ? 3 : 1, label: isNarrow ? "" : unit ?? "", labelSize: unit && !isNarrow ? 22 : 0, size: room(isNarrow ? 44 : 54),
        grid: index === 0 ? look.grid : { show: false },
        values: (_, splits) => splits.map(number),
      })),
    ],
    series: [{}, ...lines.map((line) => ({ scale: line.scale, show: !line.isUnderlined, ...STYLES[line.kind](line.points.length <= FEW, line.points.length > MANY, line.dash) }))],
    hooks: {
      // A line with an axis of its own would seem to be in the classes that it crosses: then they stand at their axis only.
      drawClear: [
        (plot) => bands(plot, classes, spanOf(lines), scales.length > 1 ? edge : fill),
        (plot) => stretches(plot, marks),
      ],
      drawAxes: [(plot) => fans(plot, lines)],
      draw: [
        (plot) => underline(plot, lines),
        (plot) => isNamed && bands(plot, classes, spanOf(lines), name),
        (plot) => thresholds(plot, marks),
        (plot) => arrivals(plot, stops),
        (plot) => isMarked() && mark(plot, Date.now() / 1000, text.now),
        ({ over }) => placed({ left: over.offsetLeft, top: over.offsetTop, width: over.clientWidth, height: over.clientHeight }),
      ],
      setCursor: [(plot) => moved(plot.cursor.left >= 0 ? plot.posToVal(plot.cursor.left, "x") : null)],
    },
  }, aligned, place);
}

/** From the first predicted time to the last. */
function spanOf(lines) {
  const times = lines.filter((line) => line.kind !== "reading").flatMap(({ points }) => [points[0].t, points.at(-1).t]);
  return [Math.min(...times) / 1000, Math.max(...times) / 1000];
}

// A metric with classes shows them all; the others have some air around their values.
function range(classes, scale, [least, most], low, high) {
  if (low === null) return [0, 1];
  const all = scale === "y" ? classes : [];
  if (scale === "y") [low, high] = [Math.min(low, least), Math.max(high, most)];
  if (all.length > 0) return [Math.min(low, all[0].from), Math.max(high, all.at(-1).from * 1.5) * 1.04];
  const air = (high - low || Math.abs(high) || 1) * 0.08;
  return [low - air, high + air];
}

// Draws something of each class of the predictions' axis that is in view: `part(ctx, class, box)`. The box lies over the times
// that are predicted.
function bands(plot, all, [first, last], part) {
  if (all.length === 0 || plot.scales.y?.min == null || first > last) return;
  const { left, top, width, height } = plot.bbox;
  const within = (seconds) => Math.min(left + width, Math.max(left, plot.valToPos(seconds, "x", true)));
  const [start, end] = [within(first), within(last)];
  plot.ctx.save();
  all.forEach((each, index) => {
    const y = (value) => Math.min(top + height, Math.max(top, plot.valToPos(value, "y", true)));
    const upper = all[index + 1] ? y(all[index + 1].from) : top;
    const lower = index === 0 ? top + height : y(each.from);
    part(plot.ctx, each, { start, end, left, right: left + width, upper, height: lower - upper });
  });
  plot.ctx.restore();
}

function fill(ctx, { tone }, { start, end, upper, height }) {
  ctx.fillStyle = colour(`band-${tone}`);
  ctx.fillRect(start, upper, end - start, height);
}

function edge(ctx, { tone }, { left, upper, height }) {
  ctx.fillStyle = toned(tone);
  const width = STRIP * devicePixelRatio;
  ctx.fillRect(left - width, upper, width, height);
}

const toned = (tone) => colour({ low: "good", moderate: "warn", high: "bad" }[tone]);

// Beside the plot, where no line is covered.
function name(ctx, { word, tone }, { right, upper, height }) {
  if (height < 18 * devicePixelRatio) return;
  const x = right + 8 * devicePixelRatio;
  write(ctx, word, toned(tone), x, upper + height / 2, "left");
}

// A tick at each arrival, at the upper edge.
function arrivals(plot, stops) {
  const { left, top, width } = plot.bbox;
  const { ctx } = plot;
  ctx.save();
  ctx.fillStyle = colour("quiet");
  for (const stop of stops) {
    const x = Math.round(plot.valToPos(stop / 1000, "x", true));
    if (x >= left && x <= left + width) ctx.fillRect(x, top - 7 * devicePixelRatio, devicePixelRatio, 7 * devicePixelRatio);
  }
  ctx.restore();
}

/** A dotted vertical line with a name. */
function mark(plot, seconds, name) {
  const { left, top, width, height } = plot.bbox;
  const x = plot.valToPos(seconds, "x", true);
  if (x < left || x > left + width) return;
  const { ctx } = plot;
  ctx.save();
  ctx.strokeStyle = colour("quiet");
  ctx.lineWidth = 1.5 * devicePixelRatio;
  ctx.setLineDash([3 * devicePixelRatio, 3 * devicePixelRatio]);
  ctx.beginPath();
  ctx.moveTo(x, top);
  ctx.lineTo(x, top + height);
  ctx.stroke();
  ctx.setLineDash([]);
  const isRight = x > left + width / 2;
  write(ctx, name, colour("text"), x + (isRight ? -6 : 6) * devicePixelRatio, top + height - 12 * devicePixelRatio, isRight ? "right" : "left");
  ctx.restore();
}
