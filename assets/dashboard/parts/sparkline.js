// A small picture of values over time: earlier values thin, the newest issue strong. A metric with classes has their
// colours as background.
import { html } from "../lib/html.js";
import { text as words } from "../texts/values.js";

const [WIDTH, HEIGHT, EDGE] = [168, 44, 4];

/** `points` have `t`, `v` and `isNew`; `classes` are those of their metric. */
export function Sparkline({ points, classes: all, text }) {
  if (points.length === 0) return html`<span class="quiet">${words.noValues}</span>`;
  const [first, last] = [points[0].t, points.at(-1).t];
  const values = points.map((point) => point.v);
  // With classes the scale begins at the lowest and shows the highest.
  const low = Math.min(...values, ...(all.length ? [all[0].from] : []));
  const high = Math.max(...values, ...(all.length ? [all.at(-1).from] : []));
  const x = (t) => (last === first ? WIDTH / 2 : EDGE + ((t - first) / (last - first)) * (WIDTH - 2 * EDGE));
  const y = (v) => (high === low ? HEIGHT / 2 : HEIGHT - EDGE - ((v - low) / (high - low)) * (HEIGHT - 2 * EDGE));
  const line = (points) => points.map(({ t, v }, index) => `${index ? "L" : "M"}${x(t).toFixed(1)} ${y(v).toFixed(1)}`).join("");
  const begin = points.findIndex((point) => point.isNew);
  const [before, newest] = begin < 0 ? [points, []] : [points.slice(0, begin + 1), points.slice(begin)];
  const end = points.at(-1);
  const band = (each, index) => {
    const top = all[index + 1] ? Math.max(0, y(all[index + 1].from)) : 0;
    const bottom = index === 0 ? HEIGHT : Math.min(HEIGHT, y(each.from));
    return bottom > top && html`<rect class="band ${each.tone}" x="0" width=${WIDTH} y=${top} height=${bottom - top} />`;
  };
  return html`
    <svg class="spark" viewBox="0 0 ${WIDTH} ${HEIGHT}" width=${WIDTH} height=${HEIGHT} role="img" aria-label=${text}>
      ${all.map(band)}
      <path class="before" d=${line(before)} />
      ${newest.length > 0 && html`<path class="newest" d=${line(newest)} />`}
      <circle cx=${x(end.t)} cy=${y(end.v)} r="2.5" />
    </svg>`;
}
