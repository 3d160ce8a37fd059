// The dialogs of sensors, for their list and for the page of one.
import { html } from "../lib/html.js";
import { choices } from "../lib/manage.js";
import { link } from "../lib/route.js";
import { may } from "../lib/session.js";
import { text as words } from "../texts/manage.js";
import { text } from "../texts/sensors.js";
import { DeleteDialog, EditDialog } from "./manage.js";

/** The jobs that bind each sensor. */
export function jobsBySensor(jobs) {
  const found = new Map();
  for (const job of jobs) {
    for (const { input_type, input_id } of job.role_bindings) {
      if (input_type === "sensor") found.set(input_id, [...(found.get(input_id) ?? []), job]);
    }
  }
  return found;
}

function fieldsOf(me, { organisations, locations }, sensor) {
  const own = ({ organisation_id }) => locations.filter((place) => place.organisation_id === (sensor?.organisation_id ?? organisation_id ?? me.organisation_id));
  return [
    ...(may(me, "admin") ? [{ name: "organisation_id", label: words.organisation, kind: "select", required: true, isFixed: true,
      options: choices(organisations, words.chooseOne) }] : []),
    { name: "name", label: words.name, required: true },
    { name: "metric", label: text.metric, hint: text.metricHint, required: true },
    { name: "unit", label: text.unit, hint: text.unitHint },
    { name: "location_id", label: text.location, kind: "select", options: (form) => choices(own(form), text.noLocation) },
  ];
}

/** `there` has the organisations, locations and jobs that the caller may see. `done(kind, thing)` follows a success. */
export function SensorDialogs({ managed: { open, close }, me, there, done }) {
  if (!open || !["new", "edit", "delete"].includes(open.kind)) return null;
  const { kind, thing } = open;
  const own = me.organisation_id ?? (there.organisations.length === 1 ? there.organisations[0].id : undefined);
  if (kind === "delete") {
    const jobs = jobsBySensor(there.jobs).get(thing.id) ?? [];
    return html`<${DeleteDialog} name=${thing.name} path="/sensors/${thing.id}" close=${close} inUse=${text.inUse}
      users=${jobs.map((job) => ({ name: job.name, href: link(`jobs/${job.id}`) }))} done=${() => done(kind, thing)}><p>${text.consequences}</p><//>`;
  }
  return html`<${EditDialog} title=${thing ? text.editTitle(thing.name) : text.addTitle} path="/sensors" id=${thing?.id} fields=${fieldsOf(me, there, thing)}
    start=${own ? { organisation_id: own } : {}} action=${text.create} close=${close} done=${(thing) => done(kind, thing)} />`;
}
