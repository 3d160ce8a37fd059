// What the server would do if the job were set up now.
import { html } from "../lib/html.js";
import { text } from "../texts/set_up.js";

export function DryRun({ answer, locations }) {
  const place = locations.find(({ id }) => id === answer.location_id)?.name;
  const targets = answer.job_targets.map((target) => target.metric).join(", ");
  if (answer.created.length === 0) {
    return html`<div class="card good"><p><strong>${text.exists}</strong> ${text.existsHint}</p></div>`;
  }
  return html`
    <div class="card good">
      <p><strong>${text.valid}</strong> ${text.creates}</p>
      <ul>${answer.created.map((thing) => html`<li>${text.thing(thing.kind)}<strong>${thing.name}</strong></li>`)}</ul>
      <p>${text.expected(targets, place)}</p>
    </div>`;
}
