// A job's predictions as a chart, as they are known now or as of an earlier time, compared with readings.
import { html, useEffect, useMemo, useState } from "../lib/html.js";
import { address } from "../lib/api.js";
import { useLoaded, useSettled } from "../lib/load.js";
import { keep } from "../lib/route.js";
import { moment, useZone } from "../lib/time.js";
import { Classes } from "../parts/class.js";
import { SameAs } from "../parts/copy.js";
import { Pending, ProblemNote } from "../parts/problem.js";
import { Zone } from "../parts/zone.js";
import { AsOf } from "./as_of.js";
import { Canvas } from "./canvas.js";
import { Choices } from "./choices.js";
import { Moves } from "./move_buttons.js";
import { parametersOf, readChart, readReadings } from "./read.js";
import { Key, Readout } from "./readout.js";
import { Table } from "./table.js";
import { useWindow } from "./window.js";

/** `issues` are the job's issues, newest first, with `issue` and `available` in milliseconds; `sensors` those bound to it. */
export function Chart({ job, source, names, issues, isComplete, sensors, parameters }) {
  const zone = useZone();
  const metrics = job.job_targets.map((target) => target.metric);
  const metric = metrics.includes(parameters.metric) ? parameters.metric : metrics[0];
  const asOf = parameters.as_of ? Date.parse(parameters.as_of) || null : null;
  const ownSensor = sensors.find(({ id }) => id === parameters.sensor) ?? sensors.find((sensor) => sensor.metric === metric);
  const sensor = parameters.sensor === "none" ? undefined : ownSensor ?? sensors[0];
  const place = { job, source, asOf, begin: isComplete ? issues.at(-1)?.issue : undefined };
  const { window, settled, setWindow } = useWindow(place, parameters);
  const asOfSettled = useSettled(asOf, 120);
  const [t, setT] = useState(null);
  const stops = useMemo(() => [...new Set(issues.map((issue) => issue.available))].sort((one, other) => one - other), [issues]);

  const read = { job, metric, ...settled, asOf: asOfSettled, chosen: parameters.line, issues };
  const inputs = [job.id, metric, settled.from, settled.to, asOfSettled, job.health.last_arrival];
  const found = useLoaded((signal) => readChart(read, signal), [...inputs, parameters.line, issues]);
  const readings = useLoaded(async (signal) => (sensor ? readReadings({ ...read, sensor }, signal) : []), [...inputs, sensor?.id]);

  // An as-of time outside of the window moves the window.
  useEffect(() => {
    if (asOf === null || (asOf >= window.from && asOf <= window.to)) return;
    const span = window.to - window.from;
    setWindow({ from: asOf - span * 0.6, to: asOf + span * 0.4 });
  }, [asOf]);

  const chart = found.value;
  const lines = useMemo(() => linesOf(chart, readings.value, sensor, asOfSettled), [chart, readings.value, sensor, asOfSettled, zone]);
  const main = chart?.line?.points ?? [];
  const calls = { ...parametersOf({ job, metric, ...settled, asOf: asOfSettled }), limit: 10_000 };

  return html`
    <section class="chart" aria-label="Predictions">
      <div class="choices">
        <${Choices} metric=${metric} metrics=${metrics} lines=${chart?.lines ?? []} line=${chart?.line} sensor=${sensor} sensors=${sensors} names=${names} />
        <${Moves} place=${place} metric=${metric} window=${window} setWindow=${setWindow} />
      </div>
      ${found.problem && html`<${ProblemNote} problem=${found.problem} retry=${found.reload} />`}
      ${!chart ? !found.problem && html`<${Pending} loaded=${found} />` : html`
        <${Key} lines=${lines} />
        <div class=${found.isLoading ? "frame loading" : "frame"}>
          <${Canvas} lines=${lines} metric=${metric} window=${window} asOf=${asOfSettled} main=${main.length > 0 ? main : readings.value ?? []}
            label="Chart of ${metric}" moved=${setT} setWindow=${setWindow} />
          ${main.length === 0 && !found.isLoading && html`
            <p class="nothing">No predictions between ${moment(settled.from)} and ${moment(settled.to)}${asOf !== null && " were known then"}.</p>`}
        </div>
        <${Readout} lines=${lines} metric=${metric} t=${t ?? atRest(main, asOfSettled)} isPointed=${t !== null} />`}
      <${AsOf} stops=${stops} asOf=${asOf} isComplete=${isComplete} set=${(time) => keep({ as_of: time === null ? "" : new Date(time).toISOString() })} />
      <${Classes} metric=${metric} />
      <${Zone} time=${settled.from} />
      ${chart?.thinnedFrom > 0 && html`
        <p class="quiet">Drawn from ${chart.thinnedFrom.toLocaleString("en-GB")} values. The server thins them and keeps all peaks.</p>`}
      ${chart?.line && html`<${Table} line=${chart.line} caption=${`${metric}${asOf === null ? "" : ` as known at ${moment(asOf)}`}`} />`}
      <${SameAs} json=${address("/predictions", calls)} csv=${address("/predictions", { ...calls, format: "csv" })}
        file=${`${job.name} ${metric}`} />
      <p class="hint" id="chart-keys">
        Drag to move through time. To zoom, use the mouse wheel with Ctrl, or after a click on the chart. On the keyboard, the
        arrow keys go from value to value, Shift with the arrow keys moves, and + and - zoom.
      </p>
    </section>`;
}

/** The time whose values are shown while the pointer is elsewhere: now, or the as-of time. */
const atRest = (points, asOf) => (points.findLast((point) => point.t <= (asOf ?? Date.now())) ?? points[0])?.t ?? null;

// In the order in which they are drawn. The readout shows lines with a name, the legend those with a title.
function linesOf(chart, readings, sensor, asOf) {
  if (!chart) return [];
  const unit = chart.line?.unit;
  const own = { unit, scale: "y" };
  const issued = chart.newestIssue ? `, ${moment(chart.newestIssue)}` : "";
  const beside = sensor && sensor.unit !== unit;
  const lines = [
    ...chart.older.map((points) => ({ ...own, kind: "older", title: "Older issues", points })),
    { ...own, kind: "came", title: "Received since", name: "Received since", points: chart.came },
    {
      unit: sensor?.unit, scale: beside ? "readings" : "y", kind: "reading", name: sensor?.name, points: readings ?? [],
      title: `Readings of ${sensor?.name}${beside ? `, in ${sensor.unit ?? "no unit"} on the right` : ""}`,
    },
    {
      ...own, kind: "known", title: asOf === null ? "Newest value for each time" : "As it was known",
      name: asOf === null ? "Predicted" : "Known then", points: chart.line?.points ?? [],
    },
    { ...own, kind: "newest", title: `Newest issue${chart.isNewest ? "" : " in view"}${asOf === null ? "" : " then"}${issued}`, points: chart.newest },
  ];
  return lines.filter((line) => line.points.length > 0);
}
