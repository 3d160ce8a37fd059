// A closer look at one version and range of lead times: by day, by hour of the day, pair by pair, by class, and how
// sure the model was.
import { html } from "../lib/html.js";
import { get } from "../lib/api.js";
import { MOST_ROWS, lineOf, rangeOf } from "../lib/accuracy.js";
import { useLoaded } from "../lib/load.js";
import { keep } from "../lib/route.js";
import { useZone } from "../lib/time.js";
import { text } from "../texts/accuracy.js";
import { Bars } from "./accuracy_bars.js";
import { ClassTable } from "./accuracy_classes.js";
import { AccuracyProblem } from "./accuracy_problem.js";
import { Reliability } from "./accuracy_reliability.js";
import { Scatter } from "./accuracy_scatter.js";
import { Field } from "./field.js";
import { Pending } from "./problem.js";

const FEW_HOURS = 3;

/** `query` asks for the pairs of `row`, which is of `line`. */
export function Closer({ query, lines, line, row, unit }) {
  const zone = useZone();
  const asked = JSON.stringify(query) + lineOf(row);
  const found = useLoaded(async (signal) => {
    const by = async (part) => (await get("/accuracy", { ...query, by: part, limit: MOST_ROWS }, signal)).filter((each) => lineOf(each) === lineOf(row) && each.pairs > 0);
    const [days, hours] = await Promise.all([by("day"), by("hour")]);
    return { days, hours };
  }, [asked]);
  const left = text.left(row);
  return html`
    <h3>${text.closer}</h3>
    <div class="choices">
      ${lines.length > 1 && html`<${Field} name="accuracy-version" label=${text.columns.version} kind="select" value=${line.key} set=${(of) => keep({ of })}
        options=${lines.map(({ key, name }) => [key, name])} />`}
      ${line.rows.length > 1 && html`<${Field} name="accuracy-range" label=${text.range} kind="select" value=${row.lead_to} set=${(range) => keep({ range })}
        options=${line.rows.map((each) => [each.lead_to, text.ahead(rangeOf(each).from, rangeOf(each).to)])} />`}
      <span class="quiet">${text.pairs(row.pairs)}</span>
    </div>
    ${left && html`<p class="quiet small-print">${text.leftOut} ${left}.</p>`}
    ${found.problem ? html`<${AccuracyProblem} problem=${found.problem} retry=${found.reload} />` : !found.value ? html`<${Pending} loaded=${found} />` : html`
      <div class="closer">
        <${Days} rows=${found.value.days} unit=${unit} reference=${row.reference} />
        <${Scatter} query=${query} row=${row} days=${found.value.days} unit=${unit} />
        <div>
          <${Hours} rows=${found.value.hours} unit=${unit} zone=${zone} />
          ${row.classes && html`<${ClassTable} table=${row.classes} />`}
        </div>
        <${Reliability} row=${row} unit=${unit} />
      </div>`}`;
}

function Days({ rows, unit, reference }) {
  if (rows.length === 0) return null;
  const worst = rows.reduce((worst, row) => (row.mae > worst.mae ? row : worst));
  // A day without pairs has a place, too.
  const at = (row) => Math.round(Date.parse(row.day) / 86_400_000);
  const bars = rows.map((row) => ({
    at: at(row) - at(rows[0]), value: row.mae, word: text.dayBar(row, unit), isOff: row.reference_mae !== null && row.mae > row.reference_mae,
    cells: [text.dayOf(row.day), text.score(row.mae, unit), ...(reference ? [text.score(row.reference_mae, unit)] : []), text.signed(row.bias, unit, row.mae), row.pairs],
  }));
  return html`
    <div class="by-day">
      <h4>${text.byDay}</h4>
      <p class="quiet">${text.byDayHint(reference)}</p>
      <${Bars} bars=${bars} count=${at(rows.at(-1)) - at(rows[0]) + 1} label=${text.daysLabel(rows, worst, unit)} scale=${text.upTo(worst.mae, unit)}
        ends=${[text.dayOf(rows[0].day), text.dayOf(rows.at(-1).day)]} summary=${text.asTable.day}
        heads=${[text.day, text.columns.mae, ...(reference ? [text.closerWas(reference)] : []), text.columns.bias, text.columns.pairs]} />
    </div>`;
}

function Hours({ rows, unit, zone }) {
  // A model of days says nothing about hours.
  if (rows.length < FEW_HOURS) return null;
  const sorted = [...rows].sort((one, other) => one.bias - other.bias);
  const most = Math.max(...rows.map(({ bias }) => Math.abs(bias)));
  const bars = rows.map((row) => ({
    at: Number(row.hour), value: row.bias, word: text.hourBar(row, unit),
    cells: [`${row.hour}:00`, text.signed(row.bias, unit, row.mae), text.score(row.mae, unit), row.pairs],
  }));
  return html`
    <h4>${text.byHour}</h4>
    <p class="quiet">${text.byHourHint(zone)}</p>
    <${Bars} bars=${bars} count=${24} isSigned=${true} label=${text.hoursLabel(sorted[0], sorted.at(-1), unit)} scale=${text.upTo(most, unit)}
      ends=${["00", "06", "12", "18", "24"]} summary=${text.asTable.hour} heads=${[text.hour, text.columns.bias, text.columns.mae, text.columns.pairs]} />`;
}
