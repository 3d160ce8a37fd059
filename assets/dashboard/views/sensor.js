// One sensor: its chart, its newest readings, and what manages them.
import { html, useState } from "../lib/html.js";
import { API, curl, download, get, getAll } from "../lib/api.js";
import { useLoaded } from "../lib/load.js";
import { owns } from "../lib/manage.js";
import { addressOf, readExtent, readNewest, windowOf } from "../lib/readings.js";
import { go, link } from "../lib/route.js";
import { may } from "../lib/session.js";
import { moment, relative, useZone } from "../lib/time.js";
import { withUnit } from "../lib/value.js";
import { Copy, save } from "../parts/copy.js";
import { DeviceToken } from "../parts/device_token.js";
import { Empty } from "../parts/empty.js";
import { Heading } from "../parts/heading.js";
import { Said, useManaged } from "../parts/manage.js";
import { Pending, ProblemNote } from "../parts/problem.js";
import { chosenWindow, Readings } from "../parts/readings.js";
import { jobsBySensor, SensorDialogs } from "../parts/sensor_dialogs.js";
import { SensorImport } from "../parts/sensor_import.js";
import { State } from "../parts/state.js";
import { Withdraw } from "../parts/withdraw.js";
import { text as device } from "../texts/device_token.js";
import { text as words } from "../texts/manage.js";
import { text } from "../texts/sensors.js";

/** The rows of the newest readings. */
const NEWEST = 20;

export function SensorView({ id, parameters, me }) {
  useZone();
  const managed = useManaged();
  const there = useLoaded(async (signal) => {
    const lists = ["/organisations", "/locations", "/jobs"].map((path) => getAll(path, {}, signal));
    const [sensor, organisations, locations, jobs] = await Promise.all([get(`/sensors/${id}`, {}, signal), ...lists]);
    return { sensor, organisations, locations, jobs };
  }, [id]);
  const [turn, setTurn] = useState(0);
  const extent = useLoaded((signal) => readExtent(id, signal), [id, turn]);
  const back = html`<p class="back"><a href=${link("sensors")}>${text.all}</a></p>`;
  if (!there.value) return html`${back}<${Heading}>${text.title}<//><${Pending} loaded=${there} />`;
  const { sensor, organisations, locations, jobs } = there.value;
  const name = (things, id) => things.find((thing) => thing.id === id)?.name;
  const users = jobsBySensor(jobs).get(id) ?? [];
  const isOwner = owns(me, sensor.organisation_id);
  const window = extent.value && chosenWindow(parameters, extent.value);
  const done = (kind, thing) => {
    if (kind === "delete") return go("sensors");
    managed.say(words.saved(thing.name));
    there.reload();
  };
  const { open, close, show } = managed;
  return html`
    ${back}
    <div class="title">
      <${Heading}>${sensor.name}<//>
      <div class="acts">
        ${may(me, "worker") && html`<button type="button" class="primary" onClick=${show("import", sensor)}>${text.importCsv}</button>`}
        ${may(me, "worker") && extent.value && html`<button type="button" onClick=${show("withdraw", sensor)}>${text.withdraw}</button>`}
        ${isOwner && may(me, "manager") && html`<button type="button" onClick=${show("device", sensor)}>${device.open}</button>`}
        ${isOwner && html`<button type="button" onClick=${show("edit", sensor)}>${words.edit}</button>
          <button type="button" class="danger" onClick=${show("delete", sensor)}>${words.delete}</button>`}
      </div>
    </div>
    <${Said} managed=${managed} />
    ${sensor.placeholder && html`<p class="quiet">${words.placeholder}</p>`}
    <dl class="facts short">
      <dt>${text.metric}</dt><dd>${sensor.metric}</dd>
      <dt>${text.unit}</dt><dd>${sensor.unit ?? words.none}</dd>
      <dt>${text.location}</dt><dd>${sensor.location_id ? html`<a href=${link(`locations/${sensor.location_id}`)}>${name(locations, sensor.location_id)}</a>` : words.none}</dd>
      ${organisations.length > 1 && html`<dt>${words.organisation}</dt><dd>${name(organisations, sensor.organisation_id)}</dd>`}
    </dl>
    <h2>${text.readings}</h2>
    ${extent.value === undefined ? html`<${Pending} loaded=${extent} />` : extent.value === null ? html`<${None} sensor=${sensor} me=${me} />` : html`
      <${Readings} sensor=${sensor} extent=${extent.value} window=${window} turn=${turn} />
      <${Export} sensor=${sensor} window=${window} />
      <${Newest} sensor=${sensor} extent=${extent.value} turn=${turn} />`}
    <h2>${text.jobs}</h2>
    ${users.length === 0 ? html`<p class="quiet">${text.unused}</p>` : html`<ul class="plain">${users.map((job) => html`
      <li key=${job.id}><a href=${link(`jobs/${job.id}`)}>${job.name}</a> <${State} state=${job.health.state} /></li>`)}</ul>`}
    <${SensorDialogs} managed=${managed} me=${me} there=${there.value} done=${done} />
    ${open?.kind === "import" && html`<${SensorImport} sensor=${sensor} close=${close} done=${() => setTurn((turn) => turn + 1)} />`}
    ${open?.kind === "device" && html`<${DeviceToken} sensor=${sensor} close=${close} />`}
    ${open?.kind === "withdraw" && html`<${Withdraw} sensor=${sensor} window=${window} close=${close}
      done=${(said) => (managed.say(said), setTurn((turn) => turn + 1))} />`}`;
}

function Newest({ sensor, extent, turn }) {
  const loaded = useLoaded((signal) => readNewest(sensor.id, extent, NEWEST, signal), [sensor.id, extent.last, turn]);
  return html`
    <h2>${text.values}</h2>
    ${!loaded.value ? html`<${Pending} loaded=${loaded} />` : html`
      <div class="wide" tabindex="0" role="region" aria-label=${text.values}><table class="short">
        <thead><tr><th scope="col">${text.time}</th><th scope="col">${text.value}</th><th scope="col">${text.received}</th></tr></thead>
        <tbody>${loaded.value.map((row) => html`<tr key=${row.time}>
          <td>${moment(row.time)} <span class="quiet">${relative(row.time)}</span></td><td>${withUnit(row.value, sensor.unit)}</td><td>${moment(row.available_at)}</td>
        </tr>`)}</tbody>
      </table></div>`}`;
}

/** The readings as a file. */
function Export({ sensor, window }) {
  const [isBusy, setBusy] = useState(false);
  const [problem, setProblem] = useState(null);
  const run = (parameters, name) => async () => {
    setProblem(null);
    setBusy(true);
    try {
      save(await download(addressOf(sensor.id, { ...parameters, format: "csv" })), `${name}.csv`);
    } catch (problem) {
      setProblem(problem);
    }
    setBusy(false);
  };
  const shown = windowOf(window);
  return html`
    <p class="same">
      ${text.exported} <button type="button" disabled=${isBusy} onClick=${run({}, sensor.name)}>${text.exportAll}</button>
      <button type="button" disabled=${isBusy} onClick=${run(shown, `${sensor.name} ${shown.from.slice(0, 10)}`)}>${text.exportShown}</button>
      <${Copy} text=${curl(addressOf(sensor.id, { ...shown, format: "csv" }))} label=${text.curl} />
      <span class="quiet" role="status">${isBusy ? text.exporting : ""}</span>
    </p>
    <${ProblemNote} problem=${problem} />`;
}

function None({ sensor, me }) {
  const body = [{ sensor_id: sensor.id, time: new Date().toISOString(), value: 12.5 }];
  const command = may(me, "worker") ? curl(`${API}/readings`, { method: "POST", body }) : undefined;
  return html`<${Empty} title=${text.noReadings} command=${command}>${command && html`<p>${text.noReadingsLead}</p>`}<//>`;
}
