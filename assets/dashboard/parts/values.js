// What a job says: for each of its metrics the next value, or the latest, and a picture of the newest values.
import { html } from "../lib/html.js";
import { get } from "../lib/api.js";
import { classOf } from "../lib/classes.js";
import { useLoaded } from "../lib/load.js";
import { lines } from "../lib/series.js";
import { moment, relative } from "../lib/time.js";
import { spoken, withUnit } from "../lib/value.js";
import { Class } from "./class.js";
import { Sparkline } from "./sparkline.js";

const SHOWN = 3;
/** How many expected intervals back the picture reaches. */
const INTERVALS = 45;
const WEEK = 7 * 86_400_000;

export function Values({ job, source, isReady }) {
  const { last_issue_time: newest, last_arrival: arrival } = job.health;
  const found = useLoaded(async (signal) => (newest && isReady ? read(job, source, signal) : []), [job.id, newest, arrival, isReady]);
  if (!newest) return html`<span class="quiet">nothing predicted yet</span>`;
  if (found.problem) return html`<span class="quiet">${found.problem.message}</span>`;
  if (!found.value) return html`<span class="quiet">…</span>`;
  if (found.value.length === 0) return html`<span class="quiet">expired: nothing is kept any more</span>`;
  const shown = found.value.slice(0, SHOWN);
  const more = found.value.length - shown.length;
  return html`
    ${shown.map((line) => html`<${Line} key=${line.metric + line.key} line=${line} newest=${Date.parse(newest)} />`)}
    ${more > 0 && html`<p class="quiet">and ${more} more</p>`}`;
}

function Line({ line, newest }) {
  const marked = line.points.map((point) => ({ ...point, isNew: point.issue === newest }));
  const next = marked.find((point) => point.t >= Date.now());
  const shown = next ?? marked.at(-1);
  const outlook = marked.filter((point) => point.isNew);
  const peak = outlook.reduce((most, point) => (point.v > most.v ? point : most), shown);
  const isWorse = classOf(line.metric, peak.v) !== classOf(line.metric, shown.v);
  const name = [spoken(line.metric), line.stage].filter(Boolean).join(", ");
  const value = withUnit(shown.v, line.unit);
  const word = next ? `next, ${relative(shown.t)}` : `last, ${moment(shown.t)}`;
  return html`
    <div class="line">
      <${Sparkline} points=${marked} metric=${line.metric} text="${name}: ${value} ${word}" />
      <p>
        <span class="metric">${name}</span>
        <strong>${value}</strong> <${Class} metric=${line.metric} value=${shown.v} />
        ${isWorse && html`<span class="peak">up to ${withUnit(peak.v, line.unit)} <${Class} metric=${line.metric} value=${peak.v} /></span>`}
        <span class="quiet word">${word}</span>
      </p>
    </div>`;
}

async function read(job, source, signal) {
  const until = job.health.covers_until;
  const minutes = source?.expected_interval_minutes;
  const back = minutes ? minutes * 60_000 * INTERVALS : WEEK;
  const from = new Date(Math.min(Date.parse(job.health.last_issue_time), Date.parse(until)) - back).toISOString();
  const to = new Date(Date.parse(until) + 1000).toISOString();
  return lines(await get("/predictions", { metric: "all", job_id: job.id, from, to, shape: "series", max_points: 100 }, signal));
}
