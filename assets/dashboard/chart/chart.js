// A job's predictions as a chart, as they are known now or as of an earlier time, compared with readings and with the
// versions on trial.
import { html, useEffect, useMemo, useState } from "../lib/html.js";
import { address } from "../lib/api.js";
import { useLoaded, useSettled } from "../lib/load.js";
import { keep } from "../lib/route.js";
import { moment, useZone } from "../lib/time.js";
import { Classes } from "../parts/class.js";
import { SameAs } from "../parts/copy.js";
import { Lineage } from "../parts/lineage.js";
import { Pending, ProblemNote } from "../parts/problem.js";
import { Zone } from "../parts/zone.js";
import { AsOf } from "./as_of.js";
import { Canvas } from "./canvas.js";
import { Choices } from "./choices.js";
import { linesOf, valuesAt } from "./lines.js";
import { Moves } from "./move_buttons.js";
import { parametersOf, readChart, readReadings } from "./read.js";
import { Key, Readout } from "./readout.js";
import { Table } from "./table.js";
import { useWindow } from "./window.js";

/**
 * `issues` are the job's issues, newest first, with `issue` and `available` in milliseconds; `sensors` those bound to it.
 * `shown` is called with the metric and the window that the chart shows.
 */
export function Chart({ job, source, names, issues, isComplete, sensors, parameters, shown }) {
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
  const [asked, setAsked] = useState(null);
  const shadows = job.shadows ?? [];
  const trials = parameters.trials === "off" ? "" : shadows.map((shadow) => shadow.source_version).join("\n");
  const stops = useMemo(() => [...new Set(issues.map((issue) => issue.available))].sort((one, other) => one - other), [issues]);

  const read = { job, metric, ...settled, asOf: asOfSettled, chosen: parameters.line, issues, trials: trials.split("\n").filter(Boolean) };
  const inputs = [job.id, metric, settled.from, settled.to, asOfSettled, job.health.last_arrival];
  const found = useLoaded((signal) => readChart(read, signal), [...inputs, parameters.line, issues, trials, lastOf(shadows)]);
  const readings = useLoaded(async (signal) => (sensor ? readReadings({ ...read, sensor }, signal) : []), [...inputs, sensor?.id]);

  useEffect(() => shown({ metric, ...settled, asOf: asOfSettled }), [metric, settled.from, settled.to, asOfSettled]);

  // An as-of time outside of the window moves the window.
  useEffect(() => {
    if (asOf === null || (asOf >= window.from && asOf <= window.to)) return;
    const span = window.to - window.from;
    setWindow({ from: asOf - span * 0.6, to: asOf + span * 0.4 });
  }, [asOf]);

  const chart = found.value;
  const lines = useMemo(() => linesOf(chart, readings.value, sensor, asOfSettled), [chart, readings.value, sensor, asOfSettled, zone]);
  const main = chart?.line?.points ?? [];
  // What the pointer and the arrow keys stop at: each time that has a prediction, also one of a version on trial only.
  const reached = useMemo(() => timesOf([main, ...(chart?.trials ?? []).map((trial) => trial.points)]), [chart]);
  const ask = (t, near) => {
    const values = valuesAt(lines, t ?? atRest(reached, asOfSettled), near);
    if (values.length > 0) setAsked(values);
  };
  const calls = { ...parametersOf({ job, metric, ...settled, asOf: asOfSettled }), limit: 10_000 };

  return html`
    <section class="chart" aria-label="Predictions">
      <div class="choices">
        <${Choices} metric=${metric} metrics=${metrics} lines=${chart?.lines ?? []} line=${chart?.line} sensor=${sensor} sensors=${sensors} names=${names}
          shadows=${shadows} isWithTrials=${trials !== ""} />
        <${Moves} place=${place} metric=${metric} window=${window} setWindow=${setWindow} />
      </div>
      ${found.problem && html`<${ProblemNote} problem=${found.problem} retry=${found.reload} />`}
      ${!chart ? !found.problem && html`<${Pending} loaded=${found} />` : html`
        <${Key} lines=${lines} />
        <div class=${found.isLoading ? "frame loading" : "frame"}>
          <${Canvas} lines=${lines} metric=${metric} window=${window} asOf=${asOfSettled} main=${reached.length > 0 ? reached : readings.value ?? []}
            label="Chart of ${metric}" moved=${setT} setWindow=${setWindow} choose=${ask} />
          ${reached.length === 0 && !found.isLoading && html`
            <p class="nothing">No predictions between ${moment(settled.from)} and ${moment(settled.to)}${asOf !== null && " were known then"}.</p>`}
        </div>
        <${Readout} lines=${lines} metric=${metric} t=${t ?? atRest(reached, asOfSettled)} isPointed=${t !== null} />`}
      <${AsOf} stops=${stops} asOf=${asOf} isComplete=${isComplete} set=${(time) => keep({ as_of: time === null ? "" : new Date(time).toISOString() })} />
      <${Classes} metric=${metric} />
      <${Zone} time=${settled.from} />
      ${chart?.thinnedFrom > 0 && html`
        <p class="quiet">Drawn from ${chart.thinnedFrom.toLocaleString("en-GB")} values. The server thins them and keeps all peaks.</p>`}
      ${chart?.line && html`<${Table} line=${chart.line} caption=${`${metric}${asOf === null ? "" : ` as known at ${moment(asOf)}`}`} choose=${ask} />`}
      <${SameAs} json=${address("/predictions", calls)} csv=${address("/predictions", { ...calls, format: "csv" })}
        file=${`${job.name} ${metric}`} />
      <p class="hint" id="chart-keys">
        Drag to move through time. To zoom, use the mouse wheel with Ctrl, or after a click on the chart. On the keyboard, the
        arrow keys go from value to value, Shift with the arrow keys moves, and + and - zoom. A click on a value, or Enter,
        shows what made it.
      </p>
      <${Lineage} values=${asked} job=${job} metric=${metric} names=${names} close=${() => setAsked(null)} />
    </section>`;
}

/** The time whose values are shown while the pointer is elsewhere: now, or the as-of time. */
const atRest = (points, asOf) => (points.findLast((point) => point.t <= (asOf ?? Date.now())) ?? points[0])?.t ?? null;

/** One point for each time of some lines. */
const timesOf = (lines) => [...new Map(lines.flat().map((point) => [point.t, point])).values()].sort((one, other) => one.t - other.t);

/** Changes when a version on trial posts. */
const lastOf = (shadows) => shadows.map((shadow) => shadow.last_issue_time).join();
