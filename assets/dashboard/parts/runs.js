// A job's runs and the changes of its health.
import { html } from "../lib/html.js";
import { BASE } from "../lib/base.js";
import { address } from "../lib/api.js";
import { HAS_WEBHOOKS } from "../lib/features.js";
import { stateOf } from "../lib/states.js";
import { moment } from "../lib/time.js";
import { plural } from "../lib/value.js";
import { SameAs } from "./copy.js";
import { State } from "./state.js";

const SHOWN = 10;

export function Runs({ job, runs, health }) {
  // Of a job with one target, the target's changes are the job's.
  const changes = (health?.changes ?? []).filter((change) => !change.role || job.job_targets.length > 1);
  return html`
    <div class="columns">
      <section>
        <h2>Runs</h2>
        ${runs.length === 0 ? html`
          <p class="quiet">No runs yet. Each post of predictions is a run. Workers also report runs that failed or had
          nothing to predict.</p>` : html`
          <div class="wide" tabindex="0" role="region" aria-label="Runs"><table class="cards">
            <caption>The newest ${Math.min(SHOWN, runs.length)}${runs.length > SHOWN && ` of ${runs.length >= 1000 ? "more than 1000" : runs.length}`}</caption>
            <thead><tr><th scope="col" class="no-sort">Received</th><th scope="col" class="no-sort">Issue</th><th scope="col" class="no-sort">Result</th></tr></thead>
            <tbody>${runs.slice(0, SHOWN).map((run) => html`
              <tr>
                <td class="time" data-title="Received">${moment(run.available_at)}</td>
                <td class="time" data-title="Issue">${run.issue_time ? moment(run.issue_time) : html`<span class="quiet">none</span>`}</td>
                <td data-title="Result">${run.status === "failed" ? html`<${State} state="failed" />` : run.predictions === undefined ? "ok" : plural(run.predictions, "value")}
                  ${run.message && html`<p>${run.message}</p>`}</td>
              </tr>`)}</tbody>
          </table></div>`}
        <${SameAs} json=${address(`/jobs/${job.id}/runs`)} file="${job.name} runs" />
      </section>
      <section>
        <h2>Health history</h2>
        ${changes.length === 0 ? html`<p class="quiet">No changes yet: ${stateOf(job.health.state).word} since ${moment(job.health.since)}.</p>` : html`
          <ol class="changes">${changes.slice(0, SHOWN).map((change) => html`
            <li>
              <span class="quiet">${moment(change.at)}</span>${" "}
              ${change.role && html`<span>${change.role}</span> `}
              <${State} state=${change.state} /> <span class="quiet">after ${stateOf(change.previous).word}</span>
              ${change.message && html`<p>${change.message}</p>`}
            </li>`)}</ol>`}
        ${HAS_WEBHOOKS && html`<p class="quiet">To be notified of changes, create a <a href=${`${BASE}/docs/health#webhooks`}>webhook</a>.</p>`}
      </section>
    </div>`;
}
