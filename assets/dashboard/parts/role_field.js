// One input role of a job that is set up: what it needs, and the choice of what fits.
import { html } from "../lib/html.js";
import { Field } from "./field.js";

export function RoleField({ role, there, organisation, locations, value, set, wrong }) {
  const fitting = fit(role, there, organisation, locations);
  const needs = `Needs a ${role.input_kind}${role.metric ? ` of ${role.metric}` : ""}${role.unit ? ` in ${role.unit}` : ""}${role.required ? "" : "; may be left out"}`;
  const none = fitting.length === 0 ? `. No ${role.input_kind} fits yet: register one` : "";
  const options = [["", fitting.length === 0 ? "Nothing fits" : "Choose one"], ...fitting];
  return html`<${Field} name=${`role-${role.role}`} label=${role.role} kind="select" value=${value} set=${set} options=${options}
    hint="${needs}${none}." wrong=${wrong} />`;
}

/** What fits a role, as options: sensors of its metric, locations, sources that predict its metric. */
function fit(role, there, organisation, locations) {
  const place = (id) => locations.find((place) => place.id === id)?.name;
  if (role.input_kind === "location") return locations.map(({ id, name }) => [id, name]);
  if (role.input_kind === "sensor") {
    const own = there.sensors.filter((sensor) => sensor.organisation_id === organisation && sensor.metric === role.metric);
    return own.map((sensor) => [sensor.id, [sensor.name, place(sensor.location_id), sensor.unit].filter(Boolean).join(" · ")]);
  }
  const predicts = (source) => there.versions.some((version) => version.source_id === source.id && version.output_roles.some((output) => output.metric === role.metric));
  return there.sources.filter((source) => (!source.organisation_id || source.organisation_id === organisation) && predicts(source)).map(({ id, name }) => [id, name]);
}
