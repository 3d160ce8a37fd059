// The step that chooses or creates a sensor.
import { html } from "../../lib/html.js";
import { address, call } from "../../lib/api.js";
import { text } from "../../texts/assistant.js";
import { Choice, Missing } from "./choice.js";

const words = text.sensor;

export function SensorStep({ there, chosen: { organisation, location, sensor }, next, go }) {
  if (!organisation) return html`<${Missing} step="sensor" need="organisation" go=${go} />`;
  const isOwn = (thing) => thing.organisation_id === organisation.id;
  const locations = there.locations.filter(isOwn);
  const fields = [
    { name: "name", label: words.name, hint: words.name_hint, required: true },
    { name: "metric", label: words.metric, hint: words.metric_hint, required: true },
    { name: "unit", label: words.unit, hint: words.unit_hint },
    { name: "location_id", label: words.location, kind: "select", options: [["", words.nowhere], ...locations.map(({ id, name }) => [id, name])] },
  ];
  const save = async (body) => (await call(address("/sensors"), { method: "POST", body: { organisation_id: organisation.id, ...body } })).body;
  // Readings of another sensor are not those of this one.
  const use = (id, created) => next({ sensor: id, ...(id !== sensor?.id && { readings: undefined }) }, created);
  return html`<${Choice} kind="sensor" things=${there.sensors.filter(isOwn)} chosen=${sensor} nameOf=${words.text} use=${(id) => use(id)}
    fields=${fields} start=${{ location_id: location?.id ?? "" }} save=${save} onSaved=${(made) => use(made.id, { sensors: made })} />`;
}
