// The pages of a list. The cursor is part of the address, so that a page can be linked.
import { html } from "../lib/html.js";
import { keep } from "../lib/route.js";
import { text } from "../texts/table.js";

/** The cursor in the link to a next page. */
export const cursorOf = (next) => (next ? new URLSearchParams(next.split("?")[1]).get("cursor") : undefined);

export function Pager({ cursor, next, count, word }) {
  if (!cursor && !next) return null;
  return html`
    <nav class="pager" aria-label=${text.pages}>
      <button type="button" disabled=${!cursor} onClick=${() => keep({ cursor: "" })}>${text.firstPage}</button>
      <span>${text.onPage(count, word)}</span>
      <button type="button" disabled=${!next} onClick=${() => keep({ cursor: cursorOf(next) })}>${text.next}</button>
    </nav>`;
}
