// How some jobs do, in a line: the states that there are, the worst first.
import { html } from "../lib/html.js";
import { ORDER } from "../lib/states.js";
import { State } from "./state.js";

export function TallyOfStates({ jobs }) {
  const counts = new Map(ORDER.map((state) => [state, jobs.filter((job) => job.health.state === state).length]));
  return html`<span class="tally">${ORDER.filter((state) => counts.get(state) > 0).map((state) => html`<span>${counts.get(state)} <${State} state=${state} /></span>`)}</span>`;
}
