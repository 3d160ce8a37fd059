// What a promotion is decided by: on how many days the version on trial was closer to the measurements than the job's version.
import { html, useState } from "../lib/html.js";
import { get } from "../lib/api.js";
import { FEW, edges, rangeOf, sensorsOf, truthOf } from "../lib/accuracy.js";
import { useLoaded } from "../lib/load.js";
import { current } from "../lib/route.js";
import { zone } from "../lib/time.js";
import { text } from "../texts/accuracy.js";
import { AccuracyProblem } from "./accuracy_problem.js";
import { Pending } from "./problem.js";

/** The last days that are compared, in milliseconds. */
const LONG = 90 * 86_400_000;

/** `trial` is the label of the version on trial, `label` that of the job's version, which is a version of `source`. */
export function TrialAccuracy({ job, metric, unit, source, label, trial }) {
  const [from] = useState(() => new Date(Date.now() - LONG).toISOString());
  const found = useLoaded(async (signal) => {
    // What the page compares with is chosen there.
    const truth = truthOf(await sensorsOf(job, metric, signal), current().parameters.truth);
    const rows = await get("/accuracy", {
      metric, job_id: job.id, source_version: trial, track: "shadow", reference: `${source}@${label}`, common: true, from,
      lead_edges: edges(truth.truth === "analysis"), tz: zone(), ...truth,
    }, signal);
    return { isAnalysis: truth.truth === "analysis", rows: rows.filter(({ pairs }) => pairs > 0) };
  }, [job.id, metric, trial, label]);
  if (found.problem) return html`<h4>${text.trial}</h4><${AccuracyProblem} problem=${found.problem} retry=${found.reload} />`;
  if (!found.value) return html`<${Pending} loaded=${found} />`;
  const { rows, isAnalysis } = found.value;
  const most = rows.reduce((most, row) => (row.pairs > most.pairs ? row : most), rows[0]);
  const ahead = (row) => text.ahead(rangeOf(row).from, rangeOf(row).to);
  const heads = [text.columns.lead, text.columns.pairs, text.error(trial), text.error(label), text.better, text.worse];
  return html`
    <h4>${text.trial}</h4>
    ${isAnalysis && html`<p class="quiet">${text.trialAnalysis(label)}</p>`}
    ${!most ? html`<p class="quiet">${text.trialNothing}</p>` : html`
      <p>${text.verdict(most, trial, label, ahead(most))}</p>
      ${most.pairs < FEW && html`<p class="few"><strong>${text.trialFew(most.pairs)}</strong></p>`}
      <div class="wide" tabindex="0" role="region" aria-label="${text.trial}: ${metric}"><table>
        <caption>${text.trialHint(trial, label, from)}</caption>
        <thead><tr>${heads.map((head) => html`<th scope="col">${head}</th>`)}</tr></thead>
        <tbody>${rows.map((row) => html`
          <tr key=${row.lead_to}><th scope="row">${ahead(row)}</th><td>${row.pairs}</td><td>${text.score(row.mae, unit)}</td>
            <td>${text.score(row.reference_mae, unit)}</td><td>${row.better_days}</td><td>${row.worse_days}</td></tr>`)}</tbody>
      </table></div>`}`;
}
