// A form over an object: creates it, or changes the fields that differ.
import { html, useEffect, useRef, useState } from "../lib/html.js";
import { text } from "../texts/edit_form.js";
import { DateField } from "./date_field.js";
import { Field } from "./field.js";
import { ProblemNote } from "./problem.js";

const isBlank = (value) => value === undefined || value === null || value === "";
const same = (one, other) => JSON.stringify(one ?? null) === JSON.stringify(other ?? null);

/** What is sent: of a new thing the fields that have a value, else the fields that differ (null if emptied). */
function bodyOf(fields, value, form) {
  const body = {};
  for (const { name, kind, isFixed } of fields) {
    let given = form[name];
    if (typeof given === "string") given = given.trim();
    if (kind === "number" && !isBlank(given)) given = Number(given);
    if (kind === "time" && !isBlank(given)) given = new Date(given).toISOString();
    if (value === undefined ? !isBlank(given) : !isFixed && !same(isBlank(given) ? null : given, value[name])) {
      body[name] = isBlank(given) ? null : given;
    }
  }
  return body;
}

/**
 * `fields` are `{ name, label, kind, options, hint, required, … }` as `Field` takes them, or of the kind "time". A field with
 * `render({ value, set, wrong, form, problem })` draws itself; `wrong(rest)` are the violations below its pointer. `pointer` is
 * "/name" unless given. `isFixed` is shown for a new thing only. `options` may be a function of the form. `value` is the thing
 * that is changed; a new one has `start`. `save(body, form)` sends it, and `onSaved` has its result. `reload` loads the thing
 * again after a conflict (412); give the form a `key` that changes with the ETag. `changed(form)` is called when the form changes.
 * `checked` is a problem that was found before anything is saved: its violations stand at their fields, too.
 */
export function EditForm({ fields, value, start, save, onSaved, reload, cancel, action = text.save, changed, checked, children }) {
  const [form, setForm] = useState(() => ({ ...(value ?? start) }));
  const [problem, setProblem] = useState(null);
  const [isBusy, setBusy] = useState(false);
  const element = useRef(null);
  useEffect(() => {
    if (problem) element.current?.querySelector("[aria-invalid]")?.focus();
  }, [problem]);
  useEffect(() => changed?.(form), [form]);
  // In a dialog the first field has the focus.
  useEffect(() => element.current.closest("dialog") && element.current.querySelector("input, select, textarea")?.focus(), []);

  const submit = async (event) => {
    event.preventDefault();
    if (isBusy) return;
    setBusy(true);
    setProblem(null);
    try {
      const saved = await save(bodyOf(fields, value, form), form);
      setBusy(false);
      onSaved?.(saved);
    } catch (problem) {
      setBusy(false);
      setProblem(problem);
    }
  };
  const shownFields = fields.filter((field) => value === undefined || !field.isFixed);
  const pointers = shownFields.map((field) => field.pointer ?? `/${field.name}`);
  const placeOf = (error) => error.pointer ?? error.parameter ?? "";
  const isShown = (place) => pointers.some((pointer) => place === pointer || place.startsWith(`${pointer}/`));
  const errors = problem?.errors ?? [];
  const shown = errors.map(placeOf).filter(isShown);
  const isAllShown = errors.length > 0 && shown.length === errors.length;
  return html`
    <form ref=${element} class="edit-form" onSubmit=${submit} aria-busy=${isBusy}>
      ${shownFields.map(({ name, pointer = `/${name}`, render, isFixed, options, ...field }) => {
        const set = (value) => setForm((form) => ({ ...form, [name]: value }));
        const wrong = (rest = "") => [problem, checked].flatMap((each) => each?.at?.(pointer + rest) ?? []);
        if (field.kind === "time") {
          return html`<${DateField} key=${name} ...${field} time=${form[name] ?? null} set=${set} wrong=${wrong()} isOptional />`;
        }
        if (render) return html`<div key=${name}>${render({ value: form[name], set, wrong, form, problem })}</div>`;
        return html`<${Field} key=${name} name="edit-${name}" value=${form[name] ?? ""} set=${set} wrong=${wrong()}
          options=${typeof options === "function" ? options(form) : options} ...${field} />`;
      })}
      ${children}
      ${problem?.status === 412 && reload
        ? html`<div class="problem" role="alert"><p>${text.stale}</p><p><button type="button" onClick=${reload}>${text.reload}</button></p></div>`
        : !isAllShown && html`<${ProblemNote} problem=${problem} shown=${shown} />`}
      <p class="acts">
        <button class="primary" disabled=${isBusy}>${isBusy ? text.saving : action}</button>
        ${cancel && html`<button type="button" onClick=${cancel}>${text.cancel}</button>`}
      </p>
    </form>`;
}
