// A job's runs and the changes of its health.
import { html } from "../lib/html.js";
import { BASE } from "../lib/base.js";
import { address } from "../lib/api.js";
import { HAS_WEBHOOKS } from "../lib/features.js";
import { stateOf } from "../lib/states.js";
import { moment } from "../lib/time.js";
import { plural } from "../lib/value.js";
import { text } from "../texts/runs.js";
import { SameAs } from "./copy.js";
import { State } from "./state.js";

const SHOWN = 10;

export function Runs({ job, runs, health }) {
  const { columns, notified } = text;
  // Of a job with one target, the target's changes are the job's.
  const changes = (health?.changes ?? []).filter((change) => !change.role || job.job_targets.length > 1);
  return html`
    <div class="columns">
      <section>
        <h2>${text.title}</h2>
        ${runs.length === 0 ? html`<p class="quiet">${text.none}</p>` : html`
          <div class="wide" tabindex="0" role="region" aria-label=${text.title}><table class="cards">
            <caption>${text.newest(Math.min(SHOWN, runs.length), runs.length)}</caption>
            <thead><tr>${Object.values(columns).map((head) => html`<th scope="col" class="no-sort">${head}</th>`)}</tr></thead>
            <tbody>${runs.slice(0, SHOWN).map((run) => html`
              <tr>
                <td class="time" data-title=${columns.received}>${moment(run.available_at)}</td>
                <td class="time" data-title=${columns.issue}>${run.issue_time ? moment(run.issue_time) : html`<span class="quiet">${text.noIssue}</span>`}</td>
                <td data-title=${columns.result}>${run.status === "failed" ? html`<${State} state="failed" />` : run.predictions === undefined ? text.ok : plural(run.predictions, "value")}
                  ${run.message && html`<p>${run.message}</p>`}</td>
              </tr>`)}</tbody>
          </table></div>`}
        <${SameAs} json=${address(`/jobs/${job.id}/runs`)} file=${text.file(job.name)} />
      </section>
      <section>
        <h2>${text.health}</h2>
        ${changes.length === 0 ? html`<p class="quiet">${text.noChanges(stateOf(job.health.state).word, moment(job.health.since))}</p>` : html`
          <ol class="changes">${changes.slice(0, SHOWN).map((change) => html`
            <li>
              <span class="quiet">${moment(change.at)}</span>${" "}
              ${change.role && html`<span>${change.role}</span> `}
              <${State} state=${change.state} /> <span class="quiet">${text.after(stateOf(change.previous).word)}</span>
              ${change.message && html`<p>${change.message}</p>`}
            </li>`)}</ol>`}
        ${HAS_WEBHOOKS && html`<p class="quiet">${notified[0]}<a href=${`${BASE}/docs/health#webhooks`}>${notified[1]}</a>${notified[2]}</p>`}
      </section>
    </div>`;
}
