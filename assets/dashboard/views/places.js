import { html } from "../lib/html.js";
export const Places = () => html`<h1>Places</h1>`;
