// What jobs can be bound to: sensors with their newest readings, and locations.
import { html } from "../lib/html.js";
import { API, address, call, curl, MOST } from "../lib/api.js";
import { useLoaded } from "../lib/load.js";
import { useNames } from "../lib/names.js";
import { may } from "../lib/session.js";
import { useZone } from "../lib/time.js";
import { Latest } from "../parts/contract.js";
import { SameAs } from "../parts/copy.js";
import { Empty } from "../parts/empty.js";
import { Heading } from "../parts/heading.js";
import { Pager } from "../parts/pager.js";
import { Pending, ProblemNote } from "../parts/problem.js";
import { Zone } from "../parts/zone.js";

const PAGE = 50;

export function Places({ parameters: { cursor }, me }) {
  useZone();
  const names = useNames();
  const loaded = useLoaded((signal) => call(address("/sensors", { limit: PAGE, cursor }), { signal }), [cursor]);
  const sensors = loaded.value?.body;
  const locations = [...names.locations.values()];
  return html`
    <${Heading}>Sensors and locations<//>
    <p class="quiet lead-in">Jobs read from sensors and predict for locations.</p>
    <h2>Sensors</h2>
    ${loaded.problem && sensors && html`<${ProblemNote} problem=${loaded.problem} />`}
    ${!sensors ? html`<${Pending} loaded=${loaded} />` : sensors.length === 0 ? html`<${NoSensors} me=${me} />` : html`
      <div class="wide" tabindex="0" role="region" aria-label="Sensors"><table>
        <thead><tr><th scope="col">Sensor</th><th scope="col">Measures</th><th scope="col">Newest reading</th><th scope="col">Location</th></tr></thead>
        <tbody>${sensors.map((sensor) => html`
          <tr key=${sensor.id}>
            <th scope="row">${sensor.name}<${Placeholder} thing=${sensor} /></th>
            <td>${sensor.metric}${sensor.unit && ` in ${sensor.unit}`}</td>
            <td class="reading"><${Latest} sensor=${sensor} /></td>
            <td>${names.locations.get(sensor.location_id)?.name ?? html`<span class="quiet">none</span>`}</td>
          </tr>`)}</tbody>
      </table></div>
      <${Pager} cursor=${cursor} next=${loaded.value.next} count=${sensors.length} word="sensors" />
      <${SameAs} json=${address("/sensors", { limit: PAGE, cursor })} file="sensors" />`}
    <h2>Locations</h2>
    ${names.isLoading ? html`<p class="quiet">Loading …</p>` : locations.length === 0 ? html`<p class="quiet">No locations yet.</p>` : html`
      <div class="wide" tabindex="0" role="region" aria-label="Locations"><table>
        <thead><tr><th scope="col">Location</th><th scope="col">Latitude</th><th scope="col">Longitude</th><th scope="col">Elevation</th></tr></thead>
        <tbody>${locations.map((place) => html`
          <tr key=${place.id}>
            <th scope="row">${place.name}<${Placeholder} thing=${place} /></th>
            <td>${place.latitude ?? html`<span class="quiet">unknown</span>`}</td>
            <td>${place.longitude ?? html`<span class="quiet">unknown</span>`}</td>
            <td>${place.elevation === undefined ? html`<span class="quiet">unknown</span>` : `${place.elevation} m`}</td>
          </tr>`)}</tbody>
      </table></div>
      ${locations.length >= MOST && html`<p class="quiet">There are more than ${MOST} locations. Use the API to read the rest.</p>`}
      <${SameAs} json=${address("/locations")} file="locations" />`}
    <${Zone} />`;
}

function Placeholder({ thing }) {
  return thing.placeholder && html`<p class="quiet">placeholder, created by a job's set-up: rename it with PUT</p>`;
}

function NoSensors({ me }) {
  const organisation = me.organisation_id ? {} : { organisation_id: "11111111-1111-1111-1111-111111111111" };
  const body = { name: "Thermometer 1", metric: "temperature", unit: "°C", ...organisation };
  const command = may(me, "manager") ? curl(`${API}/sensors`, { method: "POST", body }) : undefined;
  return html`
    <${Empty} title="No sensors yet" command=${command}>
      <p>Add your sensors. Each one measures one metric. ${!command && "A manager of your organisation can add them."}</p>
    <//>`;
}
