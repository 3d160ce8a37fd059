// What a manager does with a job: edit, pause or resume, delete.
import { html, useRef, useState } from "../lib/html.js";
import { getAll } from "../lib/api.js";
import { useLoaded } from "../lib/load.js";
import { change } from "../lib/manage.js";
import { go } from "../lib/route.js";
import { text } from "../texts/job_edit.js";
import { text as words } from "../texts/manage.js";
import { text as problems } from "../texts/problems.js";
import { Dialog } from "./dialog.js";
import { DeleteDialog, EditDialog } from "./manage.js";
import { Pending, ProblemNote } from "./problem.js";
import { RoleField } from "./role_field.js";

/** The buttons and their dialogs. `done` loads the job again. */
export function JobActs({ job, etag, done }) {
  const [open, setOpen] = useState("");
  const [problem, setProblem] = useState(null);
  const close = () => setOpen("");
  const turn = async () => {
    setProblem(null);
    try {
      await change(`/jobs/${job.id}`, { active: !job.active }, etag);
    } catch (problem) {
      setProblem(problem);
    }
    done();
  };
  return html`
    <div class="acts">
      <button type="button" onClick=${() => setOpen("edit")}>${text.edit}</button>
      <button type="button" onClick=${turn}>${job.active ? text.pause : text.resume}</button>
      <button type="button" class="danger" onClick=${() => setOpen("delete")}>${text.delete}</button>
    </div>
    <${ProblemNote} problem=${problem} />
    ${open === "edit" && html`<${JobEdit} job=${job} close=${close} done=${done} />`}
    ${open === "delete" && html`<${DeleteDialog} name=${job.name} path="/jobs/${job.id}" etag=${etag} close=${close} done=${() => go("jobs")}>
      <ul>${text.consequences(job.name).map((sentence) => html`<li>${sentence}</li>`)}</ul>
      <p>${words.undone} ${job.active && text.pausedInstead}</p>
    <//>`}`;
}

const bindingsOf = (job) => Object.fromEntries(job.role_bindings.map(({ role, input_id }) => [role, input_id]));
/** The form of a job: its bindings by role. Whether its location was given or follows from the inputs is not known. */
const toForm = (job) => ({ ...job, bindings: bindingsOf(job), location_id: null });

function JobEdit({ job, close, done }) {
  const there = useLoaded(async (signal) => {
    const paths = ["/sources", "/source_versions", "/sensors", "/locations"];
    const [sources, versions, sensors, locations] = await Promise.all(paths.map((path) => getAll(path, {}, signal)));
    return { sources, versions, sensors, locations: locations.filter((place) => place.organisation_id === job.organisation_id) };
  }, [job.id]);
  // The roles as they were sent: violations name them by their index.
  const sent = useRef([]);
  if (!there.value) return html`<${Dialog} title=${text.title(job.name)} close=${close}><${Pending} loaded=${there} /><//>`;
  const { versions, locations } = there.value;
  const own = versions.filter((version) => version.source_id === job.source_id).reverse();
  const versionOf = ({ source_version_id: id }) => own.find((version) => version.id === id);

  const toBody = ({ bindings, location_id, ...body }, form) => {
    if (location_id) body.location_id = location_id === "inputs" ? null : location_id;
    if (bindings || body.source_version_id) {
      const roles = versionOf(form).input_roles;
      const chosen = roles.filter(({ role }) => form.bindings[role])
        .map(({ role, input_kind }) => ({ role, input_type: input_kind, input_id: form.bindings[role] }));
      body.role_bindings = [...chosen, ...ofTrials(job, own, roles)];
      sent.current = body.role_bindings.map(({ role }) => role);
    }
    return body;
  };
  const inputs = ({ value, set, form, problem }) => {
    const roles = versionOf(form)?.input_roles ?? [];
    const errors = (problem?.errors ?? []).filter(({ pointer }) => pointer?.startsWith("/role_bindings"));
    const at = ({ role, required }) => errors.filter(({ pointer, code }) => pointer.startsWith(`/role_bindings/${sent.current.indexOf(role)}/`)
      || (code === "missing_role" && required && !value[role]));
    const rest = errors.filter((error) => !roles.some((role) => at(role).includes(error)));
    return html`
      <fieldset>
        <legend>${text.inputs}</legend>
        ${roles.length === 0 && html`<p class="quiet">${text.noInputs}</p>`}
        ${roles.map((role) => html`<${RoleField} key=${role.role} role=${role} there=${there.value} organisation=${job.organisation_id}
          locations=${locations} value=${value[role.role] ?? ""} set=${(id) => set({ ...value, [role.role]: id })}
          wrong=${at(role).map(({ detail }) => detail)} />`)}
        ${rest.length > 0 && html`<p class="wrong" role="alert">${rest.map(({ detail }) => problems.violation(text.inputs, detail)).join(" ")}</p>`}
      </fieldset>`;
  };
  const place = locations.find(({ id }) => id === job.location_id)?.name ?? text.noLocation;
  const fields = [
    { name: "name", label: text.name, required: true },
    { name: "source_version_id", label: text.version, kind: "select", hint: own.length > 1 ? text.versionHint : undefined,
      options: own.map(({ id, version }) => [id, id === job.source_version_id ? text.current(version) : version]) },
    { name: "bindings", pointer: "/role_bindings", render: inputs },
    { name: "location_id", label: text.location, kind: "select",
      options: [["", text.asItIs(place)], ["inputs", text.fromInputs], ...locations.map(({ id, name }) => [id, name])] },
  ];
  return html`<${EditDialog} title=${text.title(job.name)} path="/jobs" id=${job.id} fields=${fields} toForm=${toForm} toBody=${toBody} close=${close} done=${done} />`;
}

/** The bindings that only versions on trial need stay as they are. */
function ofTrials(job, versions, roles) {
  const trials = (job.shadows ?? []).map((shadow) => versions.find(({ id }) => id === shadow.source_version_id));
  const needed = trials.flatMap((version) => version?.input_roles ?? []).map(({ role }) => role);
  return job.role_bindings.filter(({ role }) => needed.includes(role) && !roles.some((own) => own.role === role));
}
