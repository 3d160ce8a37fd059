// The webhooks: list, create, edit, test, rotate the secret, messages, delete.
import { html, useState } from "../lib/html.js";
import { address, call, getAll } from "../lib/api.js";
import { BASE } from "../lib/base.js";
import { HAS_WEBHOOKS } from "../lib/features.js";
import { POLL, useLoaded } from "../lib/load.js";
import { useNames } from "../lib/names.js";
import { may } from "../lib/session.js";
import { moment, relative, useZone } from "../lib/time.js";
import { text } from "../texts/webhooks.js";
import { Deliveries } from "../parts/deliveries.js";
import { Confirm } from "../parts/dialog.js";
import { Empty } from "../parts/empty.js";
import { Heading } from "../parts/heading.js";
import { Once } from "../parts/once.js";
import { Pending, ProblemNote } from "../parts/problem.js";
import { Table } from "../parts/table.js";
import { EVENTS, WebhookForm } from "../parts/webhook_form.js";

export function Webhooks({ me, parameters }) {
  useZone();
  const names = useNames();
  const isShown = HAS_WEBHOOKS && may(me, "manager");
  const loaded = useLoaded(async (signal) => (isShown ? getAll("/webhooks", {}, signal) : []), [isShown], POLL);
  const [open, setOpen] = useState({});
  if (!isShown) return html`<${Heading}>${text.title}<//><p>${HAS_WEBHOOKS ? text.refused(me.role) : text.absent}</p>`;
  if (!loaded.value) return html`<${Heading}>${text.title}<//><${Pending} loaded=${loaded} />`;

  const close = () => setOpen({});
  const saved = (webhook) => {
    setOpen(webhook.secret ? { secret: webhook } : {});
    loaded.reload();
  };
  const owner = ({ organisation_id: id }) => (id ? names.organisations.get(id)?.name ?? id : text.every_organisation);
  const rows = loaded.value;
  return html`
    <div class="title">
      <${Heading}>${text.title}<//>
      <button type="button" class="primary" onClick=${() => setOpen({ form: {} })}>${text.create}</button>
    </div>
    <p class="quiet lead-in">${text.lead} <a href=${`${BASE}/docs/messages`}>${text.guide}</a></p>
    <${ProblemNote} problem=${loaded.problem} />
    ${rows.length === 0 ? html`<${Empty} title=${text.none}><p>${text.none_lead}</p><//>`
      : html`<${Table} label=${text.title} word=${text.word} rows=${rows} sort="name" parameters=${parameters}
          columns=${columns({ owner, setOpen, reload: loaded.reload })} />`}
    ${open.form && html`<${WebhookForm} me=${me} names=${names} webhook=${open.form.id ? open.form : undefined} close=${close} saved=${saved} />`}
    ${open.rotated && html`<${Rotate} webhook=${open.rotated} close=${close} saved=${saved} />`}
    ${open.deleted && html`
      <${Confirm} title=${text.deleting(open.deleted.name)} action=${text.delete} close=${close} done=${loaded.reload}
        run=${() => call(address(`/webhooks/${open.deleted.id}`), { method: "DELETE" })}><p>${text.consequences}</p><//>`}
    ${open.messages && html`<${Deliveries} webhook=${open.messages} close=${close} />`}
    ${open.secret && html`
      <${Once} title=${text.secret_title(open.secret.name)} lead=${text.secret_once} secret=${open.secret.secret} done=${text.secret_done} close=${close}>
        <p>${text.secret_next}</p>
        ${open.secret.old_secret_until && html`<p>${text.grace(moment(open.secret.old_secret_until))}</p>`}
      <//>`}`;
}

/** The service and the place that the messages of a webhook go to. */
const placeOf = ({ format, url, to, chat_id: chat, room_id: room }) =>
  [text.services[format], chat ?? room ?? to?.join(", ") ?? url].filter(Boolean).join(": ");

const columns = ({ owner, setOpen, reload }) => [
  { key: "name", title: text.columns.name, render: (webhook) => html`${webhook.name}<p class="quiet address">${placeOf(webhook)}</p>` },
  { key: "organisation", title: text.columns.organisation, value: owner },
  { key: "events", title: text.columns.events, value: ({ events }) =>
    (events.length === EVENTS.length ? text.every_event : events.map(text.event).join(", ")) },
  { key: "last", title: text.columns.last, value: ({ last_attempt: last }) => last?.at ?? "", render: ({ last_attempt: last }) => (last
    ? html`<div><span class=${last.delivered ? undefined : "wrong"}>${last.delivered ? text.delivered : text.not_delivered}</span>
        <p class="quiet" title=${moment(last.at)}>${relative(last.at)}${last.error ? `: ${last.error}` : ""}</p></div>`
    : html`<span class="quiet">${text.nothing_sent}</span>`) },
  { key: "active", title: text.columns.active, value: ({ active }) => (active ? text.active : text.inactive) },
  { key: "acts", title: "", value: () => "", render: (webhook) => html`<${Acts} webhook=${webhook} setOpen=${setOpen} reload=${reload} />` },
];

function Acts({ webhook, setOpen, reload }) {
  const [state, setState] = useState({});
  const { id, name } = webhook;
  const test = async () => {
    setState({ isBusy: true });
    try {
      const { delivered, status, error, milliseconds } = (await call(address(`/webhooks/${id}/test`), { method: "POST" })).body;
      setState({ isGood: delivered, result: delivered ? text.test_ok(name, status, milliseconds) : text.test_failed(name, error ?? text.status(status)) });
    } catch (problem) {
      setState({ problem });
    }
    reload();
  };
  return html`
    <div class="acts">
      <button type="button" disabled=${state.isBusy} aria-label=${text.test_of(name)} onClick=${test}>${state.isBusy ? text.testing : text.test}</button>
      <button type="button" onClick=${() => setOpen({ messages: webhook })} aria-label=${text.deliveries_of(name)}>${text.deliveries}</button>
      <button type="button" onClick=${() => setOpen({ form: webhook })} aria-label=${text.editing(name)}>${text.edit}</button>
      ${webhook.format === "standard" && html`
        <button type="button" onClick=${() => setOpen({ rotated: webhook })} aria-label=${text.rotate_of(name)}>${text.rotate}</button>`}
      <button type="button" class="danger" onClick=${() => setOpen({ deleted: webhook })} aria-label=${text.deleting(name).replace("?", "")}>${text.delete}</button>
    </div>
    <p role="status" class=${state.isGood === false ? "wrong" : undefined}>${state.result}</p>
    <${ProblemNote} problem=${state.problem} />`;
}

function Rotate({ webhook, close, saved }) {
  const [drops, setDrops] = useState(false);
  let issued;
  const run = async () => {
    const body = { secret: null, ...(drops && { drop_old_secret: true }) };
    issued = (await call(address(`/webhooks/${webhook.id}`), { method: "PUT", body })).body;
  };
  return html`
    <${Confirm} title=${text.rotating(webhook.name)} action=${text.rotate_action} run=${run} close=${close} done=${() => saved(issued)}>
      <p>${text.rotate_lead}</p>
      <p><label><input type="checkbox" checked=${drops} onChange=${(event) => setDrops(event.currentTarget.checked)} /> ${text.drop}</label></p>
    <//>`;
}
