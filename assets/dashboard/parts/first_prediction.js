// A job without predictions: how to post the first one.
import { html } from "../lib/html.js";
import { BASE } from "../lib/base.js";
import { API, curl } from "../lib/api.js";
import { may } from "../lib/session.js";
import { text } from "../texts/job.js";
import { Empty } from "./empty.js";

export function FirstPrediction({ job, me }) {
  const { first } = text;
  const hour = 3_600_000;
  const next = Math.ceil(Date.now() / hour) * hour;
  const times = [1, 2].map((hours) => new Date(next + hours * hour).toISOString().replace(".000", ""));
  const predictions = job.job_targets.slice(0, 1).flatMap(({ role }) => times.map((valid_time) => ({ role, valid_time, value: 0 })));
  const body = { job_id: job.id, predictions };
  return html`
    <${Empty} title=${first.title} command=${curl(`${API}/predictions`, { method: "POST", body })}>
      <p>
        ${first.waits}<a href=${`${BASE}/docs/worker`}>${first.guide}</a>${first.byHand(may(me, "worker"))}
      </p>
    <//>`;
}
