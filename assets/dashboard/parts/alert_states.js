// The states of an alert and its transitions, in a dialog.
import { html, useState } from "../lib/html.js";
import { address, call, getAll } from "../lib/api.js";
import { POLL, useLoaded } from "../lib/load.js";
import { moment, relative } from "../lib/time.js";
import { text } from "../texts/alerts.js";
import { BellSign } from "./bell.js";
import { Dialog } from "./dialog.js";
import { Pending } from "./problem.js";

const STEP = 25;

/** `placeOf(state)` says in words of which predictions a state or a transition is. */
export function AlertStates({ alert, placeOf, close }) {
  const [count, setCount] = useState(STEP);
  const states = useLoaded((signal) => getAll(`/alerts/${alert.id}/states`, {}, signal), [alert.id], POLL);
  const changes = useLoaded((signal) => call(address(`/alerts/${alert.id}/changes`, { limit: count }), { signal }), [alert.id, count], POLL);
  const actions = html`
    ${changes.value?.next && html`<button type="button" onClick=${() => setCount(count + STEP)}>${text.show_more}</button>`}
    <button type="button" class="primary" onClick=${close}>${text.close}</button>`;
  const likely = ({ peak_probability: probability }) => probability !== undefined && text.likely(probability);
  const hasProbability = alert.probability !== undefined;
  const shown = (columns) => Object.fromEntries(Object.entries(columns).filter(([key]) => key !== "probability" || hasProbability));
  const unit = states.value?.find((state) => state.unit)?.unit;
  return html`
    <${Dialog} title=${text.show_of(alert.name)} close=${close} actions=${actions} wide>
      <p class="quiet">${text.rule(alert)}</p>
      <h3>${text.states_title}</h3>
      ${!states.value ? html`<${Pending} loaded=${states} />` : states.value.length === 0 ? html`<p class="empty">${text.no_states}</p>` : html`
        <${Rows} label=${text.states_title} columns=${shown(text.state_columns)} rows=${states.value.map((state) => ({
          place: placeOf(state), state: html`<${AlertState} state=${state} />`, since: timed(state.since), first: state.first_time && moment(state.first_time),
          last: state.last_time && moment(state.last_time), peak: state.peak !== undefined && text.peak(state.peak, unit, state.peak_time),
          probability: likely(state), issue: state.issue_time && moment(state.issue_time),
        }))} />`}
      <h3>${text.changes_title}</h3>
      ${!changes.value ? html`<${Pending} loaded=${changes} />` : changes.value.body.length === 0 ? html`<p class="empty">${text.no_changes}</p>` : html`
        <${Rows} label=${text.changes_title} columns=${shown(text.change_columns)} rows=${changes.value.body.map((change) => ({
          at: timed(change.at), place: placeOf(change), change: `${text.sign(change)} ${text.change(change)}`,
          probability: likely(change), peak: change.peak !== undefined && text.peak(change.peak, unit, change.peak_time), first: change.first_time && moment(change.first_time),
          told: change.told ? text.told : text.not_told,
        }))} />`}
    <//>`;
}

const timed = (time) => html`<span title=${relative(time)}>${moment(time)}</span>`;

function Rows({ label, columns, rows }) {
  const [first, ...rest] = Object.entries(columns);
  return html`
    <table class="cards" aria-label=${label}>
      <thead><tr>${Object.values(columns).map((head) => html`<th scope="col" class="no-sort">${head}</th>`)}</tr></thead>
      <tbody>${rows.map((row) => html`<tr>
        <th scope="row">${row[first[0]]}</th>
        ${rest.map(([key, head]) => html`<td data-title=${head}>${row[key]}</td>`)}
      </tr>`)}</tbody>
    </table>`;
}

/** The state of an alert as a word: a raised one with a bell and its level. */
export function AlertState({ state: { state, level } }) {
  if (state !== "raised") return html`<span class=${state === "unknown" ? "quiet" : undefined} title=${text.means[state]}>${text.states[state]}</span>`;
  return html`<span class="bell"><${BellSign} />${text.states.raised}${level && `, ${level}`}</span>`;
}
