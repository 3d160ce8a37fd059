// The dialog that withdraws the readings of a window. It counts them first.
import { html, useState } from "../lib/html.js";
import { useLoaded } from "../lib/load.js";
import { countReadings, withdraw } from "../lib/readings.js";
import { fromField, toField, zoneName } from "../lib/time.js";
import { text } from "../texts/readings.js";
import { Confirm } from "./dialog.js";
import { Field } from "./field.js";

const MINUTE = 60_000;

export function Withdraw({ sensor, window, close, done }) {
  const [from, setFrom] = useState(toField(window.from));
  const [to, setTo] = useState(toField(window.to));
  // A field means the last instant of its minute: the window begins with the minute, and ends after it.
  const [start, end] = [from && fromField(from).getTime() + 1 - MINUTE, to && fromField(to).getTime() + 1];
  const isWindow = from && to && end > start;
  const asked = isWindow && { from: new Date(start).toISOString(), to: new Date(end).toISOString() };
  const count = useLoaded((signal) => (asked ? countReadings(sensor.id, asked, signal) : undefined), [asked.from, asked.to]);
  const run = async () => {
    const { withdrawn } = await withdraw(sensor.id, asked);
    done(text.withdrawn(withdrawn));
  };
  return html`
    <${Confirm} title=${text.withdrawTitle(sensor.name)} action=${text.withdraw} run=${run} close=${close} isOff=${!isWindow || !count.value}>
      <p>${text.lead}</p>
      <${Field} name="withdraw-from" label=${text.from} kind="datetime-local" value=${from} set=${setFrom} required />
      <${Field} name="withdraw-to" label=${text.to} kind="datetime-local" value=${to} set=${setTo} hint=${text.toHint} required
        wrong=${from && to && !isWindow ? [text.badWindow] : []} />
      <p role="status">${count.problem ? count.problem.message : !isWindow ? "" : count.isLoading || count.value === undefined ? text.counting
        : html`<strong>${text.count(count.value)}</strong>`}</p>
      <p class="quiet">${text.zone(zoneName())}</p>
    <//>`;
}
