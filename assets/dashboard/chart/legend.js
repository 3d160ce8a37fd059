// The legend of the chart.
import { html } from "../lib/html.js";
import { text } from "../texts/chart.js";

/** The look of a line of each kind in the legend and in the picture. The colours are those of the style sheet. */
const SAMPLES = {
  newest: { colour: "chart-newest", width: 9 },
  older: { colour: "chart-older", width: 1.5 },
  later: { colour: "chart-later", width: 2, dash: [6, 4] },
  reading: { colour: "chart-reading", width: 2 },
  trial: { colour: "chart-trial", width: 2 },
  alert: { colour: "bad", width: 1, dash: [8, 3] },
  known: { colour: "chart-line", width: 2, dot: true },
  band: { colour: "chart-fan", width: 9 },
  underline: { colour: "chart-line", width: 5, opacity: 0.5 },
  path: { colour: "chart-fan", width: 1, opacity: 0.6 },
  median: { colour: "chart-fan", width: 1.5, dash: [1.5, 2.5] },
};

/** The look of a line, `{ colour, width, dash, dot, opacity }`. Its dashes and its opacity may be its own. */
export function sampleOf({ kind, isUnderlined, dash, opacity }) {
  const look = SAMPLES[isUnderlined ? "underline" : kind];
  return { ...look, dash: dash ?? look.dash ?? [], opacity: opacity ?? look.opacity ?? 1 };
}

/** A piece of a line, as the chart draws it. */
export function Sample({ line }) {
  const { width, dash, dot, opacity } = sampleOf(line);
  return html`<svg class="sample ${line.isUnderlined ? "known" : line.kind}" width="30" height="10" viewBox="0 0 30 10" aria-hidden="true">
    <line x1="0" y1="5" x2="30" y2="5" stroke-width=${width} stroke-dasharray=${dash.length > 0 && dash.join(" ")} stroke-opacity=${opacity} />
    ${dot && html`<circle cx="15" cy="5" r="3.5" />`}</svg>`;
}

/** The lines that have a title, once each, the predictions first. */
export function entries(lines) {
  const order = ["known", "band", "path", "median", "newest", "later", "older", "trial", "reading", "alert"];
  const once = lines.filter((line, index) => line.title && lines.findIndex((other) => other.title === line.title) === index);
  return once.sort((one, other) => order.indexOf(one.kind) - order.indexOf(other.kind));
}

export function Legend({ lines }) {
  return html`<ul class="keys" aria-label=${text.legend}>${entries(lines).map((line) => html`<li><${Sample} line=${line} /> ${line.title}</li>`)}</ul>`;
}
