// The versions that run on trial beside the version of a job. Managers begin and end trials, and promote a version.
import { html, useRef, useState } from "../lib/html.js";
import { BASE } from "../lib/base.js";
import { address, call } from "../lib/api.js";
import { count } from "../lib/compare.js";
import { useLoaded } from "../lib/load.js";
import { may } from "../lib/session.js";
import { moment, relative } from "../lib/time.js";
import { text } from "../texts/trials.js";
import { Field } from "./field.js";
import { ProblemNote } from "./problem.js";
import { Promote } from "./promote.js";
import { State } from "./state.js";

/** `window` is what the chart shows: a metric and a stretch of time. `done` reads the job again. */
export function Trials({ job, etag, names, me, window, done }) {
  const [problem, setProblem] = useState(null);
  const [asked, setAsked] = useState(null);
  const [promoted, setPromoted] = useState(null);
  const isBusy = useRef(false);
  const shadows = job.shadows ?? [];
  const isManager = may(me, "manager");
  if (shadows.length === 0 && !isManager) return null;
  const { lead, columns } = text;
  const label = names.versions.get(job.source_version_id)?.version ?? "…";
  const send = async (method, id) => {
    if (isBusy.current) return;
    isBusy.current = true;
    setProblem(null);
    setPromoted(null);
    try {
      await call(address(`/jobs/${job.id}/shadows/${id}`), { method });
    } catch (problem) {
      setProblem(problem);
    }
    isBusy.current = false;
    done();
  };
  return html`
    <section class="trials">
      <h2>${text.title}</h2>
      <p class="quiet lead-in">
        ${lead[0]}<strong>${label}</strong>${lead[1]}<a href=${`${BASE}/docs/trying-versions`}>${lead[2]}</a>${lead[3]}
      </p>
      <div role="status">${promoted && html`<${Promoted} promoted=${promoted} shadows=${shadows} />`}</div>
      ${shadows.length === 0 ? html`<p class="quiet">${text.none}</p>` : html`
        <div class="wide" tabindex="0" role="region" aria-label=${text.title}><table>
          <thead><tr>
            <th scope="col">${columns.version}</th><th scope="col">${columns.since}</th><th scope="col">${columns.lastIssue}</th>
            <th scope="col">${window ? text.inChart(window.metric) : columns.values}</th>
          </tr></thead>
          <tbody>${shadows.map((shadow) => html`
            <tr key=${shadow.source_version_id}>
              <th scope="row">${shadow.source_version}<p class="quiet">${text.serviceId}<code>${shadow.source_version_id}</code></p>
                ${isManager && html`<p class="acts">
                  <button type="button" onClick=${() => setAsked({ shadow, etag })} aria-label=${text.promoteOf(shadow.source_version)}>${text.promote}</button>
                  <button type="button" onClick=${() => send("DELETE", shadow.source_version_id)} aria-label=${text.endOf(shadow.source_version)}>${text.end}</button>
                </p>`}</th>
              <td class="time">${moment(shadow.since)}</td>
              <td>${shadow.last_issue_time ? html`${moment(shadow.last_issue_time)} <span class="quiet">(${relative(shadow.last_issue_time)})</span>`
                : html`<span class="quiet">${text.noneYet}</span>`}${shadow.late && html` <${State} state="late" />`}</td>
              <td><${Covered} job=${job} shadow=${shadow} window=${window} /></td>
            </tr>`)}</tbody>
        </table></div>`}
      <${ProblemNote} problem=${problem} />
      ${isManager && html`<${Try} job=${job} names=${names} shadows=${shadows} begin=${(id) => send("PUT", id)} />`}
      ${isManager && html`<${Promote} asked=${asked} job=${job} label=${label} window=${window} names=${names} close=${() => setAsked(null)} reload=${done}
        done=${(promoted) => { setPromoted(promoted); done(); }} />`}
    </section>`;
}

/** What a promotion did, and how to take it back. */
function Promoted({ promoted: { before, after }, shadows }) {
  const isKept = shadows.some((shadow) => shadow.source_version === before);
  return html`
    <div class="card good">
      <p><strong>${text.promoted(after)}</strong> ${text.goBack(before, isKept)}</p>
    </div>`;
}

/** How many values the version posted for the times that the chart shows, beside those of the job. */
function Covered({ job, shadow, window }) {
  const inputs = [window?.metric, window?.from, window?.to, window?.asOf, shadow.last_issue_time, job.health.last_arrival];
  const found = useLoaded(async (signal) => {
    if (!window) return null;
    return Promise.all([count({ job, ...window }, shadow.source_version, signal), count({ job, ...window }, undefined, signal)]);
  }, inputs);
  if (found.problem) return html`<span class="quiet">${found.problem.message}</span>`;
  if (!found.value) return html`<span class="quiet">${job.health.last_issue_time ? "…" : text.noPredictions}</span>`;
  const [own, main] = found.value;
  return html`${text.values(own)} <span class="quiet">${text.ofJob(main)}</span>`;
}

function Try({ job, names, shadows, begin }) {
  const [chosen, setChosen] = useState("");
  const taken = new Set([job.source_version_id, ...shadows.map((shadow) => shadow.source_version_id)]);
  const others = [...names.versions.values()].filter(({ id, source_id }) => source_id === job.source_id && !taken.has(id)).reverse();
  if (others.length === 0) return html`<p class="quiet">${text.noOther}</p>`;
  const value = others.some(({ id }) => id === chosen) ? chosen : others[0].id;
  const submit = (event) => {
    event.preventDefault();
    begin(value);
  };
  return html`
    <form class="try" onSubmit=${submit}>
      <${Field} name="try-version" label=${text.toTry} kind="select" value=${value} set=${setChosen} options=${others.map(({ id, version }) => [id, version])} />
      <button>${text.try}</button>
    </form>`;
}
