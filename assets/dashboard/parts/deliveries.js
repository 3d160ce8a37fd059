// The messages to a webhook, with their states and attempts, in a dialog.
import { html, useState } from "../lib/html.js";
import { address, call, getAll } from "../lib/api.js";
import { POLL, useLoaded } from "../lib/load.js";
import { link } from "../lib/route.js";
import { moment, relative } from "../lib/time.js";
import { text } from "../texts/webhooks.js";
import { Dialog } from "./dialog.js";
import { Pending } from "./problem.js";

const STEP = 25;

export function Deliveries({ webhook, close }) {
  const [count, setCount] = useState(STEP);
  const loaded = useLoaded((signal) => call(address(`/webhooks/${webhook.id}/deliveries`, { limit: count }), { signal }), [webhook.id, count], POLL);
  const jobs = useLoaded(async (signal) => new Map((await getAll("/jobs", {}, signal)).map((job) => [job.id, job.name])), []);
  const rows = loaded.value?.body;
  const heads = Object.values(text.delivery);
  const actions = html`
    ${loaded.value?.next && html`<button type="button" onClick=${() => setCount(count + STEP)}>${text.more}</button>`}
    <button type="button" class="primary" onClick=${close}>${text.close}</button>`;
  return html`
    <${Dialog} title=${text.deliveries_of(webhook.name)} close=${close} actions=${actions} wide>
      <p class="quiet">${text.deliveries_lead}</p>
      ${!rows ? html`<${Pending} loaded=${loaded} />` : rows.length === 0 ? html`<p class="empty">${text.no_deliveries}</p>` : html`
        <table class="cards" aria-label=${text.deliveries_of(webhook.name)}>
          <thead><tr>${heads.map((head) => html`<th scope="col" class="no-sort">${head}</th>`)}</tr></thead>
          <tbody>${rows.map((row) => html`<${Delivery} key=${row.id} row=${row} job=${jobs.value?.get(row.job_id)} />`)}</tbody>
        </table>`}
    <//>`;
}

function Delivery({ row, job }) {
  const { delivery, states } = text;
  const last = row.last_error ?? (row.last_status && text.status(row.last_status));
  return html`
    <tr>
      <th scope="row"><span title=${relative(row.created_at)}>${moment(row.created_at)}</span></th>
      <td data-title=${delivery.event}>${row.event}</td>
      <td data-title=${delivery.job}>${row.job_id && html`<a href=${link(`jobs/${row.job_id}`)}>${job ?? row.job_id}</a>`}</td>
      <td data-title=${delivery.state} class=${row.state === "failed" ? "wrong" : undefined}>${states[row.state] ?? row.state}</td>
      <td data-title=${delivery.attempts}>${row.attempts}</td>
      <td data-title=${delivery.last}>${last}</td>
      <td data-title=${delivery.next}>${row.next_attempt_at && relative(row.next_attempt_at)}</td>
    </tr>`;
}
