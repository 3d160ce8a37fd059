// The introduction to the demo: what it is, and where to start.
import { html } from "../lib/html.js";
import { BASE } from "../lib/base.js";
import { isNarrow, useStored } from "../lib/stored.js";
import { link } from "../lib/route.js";

const NEWARK = "jobs/0b5d6f0e-6d1c-4e0b-9a53-2f4c1d7a9e51";
const SEASON = { from: "2013-04-01T00:00:00.000Z", to: "2013-11-05T00:00:00.000Z" };
const DAY = { as_of: "2013-05-23T12:00:00.000Z", from: "2013-05-14T00:00:00.000Z", to: "2013-05-31T00:00:00.000Z" };

export function Demo() {
  const [isOpen, setOpen] = useStored("demo", isNarrow() ? "closed" : "open");
  const toggled = (event) => {
    const now = event.currentTarget.open ? "open" : "closed";
    if (now !== isOpen) setOpen(now);
  };
  return html`
    <aside class="card demo" aria-label="About this demo"><details open=${isOpen === "open"} onToggle=${toggled}>
      <summary>
        <strong>This is a demo</strong> with real weather of New York and predictions from it. You can read everything
        without a token.
      </summary>
      <ul>
        <li><a href=${link(NEWARK, SEASON)}>The risk of mildew at Newark over a whole season</a>: low, moderate or high</li>
        <li><a href=${link(NEWARK, DAY)}>What was known on 23 May 2013</a>, and what was received later: drag the dotted line on the chart</li>
        <li><a href=${`${BASE}/docs/demo`}>About the demo</a>, with calls to try. To set up a job,${" "}
          <a href=${link("sign-in")}>sign in</a> with the admin token that the demo printed.</li>
      </ul>
    </details></aside>`;
}
