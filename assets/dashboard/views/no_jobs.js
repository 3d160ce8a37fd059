// A server, or an organisation, without jobs: what to do first.
import { html } from "../lib/html.js";
import { API, curl } from "../lib/api.js";
import { link } from "../lib/route.js";
import { may } from "../lib/session.js";
import { Empty } from "../parts/empty.js";

const MODEL = {
  organisation_id: "ORGANISATION",
  source: { name: "frost-predictor", expected_interval_minutes: 60 },
  source_version: {
    version: "1.0.0",
    input_roles: [{ role: "temperature", input_kind: "sensor", metric: "temperature", unit: "°C" }],
    output_roles: [{ role: "frost", metric: "temperature", unit: "°C" }],
  },
  job: { name: "Frost warning" },
  role_bindings: [{ role: "temperature", input_type: "sensor", input_id: "SENSOR" }],
};

export function NoJobs({ me }) {
  const body = { ...MODEL, organisation_id: me.organisation_id ?? "11111111-1111-1111-1111-111111111111" };
  body.role_bindings = [{ ...MODEL.role_bindings[0], input_id: "33333333-3333-3333-3333-333333333333" }];
  if (!may(me, "manager")) {
    return html`
      <${Empty} title="No jobs yet">
        <p>
          A job connects a predictive model to your sensors and locations. A manager of your organisation sets
          it up. This page then shows its health and its predictions.
        </p>
      <//>`;
  }
  return html`
    <${Empty} title="No jobs yet" command=${curl(`${API}/jobs/setup`, { method: "POST", body })}>
      <p>
        A job connects a predictive model to sensors and locations. If the model is registered, <a href=${link("set-up")}>set
        a job up here</a>. If not, this one call registers a model, creates a sensor, and sets up a job. Replace the names
        and ids with your own:
      </p>
    <//>`;
}
