// The history of a job: its versions and bindings over time.
import { html } from "../lib/html.js";
import { address, get } from "../lib/api.js";
import { useLoaded } from "../lib/load.js";
import { moment } from "../lib/time.js";
import { SameAs } from "./copy.js";
import { Bindings } from "./lineage.js";
import { ProblemNote } from "./problem.js";

const SHOWN = 10;

export function History({ job, names }) {
  const path = `/jobs/${job.id}/history`;
  const found = useLoaded((signal) => get(path, { limit: SHOWN + 1 }, signal), [job.id, job.updated_at, job.source_version_id]);
  const entries = found.value ?? [];
  return html`
    <section>
      <h2>History of the job</h2>
      ${found.problem && html`<${ProblemNote} problem=${found.problem} retry=${found.reload} />`}
      ${!found.value && !found.problem && html`<p class="quiet" role="status">Loading …</p>`}
      ${entries.length > 0 && html`
        <div class="wide" tabindex="0" role="region" aria-label="History of the job"><table class="cards">
          ${entries.length > SHOWN && html`<caption>The newest ${SHOWN} entries</caption>`}
          <thead><tr><th scope="col" class="no-sort">Since</th><th scope="col" class="no-sort">Version</th><th scope="col" class="no-sort">Inputs</th><th scope="col" class="no-sort">Changed by</th><th scope="col" class="no-sort">Note</th></tr></thead>
          <tbody>${entries.slice(0, SHOWN).map((entry) => html`
            <tr key=${entry.number}>
              <td class="time" data-title="Since">${moment(entry.at)}</td>
              <th scope="row">${entry.source_version}</th>
              <td data-title="Inputs">${entry.role_bindings.length === 0 ? html`<span class="quiet">none</span>` : html`<${Bindings} bindings=${entry.role_bindings} names=${names} />`}</td>
              <td data-title="Changed by">${entry.token_name ?? html`<span class="quiet">unknown</span>`}</td>
              <td data-title="Note">${entry.note ?? ""}${entry.assumed && html`<span class="quiet">as the server found it when it began to store histories</span>`}</td>
            </tr>`)}</tbody>
        </table></div>
        <${SameAs} json=${address(path)} file="${job.name} history" />`}
    </section>`;
}
