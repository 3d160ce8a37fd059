// How accurate the sources are at a location: for each metric that is measured there, the sources side by side.
import { html, useState } from "../lib/html.js";
import { address, curl, get } from "../lib/api.js";
import { MOST_ROWS, arranged, edges, windowOf } from "../lib/accuracy.js";
import { BASE } from "../lib/base.js";
import { useLoaded } from "../lib/load.js";
import { keep } from "../lib/route.js";
import { zone } from "../lib/time.js";
import { spoken } from "../lib/value.js";
import { text } from "../texts/accuracy.js";
import { Leads } from "./accuracy_leads.js";
import { AccuracyProblem } from "./accuracy_problem.js";
import { ScoreTable } from "./accuracy_table.js";
import { Copy } from "./copy.js";
import { Field } from "./field.js";
import { Pending } from "./problem.js";

/** The most lines of a picture. */
const MOST_LINES = 5;

/** `jobs` are those of the location. The choices are part of the address. */
export function LocationAccuracy({ location, sensors, jobs, parameters }) {
  const [now] = useState(Date.now);
  const { period = "month", reference = "persistence", common } = parameters;
  const metrics = [...Map.groupBy(sensors, ({ metric }) => metric)].sort(([one], [other]) => one.localeCompare(other));
  const shared = {
    location_id: location.id, track: "all", ...windowOf(period, jobs, undefined, now), lead_edges: edges(false),
    reference: reference === "none" ? undefined : reference, common: common ? true : undefined, tz: zone(),
  };
  const names = new Map(jobs.map(({ id, name }) => [id, name]));
  const periods = Object.entries(text.periods).filter(([key]) => key !== "chart");
  return html`
    <section class="accuracy" aria-labelledby="accuracy-title">
      <h2 id="accuracy-title">${text.here}</h2>
      <p class="quiet lead-in">${text.hereLead} <a href=${`${BASE}/docs/accuracy`}>${text.guide}</a></p>
      ${metrics.length === 0 ? html`<p class="quiet">${text.hereNone}</p>` : html`
        <div class="choices">
          <${Field} name="accuracy-period" label=${text.period} kind="select" value=${period} set=${(period) => keep({ period })} options=${periods} />
          <${Field} name="accuracy-reference" label=${text.reference} kind="select" value=${reference} set=${(reference) => keep({ reference })}
            options=${Object.entries(text.references)} />
          <label class="check"><input type="checkbox" checked=${Boolean(common)}
            onChange=${(event) => keep({ common: event.currentTarget.checked ? "1" : "" })} /> ${text.hereCommon}</label>
        </div>
        <${Metrics} metrics=${metrics} shared=${shared} names=${names} parameters=${parameters} />`}
    </section>`;
}

function Metrics({ metrics, shared, names, parameters }) {
  const [unpredicted, setUnpredicted] = useState([]);
  const tell = (metric) => (isPredicted) => setUnpredicted((known) => [...known.filter((each) => each !== metric), ...(isPredicted ? [] : [metric])].sort());
  return html`
    ${metrics.map(([metric, sensors]) => html`<${OfMetric} key=${metric} metric=${metric} sensors=${sensors} shared=${shared} names=${names}
      chosen=${parameters[`sensor.${metric}`]} tell=${tell(metric)} />`)}
    ${unpredicted.length > 0 && html`<p class="quiet">${text.hereUnpredicted(unpredicted)}</p>`}`;
}

/** `tell` is called with whether anything predicts the metric. */
function OfMetric({ metric, sensors, shared, names, chosen, tell }) {
  const [range, setRange] = useState("");
  const sensor_id = sensors.some(({ id }) => id === chosen) && sensors.length > 1 ? chosen : undefined;
  const query = { metric, ...shared, sensor_id };
  const at = address("/accuracy", { ...query, limit: MOST_ROWS });
  const found = useLoaded(async (signal) => {
    const rows = await get("/accuracy", { ...query, limit: MOST_ROWS }, signal);
    tell(rows.length > 0);
    return { at, query, rows };
  }, [at]);
  const rows = found.value?.rows ?? [];
  if (found.value && !found.problem && rows.length === 0) return null;
  const jobsOf = (row) => new Set(rows.filter(({ source }) => source === row.source).map(({ job_id }) => job_id));
  const { lines, ranges } = arranged(rows, undefined, (row) => text.ofSource(row, jobsOf(row).size > 1 && names.get(row.job_id)));
  const options = [["", text.chooseSensor], ...sensors.map((sensor) => [sensor.id, text.readingsOf(sensor)])];
  return html`
    <h3>${spoken(metric)}</h3>
    ${sensors.length > 1 && html`<div class="choices"><${Field} name="accuracy-sensor-${metric}" label=${text.truth} kind="select" value=${sensor_id ?? ""}
      set=${(id) => keep({ [`sensor.${metric}`]: id })} options=${options} /></div>`}
    ${found.problem ? html`<${AccuracyProblem} problem=${found.problem} retry=${found.reload} />`
      : !found.value ? html`<${Pending} loaded=${found} />`
      : lines.length === 0 ? html`<p class="empty">${text.hereNothing}</p>`
      : html`<div class=${found.value.at === at ? "" : "loading"} aria-busy=${found.value.at === at ? "false" : "true"}>
        <${Sources} lines=${lines} ranges=${ranges} query=${found.value.query} range=${range} choose=${setRange} /></div>`}`;
}

function Sources({ lines, ranges, query, range, choose }) {
  const shown = lines.slice(0, MOST_LINES);
  const [line] = shown;
  const most = line.rows.reduce((most, row) => (row.pairs > most.pairs ? row : most));
  const row = line.rows.find(({ lead_to }) => lead_to === range) ?? most;
  return html`
    ${shown.length < lines.length && html`<p class="quiet">${text.hereCut(shown.length, lines.length)}</p>`}
    <${Leads} lines=${shown} ranges=${ranges} row=${row} line=${line} unit=${row.unit} choose=${choose} level="h4" />
    <${ScoreTable} lines=${lines} ranges=${ranges} unit=${row.unit} reference=${query.reference} column=${text.source}
      label=${text.hereScores(spoken(query.metric))} />
    <p class="same"><${Copy} text=${curl(address("/accuracy", query))} label=${text.curl} /></p>`;
}
