// The step that chooses or creates a location, on the map or by its coordinates.
import { html } from "../../lib/html.js";
import { address, call } from "../../lib/api.js";
import { Field } from "../../parts/field.js";
import { PointMap } from "../../parts/point_map.js";
import { text } from "../../texts/assistant.js";
import { Choice, Missing } from "./choice.js";

const words = text.location;
const FIELDS = [
  { name: "name", label: words.name, hint: words.name_hint, required: true },
  { name: "point", pointer: "", render: (field) => html`<${Point} ...${field} />` },
];

export function LocationStep({ there, chosen: { organisation, location }, next, go }) {
  if (!organisation) return html`<${Missing} step="location" need="organisation" go=${go} />`;
  const things = there.locations.filter((thing) => thing.organisation_id === organisation.id);
  const save = async ({ name, point }) => {
    const number = (text) => (text === undefined || text === "" ? undefined : Number(text));
    const body = { organisation_id: organisation.id, name, latitude: number(point?.latitude), longitude: number(point?.longitude) };
    return (await call(address("/locations"), { method: "POST", body })).body;
  };
  return html`<${Choice} kind="location" things=${things} chosen=${location} use=${(location) => next({ location })}
    fields=${FIELDS} start=${{ point: {} }} save=${save} onSaved=${(made) => next({ location: made.id }, { locations: made })} />`;
}

function Point({ value, set, wrong }) {
  const change = (name) => (text) => set({ ...value, [name]: text });
  const number = (text) => (text === undefined || text === "" ? NaN : Number(text));
  const field = (name, most) => html`<${Field} name="point-${name}" label=${words[name]} hint=${words[`${name}_hint`]} kind="number" step="any" min=${-most} max=${most}
    value=${value[name] ?? ""} set=${change(name)} wrong=${wrong(`/${name}`)} required />`;
  return html`
    <${PointMap} point=${{ latitude: number(value.latitude), longitude: number(value.longitude) }} set=${set} />
    <div class="inline-form">${field("latitude", 90)}${field("longitude", 180)}</div>`;
}
