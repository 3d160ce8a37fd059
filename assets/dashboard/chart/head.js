// The head of the chart: what time it shows as known, how that time is moved, exports and help.
import { html } from "../lib/html.js";
import { address, curl } from "../lib/api.js";
import { Answer, Copy } from "../parts/copy.js";
import { DateField } from "../parts/date_field.js";
import { Menu } from "../parts/menu.js";
import { text } from "../texts/chart.js";
import { parametersOf } from "./read.js";

/** `time` is as useAsOf returns it. `read` is what the chart shows, `picture` saves it as an image. The children end the toolbar. */
export function Head({ job, time, window, read, isComplete, picture, children }) {
  const { asOf, stops, index } = time;
  return html`
    <div class="chart-head">
      <div>
        <h2>${asOf === null ? text.knownNow : text.knownOn(asOf)}</h2>
        <p class="quiet">${asOf === null ? text.hint : index < 0 ? text.noneYet : text.latest(stops[index])}
          ${!isComplete && ` ${text.ticks(stops.length)}`}</p>
      </div>
      <div class="acts">
        <${Export} job=${job} read=${read} picture=${picture} />
        <${Menu} title="?" label=${text.help} name="help">
          <div id="chart-keys">${[text.helpTime, text.helpMove, text.helpKeys, text.helpValue].map((each) => html`<p>${each}</p>`)}</div>
        <//>
      </div>
    </div>
    <div class="steps">${stops.length > 0 && html`<${Steps} time=${time} window=${window} />`} ${children}</div>`;
}

function Steps({ time, window }) {
  const { asOf, index, stops, set, step, play, stop, inWindow, isPlaying } = time;
  return html`
    <button type="button" class="primary play" title=${text.playHint} disabled=${!isPlaying && inWindow(window).length === 0}
      onClick=${() => (isPlaying ? stop() : play(window))}>
      <svg class="sign" viewBox="0 0 16 16" width="14" height="14" aria-hidden="true"><path d=${isPlaying ? "M5.5 3v10m5-10v10" : "M5 3l8 5-8 5z"} /></svg>
      ${" "}${isPlaying ? text.pause : text.play}</button>
    <button type="button" disabled=${index < 0 || (index === 0 && asOf === stops[0])} onClick=${() => step(-1)} aria-label=${text.earlier}>‹</button>
    <button type="button" disabled=${asOf === null} onClick=${() => step(1)} aria-label=${text.laterIssue}>›</button>
    <button type="button" disabled=${asOf === null} onClick=${() => set(null)}>${text.toNow}</button>
    <${DateField} label=${text.goTo} time=${asOf ?? Math.floor(Date.now() / 60_000) * 60_000} set=${(t) => set(Math.min(Date.now(), t))} />`;
}

function Export({ job, read, picture }) {
  const calls = { ...parametersOf(read), limit: 10_000 };
  const file = text.file(job.name, read.metric);
  return html`
    <${Menu} title=${text.export} name="export">
      <${Answer} address=${address("/predictions", { ...calls, format: "csv" })} name=${text.csv} file="${file}.csv" />
      <${Answer} address=${address("/predictions", calls)} name=${text.json} file="${file}.json" />
      <${Copy} text=${curl(address("/predictions", calls))} label=${text.curl} />
      <button type="button" onClick=${() => picture(`${file}.png`)}>${text.png}</button>
      <button type="button" onClick=${() => print()}>${text.print}</button>
    <//>`;
}
