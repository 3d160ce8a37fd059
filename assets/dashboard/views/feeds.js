// The feeds: list, create, edit, rotate the secret, delete.
import { html, useState } from "../lib/html.js";
import { address, call, getAll } from "../lib/api.js";
import { BASE } from "../lib/base.js";
import { POLL, useLoaded } from "../lib/load.js";
import { may } from "../lib/session.js";
import { moment, relative, useZone } from "../lib/time.js";
import { text } from "../texts/feeds.js";
import { Command } from "../parts/copy.js";
import { Confirm } from "../parts/dialog.js";
import { Empty } from "../parts/empty.js";
import { FeedForm } from "../parts/feed_form.js";
import { Heading } from "../parts/heading.js";
import { Once } from "../parts/once.js";
import { Pending, ProblemNote } from "../parts/problem.js";
import { Table } from "../parts/table.js";

export function Feeds({ me, parameters }) {
  useZone();
  const isManager = may(me, "manager");
  const loaded = useLoaded(async (signal) => {
    if (!isManager) return { feeds: [], sensors: [], organisations: [] };
    const [feeds, sensors, organisations] = await Promise.all(["/feeds", "/sensors", "/organisations"].map((path) => getAll(path, {}, signal)));
    return { feeds, sensors, organisations };
  }, [isManager], POLL);
  const [open, setOpen] = useState({});
  const [note, setNote] = useState("");
  if (!isManager) return html`<${Heading}>${text.title}<//><p>${text.refused(me.role)}</p>`;
  if (!loaded.value) return html`<${Heading}>${text.title}<//><${Pending} loaded=${loaded} />`;

  const { feeds, sensors, organisations } = loaded.value;
  const close = () => setOpen({});
  const saved = (feed) => {
    setOpen(feed.secret ? { secret: feed } : {});
    loaded.reload();
  };
  const deleted = (feed) => () => {
    setNote(text.deleted(feed.name));
    loaded.reload();
  };
  return html`
    <div class="title">
      <${Heading}>${text.title}<//>
      ${sensors.length > 0 && html`<button type="button" class="primary" onClick=${() => setOpen({ form: {} })}>${text.create}</button>`}
    </div>
    <p class="quiet lead-in">${text.lead} <a href=${`${BASE}/docs/devices`}>${text.guide}</a></p>
    <${ProblemNote} problem=${loaded.problem} />
    <p role="status">${note}</p>
    ${feeds.length === 0 ? html`<${Empty} title=${text.none}><p>${sensors.length > 0 ? text.none_lead : text.none_sensors}</p><//>`
      : html`<${Table} label=${text.title} word=${text.word} rows=${feeds} sort="name" parameters=${parameters} columns=${columns({ organisations, setOpen })} />`}
    ${open.form && html`<${FeedForm} me=${me} there=${loaded.value} feed=${open.form.id ? open.form : undefined} close=${close} saved=${saved} />`}
    ${open.rotated && html`<${Rotate} feed=${open.rotated} close=${close} saved=${saved} />`}
    ${open.deleted && html`
      <${Confirm} title=${text.deleting(open.deleted.name)} action=${text.delete} close=${close} done=${deleted(open.deleted)}
        run=${() => call(address(`/feeds/${open.deleted.id}`), { method: "DELETE" })}><p>${text.consequences}</p><//>`}
    ${open.secret && html`<${Secret} feed=${open.secret} close=${close} />`}`;
}

const columns = ({ organisations, setOpen }) => {
  const names = new Map(organisations.map(({ id, name }) => [id, name]));
  const since = (at) => (at ? html`<span title=${moment(at)}>${relative(at)}</span>` : html`<span class="quiet">${text.nothing}</span>`);
  return [
    { key: "name", title: text.columns.name, render: ({ name, topic }) => html`${name}<p class="quiet address">${topic ? text.of_topic(topic) : text.by_http}</p>` },
    ...(organisations.length > 1 ? [{ key: "organisation", title: text.columns.organisation, value: (feed) => names.get(feed.organisation_id) }] : []),
    { key: "mappings", title: text.columns.mappings, value: ({ mappings }) => mappings.length },
    { key: "last", title: text.columns.last, value: (feed) => feed.last_message_at ?? "", render: (feed) => since(feed.last_message_at) },
    { key: "stored", title: text.columns.stored, value: (feed) => feed.last_stored_at ?? "", render: (feed) => since(feed.last_stored_at) },
    { key: "problem", title: text.columns.problem, value: ({ last_problem: last }) => last?.at ?? "", render: ({ last_problem: last }) => (last
      ? html`<div class="feed-problem">${last.detail}<p class="quiet" title=${moment(last.at)}>${relative(last.at)}</p></div>` : html`<span class="quiet">${text.nothing}</span>`) },
    { key: "active", title: text.columns.active, value: ({ active }) => (active ? text.active : text.inactive) },
    { key: "acts", title: "", value: () => "", render: (feed) => html`
      <div class="acts">
        <button type="button" aria-label=${text.editing(feed.name)} onClick=${() => setOpen({ form: feed })}>${text.edit}</button>
        ${feed.kind === "http" && html`<button type="button" aria-label=${text.rotate_of(feed.name)} onClick=${() => setOpen({ rotated: feed })}>${text.rotate}</button>`}
        <button type="button" class="danger" aria-label=${text.deleting(feed.name).replace("?", "")} onClick=${() => setOpen({ deleted: feed })}>${text.delete}</button>
      </div>` },
  ];
};

function Rotate({ feed, close, saved }) {
  let issued;
  const run = async () => {
    issued = (await call(address(`/feeds/${feed.id}/secret`), { method: "POST" })).body;
  };
  return html`<${Confirm} title=${text.rotating(feed.name)} action=${text.rotate_action} run=${run} close=${close} done=${() => saved(issued)}><p>${text.rotate_lead}</p><//>`;
}

/** The secret, with the address and the header to paste into a network server. */
function Secret({ feed, close }) {
  const to = new URL(address(`/ingest/${feed.id}`), location.href).href;
  return html`
    <${Once} title=${text.secret_title(feed.name)} lead=${text.secret_once} secret=${feed.secret} done=${text.secret_done} close=${close}>
      <p>${text.secret_address}</p>
      <${Command} text=${to} />
      <p>${text.secret_header}</p>
      <${Command} text=${text.header(feed.secret)} />
      <p>${text.secret_next}</p>
    <//>`;
}
