// Bars over days or hours, with the one that is pointed at in words, and as a table.
import { html, useState } from "../lib/html.js";

/** The size of a bar, and the room below for the marks of those that are off. */
const [WIDTH, HEIGHT, BELOW] = [10, 100, 9];

/**
 * `bars` are `{ at, value, word, isOff, cells }`, at places from 0 to below `count`. With `isSigned` they rise and fall from the
 * middle; with `isOff` they have a mark below. A dashed line stands at the value `even`, if it is given. `scale` says what the full height is, `ends` stand below.
 */
export function Bars({ bars, count, isSigned, even, label, scale, ends, summary, heads }) {
  const [pointed, setPointed] = useState(null);
  const most = Math.max(...bars.map(({ value }) => Math.abs(value))) || 1;
  const zero = isSigned ? HEIGHT / 2 : HEIGHT;
  const below = bars.some(({ isOff }) => isOff) ? BELOW : 0;
  const size = ({ value }) => Math.max(1, (Math.abs(value) / most) * zero);
  return html`
    <p class="bars-word" aria-hidden="true">${bars[pointed]?.word ?? scale}</p>
    <svg class="bars" viewBox="0 0 ${count * WIDTH} ${HEIGHT + below}" preserveAspectRatio="none" role="img" aria-label=${label} onPointerLeave=${() => setPointed(null)}>
      ${bars.map((bar, index) => html`
        <g key=${bar.at} onPointerEnter=${() => setPointed(index)}>
          <rect class="hit" x=${bar.at * WIDTH} width=${WIDTH} y="0" height=${HEIGHT} />
          <rect class="bar ${bar.isOff ? "off" : ""}" x=${bar.at * WIDTH + 1} width=${WIDTH - 2} y=${bar.value < 0 && isSigned ? zero : zero - size(bar)} height=${size(bar)} />
          ${bar.isOff && html`<rect class="bar off" x=${bar.at * WIDTH + 1} width=${WIDTH - 2} y=${HEIGHT + 4} height=${BELOW - 4} />`}
        </g>`)}
      ${even !== undefined && ["seam", "even"].map((kind) => html`
        <path class=${kind} d="M0 ${zero - size({ value: even })}H${count * WIDTH}" vector-effect="non-scaling-stroke" />`)}
      ${isSigned && html`<path class="zero" d="M0 ${zero}H${count * WIDTH}" vector-effect="non-scaling-stroke" />`}
    </svg>
    <p class="ends" aria-hidden="true">${ends.map((end) => html`<span>${end}</span>`)}</p>
    <details>
      <summary>${summary}</summary>
      <div class="wide" tabindex="0" role="region" aria-label=${summary}><table>
        <thead><tr>${heads.map((head) => html`<th scope="col">${head}</th>`)}</tr></thead>
        <tbody>${bars.map(({ at, cells: [first, ...rest] }) => html`<tr key=${at}><th scope="row">${first}</th>${rest.map((cell) => html`<td>${cell}</td>`)}</tr>`)}</tbody>
      </table></div>
    </details>`;
}
