// The time zone that times are shown in, and the switch to UTC.
import { html } from "../lib/html.js";
import { ownZone, setUtc, useZone, zoneName } from "../lib/time.js";

export function Zone({ time }) {
  const zone = useZone();
  return html`
    <p class="zone">
      <span>Times are in <strong>${zoneName(time)}</strong>.</span>
      ${ownZone !== "UTC" && html` <button type="button" onClick=${() => setUtc(zone !== "UTC")}>${zone === "UTC" ? `Show ${ownZone}` : "Show UTC"}</button>`}
    </p>`;
}
