// An empty list, with what to do next.
import { html } from "../lib/html.js";
import { Command } from "./copy.js";

export function Empty({ title, children, command }) {
  return html`
    <section class="empty">
      <h2>${title}</h2>
      ${children}
      ${command && html`<${Command} text=${command} />`}
    </section>`;
}
