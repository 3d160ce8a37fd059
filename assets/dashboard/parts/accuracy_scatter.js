// Predicted against measured, with the diagonal on which the prediction was right.
import { html } from "../lib/html.js";
import { get } from "../lib/api.js";
import { MOST_ROWS, lineOf } from "../lib/accuracy.js";
import { useLoaded } from "../lib/load.js";
import { number } from "../lib/value.js";
import { text } from "../texts/accuracy.js";
import { AccuracyProblem } from "./accuracy_problem.js";
import { Square } from "./accuracy_square.js";
import { Pending } from "./problem.js";

/** The most points that are drawn. A request for several versions has more. */
const MOST = 3000;
const DAY = 86_400_000;

/** `days` are the scores of `row` by day: of many pairs the newest days are drawn. */
export function Scatter({ query, row, days, unit }) {
  const since = row.pairs > MOST ? newest(days) : query.from;
  const found = useLoaded(async (signal) => {
    const all = await get("/accuracy/pairs", { ...query, tz: undefined, from: since, limit: MOST_ROWS }, signal);
    return all.filter((pair) => lineOf(pair) === lineOf(row));
  }, [JSON.stringify(query), since, lineOf(row)]);
  const pairs = found.value;
  return html`
    <div class="by-pair">
      <h4>${text.scatter}</h4>
      <p class="quiet">${text.scatterHint(unit)}</p>
      ${found.problem ? html`<${AccuracyProblem} problem=${found.problem} retry=${found.reload} />` : !pairs ? html`<${Pending} loaded=${found} />`
        : pairs.length > 0 && html`<${Picture} pairs=${pairs} r2=${row.r2} />`}
      ${pairs && pairs.length < row.pairs && html`<p class="quiet small-print">${text.newest(pairs.length, row.pairs, pairs[0]?.valid_time ?? since)}</p>`}
    </div>`;
}

/** The start of the newest days that together have no more than MOST pairs. */
function newest(days) {
  let sum = 0;
  const index = days.findLastIndex((row) => (sum += row.pairs) > MOST);
  const first = days[Math.min(index + 1, days.length - 1)];
  // Days are those of a zone. A day of reserve does not bring more than MOST pairs.
  return first ? new Date(Date.parse(first.first_valid_time ?? first.day) - (first.first_valid_time ? 0 : DAY)).toISOString() : undefined;
}

function Picture({ pairs, r2 }) {
  const values = pairs.flatMap(({ value, reading }) => [value, reading]);
  const [least, most] = [Math.min(...values), Math.max(...values)];
  const air = (most - least || 1) * 0.04;
  const draw = ({ x, y }) => html`<path class="points ${pairs.length < 300 ? "few-points" : ""}"
    d=${pairs.map(({ value, reading }) => `M${x(reading).toFixed(1)} ${y(value).toFixed(1)}h0`).join("")} />`;
  return html`<${Square} low=${least - air} high=${most + air} word=${number} label=${text.scatterLabel(pairs.length, r2)} across=${text.measured}
    upwards=${text.predicted} draw=${draw} />`;
}
