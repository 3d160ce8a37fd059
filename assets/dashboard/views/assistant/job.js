// The step that chooses a job of the version or sets one up.
import { html } from "../../lib/html.js";
import { address, call } from "../../lib/api.js";
import { RoleField } from "../../parts/role_field.js";
import { text } from "../../texts/assistant.js";
import { Choice, Missing } from "./choice.js";

const words = text.job;

export function JobStep({ there, chosen: { organisation, location, sensor, version, job }, next, go }) {
  if (!organisation) return html`<${Missing} step="job" need="organisation" go=${go} />`;
  if (!version) return html`<${Missing} step="job" need="model" go=${go} />`;
  const isOwn = (thing) => thing.organisation_id === organisation.id;
  const locations = there.locations.filter(isOwn);
  const jobs = there.jobs.filter((job) => isOwn(job) && job.source_version_id === version.id);
  const roles = version.input_roles;
  const fields = [
    { name: "name", pointer: "/job/name", label: words.name, hint: words.name_hint, required: true },
    {
      name: "inputs", pointer: "/role_bindings",
      render: ({ value, set, wrong }) => roles.length > 0 && html`<fieldset>
        <legend>${words.inputs}</legend>
        ${roles.map((role) => html`<${RoleField} key=${role.role} role=${role} there=${there} organisation=${organisation.id} locations=${locations}
          value=${value[role.role]} set=${(id) => set({ ...value, [role.role]: id })} wrong=${wrong(`/${role.role}`)} />`)}
      </fieldset>`,
    },
    {
      name: "location_id", pointer: "/job/location_id", label: words.location, kind: "select",
      options: [["", words.from_inputs], ...locations.map(({ id, name }) => [id, name])],
    },
  ];
  const save = async ({ inputs, ...job }) => {
    const bound = roles.filter(({ role }) => inputs[role]);
    const body = {
      organisation_id: organisation.id, source: { id: version.source_id }, source_version: { id: version.id }, job,
      role_bindings: bound.map(({ role, input_kind }) => ({ role, input_type: input_kind, input_id: inputs[role] })),
    };
    try {
      return (await call(address("/jobs/setup"), { method: "POST", body })).body;
    } catch (problem) {
      throw named(problem, bound, roles);
    }
  };
  const inputs = Object.fromEntries(roles.map((role) => [role.role, fitting(role, sensor, location)]));
  const start = { name: words.suggestion(location?.name), location_id: location?.id ?? "", inputs };
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
    return role ? { ...error, pointer: `/role_bindings/${role.role}` } : error;
  });
  return Object.assign(problem, { errors });
}
