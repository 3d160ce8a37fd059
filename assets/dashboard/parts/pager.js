// The pages of a list. The cursor is part of the address, so that a page can be linked.
import { html } from "../lib/html.js";
import { keep } from "../lib/route.js";

/** The cursor in the link to a next page. */
export const cursorOf = (next) => (next ? new URLSearchParams(next.split("?")[1]).get("cursor") : undefined);

export function Pager({ cursor, next, count, word }) {
  if (!cursor && !next) return null;
  return html`
    <nav class="pager" aria-label="Pages">
      <button type="button" disabled=${!cursor} onClick=${() => keep({ cursor: "" })}>First page</button>
      <span>${count} ${word} on this page</span>
      <button type="button" disabled=${!next} onClick=${() => keep({ cursor: cursorOf(next) })}>Next page</button>
    </nav>`;
}
