// What the server would do if the job were set up now.
import { html } from "../lib/html.js";

export function DryRun({ answer, locations }) {
  const place = locations.find(({ id }) => id === answer.location_id)?.name;
  const targets = answer.job_targets.map((target) => target.metric).join(", ");
  if (answer.created.length === 0) {
    return html`<div class="card good"><p><strong>This job exists already.</strong> Setting it up again changes nothing.</p></div>`;
  }
  return html`
    <div class="card good">
      <p><strong>The job is valid.</strong> Nothing is stored yet. Setting it up creates:</p>
      <ul>${answer.created.map((thing) => html`<li>the ${thing.kind.replaceAll("_", " ")} <strong>${thing.name}</strong></li>`)}</ul>
      <p>It is expected to predict ${targets}${place ? ` for ${place}` : ", without a location"}.</p>
    </div>`;
}
