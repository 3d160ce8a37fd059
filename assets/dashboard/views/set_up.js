// The form that sets up a job. It offers what fits each role of the version, and stores nothing before a dry run has
// succeeded.
import { html, useEffect, useMemo, useRef, useState } from "../lib/html.js";
import { API, call, curl, getAll } from "../lib/api.js";
import { useLoaded } from "../lib/load.js";
import { go, link } from "../lib/route.js";
import { may } from "../lib/session.js";
import { Command } from "../parts/copy.js";
import { DryRun } from "../parts/dry_run.js";
import { Empty } from "../parts/empty.js";
import { Field } from "../parts/field.js";
import { Heading } from "../parts/heading.js";
import { Pending, ProblemNote } from "../parts/problem.js";
import { RoleField } from "../parts/role_field.js";
import { text as first } from "../texts/assistant.js";
import { text } from "../texts/set_up.js";

const SET_UP = `${API}/jobs/setup`;

export function SetUp({ parameters, me }) {
  const isManager = may(me, "manager");
  const loaded = useLoaded(async (signal) => {
    if (!isManager) return null;
    const paths = ["/organisations", "/sources", "/source_versions", "/sensors", "/locations"];
    const [organisations, sources, versions, sensors, locations] = await Promise.all(paths.map((path) => getAll(path, {}, signal)));
    return { organisations, sources, versions, sensors, locations };
  }, [isManager]);
  if (!isManager) {
    return html`<${Heading}>${text.title}<//>
      <p>${text.denied(me.role)} <a href=${link("sign-in")}>${text.signIn}</a>.</p>`;
  }
  if (!loaded.value) return html`<${Heading}>${text.title}<//><${Pending} loaded=${loaded} />`;
  if (loaded.value.organisations.length === 0) {
    return html`<${Heading}>${text.title}<//>
      <${Empty} title=${text.noOrganisation}>
        <p>${text.belongs} ${first.offer}</p>
        <p><a class="button primary" href=${link("first-run")}>${first.start}</a></p>
      <//>`;
  }
  return html`<${Heading}>${text.title}<//>
    <p class="quiet lead-in">${first.later} <a href=${link("first-run")}>${first.start}</a></p>
    <${Form} there=${loaded.value} me=${me} chosen=${parameters.source} />`;
}

function Form({ there, me, chosen }) {
  const [form, setForm] = useState(() => ({
    organisation: me.organisation_id ?? (there.organisations.length === 1 ? there.organisations[0].id : ""),
    source: chosen ?? "", version: "", name: "", location: "", bindings: {},
  }));
  const [answer, setAnswer] = useState(null);
  const [problem, setProblem] = useState(null);
  const [isBusy, setBusy] = useState(false);
  const change = (changes) => {
    setForm((form) => ({ ...form, ...changes }));
    setAnswer(null);
    setProblem(null);
  };
  const usable = there.sources.filter((source) => !source.organisation_id || source.organisation_id === form.organisation);
  const versions = there.versions.filter((version) => version.source_id === form.source).reverse();
  const version = versions.find(({ id }) => id === form.version) ?? versions[0];
  const locations = there.locations.filter((place) => place.organisation_id === form.organisation);
  const roles = version?.input_roles ?? [];
  const body = useMemo(() => bodyOf(form, version), [form, version]);
  const latest = useRef(body);
  latest.current = body;
  const bound = body.role_bindings.map((binding) => binding.role);

  const send = async (isDry) => {
    setBusy(true);
    setProblem(null);
    try {
      const { body: job } = await call(isDry ? `${SET_UP}?dry_run=true` : SET_UP, { method: "POST", body });
      // A form that changed in the meantime has not been checked.
      if (isDry) setAnswer(latest.current === body ? job : null);
      else go(`jobs/${job.id}`);
    } catch (problem) {
      setAnswer(null);
      setProblem(problem);
    }
    setBusy(false);
  };
  // The first invalid field takes the focus.
  useEffect(() => void (problem && document.querySelector("form [aria-invalid]")?.focus()), [problem]);
  const submit = (event) => {
    event.preventDefault();
    send(answer === null);
  };
  const wrong = (...places) => places.flatMap((place) => problem?.at?.(place) ?? []);
  const wrongOf = (role) => wrongAt(role, bound.indexOf(role.role), problem);
  const shown = placesOf(roles, bound, problem);

  return html`
    <form class="set-up" onSubmit=${submit} aria-busy=${isBusy ? "true" : "false"}>
      ${may(me, "admin") && html`<${Field} name="setup-organisation" label=${text.organisation} kind="select" value=${form.organisation} required
        set=${(organisation) => change({ organisation, bindings: {}, location: "" })} options=${choose(there.organisations)} wrong=${wrong("/organisation_id")} />`}
      <${Field} name="setup-source" label=${text.source} kind="select" value=${form.source} required options=${choose(usable)} hint=${text.sourceHint}
        set=${(source) => change({ source, version: "", bindings: {} })} wrong=${wrong("/source", "/source/id")} />
      ${form.organisation && usable.length === 0 && html`
        <p class="wrong">${text.noSource[0]}<a href=${link("first-run")}>${text.noSource[1]}</a>${text.noSource[2]}</p>`}
      ${form.source && versions.length === 0 && html`
        <p class="wrong">${text.noVersion[0]}<a href=${link(`sources/${form.source}`)}>${text.noVersion[1]}</a>${text.noVersion[2]}</p>`}
      ${versions.length > 0 && html`
        <${Field} name="setup-version" label=${text.version} kind="select" value=${version.id} set=${(id) => change({ version: id, bindings: {} })}
          options=${versions.map(({ id, version }, index) => [id, index === 0 ? text.newest(version) : version])}
          wrong=${wrong("/source_version", "/source_version/id")} />
        <p class="promise">${text.predicts(version.output_roles)}</p>
        <${Field} name="setup-name" label=${text.name} value=${form.name} set=${(name) => change({ name })} required
          wrong=${wrong("/job/name", "/job")} hint=${text.nameHint} />
        <fieldset>
          <legend>${text.inputs}</legend>
          ${roles.length === 0 && html`<p class="quiet">${text.noInputs}</p>`}
          ${roles.map((role) => html`<${RoleField} key=${`${version.id}/${role.role}`} role=${role} there=${there}
            organisation=${form.organisation} locations=${locations} value=${form.bindings[role.role] ?? ""}
            set=${(id) => change({ bindings: { ...form.bindings, [role.role]: id } })} wrong=${wrongOf(role)} />`)}
        </fieldset>
        <${Field} name="setup-location" label=${text.location} kind="select" value=${form.location}
          set=${(location) => change({ location })} wrong=${wrong("/job/location_id")}
          options=${[["", text.fromInputs], ...locations.map(({ id, name }) => [id, name])]} />`}
      <div role="status">${answer && html`<${DryRun} answer=${answer} locations=${locations} />`}</div>
      <${ProblemNote} problem=${problem} shown=${shown} />
      <p class="acts">
        <button class=${answer ? "" : "primary"} type="button" disabled=${isBusy || !version} onClick=${() => send(true)}>${text.check}</button>
        <button class=${answer ? "primary" : ""} disabled=${isBusy || !answer}>${text.action}</button>
        ${!answer && version && html`<span class="quiet">${text.checkFirst}</span>`}
      </p>
      ${answer && html`<details><summary>${text.command}</summary><${Command} text=${curl(SET_UP, { method: "POST", body })} /></details>`}
    </form>`;
}

const choose = (things) => [["", text.chooseOne], ...things.map(({ id, name }) => [id, name])];

/** The request that the form means. */
function bodyOf(form, version) {
  const role_bindings = (version?.input_roles ?? [])
    .filter(({ role }) => form.bindings[role])
    .map(({ role, input_kind }) => ({ role, input_type: input_kind, input_id: form.bindings[role] }));
  return {
    organisation_id: form.organisation,
    source: { id: form.source },
    ...(version && { source_version: { id: version.id } }),
    job: { name: form.name, ...(form.location && { location_id: form.location }) },
    role_bindings,
  };
}

/** What is wrong with a role: the violations of its binding, or that it is required and not bound. */
function wrongAt({ role, required }, index, problem) {
  const errors = problem?.errors ?? [];
  if (index >= 0) return errors.filter(({ pointer }) => pointer?.startsWith(`/role_bindings/${index}/`)).map(({ detail }) => detail);
  const isMissing = required && errors.some(({ code }) => code === "missing_role");
  return isMissing ? [text.notBound(role)] : [];
}

/** The pointers whose violations are shown at their fields. */
function placesOf(roles, bound, problem) {
  const fixed = ["/organisation_id", "/source", "/source/id", "/source_version", "/source_version/id", "/job", "/job/name", "/job/location_id"];
  const errors = problem?.errors ?? [];
  const ofRoles = errors.filter((error) => roles.some((role) => wrongAt(role, bound.indexOf(role.role), { errors: [error] }).length > 0));
  return [...fixed, ...ofRoles.map((error) => error.pointer)];
}
