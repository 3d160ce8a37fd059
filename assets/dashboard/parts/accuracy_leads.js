// The error against the lead time: a line for each version, and the reference dashed.
import { html, useRef, useState } from "../lib/html.js";
import { FEW } from "../lib/accuracy.js";
import { ticks, useWidth } from "../lib/scale.js";
import { number } from "../lib/value.js";
import { text } from "../texts/accuracy.js";

const [HEIGHT, LEFT, RIGHT, TOP, BOTTOM] = [260, 46, 14, 12, 44];
/** Lines differ by colour and by the shape of their points. There is one for each line. */
const SHAPES = ["M-5 0a5 5 0 1 0 10 0a5 5 0 1 0-10 0", "M-5-5h10v10h-10z", "M0-6.5L6 4.5H-6z", "M0-6.5L6.5 0L0 6.5L-6.5 0z", "M-6-4.5H6L0 6.5z"];

/** `row` is looked at, of `line`. `choose` is called with the range that is clicked. `level` is the element of the heading. */
export function Leads({ lines, ranges, line, row, unit, choose, level = "h3" }) {
  const place = useRef(null);
  const width = useWidth(place, 640);
  const [pointed, setPointed] = useState(null);
  const at = pointed !== null && ranges[pointed] ? pointed : ranges.findIndex(({ key }) => key === row.lead_to);
  const of = ({ rows }, index) => rows.find((each) => each.lead_to === ranges[index].key);
  const values = lines.flatMap(({ rows }) => rows.map((each) => each.mae)).concat(line.rows.map((each) => each.reference_mae ?? 0));
  const marks = ticks(0, Math.max(...values) * 1.08 || 1, 4);
  const top = Math.max(...values) * 1.08 || 1;
  const slot = (width - LEFT - RIGHT) / ranges.length;
  const x = (index) => LEFT + slot * (index + 0.5);
  const y = (value) => TOP + (1 - value / top) * (HEIGHT - TOP - BOTTOM);
  const path = (read) => {
    const found = ranges.map((_, index) => [index, read(index)]).filter(([, value]) => value !== undefined && value !== null);
    return found.map(([index, value], step) => `${step ? "L" : "M"}${x(index).toFixed(1)} ${y(value).toFixed(1)}`).join("");
  };
  const { reference } = row;
  const referenceAt = (index) => of(line, index)?.reference_mae;
  return html`
    <${level}>${text.byLead}<//>
    <p class="quiet">${text.byLeadHint(unit)}</p>
    <div class="leads" ref=${place}>
      <svg viewBox="0 0 ${width} ${HEIGHT}" width=${width} height=${HEIGHT} role="img" aria-label=${text.picture(lines.length, ranges.length)}
        onPointerLeave=${() => setPointed(null)}>
        ${marks.map((mark) => html`<line class="grid" x1=${LEFT} x2=${width - RIGHT} y1=${y(mark)} y2=${y(mark)} />
          <text class="tick" x=${LEFT - 8} y=${y(mark) + 4} text-anchor="end">${number(mark)}</text>`)}
        <rect class="at" x=${x(at) - slot / 2} width=${slot} y=${TOP} height=${HEIGHT - TOP - BOTTOM} />
        ${ranges.map(({ to }, index) => html`<text class="tick" x=${x(index)} y=${HEIGHT - BOTTOM + 18} text-anchor="middle">${text.tick(to)}</text>`)}
        <text class="tick" x=${LEFT + (width - LEFT - RIGHT) / 2} y=${HEIGHT - 6} text-anchor="middle">${text.axis}</text>
        ${reference && html`<path class="reference" d=${path(referenceAt)} />
          ${ranges.map((_, index) => referenceAt(index) !== undefined && referenceAt(index) !== null
            && html`<path class="reference" d="M${x(index) - 5} ${y(referenceAt(index))}h10" />`)}`}
        ${lines.map((each, index) => html`<g class="line-${index % SHAPES.length}">
          <path class="line" d=${path((range) => of(each, range)?.mae)} />
          ${ranges.map((_, range) => {
            const found = of(each, range);
            return found && found.mae !== null && html`<path class="point ${found.pairs < FEW ? "hollow" : ""}" d=${SHAPES[index % SHAPES.length]}
              transform="translate(${x(range)} ${y(found.mae)})" />`;
          })}
        </g>`)}
        ${ranges.map(({ key }, index) => html`<rect class="hit" x=${x(index) - slot / 2} width=${slot} y="0" height=${HEIGHT}
          onPointerEnter=${() => setPointed(index)} onClick=${() => choose(key)} />`)}
      </svg>
    </div>
    <div class="leads-readout">
      <strong>${text.ahead(ranges[at].from, ranges[at].to)}</strong>
      <ul class="plain">
        ${lines.map((each, index) => {
          const found = of(each, at);
          return found && html`<li key=${each.key}><${Sample} index=${index} /> ${each.name}: <strong>${text.score(found.mae, unit)}</strong>
            <span class="quiet"> ${text.pairs(found.pairs)}</span></li>`;
        })}
        ${reference && referenceAt(at) !== undefined && referenceAt(at) !== null && html`<li><${Sample} /> ${text.referenceLine(reference, lines.length > 1 ? line.name : "")}:
          <strong> ${text.score(referenceAt(at), unit)}</strong></li>`}
      </ul>
    </div>`;
}

/** A piece of a line; that of the reference without an index. */
function Sample({ index }) {
  return html`<svg class="leads-sample" viewBox="-14 -8 28 16" width="28" height="16" aria-hidden="true">${index === undefined
    ? html`<path class="reference" d="M-14 0H14" />`
    : html`<g class="line-${index % SHAPES.length}"><path class="line" d="M-14 0H14" /><path class="point" d=${SHAPES[index % SHAPES.length]} /></g>`}</svg>`;
}
