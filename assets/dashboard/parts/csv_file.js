// A CSV file that was chosen: how it is read, which values belong to which sensor, what is stored, and the import.
import { html, useEffect, useMemo, useRef, useState } from "../lib/html.js";
import { address, call } from "../lib/api.js";
import { detect } from "../lib/csv.js";
import { read } from "../lib/csv_readings.js";
import { sendReadings } from "../lib/csv_send.js";
import { ownZone } from "../lib/time.js";
import { text } from "../texts/csv_import.js";
import { CsvForm } from "./csv_form.js";
import { CsvPreview } from "./csv_preview.js";
import { CsvResult } from "./csv_result.js";
import { CsvTargets, firstTargets, wrongTargets } from "./csv_targets.js";
import { ProblemNote } from "./problem.js";

/** How long the file is read before the page has its turn, and how often the page says how far it is, in milliseconds. */
const TURN = 12;
const SAY = 250;

export function CsvFile({ file, sensors, sensor, organisation, location, done, leave }) {
  const [choice, setChoice] = useState({ zone: ownZone });
  const [targets, setTargets] = useState(null);
  const [made, setMade] = useState([]);
  const [problem, setProblem] = useState(null);
  const [isTried, setTried] = useState(false);
  const [sending, setSending] = useState(null);
  const [sent, setSent] = useState(null);
  const heading = useRef(null);
  const abort = useRef(null);
  useEffect(() => heading.current?.focus(), [Boolean(sent)]);
  useEffect(() => () => abort.current?.abort(), []);

  const all = useMemo(() => [...sensors, ...made.filter(({ id }) => !sensors.some((each) => each.id === id))], [sensors, made]);
  const found = useDetected(file.content, choice);
  const values = found.columns?.filter(({ kind }) => kind === "value") ?? [];
  const aims = useMemo(() => targets ?? firstTargets(values, all, sensor, organisation), [targets, found, all, sensor]);
  const used = values.filter(({ index }) => aims[index]?.to);
  const form = found.fault ? null : {
    ...found, zone: choice.zone, label: choice.label, values: used.map(({ index }) => index),
    time: { ...found.time, format: choice.format ?? found.time.format },
  };
  const result = useRead(file.content, form);
  const total = result?.series.reduce((sum, each) => sum + each.times.length, 0) ?? 0;
  const wrong = wrongTargets(used, aims);

  const run = async () => {
    setTried(true);
    setProblem(null);
    if (wrong.size > 0) return;
    setSending({ done: 0, total });
    abort.current = new AbortController();
    try {
      const ids = await create(used, aims, { organisation, location, setMade, setTargets });
      const series = result.series.map((each) => ({ ...each, sensor: ids.get(each.column) }));
      const sent = await sendReadings(series, { signal: abort.current.signal, progress: (done) => setSending({ done, total }) });
      setSent(sent);
      done?.(sent, [...ids.values()]);
    } catch (problem) {
      if (problem.sent) setSent({ ...problem.sent, problem });
      else setProblem(problem);
    }
    setSending(null);
  };

  if (sent) return html`<${CsvResult} heading=${heading} sent=${sent} retry=${() => setSent(null)} leave=${leave} />`;
  if (sending) return html`<${Progress} ...${sending} cancel=${() => abort.current.abort()} />`;
  return html`
    <section class="csv" aria-label=${text.understood(file.name)}>
      <div class="title">
        <h3 ref=${heading} tabindex="-1">${text.understood(file.name)}</h3>
        <button type="button" onClick=${leave}>${text.another}</button>
      </div>
      <p class="quiet">${text.nothing_stored}</p>
      ${found.fault && html`<p class="problem" role="alert">${found.fault}</p>`}
      <${CsvForm} found=${found} labels=${result?.labels} choice=${choice} change=${(changes) => setChoice((choice) => ({ ...choice, ...changes }))} />
      ${form && values.length === 0 && html`<p class="problem" role="alert">${text.no_values}</p>`}
      ${values.length > 0 && html`<${CsvTargets} columns=${values} aims=${aims} set=${setTargets} sensors=${all}
        organisation=${organisation} wrong=${isTried ? wrong : new Map()} problem=${problem} />`}
      ${form && used.length > 0 && html`<${CsvPreview} form=${form} result=${result} columns=${used} aims=${aims} sensors=${all} />`}
      ${problem && !isAtField(problem) && html`<${ProblemNote} problem=${problem} />`}
      ${values.length > 0 && html`<p class="acts">
        <button type="button" class="primary" disabled=${!result || total === 0 || result.isOld} onClick=${run}>${text.import(total)}</button>
        ${used.length === 0 && html`<span class="quiet">${text.no_target}</span>`}
      </p>`}
    </section>`;
}

/** Whether the fields of a new sensor show what is wrong. */
const isAtField = ({ column, status, errors }) => column !== undefined && (status === 409 || errors?.length > 0);

function Progress({ done, total, cancel }) {
  return html`
    <div class="card">
      <p><strong>${text.busy}</strong></p>
      <progress max=${total} value=${done} aria-label=${text.busy}></progress>
      <p>${text.progress(done, total)}</p>
      <p class="acts"><button type="button" onClick=${cancel}>${text.cancel}</button></p>
    </div>`;
}

/** The form of the table, or `fault`: a sentence that says why it has none. */
function useDetected(content, { delimiter, decimal, header, time }) {
  return useMemo(() => {
    try {
      return detect(content, { delimiter, decimal, header, time });
    } catch (error) {
      const begins = error.record ? text.fault.begins(error.record.cells) : "";
      return { delimiter: error.delimiter, fault: text.fault[error.code] + begins };
    }
  }, [content, delimiter, decimal, header, JSON.stringify(time)]);
}

/** The readings of the file. They are read in short turns, so that the page stays alive; `line` is how far it is. */
function useRead(content, form) {
  const key = form && JSON.stringify([form.delimiter, form.decimal, form.header, form.begin, form.time, form.zone, form.label, form.values]);
  const [state, setState] = useState(null);
  useEffect(() => {
    let isAlive = true;
    const run = async () => {
      const steps = read(content, form);
      let step = { done: false };
      let said = performance.now();
      while (!step.done) {
        const begin = performance.now();
        while (!step.done && performance.now() - begin < TURN) step = steps.next();
        await new Promise((resolve) => setTimeout(resolve));
        if (!isAlive) return;
        const line = step.value;
        if (!step.done && performance.now() - said > SAY) {
          said = performance.now();
          setState((before) => ({ series: [], ...before, line, isOld: true }));
        }
      }
      setState(step.value);
    };
    setState((before) => before && { ...before, isOld: true });
    if (form) {
      run().catch((error) => {
        if (error.code !== "quote") throw error;
        if (isAlive) setState({ series: [], fault: text.fault.quote(error.line) });
      });
    }
    return () => (isAlive = false);
  }, [content, key]);
  return form && state;
}

/** Creates the sensors that are new. Returns the id of each column's sensor. */
async function create(columns, aims, { organisation, location, setMade, setTargets }) {
  const ids = new Map();
  for (const { index } of columns) {
    const { to, name, metric, unit } = aims[index];
    if (to !== "new") {
      ids.set(index, to);
      continue;
    }
    const body = { name: name.trim(), metric: metric.trim(), organisation_id: organisation, ...(unit.trim() && { unit: unit.trim() }), ...(location && { location_id: location }) };
    try {
      const { body: sensor } = await call(address("/sensors"), { method: "POST", body });
      setMade((made) => [...made, sensor]);
      setTargets((targets) => ({ ...(targets ?? aims), [index]: { to: sensor.id } }));
      ids.set(index, sensor.id);
    } catch (problem) {
      throw Object.assign(problem, { column: index });
    }
  }
  return ids;
}
