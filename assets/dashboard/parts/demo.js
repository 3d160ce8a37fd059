// The note about the demo: what it is, and to where its dates are moved.
import { html } from "../lib/html.js";
import { endedBefore, lastDay, movedBy } from "../lib/demo.js";
import { isNarrow, useStored } from "../lib/stored.js";
import { link } from "../lib/route.js";
import { text } from "../texts/demo.js";

/** On the start page of the demo the note stands below the chart; elsewhere it can be folded. */
export function Demo({ isStart }) {
  const [isOpen, setOpen] = useStored("demo", isNarrow() ? "closed" : "open");
  const toggled = (event) => {
    const now = event.currentTarget.open ? "open" : "closed";
    if (now !== isOpen) setOpen(now);
  };
  const ended = endedBefore();
  const what = html`<strong>${text.isDemo}</strong>${text.what}`;
  const more = html`
    <p>${movedBy === 0 ? text.recorded : text.shift(movedBy, `${lastDay}T12:00`)} ${movedBy !== 0 && ended > 0 && text.ended(ended)}</p>
    <p>${text.signIn}<a href=${link("sign-in")}>${text.signInLink}</a>${text.signInAfter}
      ${!isStart && html` <a href=${link("demo")}>${text.start}</a>`}</p>`;
  return html`
    <aside class="card demo" aria-label=${text.note}>
      ${isStart ? html`<p>${what}</p>${more}`
        : html`<details open=${isOpen === "open"} onToggle=${toggled}><summary>${what}</summary>${more}</details>`}
    </aside>`;
}
