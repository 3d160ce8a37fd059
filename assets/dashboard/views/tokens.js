import { html } from "../lib/html.js";
export const Tokens = () => html`<h1>Tokens</h1>`;
