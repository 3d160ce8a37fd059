// A job without predictions: how to post the first one.
import { html } from "../lib/html.js";
import { BASE } from "../lib/base.js";
import { API, curl } from "../lib/api.js";
import { may } from "../lib/session.js";
import { Empty } from "./empty.js";

export function FirstPrediction({ job, me }) {
  const hour = 3_600_000;
  const next = Math.ceil(Date.now() / hour) * hour;
  const times = [1, 2].map((hours) => new Date(next + hours * hour).toISOString().replace(".000", ""));
  const predictions = job.job_targets.slice(0, 1).flatMap(({ role }) => times.map((valid_time) => ({ role, valid_time, value: 0 })));
  const body = { job_id: job.id, predictions };
  return html`
    <${Empty} title="No predictions yet" command=${curl(`${API}/predictions`, { method: "POST", body })}>
      <p>
        The job waits for its worker: a program that fetches its jobs, computes, and posts predictions
        (<a href=${`${BASE}/docs/worker`}>how to write a worker</a>). To try it, post a first prediction by hand
        ${may(me, "worker") ? "" : " (you need a worker's token)"}. This page shows it within seconds.
      </p>
    <//>`;
}
