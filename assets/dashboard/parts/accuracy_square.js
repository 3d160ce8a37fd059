// A square picture whose axes have one scale, with the diagonal on which both values are equal.
import { html } from "../lib/html.js";
import { ticks } from "../lib/scale.js";

const [SIZE, LEFT, TOP, BOTTOM] = [340, 44, 8, 40];

/**
 * `low` and `high` are the ends of both axes, `word` writes a number beside them, `across` and `upwards` are their titles.
 * `draw({ x, y, top, bottom })` returns what stands within, for the places of values and of the edges in the picture.
 */
export function Square({ low, high, word, label, across, upwards, draw, ...rest }) {
  const place = (value) => (value - low) / (high - low);
  const [right, bottom] = [SIZE - TOP, SIZE - BOTTOM];
  const x = (value) => LEFT + place(value) * (right - LEFT);
  const y = (value) => bottom - place(value) * (bottom - TOP);
  return html`
    <svg class="scatter" viewBox="0 0 ${SIZE} ${SIZE}" role="img" aria-label=${label} ...${rest}>
      ${ticks(low, high, 5).map((mark) => html`
        <path class="grid" d="M${LEFT} ${y(mark)}H${right}M${x(mark)} ${TOP}V${bottom}" />
        <text class="tick" x=${LEFT - 6} y=${y(mark) + 4} text-anchor="end">${word(mark)}</text>
        <text class="tick" x=${x(mark)} y=${bottom + 16} text-anchor="middle">${word(mark)}</text>`)}
      <path class="diagonal" d="M${x(low)} ${y(low)}L${x(high)} ${y(high)}" />
      ${draw({ x, y, top: TOP, bottom })}
      <text class="tick" x=${(LEFT + SIZE) / 2} y=${SIZE - 4} text-anchor="middle">${across}</text>
      <text class="tick" transform="translate(11 ${SIZE / 2 - 12}) rotate(-90)" text-anchor="middle">${upwards}</text>
    </svg>`;
}
