// A job's health as a colour, an icon and a word.
import { html } from "../lib/html.js";
import { stateOf } from "../lib/states.js";
import { text } from "../texts/overview.js";

// Each state has a sign of its own, so that nobody needs to tell the colours apart.
const SIGNS = {
  on_time: html`<path d="M3.5 8.5l3 3 6-7" />`,
  late: html`<circle cx="8" cy="8" r="6" /><path d="M8 4.5V8l2.5 2" />`,
  down: html`<path d="M8 2v8m-4-3.5L8 11l4-4.5M3 14h10" />`,
  failed: html`<path d="M4 4l8 8m0-8l-8 8" />`,
  new: html`<path d="M8 2v12M2 8h12M4 4l8 8m0-8l-8 8" />`,
  paused: html`<path d="M5.5 3v10m5-10v10" />`,
  unmonitored: html`<path d="M2 8h12" />`,
};

export function Sign({ state }) {
  return html`<svg class="sign" viewBox="0 0 16 16" width="14" height="14" aria-hidden="true">${SIGNS[state]}</svg>`;
}

/** Beside the state of a job that posts: whether its predictions end before the present. */
export function Coverage({ job }) {
  const { covers_now, last_arrival } = job.health;
  if (covers_now || !last_arrival || !job.active) return null;
  return html`<span class="coverage" title=${text.pastHint}>${text.past}</span>`;
}

export function State({ state }) {
  const { word, means } = stateOf(state);
  return html`<span class="state ${state}" title=${means}><${Sign} state=${state} />${word}</span>`;
}
