import { html } from "../lib/html.js";
export const SourceView = () => html`<h1>SourceView</h1>`;
