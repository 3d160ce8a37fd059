// A secret that is shown only once, in a dialog that closes by its button only.
import { html } from "../lib/html.js";
import { Command } from "./copy.js";
import { Dialog } from "./dialog.js";

/** `lead` says what the secret is for, `done` is the text of the button; the children say what to do next. */
export function Once({ title, lead, secret, done, close, children }) {
  const actions = html`<button type="button" class="primary" onClick=${close}>${done}</button>`;
  return html`
    <${Dialog} title=${title} close=${() => {}} actions=${actions} wide>
      <p>${lead}</p>
      <${Command} text=${secret} />
      ${children}
    <//>`;
}
