// The last step: the command of the worker, and the chart of the readings with the first prediction when it arrives.
import { html, useEffect } from "../../lib/html.js";
import { get } from "../../lib/api.js";
import { BASE } from "../../lib/base.js";
import { useLoaded } from "../../lib/load.js";
import { link } from "../../lib/route.js";
import { lines, points } from "../../lib/series.js";
import { moment } from "../../lib/time.js";
import { spoken } from "../../lib/value.js";
import { powershell, program, save, shell } from "../../lib/worker.js";
import { FirstChart } from "../../chart/first_chart.js";
import { Command } from "../../parts/copy.js";
import { ProblemNote } from "../../parts/problem.js";
import { text } from "../../texts/assistant.js";

const words = text.result;
const DAY = 86_400_000;
/** How often the prediction is asked for, and how many days of readings are shown. */
const SOON = 3000;
const DAYS = 7;

export function ResultStep({ chosen: { job, sensor: first, source }, change, go, secret }) {
  const found = useLoaded((signal) => read(job, first, signal), [job?.id, first?.id], SOON);
  const { readings = [], predicted, sensor = first } = found.value ?? {};
  const isThere = Boolean(predicted);
  useEffect(() => {
    if (isThere) change({ result: true });
  }, [isThere]);
  const since = (readings.at(-1)?.t ?? Date.now()) - 2 * DAY;
  return html`
    ${!job ? html`<p>${words.no_job}</p><p><button type="button" class="primary" onClick=${() => go("job")}>${words.set_up}</button></p>`
      : !isThere && (secret ? found.value && html`<${Run} code=${program(job, minutesOf(source), since)} secret=${secret} />`
        : html`<p>${words.secretless}</p><p><button type="button" class="primary" onClick=${() => go("worker")}>${words.token}</button></p>`)}
    <h3>${words.chart}</h3>
    ${job && html`<p role="status" class=${isThere ? "arrived" : "waiting"}>${isThere ? words.arrived : words.waiting}</p>`}
    ${found.problem && html`<${ProblemNote} problem=${found.problem} retry=${found.reload} />`}
    ${readings.length === 0 && !isThere && found.value && html`<p class="empty">${words.empty} <button type="button" onClick=${() => go("readings")}>${words.import}</button></p>`}
    ${(readings.length > 0 || isThere) && html`<${Picture} readings=${readings} predicted=${predicted} sensor=${sensor} />`}
    <p class="acts">
      ${job && html`<a class="button ${isThere ? "primary" : ""}" href=${link(`jobs/${job.id}`)}>${words.next}</a>`}
      <a class="button" href=${link("jobs")}>${words.all}</a>
      <a href=${`${BASE}/docs/worker`}>${words.guide}</a>
    </p>`;
}

/** How far the values of the first prediction are apart: the expected interval, but not so little or so much that it is no picture. */
const minutesOf = (source) => Math.min(Math.max(source?.expected_interval_minutes ?? 60, 15), 1440);

function Run({ code, secret }) {
  return html`
    <p class="few">${words.once}</p>
    <p>${words.run}</p>
    <div class="program"><${Command} text=${shell(code, secret)} /></div>
    <details>
      <summary>${words.windows}</summary>
      <p>${words.then} <button type="button" onClick=${() => save(code)}>${words.file}</button></p>
      <${Command} text=${powershell(secret)} />
    </details>`;
}

function Picture({ readings, predicted, sensor }) {
  const all = [...readings, ...(predicted?.points ?? [])];
  const [from, to] = [Math.min(...all.map(({ t }) => t)), Math.max(...all.map(({ t }) => t))];
  const unit = predicted?.unit ?? sensor?.unit;
  return html`
    <${FirstChart} readings=${readings} predicted=${predicted?.points ?? []} unit=${unit} label=${words.picture(sensor?.name ?? "", moment(from), moment(to))} />
    <p class="first-key">
      ${readings.length > 0 && html`<span class="measured">${words.measured(sensor.name, readings.length)}</span>`}
      ${predicted && html`<span class="predicted">${words.predicted(spoken(predicted.metric), predicted.points.length)}</span>`}
    </p>`;
}

/** The sensor of the job, or the chosen one, its last days of readings, and the prediction: the newest values of the first metric. */
async function read(job, first, signal) {
  const bound = job?.role_bindings.find(({ input_type }) => input_type === "sensor")?.input_id;
  const sensor = bound && bound !== first?.id ? await get(`/sensors/${bound}`, {}, signal) : first;
  const ask = (parameters) => get(`/sensors/${sensor.id}/readings`, { shape: "series", ...parameters }, signal);
  const last = sensor && points(await ask({ max_points: 10 })).at(-1);
  const readings = last ? points(await ask({ max_points: 600, from: new Date(last.t - DAYS * DAY).toISOString() })) : [];
  const predicted = job && lines(await get("/predictions", { metric: "all", job_id: job.id, from: "1900-01-01T00:00:00Z", to: "2999-01-01T00:00:00Z", shape: "series", max_points: 600 }, signal))[0];
  return { sensor, readings, predicted };
}
