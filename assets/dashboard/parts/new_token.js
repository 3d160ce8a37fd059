// The dialogs that create a token: the form, then the secret with what to do next.
import { html, useState } from "../lib/html.js";
import { BASE } from "../lib/base.js";
import { address, call } from "../lib/api.js";
import { may } from "../lib/session.js";
import { moment } from "../lib/time.js";
import { text } from "../texts/tokens.js";
import { Command } from "./copy.js";
import { Dialog } from "./dialog.js";
import { EditForm } from "./edit_form.js";
import { Once } from "./once.js";

const ROLES = ["viewer", "worker", "manager", "admin"];

export function NewToken({ me, names, close, done }) {
  const isAdmin = may(me, "admin");
  const [role, setRole] = useState("worker");
  const organisations = [...names.organisations.values()].map(({ id, name }) => [id, name]);
  const { name, organisation_id, expires_at } = text.fields;
  const fields = [
    { name: "name", required: true, autofocus: true, ...name },
    {
      name: "role", kind: "select", ...text.fields.role,
      options: ROLES.filter((role) => isAdmin || role !== "admin").map((role) => [role, text.role(role)]),
    },
    ...(isAdmin && role !== "admin"
      ? [{ name: "organisation_id", kind: "select", required: true, options: [["", text.choose], ...organisations], ...organisation_id }] : []),
    {
      name: "expires_at", kind: "time", ...expires_at,
      hint: me.expires_at ? expires_at.ends(moment(me.expires_at)) : expires_at.hint,
    },
  ];
  // The organisation depends on the role, which the form itself holds.
  const watched = fields.map((field) => (field.name !== "role" ? field : { ...field, onInput: (event) => setRole(event.currentTarget.value) }));
  const save = async ({ organisation_id, ...body }) => {
    const sent = { ...body, organisation_id: body.role === "admin" ? undefined : organisation_id };
    return (await call(address("/tokens"), { method: "POST", body: sent })).body;
  };
  const start = { role: "worker", organisation_id: organisations.length === 1 ? organisations[0][0] : undefined };
  return html`
    <${Dialog} title=${text.create} close=${close}>
      <${EditForm} fields=${watched} start=${start} save=${save} onSaved=${done} cancel=${close} action=${text.create} />
    <//>`;
}

/** The secret of a new token, with what to do next. */
export function Made({ token, close, children }) {
  const isWorker = token.role === "worker";
  const command = isWorker
    ? `export WORKER_TOKEN=${token.secret}\n${text.start}`
    : `curl -H "Authorization: Bearer ${token.secret}" \\\n  '${location.origin}${BASE}/api/v1/whoami'`;
  return html`
    <${Once} title=${text.created(token.name)} lead=${text.once} secret=${token.secret} done=${text.done} close=${close}>
      <h3>${text.next}</h3>
      ${children}
      <p>${isWorker ? text.of_worker : text.of_others}</p>
      <${Command} text=${command} />
      ${isWorker && html`<p><a href=${`${BASE}/docs/worker`}>${text.guide}</a></p>`}
    <//>`;
}
