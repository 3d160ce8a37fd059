// The form of an alert, in a dialog, with its dry run beside it.
import { html, useState } from "../lib/html.js";
import { canBeSure, levelsOf, percentOf, probabilityOf, trialOf } from "../lib/alerts.js";
import { useLoaded } from "../lib/load.js";
import { change, choices, create, getThing, owns } from "../lib/manage.js";
import { text as words } from "../texts/manage.js";
import { text } from "../texts/alerts.js";
import { AlertLevels } from "./alert_levels.js";
import { AlertTrial } from "./alert_trial.js";
import { Dialog } from "./dialog.js";
import { DurationField } from "./duration_field.js";
import { EditForm } from "./edit_form.js";
import { Field } from "./field.js";
import { Pending } from "./problem.js";

const START = { when: "ge", within: "PT48H", lasting: "PT0S", issues: 1, levels: [], tell: "worse", active: true };
/** Without a number, one value suffices. */
const AT_ONCE = "PT0S";

/** `alert` is the one that is changed; `watched` says in words what it watches. `jobs` are those that a new alert can watch. */
export function AlertForm({ me, alert, watched, jobs, close, done }) {
  const path = alert && `/alerts/${alert.id}`;
  const loaded = useLoaded(async (signal) => (path ? getThing(path, signal) : {}), [path]);
  const [form, setForm] = useState(START);
  const [problem, setProblem] = useState(null);
  const { thing, etag } = loaded.value ?? {};
  const metric = thing ? thing.metric : metricOf(form, jobs);
  const isSure = (form) => canBeSure(thing ?? { job_id: form.job_id }, thing ? thing.metric : metricOf(form, jobs), jobs);
  const save = ({ probability, ...body }, form) => {
    if (body.levels) body.levels = levelsOf(body.levels);
    // What was entered for another job does not count.
    if (probability !== undefined && isSure(form)) body.probability = probabilityOf(probability);
    return thing ? change(path, body, etag) : create("/alerts", { ...body, metric: metricOf(form, jobs) });
  };
  const saved = (alert) => {
    close();
    done(alert);
  };
  return html`
    <${Dialog} title=${alert ? text.editing(alert.name) : text.create} close=${close} wide>
      ${!loaded.value ? html`<${Pending} loaded=${loaded} />` : html`
        <div class="alert-form">
          <div>
            ${alert && html`<p class="quiet">${text.watched}: ${watched}</p>`}
            <${EditForm} key=${etag} fields=${fieldsOf(jobs.filter((job) => owns(me, job.organisation_id)), jobs, isSure)}
              value=${thing && { ...thing, probability: percentOf(thing.probability) }} start=${START} save=${save}
              onSaved=${saved} changed=${setForm} checked=${problem} reload=${loaded.reload} cancel=${close} action=${alert ? undefined : text.create_action} />
          </div>
          <${AlertTrial} body=${trialOf(form, metric, thing, isSure(form))} found=${setProblem} />
        </div>`}
    <//>`;
}

const targetsOf = ({ job_id }, jobs) => jobs.find(({ id }) => id === job_id)?.job_targets ?? [];

/** The chosen metric, or the first of the job if it does not predict that one. */
function metricOf(form, jobs) {
  const targets = targetsOf(form, jobs);
  return (targets.find(({ metric }) => metric === form.metric) ?? targets[0])?.metric;
}

/** `isSure(form)` says whether the alert can have a probability. */
function fieldsOf(own, jobs, isSure) {
  const { name, job_id, metric, when, value, probability, clear, issues, within, lasting, tell, active } = text.fields;
  const number = { kind: "number", step: "any" };
  const pairs = (all) => Object.entries(all);
  const metrics = (form) => {
    const targets = targetsOf(form, jobs);
    return targets.length === 0 ? [["", text.job_first]] : targets.map(({ metric, unit }) => [metric, unit ? `${metric} (${unit})` : metric]);
  };
  return [
    { name: "name", required: true, ...name },
    { name: "job_id", kind: "select", required: true, isFixed: true, options: choices(own, words.chooseOne), ...job_id },
    { name: "metric", isFixed: true, render: ({ set, wrong, form }) => html`<${Field} ...${metric} name="alert-metric" kind="select" options=${metrics(form)}
      value=${metricOf(form, jobs) ?? ""} set=${set} wrong=${wrong()} />` },
    { name: "when", kind: "select", options: pairs(text.when), ...when },
    { name: "value", ...number, ...value },
    { name: "probability", ...number, render: ({ value, set, wrong, form }) => isSure(form) && html`<${Field} ...${number} ...${probability}
      name="alert-probability" min="0" max="100" value=${value ?? ""} set=${set} wrong=${wrong().map(text.probability_wrong)} />` },
    { name: "clear", ...number, ...clear },
    { name: "issues", kind: "number", min: 1, max: 24, required: true, ...issues },
    { name: "within", render: ({ value, set, wrong }) => html`<${DurationField} ...${within} value=${value} set=${set} wrong=${wrong()} required />` },
    { name: "lasting", render: ({ value, set, wrong }) => html`<${DurationField} ...${lasting} value=${value} set=${set} wrong=${wrong()} none=${AT_ONCE} />` },
    { name: "levels", render: ({ value, set, wrong }) => html`<${AlertLevels} value=${value} set=${set} wrong=${wrong} />` },
    { name: "tell", render: ({ value, set, wrong, form }) => form.levels.length > 0 && html`<${Field} ...${tell} name="alert-tell" kind="select" options=${pairs(text.tell)}
      value=${value} set=${set} wrong=${wrong()} />` },
    { name: "active", render: ({ value, set }) => html`
      <p><label><input type="checkbox" checked=${value} onChange=${(event) => set(event.currentTarget.checked)} /> ${active.label}</label></p>` },
  ];
}
