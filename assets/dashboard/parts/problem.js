// An error, as the server reports it.
import { html } from "../lib/html.js";
import { BASE } from "../lib/base.js";

/** A problem with its violations, without those that their fields show (`shown`). */
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

/** The state before the first response: loading, or the reason why it failed. */
export function Pending({ loaded }) {
  if (loaded.problem) return html`<${ProblemNote} problem=${loaded.problem} retry=${loaded.reload} />`;
  return html`<p class="quiet" role="status">Loading …</p>`;
}
