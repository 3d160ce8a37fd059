// A message that is tried beside the form of a feed: which readings it would become.
import { html } from "../lib/html.js";
import { address, call } from "../lib/api.js";
import { mappingsOf, parsed } from "../lib/feeds.js";
import { useLoaded, useSettled } from "../lib/load.js";
import { moment } from "../lib/time.js";
import { text } from "../texts/feeds.js";
import { Field } from "./field.js";
import { ProblemNote } from "./problem.js";

/** The form holds still for this long before the server is asked, in milliseconds. */
const STILL = 400;

/** `given` is the text of the message and its topic, which `set` changes. */
export function FeedTrial({ rows, hasTopics, sensors, given, set }) {
  const { message, wrong } = parsed(given.message);
  const isComplete = rows.length > 0 && rows.every((row) => row.sensor_id !== "");
  const body = message !== undefined && isComplete
    ? { mappings: mappingsOf(rows, hasTopics, message), message, ...(hasTopics && { topic: given.topic }) } : null;
  const asked = useSettled(JSON.stringify(body), STILL);
  const loaded = useLoaded(async (signal) => {
    const trial = JSON.parse(asked);
    return trial && (await call(address("/feeds/try"), { method: "POST", body: trial, signal })).body;
  }, [asked]);
  const { value, problem } = loaded;
  const names = new Map(sensors.map((sensor) => [sensor.id, sensor]));
  return html`
    <section class="alert-trial ${loaded.isLoading ? "loading" : ""}" aria-label=${text.trial}>
      <h3>${text.trial}</h3>
      <p class="quiet">${text.trial_lead}</p>
      ${hasTopics && html`<${Field} name="trial-topic" label=${text.message_topic} value=${given.topic} set=${(topic) => set({ ...given, topic })} />`}
      <${Field} name="trial-message" kind="textarea" label=${text.message} value=${given.message} set=${(message) => set({ ...given, message })}
        rows="12" spellcheck=${false} wrong=${wrong ? [text.not_json] : []} />
      <div role="status">
        ${!wrong && given.message.trim() !== "" && !isComplete && html`<p>${text.trial_waits}</p>`}
        ${body && value && !problem && html`<ul class="feed-results" aria-label=${text.results}>
          ${value.map((result, index) => html`<li key=${index}><strong>${names.get(result.sensor_id)?.name ?? text.a_sensor}</strong> <${Result} result=${result}
            unit=${names.get(result.sensor_id)?.unit} /></li>`)}</ul>`}
      </div>
      ${body && html`<${ProblemNote} problem=${problem} retry=${loaded.reload} />`}
    </section>`;
}

function Result({ result, unit }) {
  if (result.value !== undefined) return html`<span>${text.would(result.value, unit, moment(result.time))}</span>`;
  if (!result.matched) return html`<span class="quiet">${text.left_out(result.detail)}</span>`;
  return html`<span class="wrong">${text.skipped(result.detail)}</span>`;
}
