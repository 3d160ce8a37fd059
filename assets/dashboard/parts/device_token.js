// The dialogs that create the token of a device, which may only post readings of one sensor.
import { html, useState } from "../lib/html.js";
import { address, call, curl } from "../lib/api.js";
import { text as words } from "../texts/tokens.js";
import { text } from "../texts/device_token.js";
import { Command } from "./copy.js";
import { Dialog } from "./dialog.js";
import { EditForm } from "./edit_form.js";
import { Once } from "./once.js";

export function DeviceToken({ sensor, close }) {
  const [made, setMade] = useState(null);
  const save = async (body) => {
    const limited_to = { view: "sensor", sensor_id: sensor.id };
    const sent = { ...body, role: "worker", organisation_id: sensor.organisation_id, limited_to };
    return (await call(address("/tokens"), { method: "POST", body: sent })).body;
  };
  if (made) {
    const post = curl(address(`/sensors/${sensor.id}/readings`), { method: "POST", body: { value: 21.5 } });
    const command = text.command(made.secret, post);
    return html`
      <${Once} title=${words.created(made.name)} lead=${words.once} secret=${made.secret} done=${words.done} close=${close}>
        <h3>${words.next}</h3>
        <p>${text.next}</p>
        <${Command} text=${command} />
      <//>`;
  }
  const { name, expires_at } = words.fields;
  const fields = [
    { name: "name", required: true, autofocus: true, ...name, ...text.name },
    { name: "expires_at", kind: "time", ...expires_at },
  ];
  return html`
    <${Dialog} title=${text.title(sensor.name)} close=${close}>
      <p>${text.lead}</p>
      <${EditForm} fields=${fields} start=${{}} save=${save} onSaved=${setMade} cancel=${close} action=${words.create} />
    <//>`;
}
