// The start page of the demo: one large chart with a forecast and what was measured, and three links. Versions on trial are
// left to the page of the job.
import { html, useMemo } from "../lib/html.js";
import { address, call, get } from "../lib/api.js";
import { BASE } from "../lib/base.js";
import { FIRST_JOB } from "../lib/demo.js";
import { RUNS, issuesOf } from "../lib/issues.js";
import { useLoaded } from "../lib/load.js";
import { useNames } from "../lib/names.js";
import { link } from "../lib/route.js";
import { useZone } from "../lib/time.js";
import { Chart } from "../chart/chart.js";
import { Demo } from "../parts/demo.js";
import { Heading } from "../parts/heading.js";
import { Pending } from "../parts/problem.js";
import { text } from "../texts/demo.js";

const HOUR = 3_600_000;
/** How much of the past and of the future the chart shows around the newest issue, in hours; a phone shows less. */
const [BACK, BACK_ON_PHONE, AHEAD] = [6 * 24, 4 * 24, 50];
/** How long before the newest issue the link goes back, in hours: to the noon before the last three nights. */
const EARLIER = 2.5 * 24;

export function DemoStart({ parameters }) {
  useZone();
  const names = useNames();
  const loaded = useLoaded(read, []);
  const found = loaded.value;
  const isReady = found && !names.isLoading;
  const newest = found && Date.parse(found.job.health.last_issue_time);
  const window = useMemo(() => {
    const back = matchMedia("(max-width: 600px)").matches ? BACK_ON_PHONE : BACK;
    return newest ? { from: iso(newest - back * HOUR), to: iso(newest + AHEAD * HOUR) } : {};
  }, [newest]);
  return html`
    <div class="demo-start">
      <${Heading}>${text.title}<//>
      <p class="lead-in">${text.lead}</p>
      <nav aria-label=${text.links}>
        ${parameters.as_of ? html`<a class="card" href=${link("demo")}><strong>${text.known}</strong> <span class="quiet">${text.now}</span></a>`
          : newest && html`<a class="card" href=${link("demo", { as_of: iso(newest - EARLIER * HOUR) })}>
            <strong>${text.known}</strong> <span class="quiet">${text.knownHint(newest - EARLIER * HOUR)}</span></a>`}
        <a class="card" href=${link("jobs")}><strong>${text.jobs}</strong> <span class="quiet">${text.jobsHint}</span></a>
        <a class="card" href=${`${BASE}/docs/demo`}><strong>${text.guide}</strong> <span class="quiet">${text.guideHint}</span></a>
      </nav>
      ${isReady ? html`<${Chart} job=${{ ...found.job, shadows: undefined }} source=${names.sources.get(found.job.source_id)} names=${names} issues=${found.issues}
          isComplete=${!found.hasMore} sensors=${found.sensors} parameters=${{ ...window, ...parameters }} />`
        : html`<${Pending} loaded=${loaded} />`}
      <${Demo} isStart=${true} />
    </div>`;
}

const iso = (time) => new Date(time).toISOString();

/** The job with its issues and sensors. */
async function read(signal) {
  const [job, runs] = await Promise.all([
    get(`/jobs/${FIRST_JOB}`, {}, signal),
    call(address(`/jobs/${FIRST_JOB}/runs`, { limit: RUNS }), { signal }),
  ]);
  const bound = job.role_bindings.filter((binding) => binding.input_type === "sensor");
  const sensors = await Promise.all(bound.map(({ input_id }) => get(`/sensors/${input_id}`, {}, signal)));
  return { job, issues: issuesOf(runs.body), hasMore: Boolean(runs.next), sensors };
}
