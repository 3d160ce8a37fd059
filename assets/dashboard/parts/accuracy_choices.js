// The choices of a job's accuracy: the output, the time, what is compared with, and the reference.
import { html } from "../lib/html.js";
import { keep } from "../lib/route.js";
import { spoken } from "../lib/value.js";
import { text } from "../texts/accuracy.js";
import { Field } from "./field.js";

const options = (names) => Object.entries(names);

/** `sensors` is what sensorsOf found, `truth` what truthOf returned for it. */
export function AccuracyChoices({ job, metric, sensors: { list, isMeasured }, truth, period, reference, common, hasSeveral }) {
  const metrics = job.job_targets.map((target) => target.metric);
  const truths = [
    ...(isMeasured ? [["", list.length > 1 ? text.chooseSensor : list.length === 1 ? text.readingsOf(list[0]) : text.readingsThere]] : []),
    ...(list.length > 1 ? list.map((sensor) => [sensor.id, text.readingsOf(sensor)]) : []),
    ["analysis", text.analysis],
  ];
  const chosen = truth.sensor_id && list.length > 1 ? truth.sensor_id : truth.truth ?? "";
  return html`
    <div class="choices">
      ${metrics.length > 1 && html`<${Field} name="accuracy-metric" label=${text.metric} kind="select" value=${metric}
        set=${(metric) => keep({ metric, line: "", sensor: "", truth: "", of: "", range: "" })} options=${metrics.map((metric) => [metric, spoken(metric)])} />`}
      <${Field} name="accuracy-period" label=${text.period} kind="select" value=${period} set=${(period) => keep({ period, range: "" })} options=${options(text.periods)} />
      <${Field} name="accuracy-truth" label=${text.truth} kind="select" value=${chosen} set=${(truth) => keep({ truth, range: "" })} options=${truths} />
      <${Field} name="accuracy-reference" label=${text.reference} kind="select" value=${reference} set=${(reference) => keep({ reference })}
        options=${options(text.references)} />
      ${hasSeveral && html`<label class="check"><input type="checkbox" checked=${Boolean(common)}
        onChange=${(event) => keep({ common: event.currentTarget.checked ? "1" : "" })} /> ${text.common}</label>`}
    </div>`;
}
