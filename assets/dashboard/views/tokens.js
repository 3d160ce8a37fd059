// The access tokens: list, create, roll, revoke.
import { html, useState } from "../lib/html.js";
import { address, call, getAll } from "../lib/api.js";
import { useLoaded } from "../lib/load.js";
import { useNames } from "../lib/names.js";
import { may, refused, replaceToken } from "../lib/session.js";
import { moment, relative, useZone } from "../lib/time.js";
import { text } from "../texts/tokens.js";
import { Confirm } from "../parts/dialog.js";
import { Heading } from "../parts/heading.js";
import { Made, NewToken } from "../parts/new_token.js";
import { Pending, ProblemNote } from "../parts/problem.js";
import { RollToken } from "../parts/roll_token.js";
import { Table } from "../parts/table.js";

const VISITOR = "visitor of the demo";
const MONTH = 30 * 86_400_000;

export function Tokens({ me, parameters }) {
  useZone();
  const names = useNames();
  const isManager = may(me, "manager");
  const loaded = useLoaded(async (signal) => {
    if (!isManager) return { tokens: [], jobs: new Map(), sensors: new Map() };
    const [tokens, ...lists] = await Promise.all(["/tokens", "/jobs", "/sensors"].map((path) => getAll(path, {}, signal)));
    const [jobs, sensors] = lists.map((things) => new Map(things.map((thing) => [thing.id, thing])));
    return { tokens, jobs, sensors };
  }, [isManager]);
  const [open, setOpen] = useState({});
  const [note, setNote] = useState("");
  if (!isManager) return html`<${Heading}>${text.title}<//><p>${text.refused(me.role)}</p>`;
  if (!loaded.value) return html`<${Heading}>${text.title}<//><${Pending} loaded=${loaded} />`;

  const { tokens, jobs, sensors } = loaded.value;
  const close = () => setOpen({});
  const created = (made, more = {}) => {
    setOpen({ made, ...more });
    loaded.reload();
  };
  const rolled = (old) => (made, isRevoked) => {
    if (old.id === me.id) replaceToken(made.secret);
    created(made, { old, isRevoked });
  };
  const organisation = (token) => (token.organisation_id ? names.organisations.get(token.organisation_id)?.name ?? token.organisation_id : text.all);
  const roleOf = ({ role, limited_to: to }) => {
    if (!to) return role;
    if (to.sensor_id) return text.device(sensors.get(to.sensor_id)?.name ?? text.a_sensor);
    return text.limited(to.job_id && (jobs.get(to.job_id)?.name ?? text.a_job));
  };
  const { columns } = text;
  return html`
    <div class="title">
      <${Heading}>${text.title}<//>
      <button type="button" class="primary" onClick=${() => setOpen({ isNew: true })}>${text.create}</button>
    </div>
    <p class="quiet lead-in">${text.lead}</p>
    <${ProblemNote} problem=${loaded.problem} />
    <p role="status">${note}</p>
    <${Table} label=${text.title} word=${text.word} rows=${tokens} sort="name" parameters=${parameters} columns=${[
      { key: "name", title: columns.name, render: (token) => html`${token.name}${token.id === me.id && html` <span class="quiet">${text.yours}</span>`}` },
      { key: "role", title: columns.role, value: roleOf },
      { key: "organisation", title: columns.organisation, value: organisation },
      { key: "last_used_at", title: columns.last_used_at, render: ({ last_used_at: at }) =>
        (at ? html`<span title=${moment(at)}>${relative(at)}</span>` : html`<span class="quiet">${text.never}</span>`) },
      { key: "expires_at", title: columns.expires_at, render: ({ expires_at: at }) => (at ? moment(at) : text.never) },
      { key: "acts", title: "", value: () => "", render: (token) => html`
        ${(!token.limited_to || token.limited_to.sensor_id) && html`<button type="button" aria-label=${text.roll_of(token.name)} onClick=${() => setOpen({ rolled: token })}>${text.roll}</button> `}
        <button type="button" class="danger" aria-label=${text.revoke_of(token.name)} onClick=${() => setOpen({ revoked: token })}>${text.revoke}</button>` },
    ]} />
    ${open.isNew && html`<${NewToken} me=${me} names=${names} close=${close} done=${created} />`}
    ${open.rolled && html`<${RollToken} token=${open.rolled} close=${close} done=${rolled(open.rolled)} />`}
    ${open.made && html`<${Made} token=${open.made} close=${close}>
      ${open.old && html`<p>${(open.isRevoked ? text.revoked_old : text.revoke_old)(open.old.name)}</p>`}
    <//>`}
    ${open.revoked && html`<${Revoke} token=${open.revoked} me=${me} tokens=${tokens} close=${close} done=${() => {
      setNote(text.revoked_old(open.revoked.name));
      if (open.revoked.id === me.id) refused();
      else loaded.reload();
    }} />`}`;
}

/** Asks before a token is revoked, with what that means for this one. */
function Revoke({ token, me, tokens, close, done }) {
  const lasts = ({ expires_at }) => !expires_at || Date.parse(expires_at) > Date.now() + MONTH;
  const admins = tokens.filter((each) => each.role === "admin" && lasts(each));
  const { consequences } = text;
  const lines = [
    token.id === me.id && consequences.own,
    token.role === "admin" && admins.every(({ id }) => id === token.id) && consequences.last,
    token.name === VISITOR && consequences.visitor,
    token.limited_to && (token.limited_to.sensor_id ? consequences.device : consequences.link),
    token.role === "worker" && !token.limited_to && consequences.worker,
    token.last_used_at && consequences.used(relative(token.last_used_at)),
  ].filter(Boolean);
  const run = () => call(address(`/tokens/${token.id}`), { method: "DELETE" });
  return html`
    <${Confirm} title=${text.revoking(token.name)} action=${text.revoke} run=${run} done=${done} close=${close}>
      <p>${consequences.always}</p>
      ${lines.length > 0 && html`<ul>${lines.map((line) => html`<li>${line}</li>`)}</ul>`}
    <//>`;
}
