// The spread of a prediction in words: its main bands, or the range of its members.
import { html } from "../lib/html.js";
import { hasSpread, mainBands } from "../lib/spread.js";
import { text } from "../texts/spread.js";

export function Spread({ point, unit }) {
  if (!hasSpread(point)) return null;
  const { levels, quantiles, v } = point;
  if (!quantiles) return html`<span class="spread">${text.all(point, unit)}</span> `;
  const of = (numbers, indexes) => indexes.map((index) => numbers[index]);
  const bands = mainBands(levels).map((band) => text.band(of(levels, band), of(quantiles, band), unit));
  const median = levels.indexOf(0.5);
  const hasOther = median >= 0 && quantiles[median] !== v;
  return html`<span class="spread">${[...bands, ...(hasOther ? [text.level(0.5, quantiles[median], unit)] : [])].join(", ")}</span> `;
}
