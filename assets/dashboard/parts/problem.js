// What went wrong, as the server tells it.
import { html } from "../lib/html.js";
import { BASE } from "../lib/base.js";

/** A problem with all that is known of it; `shown` are the places whose violations stand at their fields. */
export function ProblemNote({ problem, retry, shown = [] }) {
  if (!problem) return null;
  const rest = (problem.errors ?? []).filter((error) => !shown.includes(error.pointer ?? error.parameter));
  const place = (error) => error.pointer ?? error.parameter ?? "";
  return html`
    <div class="problem" role="alert">
      <p><strong>${problem.title ?? "Something went wrong"}.</strong> ${problem.detail ?? problem.message}</p>
      ${rest.length > 0 && html`<ul>${rest.map((error) => html`<li><code>${place(error) || "the request"}</code> ${error.detail}</li>`)}</ul>`}
      <p class="quiet">
        ${problem.type?.startsWith(`${BASE}/docs/`) && html`<a href=${problem.type}>What this means</a> `}
        ${problem.request_id && html`Request <code>${problem.request_id}</code>`}
      </p>
      ${retry && html`<p><button type="button" onClick=${retry}>Try again</button></p>`}
    </div>`;
}

/** What is there until the first answer: that it loads, or why it does not. */
export function Pending({ loaded }) {
  if (loaded.problem) return html`<${ProblemNote} problem=${loaded.problem} retry=${loaded.reload} />`;
  return html`<p class="quiet" role="status">Loading …</p>`;
}
