// The step that chooses or creates a model: a source with a version, whose inputs and outputs begin as the sensor's.
import { html, useRef } from "../../lib/html.js";
import { address, call } from "../../lib/api.js";
import { RolesEditor, rolesOf, row } from "../../parts/roles_editor.js";
import { text } from "../../texts/assistant.js";
import { Choice, Missing } from "./choice.js";

const words = text.model;
const FIELDS = [
  { name: "name", label: words.name, hint: words.name_hint, required: true },
  { name: "version", label: words.version, hint: words.version_hint, required: true },
  { name: "expected_interval_minutes", label: words.interval, hint: words.interval_hint, kind: "number", min: 1, step: 1 },
  { name: "input_roles", render: (field) => html`<${RolesEditor} legend=${words.inputs} add=${words.add_input} isInput ...${field} />` },
  { name: "output_roles", render: (field) => html`<${RolesEditor} legend=${words.outputs} add=${words.add_output} ...${field} />` },
];

export function ModelStep({ chosen: { organisation, sensor, usable, versions, version }, next, go }) {
  // A source whose version was refused is changed when the form is sent again.
  const made = useRef(null);
  if (!organisation) return html`<${Missing} step="model" need="organisation" go=${go} />`;
  const { metric, unit } = sensor ?? {};
  const role = { role: metric ?? "", metric, unit, required: true };
  const start = {
    version: "1.0.0", expected_interval_minutes: 60, input_roles: sensor ? [row({ ...role, input_kind: "sensor" })] : [], output_roles: [row(role)],
  };
  const save = async ({ name, expected_interval_minutes, version, input_roles = [], output_roles = [] }) => {
    const source = { name, ...(expected_interval_minutes && { expected_interval_minutes }) };
    made.current = made.current
      ? (await call(address(`/sources/${made.current.id}`), { method: "PUT", body: source })).body
      : (await call(address("/sources"), { method: "POST", body: { organisation_id: organisation.id, ...source } })).body;
    const body = { source_id: made.current.id, version, input_roles: rolesOf(input_roles), output_roles: rolesOf(output_roles) };
    return (await call(address("/source_versions"), { method: "POST", body })).body;
  };
  const nameOf = (version) => words.text(usable.find(({ id }) => id === version.source_id), version);
  return html`<${Choice} kind="model" things=${versions} chosen=${version} nameOf=${nameOf} use=${(version) => next({ version })}
    fields=${FIELDS} start=${start} save=${save} onSaved=${(version) => next({ version: version.id }, { sources: made.current, versions: version })} />`;
}
