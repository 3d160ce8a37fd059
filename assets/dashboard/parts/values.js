// A job's values: for each of its metrics the next value, or the last one, and a picture of the newest values.
import { html } from "../lib/html.js";
import { classOf, classesIn } from "../lib/classes.js";
import { useLoaded } from "../lib/load.js";
import { readNewest } from "../lib/newest.js";
import { lines } from "../lib/series.js";
import { moment, relative } from "../lib/time.js";
import { spoken, withUnit } from "../lib/value.js";
import { text } from "../texts/values.js";
import { Class } from "./class.js";
import { Sparkline } from "./sparkline.js";

const SHOWN = 3;
/** How many expected intervals back the picture reaches. */
const INTERVALS = 45;
/** How often it is read again although nothing came, since the next value becomes the last, in milliseconds. */
const AGAIN = 600_000;
const WEEK = 7 * 86_400_000;
/** How far back it reaches at most, in milliseconds. */
const LONGEST = 60 * 86_400_000;

/** `version` is that of the job. With `isCompact` the values are one line of text. */
export function Values({ job, source, version, isReady, isCompact }) {
  const { last_issue_time: newest, last_arrival: arrival } = job.health;
  const found = useLoaded(async () => (newest && isReady ? read(job, source) : []), [job.id, newest, arrival, isReady], AGAIN);
  if (!newest) return html`<span class="quiet">${text.noPredictions}</span>`;
  if (found.problem) return html`<span class="quiet">${found.problem.message}</span>`;
  if (!found.value) return html`<span class="quiet">…</span>`;
  if (found.value.length === 0) return html`<span class="quiet">${text.expired}</span>`;
  const shown = found.value.slice(0, SHOWN);
  const more = found.value.length - shown.length;
  return html`
    ${shown.map((line) => html`<${Line} key=${line.metric + line.key} line=${line} newest=${newestOf(job, line.metric)} classes=${classesIn(version, line.metric)} isCompact=${isCompact} />`)}
    ${more > 0 && html`<p class="quiet">${text.more(more)}</p>`}`;
}

/** The newest issue of one of the job's metrics, in milliseconds. */
const newestOf = ({ health }, metric) =>
  Date.parse(health.targets.find((target) => target.metric === metric)?.last_issue_time ?? health.last_issue_time);

function Line({ line, newest, classes, isCompact }) {
  const marked = line.points.map((point) => ({ ...point, isNew: point.issue === newest }));
  const next = marked.find((point) => point.t >= Date.now());
  const shown = next ?? marked.at(-1);
  const outlook = marked.filter((point) => point.isNew);
  const peak = outlook.reduce((most, point) => (point.v > most.v ? point : most), shown);
  const isWorse = classOf(classes, peak.v)?.word !== classOf(classes, shown.v)?.word;
  const name = [spoken(line.metric), line.stage].filter(Boolean).join(", ");
  const value = withUnit(shown.v, line.unit);
  const word = next ? text.next(relative(shown.t)) : text.last(moment(shown.t));
  return html`
    <div class="line">
      ${!isCompact && html`<${Sparkline} points=${marked} classes=${classes} text=${text.picture(name, value, word)} />`}
      <p>
        <span class="metric">${name}</span>
        <strong>${value}</strong> <${Class} classes=${classes} value=${shown.v} />
        ${isWorse && html`<span class="peak">${text.upTo(withUnit(peak.v, line.unit))} <${Class} classes=${classes} value=${peak.v} /></span>`}
        <span class="quiet word">${word}</span>
      </p>
    </div>`;
}

// Past and future values are read separately: a thinned series always has its first and its last value, so that the next
// value is really the next one.
async function read(job, source) {
  const until = Date.parse(job.health.covers_until) + 1000;
  const minutes = source?.expected_interval_minutes;
  const back = minutes ? Math.min(minutes * 60_000 * INTERVALS, LONGEST) : WEEK;
  const from = Math.min(Date.parse(job.health.last_issue_time), until) - back;
  const now = Math.floor(Date.now() / 1000) * 1000;
  const parts = [["past", from, Math.min(now, until)], ["future", Math.max(from, now), until]].filter(([, from, to]) => from < to);
  const found = await Promise.all(parts.map(([kind, ...window]) => readNewest(kind, job.id, ...window)));
  return lines(found.flat()).map((line) => within(line, from, until)).filter(({ points }) => points.length > 0);
}

/** A line with its points of the window, each once: that of this very second can be in both parts. */
function within(line, from, until) {
  const points = line.points.filter(({ t }, index, all) => t >= from && t < until && t !== all[index - 1]?.t);
  return { ...line, points };
}
