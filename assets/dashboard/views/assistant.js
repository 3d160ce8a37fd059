// The first-run assistant: from an empty server to a chart of one's own readings.
import { html } from "../lib/html.js";
import { getAll } from "../lib/api.js";
import { useLoaded } from "../lib/load.js";
import { CsvImport } from "../parts/csv_import.js";
import { Heading } from "../parts/heading.js";
import { Pending } from "../parts/problem.js";

export function Assistant({ me }) {
  const loaded = useLoaded((signal) => Promise.all(["/organisations", "/sensors"].map((path) => getAll(path, {}, signal))), []);
  if (!loaded.value) return html`<${Heading}>First steps<//><${Pending} loaded=${loaded} />`;
  const [organisations, sensors] = loaded.value;
  const organisation = me.organisation_id ?? organisations[0]?.id;
  return html`<${Heading}>Import readings<//>
    <${CsvImport} sensors=${sensors.filter((sensor) => sensor.organisation_id === organisation)} sensor=${sensors[0]?.id} organisation=${organisation} />`;
}
