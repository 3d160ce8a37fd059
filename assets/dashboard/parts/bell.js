// A bell for raised alerts, with their level, and a link.
import { html } from "../lib/html.js";
import { text } from "../texts/alerts.js";

/** The sign of an alert that is raised. */
export const BellSign = () => html`<svg class="sign" viewBox="0 0 16 16" width="14" height="14" aria-hidden="true"><path d="M3 11.5h10L11.8 9V6.3a3.8 3.8 0 0 0-7.6 0V9zM6.7 13.9a1.4 1.4 0 0 0 2.6 0" /></svg>`;

/** The alerts with these raised states: the level if there is one alert, else their number. */
export function Bell({ states, href }) {
  if (!states?.length) return null;
  const word = states.length === 1 ? states[0].level ?? text.states.raised : text.alerts(states.length);
  const names = states.map(({ alert }) => alert).join(", ");
  return html`<a class="bell" href=${href} title=${names}><${BellSign} />${word}<span class="hidden">${text.bell(states)}</span></a>`;
}
