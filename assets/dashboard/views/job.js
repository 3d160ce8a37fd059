import { html } from "../lib/html.js";
export const JobView = () => html`<h1>JobView</h1>`;
