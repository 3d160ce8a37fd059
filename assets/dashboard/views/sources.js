import { html } from "../lib/html.js";
export const Sources = () => html`<h1>Sources</h1>`;
