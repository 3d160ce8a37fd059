// The choices of the chart: the metric, the line, the sensor to compare with, and whether versions on trial are drawn.
import { html } from "../lib/html.js";
import { keep } from "../lib/route.js";
import { Field } from "../parts/field.js";
import { text } from "../texts/chart.js";

export function Choices({ metric, metrics, lines, line, sensor, sensors, names, shadows, isWithTrials }) {
  const set = (name) => (value) => keep({ [name]: value });
  const lineName = ({ stage, location_id }) => [stage ?? text.noStage, names.locations.get(location_id)?.name].filter(Boolean).join(", ");
  return html`
    ${metrics.length > 1 && html`<${Field} name="metric" label=${text.metric} kind="select" value=${metric}
      set=${(value) => keep({ metric: value, line: "", sensor: "" })} options=${metrics.map((metric) => [metric, metric])} />`}
    ${lines.length > 1 && html`<${Field} name="line" label=${text.line} kind="select" value=${line.key} set=${set("line")}
      options=${lines.map((line) => [line.key, lineName(line)])} />`}
    ${sensors.length > 0 && html`<${Field} name="sensor" label=${text.sensor} kind="select" value=${sensor?.id ?? "none"} set=${set("sensor")}
      options=${[["none", text.none], ...sensors.map((sensor) => [sensor.id, `${sensor.name} (${sensor.metric})`])]} />`}
    ${shadows.length > 0 && html`<label class="check"><input type="checkbox" checked=${isWithTrials}
      onChange=${(event) => keep({ trials: event.currentTarget.checked ? "" : "off" })} /> ${text.trials}</label>`}`;
}
