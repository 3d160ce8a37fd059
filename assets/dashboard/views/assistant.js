// The first-run assistant: from an empty server to a chart of one's own readings with a first prediction. It stores nothing
// but what a step confirms, and what it knows after a reload is what exists on the server.
import { html, useEffect, useMemo, useRef, useState } from "../lib/html.js";
import { getAll } from "../lib/api.js";
import { progress, saveProgress } from "../lib/first_run.js";
import { useLoaded } from "../lib/load.js";
import { link } from "../lib/route.js";
import { may } from "../lib/session.js";
import { Heading } from "../parts/heading.js";
import { Pending, ProblemNote } from "../parts/problem.js";
import { text } from "../texts/assistant.js";
import { JobStep } from "./assistant/job.js";
import { LocationStep } from "./assistant/location.js";
import { ModelStep } from "./assistant/model.js";
import { OrganisationStep } from "./assistant/organisation.js";
import { ReadingsStep } from "./assistant/readings.js";
import { ResultStep } from "./assistant/result.js";
import { SensorStep } from "./assistant/sensor.js";
import { WorkerStep } from "./assistant/worker.js";

const STEPS = {
  organisation: OrganisationStep, location: LocationStep, sensor: SensorStep, readings: ReadingsStep, model: ModelStep, job: JobStep,
  worker: WorkerStep, result: ResultStep,
};
const PATHS = { organisations: "/organisations", locations: "/locations", sensors: "/sensors", sources: "/sources", versions: "/source_versions", jobs: "/jobs", tokens: "/tokens" };

export function Assistant({ me }) {
  const isManager = may(me, "manager");
  const there = useLoaded(async (signal) => {
    if (!isManager) return null;
    const lists = await Promise.all(Object.values(PATHS).map((path) => getAll(path, {}, signal)));
    return Object.fromEntries(Object.keys(PATHS).map((name, index) => [name, lists[index]]));
  }, [isManager]);
  if (!isManager) return html`<${Heading}>${text.title}<//><p>${text.denied(me.role)} <a href=${link("sign-in")}>${text.sign_in}</a>.</p>`;
  if (!there.value) return html`<${Heading}>${text.title}<//><${Pending} loaded=${there} />`;
  return html`<${Steps} loaded=${there} me=${me} />`;
}

function Steps({ loaded: { value, problem, reload }, me }) {
  const names = Object.keys(STEPS).filter((name) => name !== "organisation" || may(me, "admin"));
  const [done, setDone] = useState(() => progress(me.id));
  // The secret of the worker's token stays in memory only.
  const [secret, setSecret] = useState(null);
  // What was just created is there before the server's lists are read again.
  const [made, setMade] = useState({});
  const there = useMemo(() => merged(value, made), [value, made]);
  const chosen = choices(done, there, me);
  const at = Math.max(0, names.indexOf(done.step));
  const step = names[at];
  const heading = useRef(null);
  const shown = useRef(step);
  useEffect(() => {
    if (shown.current === step) return;
    shown.current = step;
    scrollTo(0, 0);
    heading.current.focus({ preventScroll: true });
  }, [step]);

  const change = (changes) => setDone((before) => {
    const after = { ...before, ...changes };
    saveProgress(me.id, after);
    return after;
  });
  const go = (step) => change({ step });
  // A step is finished: `changes` are what it chose, `created` are new things by the names of their lists.
  const next = (changes = {}, created = {}) => {
    setMade((made) => merged(made, Object.fromEntries(Object.entries(created).map(([name, thing]) => [name, [thing]]))));
    change({ ...changes, step: names[at + 1] ?? step });
  };
  const Step = STEPS[step];
  return html`
    <${Heading}>${text.title}<//>
    <p class="quiet lead-in">${text.lead}</p>
    <nav class="steps" aria-label=${text.steps}><ol>${names.map((name, index) => html`
      <li key=${name}><button type="button" aria-current=${name === step ? "step" : undefined} onClick=${() => go(name)}>
        <span class="number ${chosen.has(name) ? "done" : ""}" aria-hidden="true">${chosen.has(name) ? "✓" : index + 1}</span>
        ${text.names[name]}${chosen.has(name) && html`<span class="hidden">, ${text.done}</span>`}
      </button></li>`)}</ol></nav>
    <section class="step" aria-labelledby="step-title">
      <p class="quiet">${text.of(at + 1, names.length)}</p>
      <h2 id="step-title" ref=${heading} tabindex="-1">${text.names[step]}</h2>
      <p class="lead-in">${text[step].lead}</p>
      <${ProblemNote} problem=${problem} retry=${reload} />
      <${Step} key=${`${step} ${step === "organisation" ? "" : chosen.organisation?.id}`} there=${there} chosen=${chosen} me=${me} next=${next} go=${go} change=${change} reload=${reload} secret=${secret} setSecret=${setSecret} />
      <p class="acts turns">
        ${at > 0 && html`<button type="button" onClick=${() => go(names[at - 1])}>${text.back}</button>`}
        ${at < names.length - 1 && html`<button type="button" onClick=${() => next()}>${text.skip}</button>`}
      </p>
    </section>`;
}

/** Lists by name, with the things of others that they do not have. */
function merged(lists, others) {
  const all = { ...lists };
  for (const [name, things] of Object.entries(others)) {
    const known = new Set((lists[name] ?? []).map(({ id }) => id));
    all[name] = [...(lists[name] ?? []), ...things.filter(({ id }) => !known.has(id))];
  }
  return all;
}

/**
 * What was chosen and still exists. Where nothing was chosen it is the newest that there is, so that a step that was skipped
 * does not end the way. `has(step)` says whether the step has what it is for.
 */
function choices(done, there, me) {
  const of = (list, id) => list.find((thing) => thing.id === id) ?? list.at(-1);
  const organisation = of(there.organisations, done.organisation ?? me.organisation_id);
  const isOwn = (thing) => thing.organisation_id === organisation?.id;
  const location = of(there.locations.filter(isOwn), done.location);
  const sensor = of(there.sensors.filter(isOwn), done.sensor);
  const job = of(there.jobs.filter(isOwn), done.job);
  const usable = there.sources.filter((source) => !source.organisation_id || isOwn(source));
  const versions = there.versions.filter((version) => usable.some(({ id }) => id === version.source_id));
  const version = of(versions, done.version ?? job?.source_version_id);
  const source = usable.find(({ id }) => id === version?.source_id);
  const token = there.tokens.filter((token) => isOwn(token) && token.role === "worker").at(-1);
  const made = { organisation, location, sensor, model: version, job, worker: token, readings: done.readings, result: done.result };
  return { organisation, location, sensor, job, usable, versions, version, source, token, has: (step) => Boolean(made[step]) };
}
