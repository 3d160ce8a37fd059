// The punctuality of jobs: a mark for each of the last days in the colour of the day's worst state. A worse state has a
// higher mark, so that nobody needs to tell the colours apart.
import { html } from "../lib/html.js";
import { address, call } from "../lib/api.js";
import { lastDays, statesOf } from "../lib/days.js";
import { useLoaded } from "../lib/load.js";
import { link } from "../lib/route.js";
import { ORDER } from "../lib/states.js";
import { day, useZone } from "../lib/time.js";
import { text } from "../texts/overview.js";
import { Pending } from "./problem.js";
import { State } from "./state.js";

const DAYS = 60;
/** The most changes of a job that are read. */
const CHANGES = 1000;
const HEIGHTS = { failed: 20, down: 20, late: 15, on_time: 10, new: 6, unmonitored: 6, paused: 6 };
const [WIDTH, TALL] = [8, 20];

/** One request for each of `jobs`, which are those of a page. */
export function Calendar({ jobs }) {
  useZone();
  const states = jobs.map((job) => job.id + job.health.state + job.health.since).join();
  const found = useLoaded((signal) => Promise.all(jobs.map((job) =>
    call(address(`/jobs/${job.id}/health`, { limit: CHANGES }), { signal }))), [states]);
  if (!found.value) return html`<${Pending} loaded=${found} />`;
  const days = lastDays(DAYS);
  const rows = jobs.flatMap((job, index) => {
    const { body, next } = found.value[index] ?? {};
    return body?.job_id === job.id ? [{ job, states: statesOf(job, body, Boolean(next), days) }] : [];
  });
  return html`
    <p class="quiet">${text.calendarHint(DAYS)}</p>
    <table class="calendar">
      <caption class="hidden">${text.calendar}</caption>
      <thead><tr><th scope="col">${text.job}</th>
        <th scope="col"><span class="ends"><span>${text.ago(DAYS)}</span><span>${text.today}</span></span></th>
        <th scope="col">${text.onTime}</th></tr></thead>
      <tbody>${rows.map(({ job, states }) => html`<${Row} key=${job.id} job=${job} states=${states} days=${days} />`)}</tbody>
    </table>
    <p class="tally">${ORDER.filter((state) => rows.some((row) => row.states.some((each) => each?.state === state))).map((state) => html`<${State} state=${state} />`)}</p>`;
}

function Row({ job, states, days }) {
  const known = states.filter(Boolean);
  const counts = ORDER.map((state) => [state, known.filter((each) => each.state === state).length]).filter(([, count]) => count > 0);
  const good = known.filter((each) => each.state === "on_time").length;
  const others = counts.filter(([state]) => state !== "on_time").map(([state, count]) => text.daysIn(count, state)).join(", ");
  return html`
    <tr>
      <th scope="row"><a href=${link(`jobs/${job.id}`)}>${job.name}</a></th>
      <td><svg viewBox="0 0 ${DAYS * WIDTH} ${TALL}" preserveAspectRatio="none" role="img" aria-label=${text.row(good, known.length, others)}>
        ${states.map((each, index) => {
          const height = each ? HEIGHTS[each.state] ?? TALL : 2;
          return html`<rect class="day ${each?.state ?? ""}" x=${index * WIDTH + 0.75} width=${WIDTH - 1.5} y=${TALL - height} height=${height}>
            <title>${text.day(day(days[index]), each)}</title></rect>`;
        })}
      </svg></td>
      <td class="of">${known.length === 0 ? html`<span class="quiet">${text.noDays}</span>` : text.daysOnTime(good, known.length)}</td>
    </tr>`;
}
