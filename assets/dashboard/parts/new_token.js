// The form that creates a token. The secret is shown once.
import { html, useState } from "../lib/html.js";
import { address, call } from "../lib/api.js";
import { may } from "../lib/session.js";
import { fromField } from "../lib/time.js";
import { Command } from "./copy.js";
import { Field } from "./field.js";
import { ProblemNote } from "./problem.js";

const EMPTY = { name: "", role: "worker", organisation_id: "", expires: "" };
const PLACES = ["/name", "/role", "/organisation_id", "/expires_at"];

export function NewToken({ me, names, done }) {
  const [form, setForm] = useState(EMPTY);
  const [problem, setProblem] = useState(null);
  const [made, setMade] = useState(null);
  const isAdmin = may(me, "admin");
  const set = (name) => (value) => setForm((form) => ({ ...form, [name]: value }));
  const wrong = (place) => problem?.at?.(place) ?? [];

  const submit = async (event) => {
    event.preventDefault();
    setProblem(null);
    setMade(null);
    const { name, role, organisation_id, expires } = form;
    const body = { name, role };
    if (isAdmin && role !== "admin" && organisation_id) body.organisation_id = organisation_id;
    if (expires) body.expires_at = fromField(expires).toISOString();
    try {
      setMade((await call(address("/tokens"), { method: "POST", body })).body);
      setForm(EMPTY);
      done();
    } catch (problem) {
      setProblem(problem);
    }
  };
  const roles = ["viewer", "worker", "manager", ...(isAdmin ? ["admin"] : [])].map((role) => [role, role]);
  const organisations = [["", "Choose one"], ...[...names.organisations.values()].map(({ id, name }) => [id, name])];
  return html`
    <section class="card">
      <h2>Create a token</h2>
      <div role="status">${made && html`
        <p>The secret of <strong>${made.name}</strong> is shown only once. Copy it now.</p>
        <${Command} text=${made.secret} />`}</div>
      <form onSubmit=${submit} class="inline-form">
        <${Field} name="token-name" label="Name" value=${form.name} set=${set("name")} wrong=${wrong("/name")} required hint="The person or program that uses it" />
        <${Field} name="token-role" label="Role" kind="select" value=${form.role} set=${set("role")} options=${roles} wrong=${wrong("/role")} />
        ${isAdmin && form.role !== "admin" && html`
          <${Field} name="token-organisation" label="Organisation" kind="select" value=${form.organisation_id}
          set=${set("organisation_id")} options=${organisations} wrong=${wrong("/organisation_id")} required />`}
        <${Field} name="token-expires" label="Expires" kind="datetime-local" value=${form.expires} set=${set("expires")}
          wrong=${wrong("/expires_at")} hint="Never, unless you choose a time" />
        <p><button class="primary">Create token</button></p>
      </form>
      <${ProblemNote} problem=${problem} shown=${PLACES} />
    </section>`;
}
