// One input role in the set-up form, with the inputs that fit it.
import { html } from "../lib/html.js";
import { text as words } from "../texts/set_up.js";
import { Field } from "./field.js";

export function RoleField({ role, there, organisation, locations, value, set, wrong }) {
  const fitting = fit(role, there, organisation, locations);
  const isNone = fitting.length === 0;
  const options = [["", isNone ? words.noMatch : words.chooseOne], ...fitting];
  return html`<${Field} name=${`role-${role.role}`} label=${role.role} kind="select" value=${value} set=${set} options=${options}
    hint=${words.needs(role, isNone)} wrong=${wrong} />`;
}

/** The inputs that fit a role, as options: sensors of its metric, locations, or sources that predict its metric. */
function fit(role, there, organisation, locations) {
  const place = (id) => locations.find((place) => place.id === id)?.name;
  if (role.input_kind === "location") return locations.map(({ id, name }) => [id, name]);
  if (role.input_kind === "sensor") {
    const isFit = (sensor) => sensor.organisation_id === organisation && sensor.metric === role.metric;
    const text = (sensor) => [sensor.name, place(sensor.location_id), sensor.unit].filter(Boolean).join(" · ");
    return there.sensors.filter(isFit).map((sensor) => [sensor.id, text(sensor)]);
  }
  const hasOutput = (version) => version.output_roles.some((output) => output.metric === role.metric);
  const predicts = (source) => there.versions.some((version) => version.source_id === source.id && hasOutput(version));
  const isVisible = (source) => !source.organisation_id || source.organisation_id === organisation;
  return there.sources.filter((source) => isVisible(source) && predicts(source)).map(({ id, name }) => [id, name]);
}
