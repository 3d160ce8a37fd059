// Which columns of a CSV file are stored, each as readings of which sensor.
import { html } from "../lib/html.js";
import { text } from "../texts/csv_import.js";
import { Field } from "./field.js";

/** The first choice: the column that fits `sensor`, and further columns whose metric exactly one other sensor measures. */
export function firstTargets(columns, sensors, sensor, organisation) {
  const wanted = sensors.find(({ id }) => id === sensor);
  const fits = ({ metric }, other) => metric !== "" && (metric === other.metric || metric.split("_").includes(other.metric));
  const best = wanted && (columns.find((column) => fits(column, wanted)) ?? columns[0]);
  const aims = {};
  for (const column of columns) {
    const others = sensors.filter((other) => other.id !== sensor && fits(column, other));
    const to = column === best ? sensor : others.length === 1 ? others[0].id : "";
    aims[column.index] = { to, ...fresh(column) };
  }
  if (sensors.length === 0 && organisation && columns.length > 0) aims[columns[0].index].to = "new";
  return aims;
}

const fresh = (column) => ({ name: column.name ?? "", metric: column.metric, unit: column.unit });

/** What is wrong with the targets, by column. */
export function wrongTargets(columns, aims) {
  const wrong = new Map();
  for (const { index } of columns) {
    const { to, name, metric } = aims[index];
    if (to === "new" && !(name.trim() && metric.trim())) wrong.set(index, text.fill);
    else if (to !== "new" && columns.some((other) => other.index < index && aims[other.index].to === to)) wrong.set(index, text.twice);
  }
  return wrong;
}

export function CsvTargets({ columns, aims, set, sensors, organisation, wrong, problem }) {
  const options = [["", text.none], ...sensors.map((sensor) => [sensor.id, text.sensor(sensor)]), ...(organisation ? [["new", text.new]] : [])];
  return html`
    <fieldset>
      <legend>${text.targets}</legend>
      ${columns.map((column) => {
        const { index } = column;
        const aim = aims[index];
        const change = (changes) => set({ ...aims, [index]: { ...fresh(column), ...aim, ...changes } });
        const at = (place) => (problem?.column === index ? problem.at?.(place) ?? [] : []);
        const taken = problem?.column === index && problem.status === 409 ? [text.taken] : at("/name");
        const wrongs = wrong.has(index) ? [wrong.get(index)] : [];
        return html`
          <${Field} key=${index} name="csv-target-${index}" label=${text.target(text.column(column))} kind="select" value=${aim.to}
            set=${(to) => change({ to })} options=${options} hint=${hint(column, aim, sensors)} wrong=${aim.to === "new" ? [] : wrongs} />
          ${aim.to === "new" && html`
            <div class="inline-form inner">
              <${Field} name="csv-name-${index}" label=${text.new_name} value=${aim.name} set=${(name) => change({ name })} wrong=${[...wrongs, ...taken]} required />
              <${Field} name="csv-metric-${index}" label=${text.new_metric} value=${aim.metric} set=${(metric) => change({ metric })} hint=${text.metric_hint} wrong=${at("/metric")} required />
              <${Field} name="csv-unit-${index}" label=${text.new_unit} value=${aim.unit} set=${(unit) => change({ unit })} wrong=${at("/unit")} />
            </div>`}`;
      })}
    </fieldset>`;
}

/** What is said of the unit: that of the file may differ from that of the sensor. */
function hint(column, aim, sensors) {
  const sensor = sensors.find(({ id }) => id === aim.to);
  if (!sensor) return undefined;
  const { unit } = sensor;
  if (!unit) return column.unit ? text.unit_missing(column.unit) : undefined;
  return column.unit && column.unit !== unit ? text.unit_differs(text.column(column), column.unit, unit) : text.unit_taken(unit);
}
