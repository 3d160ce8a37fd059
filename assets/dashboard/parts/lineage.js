// The card of one predicted value: what made it, from what, and whether it was changed since.
import { html, useLayoutEffect, useRef, useState } from "../lib/html.js";
import { API, address, get } from "../lib/api.js";
import { classesIn } from "../lib/classes.js";
import { useLoaded } from "../lib/load.js";
import { link } from "../lib/route.js";
import { lead, moment } from "../lib/time.js";
import { spoken, withUnit } from "../lib/value.js";
import { text } from "../texts/lineage.js";
import { Class } from "./class.js";
import { Answer } from "./copy.js";
import { Pending } from "./problem.js";

// An empty stage means the predictions without one, and an absent stage means any.
const withStage = (path, { stage }) => (stage === "" ? `${path}&stage=` : path);

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
        <h2 id="lineage-title">${text.title}</h2>
        ${values.length > 1 && html`<p class="acts" role="group" aria-label=${text.atThisTime}>${values.map(({ line, point }, at) => html`
          <button type="button" aria-pressed=${values[at] === chosen ? "true" : "false"} onClick=${() => setIndex(at)}>
            ${text.choose(line.name, withUnit(point.v, line.unit))}</button>`)}</p>`}
        ${picture(chosen)}
        <${LineageFacts} key=${lineageOf(query)} query=${query} names=${names} />`}
      <p class="acts">
        <button type="button" onClick=${() => dialog.current.close()}>${text.close}</button>
        ${chosen && html`<a href=${pageOf(query)}>${text.page}</a>`}
      </p>
    </dialog>`;
}

/** The lineage of the value that `query` means: the parameters of GET /predictions/lineage. */
export function LineageFacts({ query, names }) {
  const at = lineageOf(query).slice(API.length);
  const loaded = useLoaded((signal) => get(at, {}, signal), [at]);
  const found = loaded.value;
  if (!found) return html`<${Pending} loaded=${loaded} />`;
  const { facts } = text;
  return html`
    <dl class="facts">
      <dt>${facts.value}</dt><dd><strong>${withUnit(found.value, found.unit)}</strong> <${Class} classes=${classesIn(names.versions.get(found.source_version_id), found.metric)} value=${found.value} />
        <span class="quiet"> ${spoken(found.metric)}${found.stage ? `, ${found.stage}` : ""}</span></dd>
      <dt>${facts.validAt}</dt><dd>${moment(found.valid_time)}</dd>
      <dt>${facts.issued}</dt><dd>${moment(found.issue_time)}, ${lead(found.lead_seconds)}</dd>
      <dt>${facts.arrived}</dt><dd>${moment(found.available_at)}</dd>
      <dt>${facts.version}</dt><dd><a href=${link(`sources/${found.source_id}`)}>${found.source} ${found.source_version}</a>${found.track === "shadow"
        ? html`, <strong>${text.onTrial}</strong>` : ""}</dd>
      ${found.location_id && html`<dt>${facts.location}</dt><dd>${names.locations.get(found.location_id)?.name ?? found.location_id}</dd>`}
      <dt>${facts.postedBy}</dt><dd>${found.run ? found.run.token_name : html`<span class="quiet">${text.noRun}</span>`}</dd>
      <dt>${facts.laterIssues}</dt><dd>${text.laterIssues(found.later_issues)}</dd>
    </dl>
    ${found.run && html`<${Run} run=${found.run} />`}
    ${found.job_as_it_stood ? html`<${Stood} entry=${found.job_as_it_stood} names=${names} />`
      : !found.job_id && html`<p class="quiet">${text.noJob}</p>`}
    ${found.inputs && html`
      <h3>${text.inputs}</h3>
      <p><${Answer} address=${API + found.inputs.replace(/^.*?\/api\/v1/, "")} name=${text.inputsLink} file="inputs.json" />
        <span class="quiet"> ${text.inputsAsOf(found.inputs_as_of_given)}</span></p>`}
    <${Revisions} revisions=${found.revisions} unit=${found.unit} />`;
}

function Run({ run }) {
  const [from, to] = [run.inputs_from, run.inputs_to].map((time) => (time ? moment(time) : undefined));
  const parameters = Object.entries(run.parameters ?? {});
  const { runFacts: facts } = text;
  return html`
    <h3>${text.run}</h3>
    <dl class="facts">
      ${run.id && html`<dt>${facts.id}</dt><dd>${run.id}</dd>`}
      ${run.code && html`<dt>${facts.code}</dt><dd><code>${run.code}</code></dd>`}
      ${run.inputs_as_of && html`<dt>${facts.asOf}</dt><dd>${moment(run.inputs_as_of)}</dd>`}
      ${(from || to) && html`<dt>${facts.inputs}</dt><dd>${text.window(from, to)}</dd>`}
      ${parameters.length > 0 && html`<dt>${facts.parameters}</dt><dd>${parameters.map(([name, value]) => `${name}: ${value}`).join(", ")}</dd>`}
    </dl>`;
}

/** How the job stood: its version and its bindings. */
function Stood({ entry, names }) {
  return html`
    <h3>${text.stood}</h3>
    <p>${text.stoodSince(moment(entry.at), entry.source_version, entry.role_bindings.length > 0)}</p>
    ${entry.role_bindings.length > 0 && html`<${Bindings} bindings=${entry.role_bindings} names=${names} />`}
    ${entry.assumed && html`<p class="quiet">${text.assumed}</p>`}`;
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
  return html`<ul class="bindings">${bindings.map((binding) => html`<li>${text.binding(binding.role, binding.input_type, name(binding))}</li>`)}</ul>`;
}

function Revisions({ revisions, unit }) {
  return html`
    <h3>${text.revisions}</h3>
    ${revisions.length <= 1 ? html`<p>${text.unchanged}</p>` : html`
      <div class="wide" tabindex="0" role="region" aria-label=${text.revisions}><table>
        <thead><tr>${Object.values(text.columns).map((head) => html`<th scope="col">${head}</th>`)}</tr></thead>
        <tbody>${revisions.map((each) => html`
          <tr><td>${each.revision}</td><td class="time">${moment(each.available_at)}</td><td>${each.value === null ? text.withdrawn : withUnit(each.value, unit)}</td></tr>`)}</tbody>
      </table></div>`}`;
}
