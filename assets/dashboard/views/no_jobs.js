// A server, or an organisation, without jobs: what to do first.
import { html } from "../lib/html.js";
import { link } from "../lib/route.js";
import { may } from "../lib/session.js";
import { Empty } from "../parts/empty.js";
import { text as first } from "../texts/assistant.js";
import { text } from "../texts/no_jobs.js";

export function NoJobs({ me }) {
  if (!may(me, "manager")) return html`<${Empty} title=${text.title}><p>${text.what} ${text.wait}</p><//>`;
  return html`
    <${Empty} title=${text.title}>
      <p>${text.what} ${first.offer}</p>
      <p class="acts">
        <a class="button primary" href=${link("first-run")}>${first.start}</a>
        <a href=${link("set-up")}>${text.set_up}</a>
      </p>
    <//>`;
}
