// The form of a webhook, in a dialog.
import { html } from "../lib/html.js";
import { address, call } from "../lib/api.js";
import { useLoaded } from "../lib/load.js";
import { may } from "../lib/session.js";
import { text } from "../texts/webhooks.js";
import { Dialog } from "./dialog.js";
import { EditForm } from "./edit_form.js";
import { Field } from "./field.js";
import { Pending } from "./problem.js";

export const EVENTS = ["job.late", "job.down", "job.failed", "job.recovered", "job.promoted", "alert.raised", "alert.changed", "alert.cleared"];

// The settings of each format, in the order of the form.
const SETTINGS = {
  standard: ["url"],
  slack: ["url"],
  teams: ["url"],
  ntfy: ["url", "token"],
  matrix: ["url", "room_id", "token"],
  telegram: ["chat_id", "token", "url"],
  email: ["to"],
};
const OPTIONAL = { ntfy: ["token"], telegram: ["url"] };
const FORMATS = Object.keys(SETTINGS);
const ALL = ["url", "to", "chat_id", "room_id", "token"];

export function WebhookForm({ me, names, webhook, close, saved }) {
  // The state that is changed is read with its ETag when the form opens.
  const loaded = useLoaded((signal) => (webhook ? call(address(`/webhooks/${webhook.id}`), { signal }) : { body: undefined }), [webhook?.id]);
  const { name, format, organisation_id, events, active } = text.fields;
  const organisations = [["", text.every_organisation], ...[...names.organisations.values()].map(({ id, name }) => [id, name])];
  const fields = [
    { name: "name", required: true, autofocus: true, ...name },
    { name: "format", kind: "select", options: FORMATS.map((format) => [format, text.formats[format]]), ...format },
    ...ALL.map((name) => ({ name, render: (given) => html`<${Setting} ...${given} name=${name} webhook=${loaded.value.body} />` })),
    ...(may(me, "admin") && !webhook ? [{ name: "organisation_id", kind: "select", options: organisations, ...organisation_id }] : []),
    { name: "events", render: ({ value = [], set, wrong }) => html`<${Events} ...${events} value=${value} set=${set} wrong=${wrong()} />` },
    ...(webhook ? [{ name: "active", render: ({ value, set }) => html`
      <p><label><input type="checkbox" checked=${value} onChange=${(event) => set(event.currentTarget.checked)} /> ${active.label}</label></p>` }] : []),
  ];
  const save = async (body, form) => {
    onlyOfFormat(body, form, loaded.value.body);
    const headers = loaded.value.etag ? { "If-Match": loaded.value.etag } : {};
    const [method, path] = webhook ? ["PUT", `/webhooks/${webhook.id}`] : ["POST", "/webhooks"];
    return (await call(address(path), { method, body, headers })).body;
  };
  return html`
    <${Dialog} title=${webhook ? text.editing(webhook.name) : text.create} close=${close}>
      ${!loaded.value ? html`<${Pending} loaded=${loaded} />`
        : html`<${EditForm} key=${loaded.value.etag} fields=${fields} value=${loaded.value.body} start=${{ format: "standard", events: EVENTS }} save=${save} onSaved=${saved}
            reload=${loaded.reload} cancel=${close} action=${webhook ? undefined : text.create} />`}
    <//>`;
}

/** Leaves in the body what belongs to the format. A change of the format names all settings, since the server drops the old ones. */
function onlyOfFormat(body, form, before) {
  const isNew = before && before.format !== form.format;
  for (const name of ALL) {
    const isUsed = SETTINGS[form.format].includes(name);
    if (isUsed && isNew && form[name]) body[name] = form[name];
    if (!isUsed) delete body[name];
  }
  if (typeof body.to === "string") body.to = body.to.split(/[\s,;]+/).filter(Boolean);
}

// A setting of a format; nothing if the chosen format does not have it.
function Setting({ name, value, set, wrong, form, problem, webhook }) {
  const { format } = form;
  if (!SETTINGS[format].includes(name)) return null;
  const { hints = {}, ...field } = text.fields[name];
  const isStored = name === "token" && webhook?.has_token && webhook.format === format;
  const hint = isStored ? text.token_stored : hints[format];
  const kind = { url: "url", to: "textarea", token: "password" }[name];
  const details = wrong().concat(name === "to" ? detailsBelow(problem, "/to/") : []);
  const shown = Array.isArray(value) ? value.join("\n") : value ?? "";
  return html`<${Field} name="edit-${name}" kind=${kind} value=${shown} set=${set} hint=${hint} wrong=${details} ...${field}
    required=${!isStored && !OPTIONAL[format]?.includes(name)} autocomplete=${name === "token" ? "off" : undefined} />`;
}

const detailsBelow = (problem, beginning) =>
  (problem?.errors ?? []).filter(({ pointer }) => pointer?.startsWith(beginning)).map(({ detail }) => detail);

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
