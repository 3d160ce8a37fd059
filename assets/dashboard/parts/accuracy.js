// How accurate a job's predictions were: scores by lead time for each version, and a closer look at one of them. It is read only
// when it is scrolled to, or asked for.
import { html, useEffect, useRef, useState } from "../lib/html.js";
import { address, curl, get } from "../lib/api.js";
import { MOST_ROWS, arranged, edges, queryOf, sensorsOf, truthOf, windowOf } from "../lib/accuracy.js";
import { BASE } from "../lib/base.js";
import { useLoaded, useSettled } from "../lib/load.js";
import { keep } from "../lib/route.js";
import { zone } from "../lib/time.js";
import { text } from "../texts/accuracy.js";
import { AccuracyChoices } from "./accuracy_choices.js";
import { Closer } from "./accuracy_closer.js";
import { Leads } from "./accuracy_leads.js";
import { AccuracyProblem } from "./accuracy_problem.js";
import { ScoreTable } from "./accuracy_table.js";
import { Answer, Copy } from "./copy.js";
import { Pending } from "./problem.js";

/** How long the section is seen before it is read, in milliseconds: while the chart above is loading, it stands higher. */
const STILL = 400;
/** The most lines of the picture, such as those of a job with many locations. */
const MOST_LINES = 5;

/** `window` is what the chart shows, once there is a chart. The choices are part of the address. */
export function Accuracy({ job, names, window, parameters }) {
  const place = useRef(null);
  const [isOpen, setOpen] = useState(false);
  const [isSeen, setSeen] = useState(false);
  const isStill = useSettled(isSeen, STILL);
  useEffect(() => {
    const observer = new IntersectionObserver((entries) => setSeen(entries.at(-1).isIntersecting));
    observer.observe(place.current);
    return () => observer.disconnect();
  }, []);
  useEffect(() => void (isSeen && isStill && window && setOpen(true)), [isSeen, isStill, Boolean(window)]);
  return html`
    <section class="accuracy" ref=${place} aria-labelledby="accuracy-title">
      <h2 id="accuracy-title">${text.title}</h2>
      <p class="quiet lead-in">${text.lead} <a href=${`${BASE}/docs/accuracy`}>${text.guide}</a></p>
      ${isOpen ? html`<${Scores} job=${job} names=${names} window=${window} parameters=${parameters} />`
        : html`<p><button type="button" onClick=${() => setOpen(true)}>${text.show}</button></p>`}
    </section>`;
}

function Scores({ job, names, window, parameters }) {
  const [now] = useState(Date.now);
  const { period = "month", reference = "persistence", common } = parameters;
  const target = job.job_targets.find(({ metric }) => metric === parameters.metric) ?? job.job_targets[0];
  const { metric } = target;
  const bindings = job.role_bindings.map(({ input_id }) => input_id).join();
  const sensors = useLoaded(async (signal) => ({ metric, ...await sensorsOf(job, metric, signal) }), [job.id, metric, bindings]);
  const isKnown = sensors.value?.metric === metric;
  const truth = truthOf(isKnown ? sensors.value : { list: [] }, parameters.truth);
  const query = {
    metric, job_id: job.id, track: "all", ...windowOf(period, [job], window, now), lead_edges: edges(truth.truth === "analysis"), ...truth,
    reference: reference === "none" ? undefined : reference, common: common ? true : undefined, tz: zone(), classes: true,
  };
  const at = address("/accuracy", { ...query, limit: MOST_ROWS });
  const found = useLoaded(async (signal) => (isKnown
    ? { at, query, unit: target.unit, rows: await get("/accuracy", { ...query, limit: MOST_ROWS }, signal) } : undefined), [at, isKnown]);
  if (!isKnown) return html`<${Pending} loaded=${sensors} />`;
  const label = names.versions.get(job.source_version_id)?.version;
  const { lines, ranges } = arranged(found.value?.rows ?? [], label, (row, hasPlaces) =>
    text.line(row, hasPlaces && (names.locations.get(row.location_id)?.name ?? row.location_id)));
  const versions = new Set(lines.map(({ rows: [row] }) => `${row.source_version} ${row.track ?? ""}`));
  return html`
    <${AccuracyChoices} job=${job} metric=${metric} sensors=${sensors.value} truth=${truth} period=${period} reference=${reference}
      common=${common} hasSeveral=${Boolean(common) || versions.size > 1} />
    ${!sensors.value.isMeasured && html`<p class="quiet">${text.byItself}</p>`}
    ${found.problem ? html`<${AccuracyProblem} problem=${found.problem} retry=${found.reload} />`
      : !found.value ? html`<${Pending} loaded=${found} />`
      : lines.length === 0 ? html`<${Nothing} rows=${found.value.rows} period=${period} isAnalysis=${truth.truth === "analysis"} />`
      : html`<div class=${found.value.at === at ? "" : "loading"} aria-busy=${found.value.at === at ? "false" : "true"}>
        <${Found} job=${job} query=${found.value.query} unit=${found.value.unit} lines=${lines} ranges=${ranges} parameters=${parameters} /></div>`}`;
}

/** `query` is what the scores were asked with. */
function Found({ job, query, unit, lines, ranges, parameters }) {
  const line = lines.find(({ key }) => key === parameters.of) ?? lines[0];
  const most = line.rows.reduce((most, row) => (row.pairs > most.pairs ? row : most));
  const row = line.rows.find((row) => row.lead_to === parameters.range) ?? most;
  const pairs = queryOf(query, row);
  const first = lines.slice(0, MOST_LINES);
  const shown = first.includes(line) ? first : [...first.slice(0, -1), line];
  const csv = address("/accuracy/pairs", { ...pairs, tz: undefined, format: "csv" });
  return html`
    ${shown.length < lines.length && html`<p class="quiet">${text.cut(shown.length, lines.length)}</p>`}
    <${Leads} lines=${shown} ranges=${ranges} row=${row} line=${line} unit=${unit} choose=${(range) => keep({ range })} />
    <${ScoreTable} lines=${shown} ranges=${ranges} unit=${unit} reference=${query.reference} />
    <${Closer} key=${job.id} query=${pairs} line=${line} lines=${lines} row=${row} unit=${unit} />
    <p class="same">
      <${Answer} address=${csv} name=${text.csv} file="${text.file(job.name, query.metric)}.csv" />
      <${Copy} text=${curl(address("/accuracy", query))} label=${text.curl} />
    </p>`;
}

function Nothing({ rows, period, isAnalysis }) {
  const sum = (field) => rows.reduce((sum, row) => sum + row[field], 0);
  const lacking = sum("without_reference");
  const unmet = text.unmet(sum("without_reading"), lacking === 0 && sum("without_prediction"), lacking);
  return html`
    <p class="empty">${text.nothing} ${unmet && `${unmet}.`}${" "}
      ${lacking > 0 && html`<button type="button" onClick=${() => keep({ reference: "none" })}>${text.withoutReference}</button> `}
      ${!isAnalysis && html`<button type="button" onClick=${() => keep({ truth: "analysis" })}>${text.withAnalysis}</button> `}
      ${period !== "all" && html`<button type="button" onClick=${() => keep({ period: "all" })}>${text.showAll}</button>`}</p>`;
}
