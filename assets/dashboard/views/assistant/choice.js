// A step that uses a thing that exists, or creates one.
import { html, useState } from "../../lib/html.js";
import { EditForm } from "../../parts/edit_form.js";
import { Field } from "../../parts/field.js";
import { text } from "../../texts/assistant.js";

/**
 * `things` are those that exist, `chosen` the one that is selected first. `use(id)` goes on with one; the rest is the form of a
 * new one, as `EditForm` takes it. `kind` is its name in a sentence.
 */
export function Choice({ kind, things, chosen, nameOf = (thing) => thing.name, use, ...form }) {
  const [isNew, setNew] = useState(things.length === 0);
  const [id, setId] = useState(chosen?.id ?? things.at(-1)?.id);
  if (isNew || things.length === 0) {
    return html`<${EditForm} ...${form} action=${form.action ?? text.create(kind)} cancel=${things.length > 0 ? () => setNew(false) : undefined} />`;
  }
  const thing = things.find((thing) => thing.id === id) ?? things[0];
  const submit = (event) => {
    event.preventDefault();
    use(thing.id);
  };
  return html`
    <form onSubmit=${submit}>
      <${Field} name="use-${kind}" label=${text.existing(kind)} kind="select" value=${thing.id} set=${setId} options=${things.map((thing) => [thing.id, nameOf(thing)])} />
      <p class="acts">
        <button class="primary">${text.use(nameOf(thing))}</button>
        <button type="button" onClick=${() => setNew(true)}>${text.other(kind)}</button>
      </p>
    </form>`;
}

/** What a step needs and does not have, and the way to the step that makes it. */
export function Missing({ step, need, go }) {
  const what = text.names[need].toLowerCase();
  return html`
    <p>${text.needs(`A ${text.names[step].toLowerCase()}`, what)}</p>
    <p><button type="button" class="primary" onClick=${() => go(need)}>${text.go(text.names[need])}</button></p>`;
}
