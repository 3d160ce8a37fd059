// The step that imports readings from a CSV file.
import { html, useState } from "../../lib/html.js";
import { get } from "../../lib/api.js";
import { useLoaded } from "../../lib/load.js";
import { points } from "../../lib/series.js";
import { day } from "../../lib/time.js";
import { CsvImport } from "../../parts/csv_import.js";
import { text } from "../../texts/assistant.js";
import { Missing } from "./choice.js";

export function ReadingsStep({ there, chosen: { organisation, location, sensor }, next, go, change, reload }) {
  const [turn, setTurn] = useState(0);
  const extent = useLoaded(async (signal) => sensor && readExtent(sensor.id, signal), [sensor?.id, turn]);
  if (!organisation) return html`<${Missing} step="readings" need="organisation" go=${go} />`;
  const sensors = there.sensors.filter((thing) => thing.organisation_id === organisation.id);
  const done = (sent, ids) => {
    if (sent.stored + sent.revised + sent.unchanged === 0) return;
    // The sensor of the way is one that has readings.
    change({ readings: true, ...(!ids.includes(sensor?.id) && { sensor: ids[0] }) });
    setTurn((turn) => turn + 1);
    reload();
  };
  const { value } = extent;
  return html`
    ${value && html`<p role="status">${text.readings.there(sensor.name, value.count, day(value.first), day(value.last))}</p>`}
    <${CsvImport} sensors=${sensors} sensor=${sensor?.id} organisation=${organisation.id} location=${location?.id} done=${done} />
    ${value && html`<p class="acts"><button type="button" class="primary" onClick=${() => next({ readings: true })}>${text.next}</button></p>`}`;
}

/** The number of readings with the first and the last time, or null. */
async function readExtent(id, signal) {
  const series = await get(`/sensors/${id}/readings`, { shape: "series", max_points: 10 }, signal);
  const all = points(series);
  return all.length > 0 ? { count: series.thinned_from ?? all.length, first: all[0].t, last: all.at(-1).t } : null;
}
