// The dialog that promotes a version on trial. It shows how far the version is from that of the job before it acts.
import { html, useEffect, useRef, useState } from "../lib/html.js";
import { address, call } from "../lib/api.js";
import { compare, FEW_PAIRS, MOST_VALUES, shared } from "../lib/compare.js";
import { useLoaded } from "../lib/load.js";
import { moment } from "../lib/time.js";
import { number, withUnit } from "../lib/value.js";
import { text } from "../texts/trials.js";
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
        <h2 id="promote-title">${text.promoting(asked.shadow.source_version)}</h2>
        <p>${text.consequences(label, asked.shadow.source_version)}</p>
        <${Comparison} job=${job} names=${names} shadow=${asked.shadow} label=${label} window=${window} />
        <form onSubmit=${submit} aria-busy=${isBusy ? "true" : "false"}>
          <${Field} name="promote-note" label=${text.note} value=${note} set=${setNote} wrong=${problem?.at?.("/note") ?? []}
            hint=${text.noteHint} />
          <p><label class="check"><input type="checkbox" checked=${isKept} onChange=${(event) => setKept(event.currentTarget.checked)} />
            ${text.keep(label)}</label></p>
          ${problem?.status === 412 ? html`
            <div class="problem" role="alert">
              <p><strong>${text.stale}</strong> ${text.staleHint}</p>
              <p><button type="button" onClick=${again}>${text.reload}</button></p>
            </div>` : html`<${ProblemNote} problem=${problem} shown=${["/note"]} />`}
          <p class="acts">
            <button class="primary" disabled=${isBusy || problem?.status === 412}>${text.promote}</button>
            <button type="button" onClick=${() => dialog.current.close()}>${text.cancel}</button>
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
  if (!job.health.last_issue_time) return html`<p class="quiet">${text.nothing}</p>`;
  if (!found.value) return html`<${Pending} loaded=${found} />`;
  return html`
    <p class="quiet">${text.compared(moment(window.from), moment(window.to), window.asOf && moment(window.asOf))}</p>
    ${found.value.map((each) => html`<${Metric} key=${each.metric} each=${each} job=${job} source=${names.sources.get(job.source_id)?.name} label=${label} trial=${shadow.source_version} />`)}`;
}

function Metric({ each, job, source, label, trial }) {
  const { metric, unit, pairs } = each;
  const last = pairs.slice(-LISTED).reverse();
  return html`
    <h3>${text.metric(metric, unit)}</h3>
    <dl class="facts">
      <dt>${text.facts.job}</dt><dd>${text.values(each.own)}</dd>
      <dt>${text.facts.trial(trial)}</dt><dd>${text.values(each.trial)}</dd>
      <dt>${text.facts.both}</dt><dd>${text.times(pairs.length)}</dd>
      <dt>${text.facts.difference}</dt><dd>${pairs.length > 0 ? withUnit(each.difference, unit) : html`<span class="quiet">${text.unknown}</span>`}</dd>
    </dl>
    ${pairs.length < FEW_PAIRS && html`<p class="few"><strong>${text.few(FEW_PAIRS)}</strong> ${text.fewHint}</p>`}
    ${source && html`<${TrialAccuracy} job=${job} metric=${metric} unit=${unit} source=${source} label=${label} trial=${trial} />`}
    ${each.isCut && html`<p class="few">${text.cut(MOST_VALUES)}</p>`}
    ${last.length > 0 && html`
      <div class="wide" tabindex="0" role="region" aria-label=${text.table(metric)}><table>
        <caption>${text.last(last.length)}</caption>
        <thead><tr><th scope="col">${text.validAt}</th><th scope="col">${text.jobColumn(label)}</th><th scope="col">${trial}</th><th scope="col">${text.difference}</th></tr></thead>
        <tbody>${last.map((pair) => html`
          <tr key=${pair.key}><td class="time">${moment(pair.t)}</td><td>${number(pair.own)}</td><td>${number(pair.trial)}</td>
            <td>${number(pair.trial - pair.own)}</td></tr>`)}</tbody>
      </table></div>`}`;
}
