// The dry run of an alert beside its form: how often it would have been raised, and when.
import { html, useEffect } from "../lib/html.js";
import { address, call } from "../lib/api.js";
import { useLoaded, useSettled } from "../lib/load.js";
import { day, moment } from "../lib/time.js";
import { text } from "../texts/alerts.js";
import { ProblemNote } from "./problem.js";

/** The form holds still for this long before the server is asked, in milliseconds. */
const STILL = 400;
/** The most transitions that are listed. */
const MOST = 200;

/** `body` is the trial, or null while the form lacks something. `found` is called with the problem of the trial, or null. */
export function AlertTrial({ body, found }) {
  const asked = useSettled(JSON.stringify(body), STILL);
  const loaded = useLoaded(async (signal) => {
    const trial = JSON.parse(asked);
    return trial && (await call(address("/alerts/try"), { method: "POST", body: trial, signal })).body;
  }, [asked]);
  const { value, problem } = loaded;
  useEffect(() => found(problem ?? null), [problem]);
  const isMarked = problem?.errors?.length > 0;
  return html`
    <section class="alert-trial ${loaded.isLoading ? "loading" : ""}" aria-label=${text.trial}>
      <h3>${text.trial}</h3>
      <p class="quiet">${text.trial_lead}</p>
      <div role="status">
        ${problem ? isMarked && html`<p class="wrong">${text.trial_marked}</p>` : !value ? html`<p>${text.trial_waits}</p>` : html`<${Result} answer=${value} />`}
      </div>
      ${!isMarked && html`<${ProblemNote} problem=${problem} retry=${loaded.reload} />`}
      ${value && !problem && html`<${Transitions} changes=${value.changes} />`}
    </section>`;
}

function Result({ answer }) {
  if (answer.arrivals === 0) return html`<p>${text.nothing_arrived}</p>`;
  const isRaised = answer.states.some(({ state }) => state === "raised");
  return html`<p><strong>${text.tried(answer)}</strong> ${isRaised && text.raised_now} <span class="quiet">${text.judged(answer.arrivals)}</span></p>`;
}

function Transitions({ changes }) {
  if (changes.length === 0) return null;
  const shown = changes.slice(-MOST);
  return html`
    ${shown.length < changes.length && html`<p class="quiet">${text.newest_only(shown.length)}</p>`}
    <div class="transitions" role="group" tabindex="0" aria-label=${text.transitions}>
      <ul>${shown.map((change) => html`
        <li><span class="change" aria-hidden="true">${text.sign(change)}</span>
          <time datetime=${change.at} title=${moment(change.at)}>${day(change.at)}</time>
          <span>${text.change(change)}</span>
          <span class="quiet">${change.state === "raised" && change.peak !== undefined && text.peaked(change)}</span></li>`)}</ul>
    </div>`;
}
