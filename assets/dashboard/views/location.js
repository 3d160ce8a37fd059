// One location: where it is, its sensors and jobs, and how accurate each source is there.
import { html } from "../lib/html.js";
import { get, getAll } from "../lib/api.js";
import { useLoaded } from "../lib/load.js";
import { link } from "../lib/route.js";
import { useZone } from "../lib/time.js";
import { spoken } from "../lib/value.js";
import { Heading } from "../parts/heading.js";
import { LocationAccuracy } from "../parts/location_accuracy.js";
import { PlainMap } from "../parts/map.js";
import { Pending } from "../parts/problem.js";
import { State } from "../parts/state.js";
import { text as words } from "../texts/manage.js";
import { text } from "../texts/locations.js";

export function LocationView({ id, parameters }) {
  useZone();
  const loaded = useLoaded(async (signal) => {
    const location = await get(`/locations/${id}`, {}, signal);
    const of = { organisation_id: location.organisation_id };
    const [sensors, jobs] = await Promise.all([getAll("/sensors", { ...of, location_id: id }, signal), getAll("/jobs", of, signal)]);
    return { location, sensors, jobs: jobs.filter((job) => isFor(job, id)) };
  }, [id]);
  const back = html`<p class="back"><a href=${link("locations")}>${text.all}</a></p>`;
  if (!loaded.value) return html`${back}<${Heading}>${text.one}<//><${Pending} loaded=${loaded} />`;
  const { location, sensors, jobs } = loaded.value;
  const hasPoint = location.latitude !== undefined && location.longitude !== undefined;
  const point = { ...location, href: link(`locations/${id}`) };
  return html`
    ${back}
    <${Heading}>${location.name}<//>
    ${location.placeholder && html`<p class="quiet">${words.placeholder}</p>`}
    <dl class="facts short">
      <dt>${text.latitude}</dt><dd>${location.latitude ?? words.unknown}</dd>
      <dt>${text.longitude}</dt><dd>${location.longitude ?? words.unknown}</dd>
      <dt>${text.elevation}</dt><dd>${location.elevation === undefined ? words.unknown : text.metres(location.elevation)}</dd>
    </dl>
    ${hasPoint && html`<${PlainMap} points=${[point]} label=${text.map} />`}
    <h2>${text.jobs}</h2>
    ${jobs.length === 0 ? html`<p class="quiet">${text.noJobs}</p>` : html`<ul class="plain">${jobs.map((job) => html`
      <li key=${job.id}><a href=${link(`jobs/${job.id}`)}>${job.name}</a> <${State} state=${job.health.state} /></li>`)}</ul>`}
    <h2>${text.sensors}</h2>
    ${sensors.length === 0 ? html`<p class="quiet">${text.noSensors}</p>` : html`<ul class="plain">${sensors.map((sensor) => html`
      <li key=${sensor.id}><a href=${link(`sensors/${sensor.id}`)}>${sensor.name}</a>
        <span class="quiet"> ${[spoken(sensor.metric), sensor.unit].filter(Boolean).join(", ")}</span></li>`)}</ul>`}
    <${LocationAccuracy} location=${location} sensors=${sensors} jobs=${jobs} parameters=${parameters} />`;
}

/** Whether the job predicts for the location. */
const isFor = ({ location_id, role_bindings }, id) =>
  location_id === id || role_bindings.some(({ input_type, input_id }) => input_type === "location" && input_id === id);
