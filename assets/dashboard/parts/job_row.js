// One job of the overview.
import { html } from "../lib/html.js";
import { sourceName } from "../lib/names.js";
import { link } from "../lib/route.js";
import { stateOf } from "../lib/states.js";
import { moment, relative, useZone } from "../lib/time.js";
import { spoken } from "../lib/value.js";
import { text } from "../texts/overview.js";
import { text as states } from "../texts/states.js";
import { Bell } from "./bell.js";
import { Seen } from "./seen.js";
import { Coverage, State } from "./state.js";
import { Values } from "./values.js";

/** A compact row has one line. `raised` are the raised states of alerts that watch the job. */
export function JobRow({ job, names, raised, isCompact }) {
  useZone();
  const { health } = job;
  const place = names.locations.get(job.location_id)?.name;
  // A user of one organisation does not need its name in each row.
  const organisation = names.organisations.size > 1 ? names.organisations.get(job.organisation_id)?.name : undefined;
  const trials = (job.shadows ?? []).map((shadow) => shadow.source_version);
  const bell = html`<${Bell} states=${raised} href=${link(`jobs/${job.id}`)} />`;
  return html`
    <li class="job">
      <div class="name">
        <a href=${link(`jobs/${job.id}`)}>${job.name}</a>
        ${isCompact && bell}
        <p class="quiet">${[sourceName(names, job), place, organisation].filter(Boolean).join(" · ")}</p>
        ${trials.length > 0 && html`<p class="quiet">${text.onTrial(trials)}</p>`}
      </div>
      <div class="health">
        <${State} state=${health.state} /> ${!isCompact && bell}
        <p class="quiet" title=${isCompact ? reason(health) : undefined}>${reason(health)}</p>
        ${troubled(health).map((target) => html`<p class="target"><span>${spoken(target.metric)}</span> <${State} state=${target.state} /></p>`)}
      </div>
      <${When} label=${text.lastPost} time=${health.last_arrival} none=${text.noneYet}>
        ${health.last_issue_time && moment(health.last_issue_time) !== moment(health.last_arrival)
          && html`<p class="quiet">${text.issue(health.last_issue_time)}</p>`}
      <//>
      <${When} label=${text.until} time=${health.covers_until} none=${health.last_issue_time ? text.unknown : text.noneYet}>
        <${Coverage} job=${job} />
      <//>
      <div class="values"><${Seen}><${Values} job=${job} source=${names.sources.get(job.source_id)} version=${names.versions.get(job.source_version_id)} isReady=${!names.isLoading} isCompact=${isCompact} /><//></div>
    </li>`;
}

function When({ label, time, none, children }) {
  if (!time) return html`<div class="when"><span class="label">${label}</span><span class="quiet">${none}</span></div>`;
  return html`
    <div class="when">
      <span class="label">${label}</span>
      <time datetime=${time} title=${moment(time)}>${relative(time)}</time>
      <p class="quiet">${moment(time)}</p>
      ${children}
    </div>`;
}

/** Why the job is in its state, in a few words. */
export function reason(health) {
  if (health.message) return health.message;
  if (health.state === "late" || health.state === "down") return health.expected_by ? states.wasDue(relative(health.expected_by)) : "";
  if (health.state === "on_time" && health.expected_by) return states.nextDue(relative(health.expected_by));
  if (health.state === "on_time") return "";
  return stateOf(health.state).means;
}

/** The targets whose state differs from the job's, if it has several. */
export const troubled = (health) =>
  (health.targets ?? []).length > 1 ? health.targets.filter((target) => target.state !== health.state) : [];
