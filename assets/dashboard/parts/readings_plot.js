// The picture of a sensor's readings, drawn by uPlot. Gaps are shaded, and interrupt the line.
import uPlot from "../../vendor/uplot/uPlot.esm.js";
import { html, useEffect, useRef } from "../lib/html.js";
import { useScheme } from "../lib/scheme.js";
import { useZone } from "../lib/time.js";
import { number } from "../lib/value.js";
import { colour } from "../chart/paint.js";
import { TICKS, axis, inZone, room } from "../chart/plot.js";

const HEIGHT = 320;
const NARROW = 560;
const FEW = 150;

/** The points with an empty one in each gap. */
function broken(points, gaps) {
  const empty = new Map(gaps.map(({ from, to }) => [from, (from + to) / 2]));
  return points.flatMap((point) => (empty.has(point.t) ? [point, { t: empty.get(point.t), v: null }] : [point]));
}

function draw(place, { points, gaps, unit, window: { from, to }, moved, chosen }) {
  const all = broken(points, gaps);
  const isNarrow = place.clientWidth < NARROW;
  const look = axis();
  const line = colour("chart-line");
  const shade = ({ ctx, bbox, valToPos }) => {
    ctx.fillStyle = colour("still-back");
    for (const gap of gaps) {
      const [left, right] = [gap.from, gap.to].map((t) => Math.min(bbox.left + bbox.width, Math.max(bbox.left, valToPos(t / 1000, "x", true))));
      ctx.fillRect(left, bbox.top, right - left, bbox.height);
    }
  };
  return new uPlot({
    width: place.clientWidth, height: HEIGHT, tzDate: inZone,
    legend: { show: false },
    cursor: { drag: { x: true, y: false, setScale: false }, y: false },
    scales: { x: { time: true, auto: false, min: from / 1000, max: to / 1000 } },
    axes: [
      { ...look, values: TICKS, space: 70 },
      { ...look, label: isNarrow ? "" : unit ?? "", labelSize: unit && !isNarrow ? 22 : 0, size: room(isNarrow ? 40 : 56), values: (_, splits) => splits.map(number) },
    ],
    series: [{}, { stroke: line, width: points.length > 1000 ? 1 : 1.75, spanGaps: false, points: { show: points.length <= FEW, size: 5, fill: line } }],
    hooks: {
      drawClear: [shade],
      setCursor: [({ cursor }) => moved(cursor.idx === null || cursor.idx === undefined ? null : all[cursor.idx])],
      setSelect: [(plot) => {
        if (plot.select.width < 8) return;
        const time = (left) => plot.posToVal(left, "x") * 1000;
        chosen({ from: time(plot.select.left), to: time(plot.select.left + plot.select.width) });
      }],
    },
  }, [all.map((point) => point.t / 1000), all.map((point) => point.v)], place);
}

export function ReadingsPlot({ label, ...what }) {
  const place = useRef(null);
  const latest = useRef(what);
  latest.current = what;
  const scheme = useScheme();
  const now = useZone();
  const { points, window } = what;
  useEffect(() => {
    const listeners = { moved: (point) => latest.current.moved(point), chosen: (window) => latest.current.chosen(window) };
    const plot = draw(place.current, { ...latest.current, ...listeners });
    const resized = new ResizeObserver(([{ contentRect }]) => plot.setSize({ width: contentRect.width, height: HEIGHT }));
    resized.observe(place.current);
    return () => {
      resized.disconnect();
      plot.destroy();
    };
  }, [points, window.from, window.to, scheme, now]);
  return html`<div class="readings-plot" ref=${place} role="img" aria-label=${label}></div>`;
}
