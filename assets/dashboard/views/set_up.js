import { html } from "../lib/html.js";
export const SetUp = () => html`<h1>SetUp</h1>`;
