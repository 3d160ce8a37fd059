// The step that chooses a job of the version or sets one up.
import { html } from "../../lib/html.js";
import { address, call } from "../../lib/api.js";
import { RoleField } from "../../parts/role_field.js";
import { text } from "../../texts/assistant.js";
import { Choice, Missing } from "./choice.js";

const words = text.job;
const fieldOf = ({ role }) => `role:${role}`;

export function JobStep({ there, chosen: { organisation, location, sensor, version, job }, next, go }) {
  if (!organisation) return html`<${Missing} step="job" need="organisation" go=${go} />`;
  if (!version) return html`<${Missing} step="job" need="model" go=${go} />`;
  const isOwn = (thing) => thing.organisation_id === organisation.id;
  const locations = there.locations.filter(isOwn);
  const jobs = there.jobs.filter((job) => isOwn(job) && job.source_version_id === version.id);
  const bound = (body) => version.input_roles.filter((role) => body[fieldOf(role)]);
  const fields = [
    { name: "name", pointer: "/job/name", label: words.name, hint: words.name_hint, required: true },
    ...version.input_roles.map((role) => ({
      name: fieldOf(role), pointer: `/role_bindings/${fieldOf(role)}`,
      render: ({ value = "", set, wrong }) => html`<${RoleField} role=${role} there=${there} organisation=${organisation.id} locations=${locations}
        value=${value} set=${set} wrong=${wrong()} />`,
    })),
    {
      name: "location_id", pointer: "/job/location_id", label: words.location, kind: "select",
      options: [["", words.from_inputs], ...locations.map(({ id, name }) => [id, name])],
    },
  ];
  const save = async (body) => {
    const roles = bound(body);
    const request = {
      organisation_id: organisation.id, source: { id: version.source_id }, source_version: { id: version.id },
      job: { name: body.name, ...(body.location_id && { location_id: body.location_id }) },
      role_bindings: roles.map((role) => ({ role: role.role, input_type: role.input_kind, input_id: body[fieldOf(role)] })),
    };
    try {
      return (await call(address("/jobs/setup"), { method: "POST", body: request })).body;
    } catch (problem) {
      throw named(problem, roles, version.input_roles);
    }
  };
  const first = Object.fromEntries(version.input_roles.map((role) => [fieldOf(role), fitting(role, sensor, location)]));
  const start = { name: words.suggestion(location?.name), location_id: location?.id ?? "", ...first };
  const use = (id, created) => next({ job: id, ...(id !== job?.id && { result: undefined }) }, created);
  return html`<${Choice} kind="job" things=${jobs} chosen=${jobs.find(({ id }) => id === job?.id)} use=${(id) => use(id)}
    fields=${fields} start=${start} save=${save} onSaved=${(made) => use(made.id, { jobs: made })} action=${words.action} />`;
}

/** The input that a role is bound to at first: the sensor or the location of the steps before. */
function fitting(role, sensor, location) {
  if (role.input_kind === "location") return location?.id ?? "";
  return role.input_kind === "sensor" && sensor?.metric === role.metric ? sensor.id : "";
}

/** The problem with pointers of the fields: the server counts the bindings, and names a role that lacks one in its detail. */
function named(problem, bound, roles) {
  const errors = (problem.errors ?? []).map((error) => {
    const index = /^\/role_bindings\/(\d+)/.exec(error.pointer ?? "")?.[1];
    const lacking = error.code === "missing_role" && roles.find(({ role }) => error.detail.includes(role));
    const role = index === undefined ? lacking : bound[index];
    return role ? { ...error, pointer: `/role_bindings/${fieldOf(role)}` } : error;
  });
  return Object.assign(problem, { errors });
}
