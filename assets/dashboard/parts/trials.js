// The versions that run on trial beside the version of a job. Managers begin and end trials, and promote a version.
import { html, useRef, useState } from "../lib/html.js";
import { BASE } from "../lib/base.js";
import { address, call } from "../lib/api.js";
import { count } from "../lib/compare.js";
import { useLoaded } from "../lib/load.js";
import { may } from "../lib/session.js";
import { moment, relative } from "../lib/time.js";
import { plural } from "../lib/value.js";
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
      <h2>Versions on trial</h2>
      <p class="quiet lead-in">
        The job runs version <strong>${label}</strong>. A version on trial gets the same inputs, and its predictions do not
        change what readers get (<a href=${`${BASE}/docs/trying-versions`}>how to try a version</a>).
      </p>
      <div role="status">${promoted && html`<${Promoted} promoted=${promoted} shadows=${shadows} />`}</div>
      ${shadows.length === 0 ? html`<p class="quiet">No version is on trial.</p>` : html`
        <div class="wide" tabindex="0" role="region" aria-label="Versions on trial"><table>
          <thead><tr>
            <th scope="col">Version</th><th scope="col">On trial since</th><th scope="col">Last issue</th>
            <th scope="col">${window ? `${window.metric} in the chart` : "Values"}</th>
          </tr></thead>
          <tbody>${shadows.map((shadow) => html`
            <tr key=${shadow.source_version_id}>
              <th scope="row">${shadow.source_version}<p class="quiet">Service id <code>${shadow.source_version_id}</code></p>
                ${isManager && html`<p class="acts">
                  <button type="button" onClick=${() => setAsked({ shadow, etag })} aria-label="Promote ${shadow.source_version}">Promote</button>
                  <button type="button" onClick=${() => send("DELETE", shadow.source_version_id)} aria-label="End trial of ${shadow.source_version}">End trial</button>
                </p>`}</th>
              <td class="time">${moment(shadow.since)}</td>
              <td>${shadow.last_issue_time ? html`${moment(shadow.last_issue_time)} <span class="quiet">(${relative(shadow.last_issue_time)})</span>`
                : html`<span class="quiet">none yet</span>`}${shadow.late && html` <${State} state="late" />`}</td>
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
      <p><strong>The job runs version ${after} now.</strong> ${isKept
        ? `Version ${before} is on trial. To go back, promote ${before}.`
        : `Version ${before} is not on trial. To go back, try it, then promote it.`}</p>
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
  if (!found.value) return html`<span class="quiet">${job.health.last_issue_time ? "…" : "the job has no predictions yet"}</span>`;
  const [own, main] = found.value;
  return html`${plural(own, "value")} <span class="quiet">(the job: ${main})</span>`;
}

function Try({ job, names, shadows, begin }) {
  const [chosen, setChosen] = useState("");
  const taken = new Set([job.source_version_id, ...shadows.map((shadow) => shadow.source_version_id)]);
  const others = [...names.versions.values()].filter(({ id, source_id }) => source_id === job.source_id && !taken.has(id)).reverse();
  if (others.length === 0) return html`<p class="quiet">The source has no other version to try. Publish one, then begin its trial here.</p>`;
  const value = others.some(({ id }) => id === chosen) ? chosen : others[0].id;
  const submit = (event) => {
    event.preventDefault();
    begin(value);
  };
  return html`
    <form class="try" onSubmit=${submit}>
      <${Field} name="try-version" label="Version to try" kind="select" value=${value} set=${setChosen} options=${others.map(({ id, version }) => [id, version])} />
      <button>Try a version</button>
    </form>`;
}
