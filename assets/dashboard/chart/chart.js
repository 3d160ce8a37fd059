// A job's predictions as a chart, as they are known now or as of an earlier time, compared with readings and with the
// versions on trial.
import { html, useEffect, useMemo, useRef, useState } from "../lib/html.js";
import { alertsOn } from "../lib/alerts.js";
import { classesOf } from "../lib/classes.js";
import { numbersOf } from "../lib/spread.js";
import { moment, useZone } from "../lib/time.js";
import { Classes } from "../parts/class.js";
import { Lineage } from "../parts/lineage.js";
import { Pending, ProblemNote } from "../parts/problem.js";
import { text } from "../texts/chart.js";
import { marksOf } from "./alerts.js";
import { useAsOf } from "./as_of.js";
import { Canvas } from "./canvas.js";
import { Choices } from "./choices.js";
import { useChart } from "./data.js";
import { Head } from "./head.js";
import { Issues } from "./issues.js";
import { Legend } from "./legend.js";
import { fanEntries, fanLabel, linesOf, valuesAt } from "./lines.js";
import { Moves } from "./move_buttons.js";
import { savePicture } from "./png.js";
import { Readout } from "./readout.js";
import { Table } from "./table.js";
import { useWindow } from "./window.js";

/**
 * `issues` are the job's issues, newest first, with `issue` and `available` in milliseconds; `sensors` those bound to it,
 * `alerts` those that watch it, as alertsOf returns them.
 * `shown` is called with the metric and the window that the chart shows.
 */
export function Chart({ job, source, names, issues, isComplete, sensors, alerts = NONE, parameters, shown }) {
  const zone = useZone();
  const targets = job.job_targets;
  const target = targets.find((target) => target.metric === parameters.metric) ?? targets[0];
  const { metric } = target;
  const numbers = numbersOf(target);
  const classes = classesOf(names, job, metric);
  // A sensor of another unit needs a second axis, so that nobody sees it unasked.
  const isLike = (sensor) => sensor.metric === metric && (sensor.unit ?? "") === (target.unit ?? "");
  const sensor = parameters.sensor === "none" ? undefined : sensors.find(({ id }) => id === parameters.sensor) ?? sensors.find(isLike);
  const shadows = job.shadows ?? [];
  const time = useAsOf(parameters, issues);
  const { asOf } = time;
  const place = { job, source, asOf, begin: isComplete ? issues.at(-1)?.issue : undefined };
  const { window, settled, setWindow } = useWindow(place, parameters);
  const [t, setT] = useState(null);
  const [shownValues, setShownValues] = useState(null);
  const frame = useRef(null);
  const labels = parameters.trials === "off" ? "" : shadows.map((shadow) => shadow.source_version).join("\n");
  // A version on trial that posts changes what is drawn.
  const trials = useMemo(() => labels.split("\n").filter(Boolean), [labels, shadows.map((shadow) => shadow.last_issue_time).join()]);
  const data = useChart({ job, metric, numbers, window: settled, asOf, isMoving: time.isMoving, chosen: parameters.line, issues, trials, sensor });
  const { chart, asked } = data;

  useEffect(() => shown?.({ metric, ...settled, asOf: asked }), [metric, settled.from, settled.to, asked]);

  // An as-of time outside of the window moves the window.
  useEffect(() => {
    if (asOf === null || time.isMoving || (asOf >= window.from && asOf <= window.to)) return;
    const span = window.to - window.from;
    setWindow({ from: asOf - span * 0.6, to: asOf + span * 0.4 });
  }, [asOf, time.isMoving]);

  const lines = useMemo(() => linesOf(chart, data.readings, sensor), [chart, data.readings, sensor, zone]);
  const watching = useMemo(() => alertsOn(alerts, metric, chart?.line), [alerts, metric, chart?.line]);
  // What is raised is raised by what is known now.
  const marks = marksOf(watching, asOf === null);
  const listed = [...lines, ...fanEntries(lines), ...marks.entries];
  const main = chart?.known ?? [];
  // The pointer and the arrow keys stop at each time that has a prediction, also at one of a version on trial only.
  const reached = useMemo(() => timesOf([main, ...(chart?.later ?? []).map(({ points }) => points), ...(chart?.trials ?? []).map(({ points }) => points)]), [chart]);
  const rest = atRest(reached, asOf);
  const ask = (t, near) => {
    const values = valuesAt(lines, t ?? rest, near);
    if (values.length > 0) setShownValues(values);
  };
  const headline = asOf === null ? text.knownNow : text.knownOn(asOf);
  const picture = (file) => savePicture({
    plot: frame.current.querySelector("canvas"), over: frame.current.querySelector(".u-over").getBoundingClientRect(),
    title: text.title(job.name, metric, target.unit), headline, lines: listed, asOf, window, file,
  });

  return html`
    <section class="chart" aria-label=${text.predictions}>
      <${Head} job=${job} time=${time} window=${window} read=${{ job, metric, numbers, ...settled, asOf: asked }} isComplete=${isComplete} picture=${picture}>
        <${Moves} place=${place} metric=${metric} window=${window} setWindow=${setWindow} />
      <//>
      <div class="choices">
        <${Choices} metric=${metric} metrics=${targets.map((target) => target.metric)} lines=${chart?.lines ?? []} line=${chart?.line} sensor=${sensor}
          sensors=${sensors} names=${names} shadows=${shadows} isWithTrials=${labels !== ""} />
      </div>
      ${data.problem && html`<${ProblemNote} problem=${data.problem} retry=${data.reload} />`}
      ${!chart ? !data.problem && html`<${Pending} loaded=${data} />` : html`
        <div class="frame ${data.isReady || time.isMoving ? "" : "loading"}" ref=${frame}>
          <${Canvas} lines=${lines} extent=${chart.extent} marks=${marks} classes=${classes} window=${window} time=${time} main=${reached.length > 0 ? reached : data.readings?.points ?? []}
            label=${text.chart(metric, fanLabel(lines))} moved=${setT} setWindow=${setWindow} choose=${ask} />
          ${reached.length === 0 && data.isReady && html`<p class="nothing">${text.nothing(settled.from, settled.to, asOf !== null)}</p>`}
        </div>
        <${Legend} lines=${listed} />
        ${sensor && data.readings?.points.length === 0 && html`<p class="quiet">${text.noReadings(sensor.name)}</p>`}
        <${Readout} lines=${lines} classes=${classes} t=${t ?? rest} isPointed=${t !== null} ask=${ask} />`}
      <${Classes} metric=${metric} classes=${classes} />
      ${chart?.thinnedFrom > 0 && html`<p class="quiet">${text.thinned(chart.thinnedFrom)}</p>`}
      ${chart?.line && html`<${Table} line=${chart.line} points=${main} classes=${classes} asOf=${asked} choose=${ask} />`}
      <${Lineage} values=${shownValues} job=${job} metric=${metric} names=${names} close=${() => setShownValues(null)}
        picture=${(value) => html`<${Issues} job=${job} metric=${metric} numbers=${numbers} value=${value} />`} />
    </section>`;
}

const NONE = { alerts: [], raised: [] };

/** The time whose values are shown while the pointer is elsewhere: now, or the as-of time. */
const atRest = (points, asOf) => (points.findLast((point) => point.t <= (asOf ?? Date.now())) ?? points[0])?.t ?? null;

/** One point for each time of some lines. */
const timesOf = (lines) => [...new Map(lines.flat().map((point) => [point.t, point])).values()].sort((one, other) => one.t - other.t);
