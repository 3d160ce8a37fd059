// The organisations of the server: list, create, rename, delete.
import { html } from "../lib/html.js";
import { getAll } from "../lib/api.js";
import { useLoaded } from "../lib/load.js";
import { link } from "../lib/route.js";
import { may } from "../lib/session.js";
import { day, useZone } from "../lib/time.js";
import { plural } from "../lib/value.js";
import { Empty } from "../parts/empty.js";
import { Heading } from "../parts/heading.js";
import { DeleteDialog, EditDialog, RowActs, Said, useManaged } from "../parts/manage.js";
import { Pending } from "../parts/problem.js";
import { Table } from "../parts/table.js";
import { text as words } from "../texts/manage.js";
import { text } from "../texts/organisations.js";

const FIELDS = [{ name: "name", label: words.name, required: true, hint: text.hint }];

/** The things of each organisation. */
const byOwner = (things) => Map.groupBy(things, (thing) => thing.organisation_id);

export function Organisations({ parameters, me }) {
  useZone();
  const isAdmin = may(me, "admin");
  const managed = useManaged();
  const loaded = useLoaded(async (signal) => {
    if (!isAdmin) return {};
    const paths = ["/organisations", "/locations", "/sensors", "/jobs"];
    const [organisations, ...owned] = await Promise.all(paths.map((path) => getAll(path, {}, signal)));
    const [locations, sensors, jobs] = owned.map(byOwner);
    return { organisations, locations, sensors, jobs };
  }, [isAdmin]);
  if (!isAdmin) return html`<${Heading}>${text.title}<//><p>${text.adminOnly(me.role)}</p>`;
  if (!loaded.value) return html`<${Heading}>${text.title}<//><${Pending} loaded=${loaded} />`;
  const { organisations, locations, sensors, jobs } = loaded.value;
  const of = (lists, { id }) => lists.get(id) ?? [];
  const done = (say) => (thing) => {
    managed.say(say((thing ?? managed.open.thing).name));
    loaded.reload();
  };
  const { open, close } = managed;
  const columns = [
    { key: "name", title: words.name },
    { key: "locations", title: text.locations, value: (row) => of(locations, row).length,
      render: (row) => html`<a href=${link("locations", { q: row.name })}>${of(locations, row).length}</a>` },
    { key: "sensors", title: text.sensors, value: (row) => of(sensors, row).length,
      render: (row) => html`<a href=${link("sensors", { q: row.name })}>${of(sensors, row).length}</a>` },
    { key: "jobs", title: text.jobs, value: (row) => of(jobs, row).length,
      render: (row) => html`<a href=${link("jobs", { organisation: row.id })}>${of(jobs, row).length}</a>` },
    { key: "created_at", title: words.created_at, render: (row) => day(row.created_at) },
    { key: "acts", title: "", value: () => "", render: (row) => html`<${RowActs} managed=${managed} thing=${row} />` },
  ];
  return html`
    <div class="title">
      <${Heading}>${text.title}<//>
      <button type="button" class="primary" onClick=${managed.show("new")}>${text.add}</button>
    </div>
    <p class="quiet lead-in">${text.lead}</p>
    <${Said} managed=${managed} />
    ${organisations.length === 0 ? html`<${Empty} title=${text.none}><p>${text.noneLead}</p><//>`
      : html`<${Table} label=${text.title} word=${text.word} columns=${columns} rows=${organisations} sort="name" parameters=${parameters} />`}
    ${open?.kind === "new" && html`<${EditDialog} title=${text.addTitle} path="/organisations" fields=${FIELDS} action=${text.create}
      close=${close} done=${done(words.created)} />`}
    ${open?.kind === "edit" && html`<${EditDialog} title=${text.editTitle(open.thing.name)} path="/organisations" id=${open.thing.id} fields=${FIELDS}
      close=${close} done=${done(words.saved)} />`}
    ${open?.kind === "delete" && html`<${DeleteDialog} name=${open.thing.name} path="/organisations/${open.thing.id}" close=${close}
      users=${of(jobs, open.thing).map((job) => ({ name: job.name, href: link(`jobs/${job.id}`) }))} inUse=${text.inUse} done=${done(words.deleted)}>
      <p>${text.consequences(plural(of(locations, open.thing).length, "location"), plural(of(sensors, open.thing).length, "sensor"))}</p>
    <//>`}`;
}
