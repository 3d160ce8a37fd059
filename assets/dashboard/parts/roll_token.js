// The dialog that replaces a token: a new one of the same role and organisation, then the old one is revoked.
import { html } from "../lib/html.js";
import { address, call } from "../lib/api.js";
import { text } from "../texts/tokens.js";
import { Dialog } from "./dialog.js";
import { EditForm } from "./edit_form.js";

/** `done` is called with the new token, and whether the old one is revoked already. */
export function RollToken({ token, close, done }) {
  const fields = [
    { name: "name", required: true, ask: text.fields.name.ask, ...text.roll_fields.name },
    { name: "when", kind: "select", options: [["later", text.roll_later], ["now", text.roll_now]], ...text.roll_fields.when },
  ];
  const start = { name: text.roll_name(token.name, new Date().toISOString().slice(0, 10)), when: "later" };
  const save = async ({ name, when }) => {
    const { role, organisation_id, limited_to, expires_at } = token;
    const body = { name, role, organisation_id, limited_to, expires_at };
    const made = (await call(address("/tokens"), { method: "POST", body })).body;
    if (when === "now") await call(address(`/tokens/${token.id}`), { method: "DELETE" });
    return { made, isRevoked: when === "now" };
  };
  return html`
    <${Dialog} title=${text.rolling(token.name)} close=${close}>
      <p>${text.rolled_lead}</p>
      <${EditForm} fields=${fields} start=${start} save=${save} cancel=${close} action=${text.roll_action}
        onSaved=${({ made, isRevoked }) => done(made, isRevoked)} />
    <//>`;
}
