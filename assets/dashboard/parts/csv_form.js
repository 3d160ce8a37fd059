// How a CSV file is read: recognised, and changed by the person where it is wrong.
import { html } from "../lib/html.js";
import { zones } from "../lib/csv_time.js";
import { ownZone } from "../lib/time.js";
import { text } from "../texts/csv_import.js";
import { Field } from "./field.js";

const ZONES = zones(ownZone).map((zone) => [zone, zone === ownZone ? text.own_zone(zone) : zone]);
const entries = (names) => Object.entries(names);

/** `labels` is the column that can choose among the rows, if there is one. */
export function CsvForm({ found, labels, choice, change }) {
  const { fault, columns, time } = found;
  // Another separator makes other columns, so that what was chosen about them is void.
  const separate = (delimiter) => change({ delimiter, decimal: undefined, header: undefined, time: undefined, format: undefined, label: undefined });
  return html`
    <fieldset class="csv-form">
      <legend>${text.form}</legend>
      <div class="inline-form">
        <${Field} name="csv-delimiter" label=${text.delimiter} kind="select" value=${found.delimiter} set=${separate} options=${entries(text.delimiters)} />
        ${!fault && html`
          <${Field} name="csv-decimal" label=${text.decimal} kind="select" value=${found.decimal} set=${(decimal) => change({ decimal })} options=${entries(text.decimals)} />
          <${Field} name="csv-header" label=${text.header} kind="select" value=${found.header === null ? "data" : "named"}
            set=${(header) => change({ header: header === "named" })} options=${entries(text.headers)} />
          <${Field} name="csv-time" label=${text.time} kind="select" value=${keyOf(time)} options=${timeOptions(columns, time)}
            set=${(key) => change({ time: timeOf(key), format: undefined })} />
          <${Field} name="csv-format" label=${text.format} kind="select" value=${choice.format ?? time.format} set=${(format) => change({ format })}
            options=${entries(text.form_names)} hint=${time.isUnclear && !choice.format ? text.unclear : undefined} />
          ${time.isLocal && html`<${Field} name="csv-zone" label=${text.zone} kind="select" value=${choice.zone} set=${(zone) => change({ zone })}
            options=${ZONES} />`}
          ${labels && html`<${Field} name="csv-label" label=${text.label(text.column(columns[labels.column]))} kind="select" value=${choice.label?.value ?? ""}
            set=${(value) => change({ label: value ? { column: labels.column, value } : undefined })} options=${[["", text.all_rows], ...[...labels.values].map((value) => [value, value])]} />`}`}
      </div>
      ${!fault && !time.isLocal && html`<p class="quiet">${text.no_zone}</p>`}
    </fieldset>`;
}

const keyOf = ({ column, second }) => (second === null ? String(column) : `${column}+${second}`);
const timeOf = (key) => {
  const [column, second = null] = key.split("+").map(Number);
  return { column, second };
};

function timeOptions(columns, time) {
  const each = columns.map((column) => [String(column.index), text.column(column)]);
  if (time.second === null) return each;
  return [[keyOf(time), text.two(text.column(columns[time.column]), text.column(columns[time.second]))], ...each];
}
