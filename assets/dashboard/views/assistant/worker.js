// The step that creates the token of the worker.
import { html } from "../../lib/html.js";
import { address, call } from "../../lib/api.js";
import { EditForm } from "../../parts/edit_form.js";
import { text } from "../../texts/assistant.js";
import { Missing } from "./choice.js";

const words = text.worker;
const FIELDS = [{ name: "name", label: words.name, hint: words.name_hint, required: true }];

export function WorkerStep({ chosen: { organisation, job, token }, next, go, secret, setSecret }) {
  if (!organisation) return html`<${Missing} step="worker" need="organisation" go=${go} />`;
  if (!job) return html`<${Missing} step="worker" need="job" go=${go} />`;
  const save = async ({ name }) => {
    const body = { name, role: "worker", organisation_id: organisation.id };
    return (await call(address("/tokens"), { method: "POST", body })).body;
  };
  const done = (made) => {
    setSecret(made.secret);
    next({}, { tokens: made });
  };
  return html`
    ${token && !secret && html`<p>${words.stored(token.name)}</p>`}
    ${secret && html`<p><button type="button" class="primary" onClick=${() => next()}>${text.next}</button></p>`}
    <${EditForm} fields=${FIELDS} start=${{ name: words.suggestion(job.name) }} save=${save} onSaved=${done} action=${words.action} />`;
}
