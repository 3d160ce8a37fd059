// The form of a webhook, in a dialog.
import { html } from "../lib/html.js";
import { address, call } from "../lib/api.js";
import { useLoaded } from "../lib/load.js";
import { may } from "../lib/session.js";
import { text } from "../texts/webhooks.js";
import { Dialog } from "./dialog.js";
import { EditForm } from "./edit_form.js";
import { Pending } from "./problem.js";

export const EVENTS = ["job.late", "job.down", "job.failed", "job.recovered", "job.promoted"];

export function WebhookForm({ me, names, webhook, close, saved }) {
  // The state that is changed is read with its ETag when the form opens.
  const loaded = useLoaded((signal) => (webhook ? call(address(`/webhooks/${webhook.id}`), { signal }) : { body: undefined }), [webhook?.id]);
  const { name, url, organisation_id, events, active } = text.fields;
  const organisations = [["", text.every_organisation], ...[...names.organisations.values()].map(({ id, name }) => [id, name])];
  const fields = [
    { name: "name", required: true, autofocus: true, ...name },
    { name: "url", kind: "url", required: true, ...url },
    ...(may(me, "admin") && !webhook ? [{ name: "organisation_id", kind: "select", options: organisations, ...organisation_id }] : []),
    { name: "events", render: ({ value = [], set, wrong }) => html`<${Events} ...${events} value=${value} set=${set} wrong=${wrong()} />` },
    ...(webhook ? [{ name: "active", render: ({ value, set }) => html`
      <p><label><input type="checkbox" checked=${value} onChange=${(event) => set(event.currentTarget.checked)} /> ${active.label}</label></p>` }] : []),
  ];
  const save = async (body) => {
    const headers = loaded.value.etag ? { "If-Match": loaded.value.etag } : {};
    const [method, path] = webhook ? ["PUT", `/webhooks/${webhook.id}`] : ["POST", "/webhooks"];
    return (await call(address(path), { method, body, headers })).body;
  };
  return html`
    <${Dialog} title=${webhook ? text.editing(webhook.name) : text.create} close=${close}>
      ${!loaded.value ? html`<${Pending} loaded=${loaded} />`
        : html`<${EditForm} key=${loaded.value.etag} fields=${fields} value=${loaded.value.body} start=${{ events: EVENTS }} save=${save} onSaved=${saved}
            reload=${loaded.reload} cancel=${close} action=${webhook ? undefined : text.create} />`}
    <//>`;
}

function Events({ label, none, value, set, wrong }) {
  const toggle = (event) => set(EVENTS.filter((each) => (each === event) !== value.includes(each)));
  return html`
    <fieldset aria-invalid=${wrong.length > 0 ? "true" : undefined}>
      <legend>${label}</legend>
      ${EVENTS.map((event) => html`
        <p key=${event}><label><input type="checkbox" checked=${value.includes(event)} onChange=${() => toggle(event)} /> ${text.event(event)}</label></p>`)}
      ${wrong.length > 0 && html`<p class="wrong">${none}</p>`}
    </fieldset>`;
}
