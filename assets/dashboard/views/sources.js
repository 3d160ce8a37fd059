// The predictive models, with how many jobs use each: list, create, edit, delete.
import { html } from "../lib/html.js";
import { getAll, MOST } from "../lib/api.js";
import { useLoaded } from "../lib/load.js";
import { owns } from "../lib/manage.js";
import { go, link } from "../lib/route.js";
import { may } from "../lib/session.js";
import { length } from "../lib/time.js";
import { plural } from "../lib/value.js";
import { Empty } from "../parts/empty.js";
import { Heading } from "../parts/heading.js";
import { RowActs, Said, useManaged } from "../parts/manage.js";
import { Pending } from "../parts/problem.js";
import { SourceDialogs } from "../parts/source_dialogs.js";
import { Table } from "../parts/table.js";
import { TallyOfStates } from "../parts/tally.js";
import { text as words } from "../texts/manage.js";
import { text } from "../texts/sources.js";

const grace = (source) => (source.grace_minutes ? `, grace ${length(source.grace_minutes * 60)}` : "");
export const interval = (source) => {
  if (!source.expected_interval_minutes) return "none";
  return `every ${length(source.expected_interval_minutes * 60).replace(/^1 /, "")}${grace(source)}`;
};
export const retention = (source) => (source.retention_hours ? length(source.retention_hours * 3600) : "forever");

export function Sources({ parameters, me }) {
  const managed = useManaged();
  const loaded = useLoaded(async (signal) => {
    const paths = ["/sources", "/source_versions", "/jobs", "/organisations"];
    const [sources, versions, jobs, organisations] = await Promise.all(paths.map((path) => getAll(path, {}, signal)));
    return { sources, versions, jobs, organisations };
  }, []);
  if (!loaded.value) return html`<${Heading}>${text.title}<//><${Pending} loaded=${loaded} />`;
  const { sources, versions, jobs, organisations } = loaded.value;
  const newest = new Map(versions.map((version) => [version.source_id, version]));
  const users = Map.groupBy(jobs, (job) => job.source_id);
  const owners = new Map(organisations.map(({ id, name }) => [id, name]));
  const isManager = may(me, "manager");
  const done = (kind, thing) => {
    if (kind === "new") return go(`sources/${thing.id}`);
    managed.say({ edit: words.saved, delete: words.deleted }[kind](thing.name));
    loaded.reload();
  };
  const columns = [
    { key: "name", title: text.one, value: (row) => `${row.name} ${row.description ?? ""}`, render: (row) => html`
      <a href=${link(`sources/${row.id}`)}>${row.name}</a>${row.description && html`<p class="quiet">${row.description}</p>`}` },
    { key: "version", title: text.newest, value: (row) => newest.get(row.id)?.version,
      render: (row) => newest.get(row.id)?.version ?? html`<span class="quiet">${text.noVersion}</span>` },
    { key: "predicts", title: text.predicts, value: (row) => newest.get(row.id)?.output_roles.map((role) => role.metric).join(", ") },
    { key: "interval", title: text.interval, value: (row) => row.expected_interval_minutes, render: interval },
    { key: "retention", title: text.retention, value: (row) => row.retention_hours ?? Infinity, render: retention },
    ...(organisations.length > 1 ? [{ key: "owner", title: text.owner, value: (row) => owners.get(row.organisation_id) ?? text.shared }] : []),
    { key: "jobs", title: text.jobs, value: (row) => (users.get(row.id) ?? []).length, render: (row) => html`
      <a href=${link("jobs", { source: row.id })}>${plural((users.get(row.id) ?? []).length, "job")}</a> <${TallyOfStates} jobs=${users.get(row.id) ?? []} />` },
    ...(isManager ? [{ key: "acts", title: "", value: () => "",
      render: (row) => owns(me, row.organisation_id) && html`<${RowActs} managed=${managed} thing=${row} />` }] : []),
  ];
  return html`
    <div class="title">
      <${Heading}>${text.title}<//>
      ${isManager && html`<button type="button" class="primary" onClick=${managed.show("new")}>${text.add}</button>`}
    </div>
    <p class="quiet lead-in">${text.lead}</p>
    <${Said} managed=${managed} />
    ${sources.length === 0 ? html`<${None} me=${me} />` : html`
      <${Table} label=${text.title} word=${text.word} columns=${columns} rows=${sources} sort="name" parameters=${parameters} />
      ${jobs.length >= MOST && html`<p class="quiet">${text.first(MOST)}</p>`}`}
    <${SourceDialogs} managed=${managed} me=${me} organisations=${organisations} versions=${versions} done=${done} />`;
}

const None = ({ me }) => html`
  <${Empty} title=${text.none}>
    <p>${may(me, "manager") ? text.noneLead : text.noneViewer} <a href=${text.guideLink}>${text.guide}</a></p>
  <//>`;
