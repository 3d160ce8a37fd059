// The filters of the jobs. The choice is part of the address.
import { html } from "../lib/html.js";
import { keep } from "../lib/route.js";
import { may } from "../lib/session.js";
import { ORDER, stateOf } from "../lib/states.js";
import { Field } from "./field.js";

/** The states that need attention. */
const WRONG = "failed,down,late";

const named = (things, all) => [["", all], ...[...things.values()].map((thing) => [thing.id, thing.name])];

export function Filters({ names, parameters, me }) {
  const set = (name) => (value) => keep({ [name]: value, cursor: "" });
  const states = [["", "Any health"], [WRONG, "Needs attention"], ...ORDER.map((state) => [state, stateOf(state).word])];
  return html`
    <form class="filters" onSubmit=${(event) => event.preventDefault()} aria-label="Filters">
      ${may(me, "admin") && html`<${Field} name="organisation" label="Organisation" kind="select" value=${parameters.organisation ?? ""}
        set=${set("organisation")} options=${named(names.organisations, "All organisations")} />`}
      <${Field} name="source" label="Source" kind="select" value=${parameters.source ?? ""} set=${set("source")}
        options=${named(names.sources, "All sources")} />
      <${Field} name="state" label="Health" kind="select" value=${parameters.state ?? ""} set=${set("state")} options=${states} />
    </form>`;
}
