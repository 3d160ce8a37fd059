// A job's inputs, with the newest reading of each sensor, and its targets.
import { html } from "../lib/html.js";
import { readLatest } from "../lib/latest.js";
import { useLoaded } from "../lib/load.js";
import { link } from "../lib/route.js";
import { moment, relative } from "../lib/time.js";
import { withUnit } from "../lib/value.js";
import { State } from "./state.js";

export function Contract({ job, names, sensors }) {
  const version = names.versions.get(job.source_version_id);
  const inputs = version?.input_roles ?? [];
  const targets = new Map((job.health.targets ?? []).map((target) => [target.role, target]));
  return html`
    <div class="columns">
      <section>
        <h2>Inputs</h2>
        ${inputs.length === 0 ? html`<p class="quiet">${version ? "The model needs no inputs." : "…"}</p>` : html`
          <div class="wide" tabindex="0" role="region" aria-label="Inputs"><table>
            <thead><tr><th scope="col">Role</th><th scope="col">Needs</th><th scope="col">Input</th></tr></thead>
            <tbody>${inputs.map((role) => html`
              <tr>
                <th scope="row">${role.role}${!role.required && html` <span class="quiet">optional</span>`}</th>
                <td>${role.input_kind}${role.metric && html` of ${role.metric}`}${role.unit && ` in ${role.unit}`}</td>
                <td class="reading"><${Bound} role=${role} job=${job} names=${names} sensors=${sensors} /></td>
              </tr>`)}</tbody>
          </table></div>`}
      </section>
      <section>
        <h2>Targets</h2>
        <div class="wide" tabindex="0" role="region" aria-label="Targets"><table>
          <thead><tr><th scope="col">Role</th><th scope="col">Predicts</th><th scope="col">Health</th></tr></thead>
          <tbody>${job.job_targets.map((target) => html`
            <tr>
              <th scope="row">${target.role}${!target.required && html` <span class="quiet">optional</span>`}</th>
              <td>${target.metric}${target.unit && ` in ${target.unit}`}</td>
              <td>${targets.has(target.role) && html`<${State} state=${targets.get(target.role).state} />`}</td>
            </tr>`)}</tbody>
        </table></div>
        <p class="quiet">Service id for workers: <code>${job.source_version_id}</code>. Job id: <code>${job.id}</code>.</p>
      </section>
    </div>`;
}

function Bound({ role, job, names, sensors }) {
  const binding = job.role_bindings.find((binding) => binding.role === role.role);
  if (!binding) return html`<span class="quiet">not bound</span>`;
  const id = binding.input_id;
  if (binding.input_type === "sensor") {
    const sensor = sensors.find((sensor) => sensor.id === id);
    return sensor ? html`${sensor.name}<${Latest} sensor=${sensor} />` : "…";
  }
  if (binding.input_type === "source") return html`<a href=${link(`sources/${id}`)}>${names.sources.get(id)?.name ?? id}</a>`;
  const place = names.locations.get(id);
  if (!place) return id;
  return html`${place.name}<p class="quiet">${place.latitude === undefined ? "no coordinates yet" : `${place.latitude}, ${place.longitude}`}</p>`;
}

/** A sensor's newest reading. */
export function Latest({ sensor }) {
  const { value, problem } = useLoaded((signal) => readLatest(sensor, signal), [sensor.id], 60_000);
  if (problem) return html`<p class="quiet">${problem.message}</p>`;
  if (value === undefined) return html`<p class="quiet">…</p>`;
  if (value === null) return html`<p class="quiet">no readings yet</p>`;
  const when = html`<span class="quiet" title=${moment(value.t)}>${relative(value.t)}, ${moment(value.t)}</span>`;
  return html`<p><strong>${withUnit(value.v, sensor.unit)}</strong> ${when}</p>`;
}
