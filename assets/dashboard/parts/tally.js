// Counts of some jobs by state, in one line, the worst state first.
import { html } from "../lib/html.js";
import { ORDER } from "../lib/states.js";
import { State } from "./state.js";

export function TallyOfStates({ jobs }) {
  const counts = new Map(ORDER.map((state) => [state, jobs.filter((job) => job.health.state === state).length]));
  const shown = ORDER.filter((state) => counts.get(state) > 0);
  return html`<span class="tally">${shown.map((state) => html`<span>${counts.get(state)} <${State} state=${state} /></span>`)}</span>`;
}
