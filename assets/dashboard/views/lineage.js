// The lineage of a value that the address names, with a job or without: the parameters are those of the API.
import { html } from "../lib/html.js";
import { useNames } from "../lib/names.js";
import { link } from "../lib/route.js";
import { useZone } from "../lib/time.js";
import { text } from "../texts/lineage.js";
import { SameAs } from "../parts/copy.js";
import { Heading } from "../parts/heading.js";
import { LineageFacts, lineageOf } from "../parts/lineage.js";

export function LineageView({ parameters }) {
  useZone();
  const names = useNames();
  return html`
    <p class="back">${parameters.job_id ? html`<a href=${link(`jobs/${parameters.job_id}`)}>${text.job}</a>` : html`<a href=${link("jobs")}>${text.allJobs}</a>`}</p>
    <${Heading}>${text.title}<//>
    <div class="card"><h2>${text.value}</h2><${LineageFacts} query=${parameters} names=${names} /></div>
    <${SameAs} json=${lineageOf(parameters)} file=${text.file} />`;
}
