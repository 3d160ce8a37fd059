// The card of one predicted value: what made it, from what, and whether it was changed since.
import { html, useLayoutEffect, useRef, useState } from "../lib/html.js";
import { API, address, get } from "../lib/api.js";
import { classesIn } from "../lib/classes.js";
import { useLoaded } from "../lib/load.js";
import { link } from "../lib/route.js";
import { lead, moment } from "../lib/time.js";
import { spoken, withUnit } from "../lib/value.js";
import { Class } from "./class.js";
import { Answer } from "./copy.js";
import { Pending } from "./problem.js";

// An empty stage means the predictions without one, and an absent stage means any.
const withStage = (text, { stage }) => (stage === "" ? `${text}&stage=` : text);

/** The address of the value's lineage in the API. */
export const lineageOf = (query) => withStage(address("/predictions/lineage", query), query);

const pageOf = (query) => withStage(link("lineage", query), query);

const parametersOf = ({ line, point }, job, metric) => ({
  metric, valid_time: point.valid_time, job_id: job.id, location_id: line.place.location_id, stage: line.place.stage ?? "",
  issue_time: point.issue_time, as_of: line.asOf === null ? undefined : new Date(line.asOf).toISOString(),
  source_version: point.version, track: line.isOnTrial ? "shadow" : undefined,
});

/**
 * A dialog about the first of `values`, which are `{ line, point }` of one time; the others can be chosen. Nothing is shown
 * while `values` is null. `picture` draws the chosen value's issues.
 */
export function Lineage({ values, job, metric, names, close, picture }) {
  const dialog = useRef(null);
  const [index, setIndex] = useState(0);
  // The dialog opens together with its content, before another event can come in between.
  useLayoutEffect(() => {
    setIndex(0);
    if (values && !dialog.current.open) dialog.current.showModal();
  }, [values]);
  // The event comes some time after the dialog was closed. By then it may be open again, for another value, or be gone.
  const closed = ({ currentTarget }) => currentTarget.open || close();
  const chosen = values?.[index] ?? values?.[0];
  const query = chosen && parametersOf(chosen, job, metric);
  return html`
    <dialog ref=${dialog} class="lineage" aria-labelledby="lineage-title" onClose=${closed}>
      ${chosen && html`
        <h2 id="lineage-title">What made this value</h2>
        ${values.length > 1 && html`<p class="acts" role="group" aria-label="Values at this time">${values.map(({ line, point }, at) => html`
          <button type="button" aria-pressed=${values[at] === chosen ? "true" : "false"} onClick=${() => setIndex(at)}>
            ${line.name}: ${withUnit(point.v, line.unit)}</button>`)}</p>`}
        ${picture(chosen)}
        <${LineageFacts} key=${lineageOf(query)} query=${query} names=${names} />`}
      <p class="acts">
        <button type="button" onClick=${() => dialog.current.close()}>Close</button>
        ${chosen && html`<a href=${pageOf(query)}>Open as a page</a>`}
      </p>
    </dialog>`;
}

/** The lineage of the value that `query` means: the parameters of GET /predictions/lineage. */
export function LineageFacts({ query, names }) {
  const at = lineageOf(query).slice(API.length);
  const loaded = useLoaded((signal) => get(at, {}, signal), [at]);
  const found = loaded.value;
  if (!found) return html`<${Pending} loaded=${loaded} />`;
  return html`
    <dl class="facts">
      <dt>Value</dt><dd><strong>${withUnit(found.value, found.unit)}</strong> <${Class} classes=${classesIn(names.versions.get(found.source_version_id), found.metric)} value=${found.value} />
        <span class="quiet"> ${spoken(found.metric)}${found.stage ? `, ${found.stage}` : ""}</span></dd>
      <dt>Valid at</dt><dd>${moment(found.valid_time)}</dd>
      <dt>Issued</dt><dd>${moment(found.issue_time)}, ${lead(found.lead_seconds)}</dd>
      <dt>Arrived</dt><dd>${moment(found.available_at)}</dd>
      <dt>Version</dt><dd><a href=${link(`sources/${found.source_id}`)}>${found.source} ${found.source_version}</a>${found.track === "shadow"
        ? html`, <strong>on trial</strong>` : ""}</dd>
      ${found.location_id && html`<dt>Location</dt><dd>${names.locations.get(found.location_id)?.name ?? found.location_id}</dd>`}
      <dt>Posted by</dt><dd>${found.run ? found.run.token_name : html`<span class="quiet">unknown: the worker posted nothing about its run</span>`}</dd>
      <dt>Later issues</dt><dd>${found.later_issues === 0 ? "none has a value for this time" : `${found.later_issues} with a value for this time`}</dd>
    </dl>
    ${found.run && html`<${Run} run=${found.run} />`}
    ${found.job_as_it_stood ? html`<${Stood} entry=${found.job_as_it_stood} names=${names} />`
      : !found.job_id && html`<p class="quiet">The value was posted without a job.</p>`}
    ${found.inputs && html`
      <h3>Inputs as they were</h3>
      <p><${Answer} address=${API + found.inputs.replace(/^.*?\/api\/v1/, "")} name="The inputs of the job as they were known then" file="inputs.json" />
        <span class="quiet"> ${found.inputs_as_of_given ? "at the time that the worker gave" : "at the arrival of the value: the worker gave no time"}</span></p>`}
    <${Revisions} revisions=${found.revisions} unit=${found.unit} />`;
}

function Run({ run }) {
  const window = [run.inputs_from, run.inputs_to].map((time) => (time ? moment(time) : "…"));
  const parameters = Object.entries(run.parameters ?? {});
  return html`
    <h3>The run</h3>
    <dl class="facts">
      ${run.id && html`<dt>Id</dt><dd>${run.id}</dd>`}
      ${run.code && html`<dt>Code</dt><dd><code>${run.code}</code></dd>`}
      ${run.inputs_as_of && html`<dt>Inputs as of</dt><dd>${moment(run.inputs_as_of)}</dd>`}
      ${(run.inputs_from || run.inputs_to) && html`<dt>Inputs</dt><dd>${window[0]} to ${window[1]}</dd>`}
      ${parameters.length > 0 && html`<dt>Parameters</dt><dd>${parameters.map(([name, value]) => `${name}: ${value}`).join(", ")}</dd>`}
    </dl>`;
}

/** How the job stood: its version and its bindings. */
function Stood({ entry, names }) {
  return html`
    <h3>How the job stood</h3>
    <p>Since ${moment(entry.at)} the job had version ${entry.source_version}${entry.role_bindings.length === 0 ? " without inputs." : " with:"}</p>
    ${entry.role_bindings.length > 0 && html`<${Bindings} bindings=${entry.role_bindings} names=${names} />`}
    ${entry.assumed && html`<p class="quiet">The server did not store histories before: the job may have stood otherwise earlier.</p>`}`;
}

/** What the roles of a job are bound to, by name. */
export function Bindings({ bindings, names }) {
  const sensors = bindings.filter((binding) => binding.input_type === "sensor").map((binding) => binding.input_id);
  const read = (signal) => Promise.all(sensors.map((id) => get(`/sensors/${id}`, {}, signal).catch(() => ({ id }))));
  const { value } = useLoaded(read, [sensors.join()]);
  const name = ({ input_type, input_id }) => {
    if (input_type === "sensor") return value?.find(({ id }) => id === input_id)?.name ?? input_id;
    return (input_type === "source" ? names.sources : names.locations).get(input_id)?.name ?? input_id;
  };
  return html`<ul class="bindings">${bindings.map((binding) => html`<li>${binding.role}: ${binding.input_type} ${name(binding)}</li>`)}</ul>`;
}

function Revisions({ revisions, unit }) {
  return html`
    <h3>Revisions</h3>
    ${revisions.length <= 1 ? html`<p>The value was not changed since it arrived.</p>` : html`
      <div class="wide" tabindex="0" role="region" aria-label="Revisions"><table>
        <thead><tr><th scope="col">Revision</th><th scope="col">Arrived</th><th scope="col">Value</th></tr></thead>
        <tbody>${revisions.map((each) => html`
          <tr><td>${each.revision}</td><td class="time">${moment(each.available_at)}</td><td>${each.value === null ? "withdrawn" : withUnit(each.value, unit)}</td></tr>`)}</tbody>
      </table></div>`}`;
}
