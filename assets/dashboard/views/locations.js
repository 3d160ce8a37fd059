// The locations: a map and a list, create, edit, delete.
import { html } from "../lib/html.js";
import { address, getAll, MOST } from "../lib/api.js";
import { useLoaded } from "../lib/load.js";
import { choices, owns } from "../lib/manage.js";
import { link } from "../lib/route.js";
import { may } from "../lib/session.js";
import { SameAs } from "../parts/copy.js";
import { Heading } from "../parts/heading.js";
import { DeleteDialog, EditDialog, NoneYet, RowActs, Said, useManaged } from "../parts/manage.js";
import { PlainMap } from "../parts/map.js";
import { Pending } from "../parts/problem.js";
import { Table } from "../parts/table.js";
import { text as words } from "../texts/manage.js";
import { text } from "../texts/locations.js";

const degrees = { kind: "number", step: "any", required: true };

/** The fields of a location; an admin chooses the organisation of a new one. */
function fieldsOf(me, organisations) {
  return [
    ...(may(me, "admin") ? [{ name: "organisation_id", label: words.organisation, kind: "select", required: true, isFixed: true,
      options: choices(organisations, words.chooseOne) }] : []),
    { name: "name", label: words.name, required: true },
    { name: "latitude", label: text.latitude, hint: text.latitudeHint, min: -90, max: 90, ...degrees },
    { name: "longitude", label: text.longitude, hint: text.longitudeHint, min: -180, max: 180, ...degrees },
    { name: "elevation", label: text.elevation, hint: text.elevationHint, ...degrees, required: false, min: -500, max: 10000 },
  ];
}

export function Locations({ parameters, me }) {
  const managed = useManaged();
  const loaded = useLoaded(async (signal) => {
    const paths = ["/locations", "/organisations", "/sensors", "/jobs"];
    const [locations, organisations, sensors, jobs] = await Promise.all(paths.map((path) => getAll(path, {}, signal)));
    return { locations, organisations, sensors, jobs };
  }, []);
  if (!loaded.value) return html`<${Heading}>${text.title}<//><${Pending} loaded=${loaded} />`;
  const { locations, organisations, jobs } = loaded.value;
  const owners = new Map(organisations.map(({ id, name }) => [id, name]));
  const sensors = Map.groupBy(loaded.value.sensors, (sensor) => sensor.location_id);
  const sensorsAt = ({ id }) => sensors.get(id) ?? [];
  const usedBy = new Map();
  for (const job of jobs) {
    const bound = job.role_bindings.filter((binding) => binding.input_type === "location").map((binding) => binding.input_id);
    for (const id of new Set([...bound, job.location_id])) if (id) usedBy.set(id, [...(usedBy.get(id) ?? []), job]);
  }
  const jobsOf = ({ id }) => usedBy.get(id) ?? [];
  const { open, close } = managed;
  const isManager = may(me, "manager");
  const done = (say) => (thing) => {
    managed.say(say((thing ?? open.thing).name));
    loaded.reload();
  };
  const fields = fieldsOf(me, organisations);
  const own = me.organisation_id ?? (organisations.length === 1 ? organisations[0].id : "");
  const number = (value) => value ?? html`<span class="quiet">${words.unknown}</span>`;
  // Five decimals are a metre.
  const rounded = (value) => number(value === undefined ? undefined : Number(value.toFixed(5)));
  const columns = [
    { key: "name", title: words.name, render: (row) => html`<a href=${link(`locations/${row.id}`)}>${row.name}</a>${row.placeholder && html`<p class="quiet">${words.placeholder}</p>`}` },
    ...(organisations.length > 1 ? [{ key: "organisation", title: words.organisation, value: (row) => owners.get(row.organisation_id) }] : []),
    { key: "latitude", title: text.latitude, render: (row) => rounded(row.latitude) },
    { key: "longitude", title: text.longitude, render: (row) => rounded(row.longitude) },
    { key: "elevation", title: text.elevation, render: (row) => number(row.elevation === undefined ? undefined : text.metres(row.elevation)) },
    { key: "sensors", title: text.sensors, value: (row) => sensorsAt(row).length,
      render: (row) => html`<a href=${link("sensors", { q: row.name })}>${sensorsAt(row).length}</a>` },
    { key: "jobs", title: text.jobs, value: (row) => jobsOf(row).length },
    ...(isManager ? [{ key: "acts", title: "", value: () => "",
      render: (row) => owns(me, row.organisation_id) && html`<${RowActs} managed=${managed} thing=${row} />` }] : []),
  ];
  const points = locations.filter((place) => place.latitude !== undefined && place.longitude !== undefined)
    .map((place) => ({ ...place, href: link("locations", { q: place.name }) }));
  const users = (place) => [
    ...sensorsAt(place).map(({ id, name }) => ({ name, href: link(`sensors/${id}`) })),
    ...jobsOf(place).map(({ id, name }) => ({ name, href: link(`jobs/${id}`) })),
  ];
  return html`
    <div class="title">
      <${Heading}>${text.title}<//>
      ${isManager && organisations.length > 0 && html`<button type="button" class="primary" onClick=${managed.show("new")}>${text.add}</button>`}
    </div>
    <p class="quiet lead-in">${text.lead}</p>
    <${Said} managed=${managed} />
    ${locations.length === 0 ? html`<${NoneYet} title=${text.none} lead=${text.noneLead} me=${me} organisations=${organisations} />` : html`
      ${points.length > 0 && html`<${PlainMap} points=${points} label=${text.map} />`}
      <${Table} label=${text.title} word=${text.word} columns=${columns} rows=${locations} sort="name" parameters=${parameters} />
      ${locations.length >= MOST && html`<p class="quiet">${words.first(MOST, "locations")}</p>`}
      <${SameAs} json=${address("/locations")} file="locations" />`}
    ${open?.kind === "new" && html`<${EditDialog} title=${text.addTitle} path="/locations" fields=${fields} start=${own ? { organisation_id: own } : {}}
      action=${text.create} close=${close} done=${done(words.created)} />`}
    ${open?.kind === "edit" && html`<${EditDialog} title=${text.editTitle(open.thing.name)} path="/locations" id=${open.thing.id} fields=${fields}
      close=${close} done=${done(words.saved)} />`}
    ${open?.kind === "delete" && html`<${DeleteDialog} name=${open.thing.name} path="/locations/${open.thing.id}" close=${close} users=${users(open.thing)}
      inUse=${text.inUse} done=${done(words.deleted)}><p>${text.consequences} ${words.undone}</p><//>`}`;
}
