// Job counts by health state. Each count is a filter.
import { html } from "../lib/html.js";
import { keep } from "../lib/route.js";
import { ORDER, stateOf } from "../lib/states.js";
import { text } from "../texts/states.js";
import { Sign } from "./state.js";

export function Tiles({ counts, chosen }) {
  return html`
    <div class="tiles" role="group" aria-label=${text.counts}>
      ${ORDER.filter((state) => counts[state] > 0 || state === chosen).map((state) => {
        const isChosen = chosen === state;
        const choose = () => keep({ state: isChosen ? "" : state, cursor: "" });
        return html`
          <button type="button" class="tile ${state}" aria-pressed=${isChosen ? "true" : "false"} title=${stateOf(state).means} onClick=${choose}>
            <span class="count">${counts[state] ?? 0}</span> <span class="word"><${Sign} state=${state} />${stateOf(state).word}</span>
          </button>`;
      })}
    </div>`;
}
