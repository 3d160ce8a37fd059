// The time zone that times are shown in, and the switch to UTC.
import { html } from "../lib/html.js";
import { offset, ownZone, setUtc, useZone } from "../lib/time.js";
import { text } from "../texts/zone.js";

export function Zone() {
  const zone = useZone();
  const isUtc = zone === "UTC";
  return html`
    <p class="zone">
      <span class="quiet">${text.times}</span> <strong>${!isUtc && html`<span class="zone-name">${zone}, </span>`}${isUtc ? zone : offset(Date.now())}</strong>
      ${ownZone !== "UTC" && html` <button type="button" class="small" aria-label=${text.show(isUtc ? ownZone : "UTC")} title=${text.show(isUtc ? ownZone : "UTC")}
        onClick=${() => setUtc(!isUtc)}>${isUtc ? text.local : "UTC"}</button>`}
    </p>`;
}
