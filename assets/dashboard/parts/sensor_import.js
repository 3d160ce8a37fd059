// The dialog that imports readings of a sensor, or of others of its organisation, from a CSV file.
import { html } from "../lib/html.js";
import { getAll } from "../lib/api.js";
import { useLoaded } from "../lib/load.js";
import { text as words } from "../texts/manage.js";
import { text } from "../texts/sensors.js";
import { CsvImport } from "./csv_import.js";
import { Dialog } from "./dialog.js";
import { Pending } from "./problem.js";

export function SensorImport({ sensor, close, done }) {
  const sensors = useLoaded((signal) => getAll("/sensors", { organisation_id: sensor.organisation_id }, signal), [sensor.id]);
  const actions = html`<button type="button" onClick=${close}>${words.close}</button>`;
  return html`<${Dialog} title=${text.importTitle(sensor.name)} close=${close} actions=${actions} wide>
    ${!sensors.value ? html`<${Pending} loaded=${sensors} />` : html`<${CsvImport} sensors=${sensors.value} sensor=${sensor.id} done=${done} />`}
  <//>`;
}
