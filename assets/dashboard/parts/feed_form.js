// The form of a feed, in a dialog, with a message to try beside it.
import { html, useState } from "../lib/html.js";
import { mappingsOf, parsed, pointersOf, row, rowsOf } from "../lib/feeds.js";
import { useLoaded } from "../lib/load.js";
import { change, create, getThing } from "../lib/manage.js";
import { may } from "../lib/session.js";
import { text } from "../texts/feeds.js";
import { Dialog } from "./dialog.js";
import { EditForm } from "./edit_form.js";
import { FeedMappings } from "./feed_mappings.js";
import { FeedTrial } from "./feed_trial.js";
import { Field } from "./field.js";
import { Pending } from "./problem.js";

const PLACES = "places-of-the-message";

/** `feed` is the one that is changed. `there` are the organisations and the sensors. */
export function FeedForm({ me, feed, there, close, saved }) {
  const path = feed && `/feeds/${feed.id}`;
  const loaded = useLoaded(async (signal) => {
    if (!path) return {};
    const { thing, etag } = await getThing(path, signal);
    return { thing: { ...thing, mappings: rowsOf(thing.mappings) }, etag };
  }, [path]);
  const [start] = useState(() => ({
    kind: "http", active: true, mappings: [row()], organisation_id: me.organisation_id ?? (there.organisations.length === 1 ? there.organisations[0].id : ""),
  }));
  const [form, setForm] = useState(start);
  const [given, setGiven] = useState({ message: "", topic: "" });
  const { thing, etag } = loaded.value ?? {};
  const owner = thing?.organisation_id ?? form.organisation_id;
  const sensors = there.sensors.filter((sensor) => sensor.organisation_id === owner);
  const hasTopics = (thing?.kind ?? form.kind) === "mqtt";
  const { message } = parsed(given.message);
  const save = (body, form) => {
    if (body.mappings) body.mappings = mappingsOf(form.mappings, hasTopics, message);
    if (!hasTopics) delete body.topic;
    return thing ? change(path, body, etag) : create("/feeds", body);
  };
  const fields = fieldsOf({ me, feed, there, sensors, hasTopics });
  return html`
    <${Dialog} title=${feed ? text.editing(feed.name) : text.create} close=${close} wide>
      ${!loaded.value ? html`<${Pending} loaded=${loaded} />` : html`
        <datalist id=${PLACES}>${pointersOf(message).map((pointer) => html`<option key=${pointer} value=${pointer}></option>`)}</datalist>
        <div class="feed-form">
          <${EditForm} key=${etag} fields=${fields} value=${thing} start=${start} save=${save} onSaved=${saved} changed=${setForm} reload=${loaded.reload}
            cancel=${close} action=${feed ? undefined : text.create_action} />
          <${FeedTrial} rows=${form.mappings ?? []} hasTopics=${hasTopics} sensors=${sensors} given=${given} set=${setGiven} />
        </div>`}
    <//>`;
}

function fieldsOf({ me, feed, there, sensors, hasTopics }) {
  const { name, organisation_id, kind, topic, active } = text.fields;
  const isAdmin = may(me, "admin");
  const organisations = [["", text.organisation_first], ...there.organisations.map(({ id, name }) => [id, name])];
  return [
    { name: "name", required: true, ...name },
    ...(isAdmin && !feed ? [{ name: "organisation_id", kind: "select", required: true, options: organisations, ...organisation_id }] : []),
    // The broker is one for all organisations, so that only an admin chooses topics.
    ...(isAdmin && !feed ? [{ name: "kind", kind: "select", isFixed: true, options: Object.entries(text.kinds), ...kind }]
      : [{ name: "kind", isFixed: true, render: () => null }]),
    { name: "topic", render: ({ value, set, wrong }) => hasTopics && html`<${Field} ...${topic} name="feed-topic" value=${value ?? ""} set=${set} wrong=${wrong()}
      required disabled=${!isAdmin} />` },
    { name: "mappings", render: ({ value, set, wrong }) => html`<${FeedMappings} value=${value} set=${set} wrong=${wrong} sensors=${sensors} hasTopics=${hasTopics} list=${PLACES} />` },
    { name: "active", render: ({ value, set }) => html`
      <p><label><input type="checkbox" checked=${value} onChange=${(event) => set(event.currentTarget.checked)} /> ${active.label}</label></p>` },
  ];
}
