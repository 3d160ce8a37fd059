// The space that the data takes, by source, and how long predictions are stored.
import { html } from "../lib/html.js";
import { get } from "../lib/api.js";
import { useLoaded } from "../lib/load.js";
import { useNames } from "../lib/names.js";
import { link } from "../lib/route.js";
import { may } from "../lib/session.js";
import { grouped, size } from "../lib/size.js";
import { day, moment, relative, useZone } from "../lib/time.js";
import { text } from "../texts/space.js";
import { Heading } from "../parts/heading.js";
import { Pending, ProblemNote } from "../parts/problem.js";
import { Table } from "../parts/table.js";

export function Space({ me, parameters }) {
  useZone();
  const names = useNames();
  const isAdmin = may(me, "admin");
  const loaded = useLoaded((signal) => (isAdmin ? get("/admin/space", {}, signal) : null), [isAdmin]);
  if (!isAdmin) return html`<${Heading}>${text.title}<//><p>${text.refused(me.role)}</p>`;
  const space = loaded.value;
  if (!space) return html`<${Heading}>${text.title}<//><${Pending} loaded=${loaded} />`;
  const { facts, columns } = text;
  const isFull = space.disk_free_bytes !== undefined && space.disk_free_bytes < space.database_bytes / 10;
  const sum = space.sources.reduce((sum, source) => sum + source.bytes, 0) || 1;
  return html`
    <div class="title">
      <${Heading}>${text.title}<//>
      <button type="button" disabled=${loaded.isLoading} onClick=${loaded.reload}>${text.refresh}</button>
    </div>
    <p class="quiet lead-in">${text.lead}</p>
    <${ProblemNote} problem=${loaded.problem} />
    <dl class="facts short">
      <dt>${facts.database}</dt><dd>${size(space.database_bytes)}</dd>
      ${space.unused_bytes > 0 && html`<dt>${facts.unused}</dt><dd>${size(space.unused_bytes)}</dd>`}
      ${space.disk_free_bytes !== undefined && html`<dt>${facts.disk}</dt><dd>${size(space.disk_free_bytes)}</dd>`}
      <dt>${facts.readings}</dt><dd>${grouped(space.readings)}</dd>
      ${space.disk_free_bytes !== undefined && html`<dt>${facts.backup}</dt><dd><a href=${link("backup")}>${
        space.last_backup_at ? relative(space.last_backup_at) : text.no_backup}</a></dd>`}
    </dl>
    ${isFull && html`<p class="problem" role="alert">${text.full}</p>`}
    ${space.sources.length === 0 ? html`<p class="empty">${text.none}</p>` : html`
      <${Table} label=${text.title} word=${text.word} rows=${space.sources} sort="-bytes" id=${({ source_id }) => source_id} parameters=${parameters} columns=${[
        { key: "source", title: columns.source, render: ({ source_id, source }) => (names.sources.has(source_id)
          ? html`<a href=${link(`sources/${source_id}`)}>${source}</a>`
          : html`${source}${!names.isLoading && html` <span class="quiet">${text.deleted}</span>`}`) },
        { key: "bytes", title: columns.bytes, render: ({ bytes }) => size(bytes) },
        { key: "share", title: columns.share, sort: false, value: () => "", render: ({ source, bytes }) => html`
          <meter min="0" max="1" value=${bytes / sum} aria-label="${columns.share}: ${source}">${Math.round((100 * bytes) / sum)} %</meter>` },
        { key: "predictions", title: columns.predictions, render: ({ predictions }) => grouped(predictions) },
        { key: "runs", title: columns.runs, render: ({ runs }) => grouped(runs) },
        { key: "oldest", title: columns.oldest, render: ({ oldest }) => html`<span title=${moment(oldest)}>${day(oldest)}</span>` },
        { key: "newest", title: columns.newest, render: ({ newest }) => html`<span title=${moment(newest)}>${day(newest)}</span>` },
        { key: "retention", title: columns.retention, value: ({ retention_hours: hours }) => hours ?? Infinity,
          render: ({ retention_hours: hours }) => (hours ? text.days(hours) : text.forever) },
      ]} />`}
    <p class="quiet lead-in">${text.note}</p>`;
}
