// A job that has predicted nothing yet: how its worker begins.
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
    <${Empty} title="Nothing predicted yet" command=${curl(`${API}/predictions`, { method: "POST", body })}>
      <p>
        The job waits for its worker: a program that asks for its jobs, computes, and posts what it predicts
        (<a href=${`${BASE}/docs/worker`}>how to write one</a>). To see a first prediction arrive, post one by hand
        ${may(me, "worker") ? "" : " (it needs a worker's token)"}. This page shows it within seconds.
      </p>
    <//>`;
}
