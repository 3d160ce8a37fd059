// The sensors: list, create, edit, delete. The newest reading of a sensor is read when its row is seen.
import { html } from "../lib/html.js";
import { address, getAll, MOST } from "../lib/api.js";
import { useLoaded } from "../lib/load.js";
import { owns } from "../lib/manage.js";
import { link } from "../lib/route.js";
import { may } from "../lib/session.js";
import { useZone } from "../lib/time.js";
import { Latest } from "../parts/contract.js";
import { SameAs } from "../parts/copy.js";
import { Heading } from "../parts/heading.js";
import { NoneYet, RowActs, Said, useManaged } from "../parts/manage.js";
import { Pending } from "../parts/problem.js";
import { Seen } from "../parts/seen.js";
import { jobsBySensor, SensorDialogs } from "../parts/sensor_dialogs.js";
import { Table } from "../parts/table.js";
import { text as words } from "../texts/manage.js";
import { text } from "../texts/sensors.js";

export function Sensors({ parameters, me }) {
  useZone();
  const managed = useManaged();
  const loaded = useLoaded(async (signal) => {
    const paths = ["/sensors", "/organisations", "/locations", "/jobs"];
    const [sensors, organisations, locations, jobs] = await Promise.all(paths.map((path) => getAll(path, {}, signal)));
    return { sensors, organisations, locations, jobs };
  }, []);
  if (!loaded.value) return html`<${Heading}>${text.title}<//><${Pending} loaded=${loaded} />`;
  const { sensors, organisations, locations, jobs } = loaded.value;
  const names = new Map([...organisations, ...locations].map(({ id, name }) => [id, name]));
  const users = jobsBySensor(jobs);
  const isManager = may(me, "manager");
  const done = (kind, thing) => {
    managed.say({ new: words.created, edit: words.saved, delete: words.deleted }[kind](thing.name));
    loaded.reload();
  };
  const columns = [
    { key: "name", title: words.name, render: (row) => html`
      <a href=${link(`sensors/${row.id}`)}>${row.name}</a>${row.placeholder && html`<p class="quiet">${words.placeholder}</p>`}` },
    { key: "metric", title: text.metric },
    { key: "unit", title: text.unit },
    { key: "location", title: text.location, value: (row) => names.get(row.location_id) },
    ...(organisations.length > 1 ? [{ key: "organisation", title: words.organisation, value: (row) => names.get(row.organisation_id) }] : []),
    { key: "newest", title: text.newest, sort: false, value: () => "", render: (row) => html`<${Seen} margin="200px"><${Latest} sensor=${row} /><//>` },
    { key: "jobs", title: text.jobs, value: (row) => users.get(row.id)?.length ?? 0, render: (row) => (users.get(row.id) ?? []).length },
    ...(isManager ? [{ key: "acts", title: "", value: () => "",
      render: (row) => owns(me, row.organisation_id) && html`<${RowActs} managed=${managed} thing=${row} />` }] : []),
  ];
  return html`
    <div class="title">
      <${Heading}>${text.title}<//>
      ${isManager && organisations.length > 0 && html`<button type="button" class="primary" onClick=${managed.show("new")}>${text.add}</button>`}
    </div>
    <p class="quiet lead-in">${text.lead}</p>
    <${Said} managed=${managed} />
    ${sensors.length === 0 ? html`<${NoneYet} title=${text.none} lead=${text.noneLead} me=${me} organisations=${organisations} />` : html`
      <${Table} label=${text.title} word=${text.word} columns=${columns} rows=${sensors} sort="name" parameters=${parameters} />
      ${sensors.length >= MOST && html`<p class="quiet">${words.first(MOST, "sensors")}</p>`}
      <${SameAs} json=${address("/sensors")} file="sensors" />`}
    <${SensorDialogs} managed=${managed} me=${me} there=${loaded.value} done=${done} />`;
}
