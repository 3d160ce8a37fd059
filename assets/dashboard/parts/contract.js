// A job as a picture: its inputs with their newest readings, the version that it runs, and its outputs.
import { html } from "../lib/html.js";
import { readLatest } from "../lib/latest.js";
import { useLoaded } from "../lib/load.js";
import { link } from "../lib/route.js";
import { length, moment, relative } from "../lib/time.js";
import { withUnit } from "../lib/value.js";
import { text } from "../texts/contract.js";
import { State } from "./state.js";

export function Contract({ job, names, sensors }) {
  const version = names.versions.get(job.source_version_id);
  const source = names.sources.get(job.source_id);
  const inputs = version?.input_roles ?? [];
  const targets = new Map((job.health.targets ?? []).map((target) => [target.role, target]));
  const name = (role) => html`<strong>${role.role}</strong>${!role.required && html` <span class="quiet">${text.optional}</span>`}`;
  const interval = source?.expected_interval_minutes;
  return html`
    <section class="flow" aria-label=${text.flow}>
      <div class="flow-in">
        <h2>${text.inputs}</h2>
        ${inputs.length === 0 ? html`<p class="quiet">${version ? text.noInputs : "…"}</p>` : html`<ul>${inputs.map((role) => html`
          <li class="box">
            <p>${name(role)} <span class="quiet">${text.needs(role)}</span></p>
            <div class="bound"><${Bound} role=${role} job=${job} names=${names} sensors=${sensors} /></div>
          </li>`)}</ul>`}
      </div>
      <div class="flow-version">
        <h2>${text.version}</h2>
        <div class="box">
          <p><a href=${link(`sources/${job.source_id}`)}>${source?.name ?? "…"}</a> <strong>${version?.version ?? ""}</strong></p>
          ${interval && html`<p class="quiet">${text.every(length(interval * 60))}</p>`}
          <p class="quiet">${text.service} <code>${job.source_version_id}</code></p>
          <p class="quiet">${text.jobId} <code>${job.id}</code></p>
        </div>
      </div>
      <div class="flow-out">
        <h2>${text.outputs}</h2>
        <ul>${job.job_targets.map((target) => html`
          <li class="box">
            <p>${name(target)} ${targets.has(target.role) && html`<${State} state=${targets.get(target.role).state} />`}</p>
            <p class="quiet">${text.predicts(target)}</p>
          </li>`)}</ul>
      </div>
    </section>`;
}

function Bound({ role, job, names, sensors }) {
  const binding = job.role_bindings.find((binding) => binding.role === role.role);
  if (!binding) return html`<span class="quiet">${text.notBound}</span>`;
  const id = binding.input_id;
  if (binding.input_type === "sensor") {
    const sensor = sensors.find((sensor) => sensor.id === id);
    return sensor ? html`${sensor.name}<${Latest} sensor=${sensor} />` : "…";
  }
  if (binding.input_type === "source") return html`<a href=${link(`sources/${id}`)}>${names.sources.get(id)?.name ?? id}</a>`;
  const place = names.locations.get(id);
  if (!place) return id;
  return html`${place.name}<p class="quiet">${place.latitude === undefined ? text.noCoordinates : `${place.latitude}, ${place.longitude}`}</p>`;
}

/** A sensor's newest reading. */
export function Latest({ sensor }) {
  const { value, problem } = useLoaded((signal) => readLatest(sensor, signal), [sensor.id], 60_000);
  if (problem) return html`<p class="quiet">${problem.message}</p>`;
  if (value === undefined) return html`<p class="quiet">…</p>`;
  if (value === null) return html`<p class="quiet">${text.noReadings}</p>`;
  const when = html`<span class="quiet" title=${moment(value.t)}>${relative(value.t)}, ${moment(value.t)}</span>`;
  return html`<p><strong>${withUnit(value.v, sensor.unit)}</strong> ${when}</p>`;
}
