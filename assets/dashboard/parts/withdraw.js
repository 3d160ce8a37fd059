// The dialog that withdraws the readings of a window. It counts them first.
import { html, useState } from "../lib/html.js";
import { useLoaded } from "../lib/load.js";
import { countReadings, withdraw } from "../lib/readings.js";
import { zoneName } from "../lib/time.js";
import { text } from "../texts/readings.js";
import { DateField } from "./date_field.js";
import { Confirm } from "./dialog.js";

const MINUTE = 60_000;
const startOfMinute = (time) => Math.floor(time / MINUTE) * MINUTE;

export function Withdraw({ sensor, window, close, done }) {
  const [from, setFrom] = useState(window.from);
  const [to, setTo] = useState(window.to);
  // The window begins with the minute of the one field, and ends after that of the other.
  const [start, end] = [startOfMinute(from), startOfMinute(to) + MINUTE];
  const isWindow = end > start;
  const asked = isWindow && { from: new Date(start).toISOString(), to: new Date(end).toISOString() };
  const count = useLoaded((signal) => (asked ? countReadings(sensor.id, asked, signal) : undefined), [asked.from, asked.to]);
  const run = async () => {
    const { withdrawn } = await withdraw(sensor.id, asked);
    done(text.withdrawn(withdrawn));
  };
  return html`
    <${Confirm} title=${text.withdrawTitle(sensor.name)} action=${text.withdraw} run=${run} close=${close} isOff=${!isWindow || !count.value}>
      <p>${text.lead}</p>
      <${DateField} label=${text.from} time=${from} set=${setFrom} />
      <${DateField} label=${text.to} time=${to} set=${setTo} hint=${text.toHint} wrong=${isWindow ? [] : [text.badWindow]} />
      <p role="status">${count.problem ? count.problem.message : !isWindow ? "" : count.isLoading || count.value === undefined ? text.counting
        : html`<strong>${text.count(count.value)}</strong>`}</p>
      <p class="quiet">${text.zone(zoneName())}</p>
    <//>`;
}
