// Dialogs that create, change and delete a thing of the API, and what they have done.
import { html, useState } from "../lib/html.js";
import { useLoaded } from "../lib/load.js";
import { change, create, getThing, remove } from "../lib/manage.js";
import { link } from "../lib/route.js";
import { may } from "../lib/session.js";
import { text } from "../texts/manage.js";
import { Confirm, Dialog } from "./dialog.js";
import { EditForm } from "./edit_form.js";
import { Empty } from "./empty.js";
import { Pending } from "./problem.js";

/** Creates a thing of `path`, or changes the one with the id. The form begins with `start`, or with the newest state. */
export function EditDialog({ title, path, id, fields, start, toForm = (thing) => thing, toBody = (body) => body, close, done, action, lead, wide }) {
  const loaded = useLoaded(async (signal) => (id ? getThing(`${path}/${id}`, signal) : {}), [id]);
  const save = (body, form) => (id ? change(`${path}/${id}`, toBody(body, form), loaded.value.etag) : create(path, toBody(body, form)));
  const onSaved = (saved) => {
    close();
    done(saved);
  };
  return html`<${Dialog} title=${title} close=${close} wide=${wide}>
    ${lead && html`<p class="quiet">${lead}</p>`}
    ${!loaded.value ? html`<${Pending} loaded=${loaded} />`
      : html`<${EditForm} key=${loaded.value.etag} fields=${fields} value=${loaded.value.thing && toForm(loaded.value.thing)} start=${start} save=${save} onSaved=${onSaved}
          reload=${loaded.reload} cancel=${close} action=${id ? text.save : action} />`}
  <//>`;
}

/** Deletes a thing after a question. What is still in use (`users`, links in a list) cannot be deleted, and says so. */
export function DeleteDialog({ name, path, etag, users = [], inUse, close, done, children }) {
  if (users.length > 0) {
    const actions = html`<button type="button" autofocus onClick=${close}>${text.close}</button>`;
    return html`<${Dialog} title=${text.cannotDelete(name)} close=${close} actions=${actions}>
      <p>${inUse}</p>
      <ul>${users.slice(0, 10).map((user) => html`<li><a href=${user.href} onClick=${close}>${user.name}</a></li>`)}</ul>
      ${users.length > 10 && html`<p class="quiet">${text.more(users.length - 10)}</p>`}
    <//>`;
  }
  return html`<${Confirm} title=${text.askDelete(name)} action=${text.delete} run=${() => remove(path, etag)} done=${done} close=${close}>
    ${children}
  <//>`;
}

/** The dialog that is open, as `{ kind, thing }`, and a line that says what was done last. */
export function useManaged() {
  const [open, setOpen] = useState(null);
  const [said, setSaid] = useState("");
  return { open, show: (kind, thing) => () => (setSaid(""), setOpen({ kind, thing })), close: () => setOpen(null), said, say: setSaid };
}

export const Said = ({ managed }) => html`<div role="status" class=${managed.said ? "said" : ""}>${managed.said}</div>`;

/** An empty list of what belongs to an organisation: what to do, or who can do it. */
export function NoneYet({ title, lead, me, organisations }) {
  if (!may(me, "manager")) return html`<${Empty} title=${title}><p>${text.noneViewer}</p><//>`;
  return html`<${Empty} title=${title}><p>${organisations.length > 0 ? lead
    : html`${text.organisationFirst}<a href=${link("organisations")}>${text.createOrganisation}</a>`}</p><//>`;
}

/** The buttons of a row. */
export function RowActs({ managed, thing, edit = true }) {
  return html`${edit && html`<button type="button" onClick=${managed.show("edit", thing)} aria-label="${text.edit} ${thing.name}">${text.edit}</button> `}
    <button type="button" class="danger" onClick=${managed.show("delete", thing)} aria-label="${text.delete} ${thing.name}">${text.delete}</button>`;
}
