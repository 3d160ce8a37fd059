// An error of the server in a person's words. What a developer needs stands behind "Details".
import { html } from "../lib/html.js";
import { BASE } from "../lib/base.js";
import { text } from "../texts/problems.js";

const placeOf = (error) => error.pointer ?? error.parameter ?? "";

/** A problem with its violations, without those that their fields show (`shown`). `labels` names fields by their place. */
export function ProblemNote({ problem, retry, shown = [], labels = {} }) {
  if (!problem) return null;
  const errors = problem.errors ?? [];
  const rest = errors.filter((error) => !shown.includes(placeOf(error)));
  const sentence = (error) => text.violation(labels[placeOf(error)] ?? text.label(placeOf(error)), error.detail);
  const isConflict = problem.status === 409;
  let said = text.problem(problem);
  if (errors.length > 0 && !isConflict) said = rest.length > 0 ? text.listed : text.marked;
  return html`
    <div class="problem" role="alert">
      <p>${said}</p>
      ${rest.length > 0 && html`<ul>${rest.map((error) => html`<li>${sentence(error)}</li>`)}</ul>`}
      ${retry && html`<p><button type="button" onClick=${retry}>${text.retry}</button></p>`}
      <${Details} problem=${problem} />
    </div>`;
}

function Details({ problem }) {
  const { type, title, status, request_id } = problem;
  const isPage = type?.startsWith(`${BASE}/docs/`);
  if (!isPage && !request_id) return null;
  return html`
    <details>
      <summary>${text.details}</summary>
      <p>
        ${title}${status ? ` (${status})` : ""}.${isPage && html` <a href=${type}>${text.means}</a>.`}
        ${request_id && html`<br />${text.request} <code>${request_id}</code>`}
      </p>
    </details>`;
}

/** The state before the first response: loading, or the reason why it failed. */
export function Pending({ loaded }) {
  if (loaded.problem) return html`<${ProblemNote} problem=${loaded.problem} retry=${loaded.reload} />`;
  return html`<p class="quiet" role="status">${text.loading}</p>`;
}
