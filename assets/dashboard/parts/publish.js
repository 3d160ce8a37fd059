// The dialog that publishes a version. Its contract begins as that of the newest version.
import { html } from "../lib/html.js";
import { text } from "../texts/versions.js";
import { EditDialog } from "./manage.js";
import { RolesEditor, rolesOf, row } from "./roles_editor.js";

const FIELDS = [
  { name: "version", label: text.label, hint: text.labelHint, required: true },
  { name: "description", label: text.description, kind: "textarea" },
  { name: "input_roles", render: (field) => html`<${RolesEditor} legend=${text.inputs} add=${text.addInput} isInput ...${field} />` },
  { name: "output_roles", render: (field) => html`<${RolesEditor} legend=${text.outputs} add=${text.addOutput} ...${field} />` },
];

export function Publish({ source, newest, close, done }) {
  const start = { input_roles: (newest?.input_roles ?? []).map(row), output_roles: (newest?.output_roles ?? [{ required: true }]).map(row) };
  const toBody = (body) => ({ ...body, source_id: source.id, input_roles: rolesOf(body.input_roles), output_roles: rolesOf(body.output_roles) });
  return html`<${EditDialog} title=${text.title} lead=${text.lead} path="/source_versions" fields=${FIELDS} start=${start} toBody=${toBody}
    action=${text.action} close=${close} done=${done} wide />`;
}
