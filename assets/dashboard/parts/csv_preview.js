// The first rows of a CSV file as understood, and what will be stored and what will be skipped.
import { html } from "../lib/html.js";
import { lineText } from "../lib/csv.js";
import { summary } from "../lib/csv_readings.js";
import { length } from "../lib/time.js";
import { number, withUnit } from "../lib/value.js";
import { text } from "../texts/csv_import.js";

/** How many hours that exist twice are listed. */
const LISTED = 6;

export function CsvPreview({ form, result, columns, aims, sensors }) {
  if (!result?.rows) {
    return html`<p class=${result?.fault ? "problem" : "quiet"} role="status">${result?.fault ?? text.counting(result?.line ?? 0)}</p>`;
  }
  const when = whenIn(form.zone);
  const unitOf = (index) => (aims[index].to === "new" ? aims[index] : sensors.find(({ id }) => id === aims[index].to))?.unit;
  // While the file is read again, what was read before stays, and may have other columns.
  const shown = result.series.flatMap((each) => {
    const column = columns.find(({ index }) => index === each.column);
    return column ? [{ ...each, at: result.series.indexOf(each), name: text.column(column), unit: unitOf(each.column) }] : [];
  });
  return html`
    <div aria-busy=${result.isOld ? "true" : "false"}>
      <h4>${text.rows}</h4>
      <div class="wide" tabindex="0" role="region" aria-label=${text.rows}><table>
        <thead><tr><th scope="col">${text.line}</th><th scope="col">${text.meant}</th>
          ${shown.map(({ name }) => html`<th scope="col">${name}</th>`)}</tr></thead>
        <tbody>${result.rows.map(({ line, written, t, cells }) => html`
          <tr><td>${line}</td><td>${when(t)}<p class="quiet">${text.written(written)}</p></td>
            ${shown.map(({ at, unit }) => html`<td>${typeof cells[at] === "number" ? withUnit(cells[at], unit) : html`<span class="quiet">${text.no_value}</span>`}</td>`)}</tr>`)}</tbody>
      </table></div>
      <h4>${text.facts}</h4>
      <div class="columns">${shown.map((each) => html`<${Facts} key=${each.column} each=${each} when=${when} hasMany=${shown.length > 1} />`)}</div>
      <h4>${text.skipped}</h4>
      <${Skipped} result=${result} shown=${shown} />
      ${result.twice.length > 0 && html`<p>${text.twice_hours(form.zone, result.twice.length)}</p><ul>
        ${result.twice.slice(0, LISTED).map(({ line, written, isSecond }) => html`<li>${text.twice_row(line, written, isSecond)}</li>`)}
        ${result.twice.length > LISTED && html`<li>${text.more(result.twice.length - LISTED)}</li>`}</ul>`}
    </div>`;
}

function Facts({ each, when, hasMany }) {
  const found = summary(each);
  const longest = found?.gaps.reduce((most, { from, to }) => Math.max(most, to - from), 0);
  return html`
    <section>
      ${hasMany && html`<h5>${each.name}</h5>`}
      <dl class="facts">
        <dt>${text.readings}</dt><dd><strong>${each.times.length.toLocaleString("en")}</strong></dd>
        ${found && html`
          <dt>${text.first}</dt><dd>${when(found.first)}</dd>
          <dt>${text.last}</dt><dd>${when(found.last)}</dd>
          <dt>${text.step}</dt><dd>${found.step > 0 ? length(found.step / 1000) : text.uneven}</dd>
          <dt>${text.range}</dt><dd>${text.to(number(found.low), withUnit(found.high, each.unit))}</dd>
          <dt>${text.gaps}</dt><dd>${found.gaps.length === 0 ? text.no_gaps : text.gap(found.gaps.length, length(longest / 1000))}</dd>`}
      </dl>
    </section>`;
}

function Skipped({ result, shown }) {
  const rows = [...result.skipped].map(([reason, lines]) => text.skip(reason, lines.length, lineText(lines)));
  for (const { skipped, name } of shown) {
    const column = shown.length > 1 ? name : undefined;
    rows.push(...[...skipped].map(([reason, lines]) => text.skip(reason, lines.length, lineText(lines), column)));
  }
  return rows.length === 0 ? html`<p>${text.nothing_skipped}</p>` : html`<ul>${rows.map((row) => html`<li>${row}</li>`)}</ul>`;
}

/** Times in a zone with their offset, such as "27 Oct 2024, 02:00 UTC+1". */
function whenIn(zone) {
  const format = new Intl.DateTimeFormat("en-GB", {
    timeZone: zone, day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit", timeZoneName: "shortOffset",
  });
  return (t) => format.format(t).replace("GMT", "UTC");
}
