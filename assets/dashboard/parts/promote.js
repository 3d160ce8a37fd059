// The dialog that promotes a version on trial. It shows how far the version is from that of the job before it acts.
import { html, useEffect, useRef, useState } from "../lib/html.js";
import { address, call } from "../lib/api.js";
import { compare, FEW_PAIRS, MOST_VALUES, shared } from "../lib/compare.js";
import { useLoaded } from "../lib/load.js";
import { moment } from "../lib/time.js";
import { number, plural, spoken, withUnit } from "../lib/value.js";
import { Field } from "./field.js";
import { Pending, ProblemNote } from "./problem.js";
import { TrialAccuracy } from "./promote_accuracy.js";

/** How many of the times that both have are listed. */
const LISTED = 5;

/**
 * `asked` is `{ shadow, etag }`: the version on trial, and the state of the job when the button was chosen; null while
 * nothing is asked. `label` is the job's version, `window` what the chart shows. `done` is called after the promotion.
 */
export function Promote({ asked, job, label, window, names, close, reload, done }) {
  const dialog = useRef(null);
  const [note, setNote] = useState("");
  const [isKept, setKept] = useState(true);
  const [problem, setProblem] = useState(null);
  const [isBusy, setBusy] = useState(false);
  useEffect(() => {
    if (!asked) return;
    setNote("");
    setKept(true);
    setProblem(null);
    dialog.current.showModal();
  }, [asked]);

  const submit = async (event) => {
    event.preventDefault();
    setBusy(true);
    setProblem(null);
    const { shadow, etag } = asked;
    const body = { source_version_id: shadow.source_version_id, keep_previous: isKept, ...(note.trim() && { note: note.trim() }) };
    try {
      await call(address(`/jobs/${job.id}/promote`), { method: "POST", body, headers: etag ? { "If-Match": etag } : {} });
      // The page may show something else by now.
      dialog.current?.close();
      done({ before: label, after: shadow.source_version });
    } catch (problem) {
      setProblem(problem);
    }
    setBusy(false);
  };
  const again = () => {
    dialog.current.close();
    reload();
  };
  return html`
    <dialog ref=${dialog} class="promote" aria-labelledby="promote-title" onClose=${close}>
      ${asked && html`
        <h2 id="promote-title">Promote ${asked.shadow.source_version}?</h2>
        <p>The job runs version ${label}. After the promotion it runs version ${asked.shadow.source_version}, and its next
          predictions are those that readers get. What is stored stays as it is.</p>
        <${Comparison} job=${job} names=${names} shadow=${asked.shadow} label=${label} window=${window} />
        <form onSubmit=${submit} aria-busy=${isBusy ? "true" : "false"}>
          <${Field} name="promote-note" label="Note" value=${note} set=${setNote} wrong=${problem?.at?.("/note") ?? []}
            hint="The reason, for the history of the job. It may be empty." />
          <p><label class="check"><input type="checkbox" checked=${isKept} onChange=${(event) => setKept(event.currentTarget.checked)} />
            Keep version ${label} on trial, so that you can go back</label></p>
          ${problem?.status === 412 ? html`
            <div class="problem" role="alert">
              <p><strong>Somebody changed the job since this page read it.</strong> Nothing was promoted. Reload the job, and look at it again.</p>
              <p><button type="button" onClick=${again}>Reload the job</button></p>
            </div>` : html`<${ProblemNote} problem=${problem} shown=${["/note"]} />`}
          <p class="acts">
            <button class="primary" disabled=${isBusy || problem?.status === 412}>Promote</button>
            <button type="button" onClick=${() => dialog.current.close()}>Cancel</button>
          </p>
        </form>`}
    </dialog>`;
}

/** For each metric that both versions predict: what they predicted for the same times of the chart's window. */
function Comparison({ job, names, shadow, window, label }) {
  const all = shared(names.versions.get(job.source_version_id), names.versions.get(shadow.source_version_id));
  const found = useLoaded(async (signal) => {
    if (!window) return undefined;
    const ask = (role) => compare({ job, ...window, metric: role.metric }, shadow.source_version, signal);
    return (await Promise.all(all.map(ask))).map((result, index) => ({ ...all[index], ...result }));
  }, [shadow.source_version_id, window, all.length]);
  if (!job.health.last_issue_time) return html`<p class="quiet">The job has no predictions yet, so there is nothing to compare.</p>`;
  if (!found.value) return html`<${Pending} loaded=${found} />`;
  return html`
    <p class="quiet">Compared are the newest values for each time from ${moment(window.from)} to ${moment(window.to)}, which is what the chart
      shows${window.asOf ? `, as known at ${moment(window.asOf)}` : ""}.</p>
    ${found.value.map((each) => html`<${Metric} key=${each.metric} each=${each} job=${job} source=${names.sources.get(job.source_id)?.name} label=${label} trial=${shadow.source_version} />`)}`;
}

function Metric({ each, job, source, label, trial }) {
  const { metric, unit, pairs } = each;
  const last = pairs.slice(-LISTED).reverse();
  return html`
    <h3>${spoken(metric)}${unit ? ` in ${unit}` : ""}</h3>
    <dl class="facts">
      <dt>The job has</dt><dd>${plural(each.own, "value")}</dd>
      <dt>Version ${trial} has</dt><dd>${plural(each.trial, "value")}</dd>
      <dt>Both have</dt><dd>${plural(pairs.length, "time")}</dd>
      <dt>Mean absolute difference</dt><dd>${pairs.length > 0 ? withUnit(each.difference, unit) : html`<span class="quiet">unknown</span>`}</dd>
    </dl>
    ${pairs.length < FEW_PAIRS && html`<p class="few"><strong>Fewer than ${FEW_PAIRS} times to compare.</strong> That says little about the version. Show a longer time in the chart, or wait.</p>`}
    ${source && html`<${TrialAccuracy} job=${job} metric=${metric} unit=${unit} source=${source} label=${label} trial=${trial} />`}
    ${each.isCut && html`<p class="few">There are more than ${MOST_VALUES.toLocaleString("en-GB")} values. Only the first were compared: show a shorter time in the chart.</p>`}
    ${last.length > 0 && html`
      <div class="wide" tabindex="0" role="region" aria-label="${spoken(metric)}, compared"><table>
        <caption>The last ${last.length} of these times</caption>
        <thead><tr><th scope="col">Valid at</th><th scope="col">Job (${label})</th><th scope="col">${trial}</th><th scope="col">Difference</th></tr></thead>
        <tbody>${last.map((pair) => html`
          <tr key=${pair.key}><td class="time">${moment(pair.t)}</td><td>${number(pair.own)}</td><td>${number(pair.trial)}</td>
            <td>${number(pair.trial - pair.own)}</td></tr>`)}</tbody>
      </table></div>`}`;
}
