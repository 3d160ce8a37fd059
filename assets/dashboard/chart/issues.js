// The issues of one valid time as a picture: how the forecast of that time changed until it came.
import uPlot from "../../vendor/uplot/uPlot.esm.js";
import { html, useEffect, useRef, useState } from "../lib/html.js";
import { get } from "../lib/api.js";
import { useLoaded } from "../lib/load.js";
import { fanOf, hasSpread, spreadOfRow } from "../lib/spread.js";
import { lead, moment, useZone } from "../lib/time.js";
import { number, withUnit } from "../lib/value.js";
import { Pending } from "../parts/problem.js";
import { text } from "../texts/chart.js";
import { text as words } from "../texts/spread.js";
import { paint } from "./fan.js";
import { colour } from "./paint.js";
import { TICKS, axis, inZone } from "./plot.js";

const HEIGHT = 220;
/** The most issues that are read. */
const MOST = 1000;
const DAY = 86_400;

/** `value` is `{ line, point }`, whose valid time is shown. */
export function Issues({ job, metric, numbers, value: { line, point } }) {
  useZone();
  const [by, setBy] = useState("issue");
  const found = useLoaded((signal) => readIssuesOf({ job, metric, numbers }, line, point, signal), [job.id, metric, point.valid_time, line.title]);
  const rows = found.value;
  if (!rows) return html`<${Pending} loaded=${found} />`;
  const value = (row) => withUnit(row.value, line.unit);
  const spread = (row) => words.all(spreadOfRow(row), line.unit);
  const isSpread = rows.some(hasSpread);
  const choices = [["issue", text.byIssue], ["lead", text.byLead]];
  return html`
    <h3>${text.issuesTitle(moment(point.t))}</h3>
    ${rows.length < 2 ? html`<p class="quiet">${text.oneIssue}</p>` : html`
      <p class="acts" role="group" aria-label=${text.along}>${choices.map(([key, name]) => html`
        <button type="button" class="small" aria-pressed=${by === key ? "true" : "false"} onClick=${() => setBy(key)}>${name}</button>`)}</p>
      <${Picture} rows=${rows} by=${by} t=${point.t} unit=${line.unit} label=${text.issuesLabel(rows.length, value(rows[0]), value(rows.at(-1)), spread(rows.at(-1)))} />
      <details>
        <summary>${text.asTable}</summary>
        <div class="wide" tabindex="0" role="region" aria-label=${text.issuesTitle(moment(point.t))}><table>
          <thead><tr><th scope="col">${text.issue}</th><th scope="col">${text.value}</th>${isSpread && html`<th scope="col">${words.spread}</th>`}<th scope="col">${text.lead}</th></tr></thead>
          <tbody>${[...rows].reverse().map((row) => html`
            <tr><td class="time">${moment(row.issue_time)}</td><td>${value(row)}</td>${isSpread && html`<td>${spread(row)}</td>`}<td>${lead(row.lead_seconds)}</td></tr>`)}</tbody>
        </table></div>
      </details>`}`;
}

async function readIssuesOf({ job, metric, numbers }, line, point, signal) {
  const query = { metric, job_id: job.id, from: point.valid_time, to: new Date(point.t + 1).toISOString(), issues: "all", limit: MOST, spread: numbers > 0 ? "all" : undefined };
  const trial = line.isOnTrial ? { track: "shadow", source_version: point.version } : {};
  const all = await get("/predictions", { ...query, ...trial }, signal);
  const isOwn = (row) => Date.parse(row.valid_time) === point.t && row.value !== null
    && (row.stage ?? "") === (line.place.stage ?? "") && row.location_id === line.place.location_id;
  return all.filter(isOwn).sort((one, other) => Date.parse(one.issue_time) - Date.parse(other.issue_time));
}

const aired = (low, high) => [low - ((high - low) || 1) * 0.12, high + ((high - low) || 1) * 0.12];

/** A step for each issue: its value held until the next one. */
function Picture({ rows, by, t, unit, label }) {
  const place = useRef(null);
  useEffect(() => {
    const isLead = by === "lead";
    const [scale, name] = rows[0].lead_seconds >= 2 * DAY ? [DAY, text.daysAhead] : [3600, text.hoursAhead];
    // The lead times fall from left to right, as time goes by.
    const x = rows.map((row) => (isLead ? -row.lead_seconds / scale : Date.parse(row.issue_time) / 1000));
    const look = axis();
    // The members of two issues have nothing in common: they are shown by their quantiles.
    const fan = fanOf(rows.map((row, index) => ({ t: x[index], v: row.value, ...spreadOfRow(row) })), { mostPaths: 0 });
    const spread = fan?.extent ?? [];
    const plot = new uPlot({
      width: place.current.clientWidth, height: HEIGHT, tzDate: inZone, legend: { show: false }, cursor: { show: false },
      padding: [12, 16, null, null],
      scales: {
        x: { time: !isLead, range: (_, low, high) => [low, isLead ? Math.max(0, high) : Math.max(t / 1000, high)] },
        y: { range: (_, low, high) => aired(Math.min(low, ...spread), Math.max(high, ...spread)) },
      },
      axes: [
        isLead ? { ...look, label: name, labelSize: 20, values: (_, splits) => splits.map((split) => number(-split || 0)) } : { ...look, values: TICKS, space: 70 },
        { ...look, label: unit ?? "", labelSize: unit ? 20 : 0, size: 48, values: (_, splits) => splits.map(number) },
      ],
      hooks: { drawAxes: [(plot) => fan && paint(plot, fan, colour("chart-fan"), { xOf: ({ t }) => t, isStepped: true })] },
      series: [{}, {
        stroke: colour("chart-line"), width: 2, paths: uPlot.paths.stepped({ align: 1 }),
        points: { show: rows.length <= 120, size: 7, fill: colour("chart-line") },
      }],
    }, [x, rows.map((row) => row.value)], place.current);
    const resized = new ResizeObserver(([{ contentRect }]) => plot.setSize({ width: contentRect.width, height: HEIGHT }));
    resized.observe(place.current);
    return () => {
      resized.disconnect();
      plot.destroy();
    };
  }, [rows, by]);
  return html`<div class="issues-plot" ref=${place} role="img" aria-label=${label}></div>`;
}
