// The scores as a table: bias, errors, scores of the spread, skill, pairs and days, for each range of lead times and version.
import { html } from "../lib/html.js";
import { FEW } from "../lib/accuracy.js";
import { text } from "../texts/accuracy.js";

const isNumber = (value) => typeof value === "number";

/** `column` is the title of the lines' names, `label` the name of the table. */
export function ScoreTable({ lines, ranges, unit, reference, column = text.columns.version, label = text.scores }) {
  const rows = ranges.flatMap((range) => lines.flatMap(({ key, name, rows }) =>
    rows.filter((row) => row.lead_to === range.key).map((row) => ({ key: key + range.key, name, range, row }))));
  const columns = { ...text.columns, version: column };
  const spreads = ["wis", "crps"].filter((head) => rows.some(({ row }) => isNumber(row[head])));
  const heads = ["lead", lines.length > 1 && "version", "bias", "mae", "rmse", ...spreads, reference && "skill", "pairs", reference && "days"].filter(Boolean);
  const cells = {
    version: (row, name) => name,
    bias: (row) => text.signed(row.bias, unit, row.mae),
    mae: (row) => text.score(row.mae, unit),
    rmse: (row) => text.score(row.rmse, unit),
    wis: (row) => text.score(row.wis, unit),
    crps: (row) => text.score(row.crps, unit),
    skill: (row) => text.skill(row.skill_mae),
    pairs: (row) => html`${row.pairs.toLocaleString("en-GB")}${row.pairs < FEW && html` <span class="few-word">${text.few}</span>`}`,
    days: (row) => text.days(row),
  };
  const left = rows.map(({ row }) => text.left(row));
  return html`
    <div class="wide" tabindex="0" role="region" aria-label=${label}>
      <table class="cards scores">
        <caption class="hidden">${label}</caption>
        <thead><tr>${heads.map((head) => html`<th scope="col" class="no-sort">${columns[head]}</th>`)}</tr></thead>
        <tbody>${rows.map(({ key, name, range, row }, index) => html`
          <tr key=${key} title=${left[index] ? `${text.leftOut} ${left[index]}` : undefined}>
            <th scope="row">${text.ahead(range.from, range.to)}</th>
            ${heads.slice(1).map((head) => html`<td data-title=${columns[head]}>${cells[head](row, name)}</td>`)}
          </tr>`)}</tbody>
      </table>
    </div>
    <p class="quiet small-print">${text.biasHint}</p>`;
}
