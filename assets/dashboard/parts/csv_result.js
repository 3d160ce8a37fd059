// What an import has done.
import { html } from "../lib/html.js";
import { lineText } from "../lib/csv.js";
import { text } from "../texts/csv_import.js";
import { ProblemNote } from "./problem.js";

export function CsvResult({ heading, sent, retry, leave }) {
  const { problem, isCancelled, refused } = sent;
  const title = problem ? text.failed : isCancelled ? text.cancelled : text.result;
  return html`
    <div class="card ${problem || isCancelled || refused.size > 0 ? "" : "good"}">
      <h3 ref=${heading} tabindex="-1">${title}</h3>
      <p role="status">${text.counts(sent)}</p>
      ${refused.size > 0 && html`<ul>${[...refused].map(([detail, lines]) => html`<li>${text.refused(lines.length, lineText(lines), detail)}</li>`)}</ul>`}
      ${problem && html`<${ProblemNote} problem=${problem} />`}
      ${(problem || isCancelled) && html`<p>${text.again}</p>`}
      <p class="acts">
        ${(problem || isCancelled) && html`<button type="button" class="primary" onClick=${retry}>${text.retry}</button>`}
        <button type="button" onClick=${leave}>${text.another}</button>
      </p>
    </div>`;
}
