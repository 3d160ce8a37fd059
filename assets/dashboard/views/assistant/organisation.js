// The step that chooses or creates the organisation.
import { html } from "../../lib/html.js";
import { address, call } from "../../lib/api.js";
import { text } from "../../texts/assistant.js";
import { Choice } from "./choice.js";

const words = text.organisation;
const FIELDS = [{ name: "name", label: words.name, hint: words.name_hint, required: true }];

export function OrganisationStep({ there, chosen, next }) {
  const save = async (body) => (await call(address("/organisations"), { method: "POST", body })).body;
  // What belongs to another organisation is not chosen any more.
  const use = (organisation, created) => next(organisation === chosen.organisation?.id ? { organisation }
    : { organisation, location: undefined, sensor: undefined, version: undefined, job: undefined, readings: undefined, result: undefined }, created);
  return html`<${Choice} kind="organisation" things=${there.organisations} chosen=${chosen.organisation} use=${(id) => use(id)}
    fields=${FIELDS} save=${save} onSaved=${(made) => use(made.id, { organisations: made })} />`;
}
