// The button "Share" with its dialog: creates a read-only link of a job or of the list of jobs, and revokes links.
import { html, useState } from "../lib/html.js";
import { address, call, getAll } from "../lib/api.js";
import { useLoaded } from "../lib/load.js";
import { current, link } from "../lib/route.js";
import { may } from "../lib/session.js";
import { moment, relative } from "../lib/time.js";
import { text } from "../texts/share.js";
import { Command } from "./copy.js";
import { Dialog } from "./dialog.js";
import { EditForm } from "./edit_form.js";
import { Pending, ProblemNote } from "./problem.js";

/** The button for those who may create tokens. Without a `job` it shares the list of jobs; `names` has the organisations. */
export function Share({ me, job, names }) {
  const [isOpen, setOpen] = useState(false);
  if (!may(me, "manager")) return null;
  return html`
    <button type="button" onClick=${() => setOpen(true)}>${text.share}</button>
    ${isOpen && html`<${ShareDialog} me=${me} job=${job} names=${names} close=${() => setOpen(false)} />`}`;
}

function ShareDialog({ me, job, names, close }) {
  const [made, setMade] = useState(null);
  const [note, setNote] = useState({});
  const limit = job ? { view: "job", job_id: job.id } : { view: "job_list" };
  const loaded = useLoaded((signal) => getAll("/tokens", { organisation_id: job?.organisation_id }, signal), [job?.id]);
  const isOfThis = ({ limited_to: to }) => to?.view === limit.view && to.job_id === limit.job_id;
  const links = loaded.value?.filter(isOfThis);
  const { name, organisation_id, expires_at } = text.fields;
  const organisations = [...names.organisations.values()].map(({ id, name }) => [id, name]);
  const asks = !job && may(me, "admin");
  const fields = [
    { name: "name", required: true, autofocus: true, ...name },
    ...(asks ? [{ name: "organisation_id", kind: "select", required: true, options: [["", text.choose], ...organisations], ...organisation_id }] : []),
    { name: "expires_at", kind: "time", ...expires_at },
  ];
  const save = async ({ name, organisation_id, expires_at }) => {
    const body = {
      name: text.token_name(name), role: "viewer", limited_to: limit, expires_at,
      organisation_id: job?.organisation_id ?? organisation_id,
    };
    return (await call(address("/tokens"), { method: "POST", body })).body;
  };
  const revoke = async (token) => {
    try {
      await call(address(`/tokens/${token.id}`), { method: "DELETE" });
      setNote({ said: text.revoked(text.own_name(token.name)) });
      if (made?.id === token.id) setMade(null);
    } catch (problem) {
      setNote({ problem });
    }
    loaded.reload();
  };
  const saved = (token) => {
    setMade(token);
    setNote({});
    loaded.reload();
  };
  const start = { organisation_id: organisations.length === 1 ? organisations[0][0] : undefined };
  const actions = html`<button type="button" onClick=${close}>${text.close}</button>`;
  return html`
    <${Dialog} title=${job ? text.of_job(job.name) : text.of_list} close=${close} actions=${actions}>
      <p>${job ? text.lead_job : text.lead_list}</p>
      ${made ? html`
        <h3>${text.link}</h3>
        <${Command} text=${addressOf(job, made.secret)} />
        <p class="quiet">${text.once}</p>`
        : html`<${EditForm} fields=${fields} start=${start} save=${save} onSaved=${saved} action=${text.create} />`}
      <h3>${text.existing}</h3>
      <p role="status">${note.said}</p>
      <${ProblemNote} problem=${note.problem} />
      ${!links ? html`<${Pending} loaded=${loaded} />` : links.length === 0 ? html`<p class="quiet">${text.none}</p>` : html`
        <ul class="plain links">${links.map((token) => html`
          <li key=${token.id}>
            <span><strong>${text.own_name(token.name)}</strong> <span class="quiet">${facts(token)}</span></span>
            <button type="button" class="danger" aria-label=${text.revoke_of(text.own_name(token.name))} onClick=${() => revoke(token)}>${text.revoke}</button>
          </li>`)}</ul>`}
    <//>`;
}

const facts = ({ created_at, last_used_at, expires_at }) => [
  text.created(relative(created_at)), last_used_at ? text.used(relative(last_used_at)) : text.unused, expires_at && text.expires(moment(expires_at)),
].filter(Boolean).join(", ");

/** The address of the page as it is shown now, with the secret after the #. */
function addressOf(job, secret) {
  // The list is shared without its filters, which may name another organisation.
  const [path, parameters] = job ? [`jobs/${job.id}`, current().parameters] : ["jobs", {}];
  return location.origin + location.pathname + link(path, { ...parameters, share: secret });
}
