// The dialogs of sources, for their list and for the page of one.
import { html } from "../lib/html.js";
import { choices } from "../lib/manage.js";
import { link } from "../lib/route.js";
import { may } from "../lib/session.js";
import { text as words } from "../texts/manage.js";
import { text } from "../texts/sources.js";
import { DeleteDialog, EditDialog } from "./manage.js";

const minutes = { kind: "number", step: 1, max: 525_600 };

function fieldsOf(me, organisations) {
  return [
    ...(may(me, "admin") ? [{ name: "organisation_id", label: text.owner, kind: "select", isFixed: true, options: choices(organisations, text.ownerChoice) }] : []),
    { name: "name", label: words.name, hint: text.nameHint, required: true },
    { name: "description", label: text.description, kind: "textarea" },
    { name: "expected_interval_minutes", label: text.minutes, hint: text.minutesHint, ...minutes, min: 1 },
    { name: "grace_minutes", label: text.grace, hint: text.graceHint, ...minutes, min: 0 },
    { name: "retention_hours", label: text.hours, hint: text.hoursHint, kind: "number", step: 1, min: 1, max: 876_600 },
    { name: "direct_track", label: text.track, kind: "select", options: text.tracks },
  ];
}

/** `versions` are all that the caller may see. `done(kind, thing)` follows a success. */
export function SourceDialogs({ managed: { open, close }, me, organisations, versions, done }) {
  if (!open || !["new", "edit", "delete"].includes(open.kind)) return null;
  const { kind, thing } = open;
  if (kind === "delete") {
    const users = versions.filter((version) => version.source_id === thing.id)
      .map(({ version }) => ({ name: text.version(version), href: link(`sources/${thing.id}`) }));
    return html`<${DeleteDialog} name=${thing.name} path="/sources/${thing.id}" close=${close} inUse=${text.deleteVersions} users=${users}
      done=${() => done(kind, thing)}><p>${text.consequences} ${words.undone}</p><//>`;
  }
  return html`<${EditDialog} title=${thing ? text.editTitle(thing.name) : text.addTitle} path="/sources" id=${thing?.id}
    fields=${fieldsOf(me, organisations)} start=${{}} action=${text.create} close=${close} done=${(thing) => done(kind, thing)} />`;
}
