// The history of a job: its versions and bindings over time.
import { html } from "../lib/html.js";
import { address, get } from "../lib/api.js";
import { useLoaded } from "../lib/load.js";
import { moment } from "../lib/time.js";
import { text } from "../texts/history.js";
import { SameAs } from "./copy.js";
import { Bindings } from "./lineage.js";
import { ProblemNote } from "./problem.js";

const SHOWN = 10;

export function History({ job, names }) {
  const path = `/jobs/${job.id}/history`;
  const found = useLoaded((signal) => get(path, { limit: SHOWN + 1 }, signal), [job.id, job.updated_at, job.source_version_id]);
  const { columns } = text;
  const entries = found.value ?? [];
  return html`
    <section>
      <h2>${text.title}</h2>
      ${found.problem && html`<${ProblemNote} problem=${found.problem} retry=${found.reload} />`}
      ${!found.value && !found.problem && html`<p class="quiet" role="status">${text.loading}</p>`}
      ${entries.length > 0 && html`
        <div class="wide" tabindex="0" role="region" aria-label=${text.title}><table class="cards">
          ${entries.length > SHOWN && html`<caption>${text.newest(SHOWN)}</caption>`}
          <thead><tr>${Object.values(columns).map((head) => html`<th scope="col" class="no-sort">${head}</th>`)}</tr></thead>
          <tbody>${entries.slice(0, SHOWN).map((entry) => html`
            <tr key=${entry.number}>
              <td class="time" data-title=${columns.since}>${moment(entry.at)}</td>
              <th scope="row">${entry.source_version}</th>
              <td data-title=${columns.inputs}>${entry.role_bindings.length === 0 ? html`<span class="quiet">${text.none}</span>` : html`<${Bindings} bindings=${entry.role_bindings} names=${names} />`}</td>
              <td data-title=${columns.by}>${entry.token_name ?? html`<span class="quiet">${text.unknown}</span>`}</td>
              <td data-title=${columns.note}>${entry.note ?? ""}${entry.assumed && html`<span class="quiet">${text.assumed}</span>`}</td>
            </tr>`)}</tbody>
        </table></div>
        <${SameAs} json=${address(path)} file=${text.file(job.name)} />`}
    </section>`;
}
