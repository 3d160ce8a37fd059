// The note about the demo: what it is, and to where its dates are moved.
import { html } from "../lib/html.js";
import { endedBefore, lastDay, movedBy } from "../lib/demo.js";
import { link } from "../lib/route.js";
import { text } from "../texts/demo.js";

/** `isStart` is true on the start page of the demo. */
export function Demo({ isStart }) {
  const ended = endedBefore();
  return html`
    <aside class="card demo" aria-label=${text.note}>
      <p><strong>${text.isDemo}</strong>${text.what}${" "}
        ${movedBy === 0 ? text.recorded : text.shift(movedBy, `${lastDay}T12:00`)}
        ${movedBy !== 0 && ended > 0 && ` ${text.ended(ended)}`}</p>
      <p>${text.signIn}<a href=${link("sign-in")}>${text.signInLink}</a>${text.signInAfter}
        ${!isStart && html` <a href=${link("demo")}>${text.start}</a>`}</p>
    </aside>`;
}
