// Uses the module of JavaScript on a server, behind a proxy that refuses and drops requests first:
// SERVER=URL TOKEN=... node --test tests/clients/javascript.test.mjs
import assert from "node:assert/strict";
import { getEventListeners } from "node:events";
import { createServer, request } from "node:http";
import { after, before, test } from "node:test";

import { Client, Problem, duration, points } from "../../assets/clients/prediction-api.mjs";

const { SERVER, TOKEN } = process.env;
const start = new Date("2026-01-01T00:00:00Z");
const hours = [0, 1, 2].map((hour) => new Date(start.getTime() + hour * 3_600_000));
const end = new Date("2026-01-02T00:00:00Z");

/**
 * What the next requests meet: a status with headers and a body, or a function that writes the response; or the server,
 * whose response is dropped (`drop`), or dropped after half of its body (`half`).
 */
let script = [];
let seen = [];
const proxy = createServer((asked, response) => {
  seen.push(asked.method);
  const next = script.shift();
  if (typeof next === "function") {
    next(response);
    return;
  }
  if (typeof next === "object") {
    response.writeHead(next.status, next.headers).end(next.body);
    return;
  }
  const { "accept-encoding": _, ...headers } = asked.headers;
  const url = new URL(asked.url.replace(/^\/farm/, ""), SERVER);
  const upstream = request(url, { method: asked.method, headers }, (answer) => {
    if (next === "drop") {
      answer.resume().on("end", () => response.destroy());
      return;
    }
    if (next === "half") {
      answer.toArray().then((parts) => {
        const body = Buffer.concat(parts);
        const { "transfer-encoding": _, ...others } = answer.headers;
        response.writeHead(answer.statusCode, { ...others, "content-length": body.length });
        response.write(body.subarray(0, body.length / 2), () => response.destroy());
      });
      return;
    }
    response.writeHead(answer.statusCode, answer.headers);
    answer.pipe(response);
  });
  asked.pipe(upstream);
});

let client;
let job;
before(async () => {
  await new Promise((resolve) => { proxy.listen(0, "127.0.0.1", resolve); });
  client = new Client(`http://127.0.0.1:${proxy.address().port}/farm/`, TOKEN);
  const home = await client.call("POST", "organisations", { json: { name: `Home ${crypto.randomUUID()}` } });
  job = await client.call("POST", "jobs/setup", {
    json: {
      organisation_id: home.id,
      source: { name: `model ${crypto.randomUUID()}` },
      source_version: { version: "1.0.0", input_roles: [], output_roles: [{ role: "out", metric: "flow" }] },
      job: { name: "Flow" },
      role_bindings: [],
    },
  });
});
after(() => { proxy.close(); proxy.closeAllConnections(); });

/** The methods of the requests that an action sends while they meet the script. */
async function requests(meets, action) {
  [script, seen] = [[...meets], []];
  const result = await action().then((value) => ({ value }), (error) => ({ error }));
  return { ...result, seen };
}

const values = hours.map((time, value) => ({ role: "out", time, value }));
const unavailable = { status: 503, headers: { "Retry-After": "0" } };

test("predictions are posted and read as points", async () => {
  assert.equal((await client.post(job.id, start, values)).stored, 3);
  assert.equal((await client.post(job.id, start, values)).unchanged, 3);
  const [series, ...others] = await client.predictions(job.id, "flow", start, end);
  assert.deepEqual(series.points, hours.map((time, value) => ({ time, value, issueTime: start })));
  assert.equal(others.length, 0);
  assert.deepEqual(await client.predictions(job.id, "other", start, end), []);
  const [latest] = await client.latest(job.id, { at: hours[1] });
  assert.deepEqual(latest.points, [{ time: hours[1], value: 1, issueTime: start }]);
  assert.equal((await client.job("Flow").catch(() => client.job(job.id))).id, job.id);
});

test("a list follows its pages", async () => {
  const query = { job_id: job.id, metric: "flow", from: start, to: end, limit: 2 };
  const sizes = [];
  for await (const page of client.pages("predictions", query)) sizes.push(page.length);
  assert.deepEqual(sizes, [2, 1]);
  assert.deepEqual((await client.list("predictions", query)).map((row) => row.value), [0, 1, 2]);
});

test("readings are points", async () => {
  const json = { name: `s ${crypto.randomUUID()}`, metric: "flow", organisation_id: job.organisation_id };
  const sensor = await client.call("POST", "sensors", { json });
  const times = [hours[0], hours[2]];
  await client.call("POST", `sensors/${sensor.id}/readings`, { json: times.map((time) => ({ time, value: 1.5 })) });
  assert.deepEqual(await client.readings(sensor.id, start, end), times.map((time) => ({ time, value: 1.5 })));
});

test("an error names every violation", async () => {
  const wrong = [{ ...values[0], role: "x" }, { ...values[1], role: "y" }];
  const { error } = await requests([], () => client.post(job.id, start, wrong));
  assert.ok(error instanceof Problem);
  assert.equal(error.status, 422);
  assert.deepEqual(error.errors.map(({ pointer }) => pointer), ["#/predictions/0/role", "#/predictions/1/role"]);
  assert.match(error.message, /^422 Validation failed: .*\n  #\/predictions\/0\/role .*\n  #\/predictions\/1\/role /);
  const text = await requests([{ status: 502, body: "no upstream" }], () => client.call("GET", "jobs"));
  assert.deepEqual([text.error.status, text.error.detail], [502, "no upstream"]);
});

test("a value that is no number is not posted", async () => {
  const { error, seen } = await requests([], () => client.post(job.id, start, [{ ...values[0], value: Number.NaN }]));
  assert.ok(error instanceof TypeError);
  assert.deepEqual(seen, []);
});

test("what is safe to repeat is retried", async () => {
  const read = await requests([unavailable, "drop"], () => client.predictions(job.id, "flow", start, end));
  assert.deepEqual([read.value.length, read.seen], [1, ["GET", "GET", "GET"]]);
  const issue = new Date("2026-01-01T01:00:00Z");
  const post = await requests(["drop", unavailable], () => client.post(job.id, issue, values));
  assert.deepEqual([post.value.unchanged, post.seen.length], [3, 3]);
});

test("a connection that is lost within the body is retried", async () => {
  const query = { job_id: job.id, metric: "flow", from: start, to: end };
  const read = await requests(["half", "half"], () => client.predictions(job.id, "flow", start, end));
  assert.deepEqual([read.value?.length, read.seen.length, read.error], [1, 3, undefined]);
  const list = await requests(["half"], () => client.list("predictions", query));
  assert.deepEqual([list.value?.length, list.seen.length, list.error], [3, 2, undefined]);
  const point = { role: "out", valid_time: start, value: 0 };
  const json = { job_id: job.id, issue_time: start, predictions: [point] };
  const post = await requests(["half"], () => client.call("POST", "predictions", { json }));
  assert.deepEqual([post.value, post.seen], [undefined, ["POST"]]);
});

test("a page may have 200,000 rows", async () => {
  const body = JSON.stringify(Array.from({ length: 200_000 }, (_, value) => ({ value })));
  const { value, error } = await requests([{ status: 200, body }], () => client.list("predictions"));
  assert.deepEqual([value?.length, value?.at(-1), error], [200_000, { value: 199_999 }, undefined]);
});

test("the time limit is for each part of a response", async () => {
  const hasty = new Client(`http://127.0.0.1:${proxy.address().port}/farm`, TOKEN, { attempts: 1, timeout: 1000 });
  const parts = ['["é', ..."abcdefgh", '"]'].flatMap((part) => [...Buffer.from(part)]);
  const slowly = (response) => {
    const timer = setInterval(() => {
      response.write(Buffer.from([parts.shift()]));
      if (parts.length > 0) return;
      clearInterval(timer);
      response.end();
    }, 150);
  };
  const began = performance.now();
  const slow = await requests([slowly], () => hasty.list("jobs"));
  assert.deepEqual(slow.value, ["éabcdefgh"]);
  assert.ok(performance.now() - began > 1000, "the whole takes longer than the limit");
  const silent = await requests([(response) => response.write("[")], () => hasty.list("jobs"));
  assert.equal(silent.error?.name, "TimeoutError");
  const none = await requests([() => {}], () => hasty.list("jobs"));
  assert.equal(none.error?.name, "TimeoutError");
});

test("what may be stored twice is not retried, unless it was not handled", async () => {
  const point = () => client.call("POST", "predictions", { json: { job_id: job.id, predictions: [] } });
  assert.equal((await requests([unavailable], point)).error.status, 503);
  assert.deepEqual((await requests(["drop"], point)).seen, ["POST"]);
  const limited = { status: 429, headers: { "Retry-After": "0" } };
  assert.deepEqual((await requests([limited], point)).seen, ["POST", "POST"]);
});

test("a long wait is an error at once", async () => {
  const long = { status: 503, headers: { "Retry-After": "3600" } };
  const { error, seen } = await requests([long], () => client.call("GET", "jobs"));
  assert.deepEqual([error.status, seen.length], [503, 1]);
});

test("a signal ends a wait", async () => {
  const ending = new AbortController();
  const slow = { status: 503, headers: { "Retry-After": "30" } };
  const { error } = await requests([slow], () => {
    const call = client.call("GET", "jobs", { signal: ending.signal });
    setTimeout(() => ending.abort(), 100);
    return call;
  });
  assert.equal(error.name, "AbortError");
  const within = new AbortController();
  const body = await requests([(response) => response.write("[", () => setTimeout(() => within.abort(), 100))], () =>
    client.call("GET", "jobs", { signal: within.signal }));
  assert.deepEqual([body.error?.name, body.seen.length], ["AbortError", 1]);
});

test("a wait leaves no listener on the signal", async () => {
  const { signal } = new AbortController();
  await requests([unavailable, unavailable], () => client.call("GET", "jobs", { signal }));
  assert.deepEqual(getEventListeners(signal, "abort"), []);
});

test("the token is sent to no other server", async () => {
  await assert.rejects(client.call("GET", "http://127.0.0.1:1/api/v1/jobs"), /is not the server/);
});

test("durations and points follow the formats of the API", () => {
  const durations = ["PT1H", "PT24H", "P1DT0.5S", "-PT15M", "P1M"].map(duration);
  assert.deepEqual(durations, [3_600_000, 86_400_000, 86_400_500, -900_000, Number.NaN]);
  const issues = ["2026-01-01T00:00:00Z", "2026-01-01T01:00:00Z"];
  const series = { start: "2026-01-01T00:00:00.000001Z", step: "PT30M", values: [1, 2], issue_times: issues };
  assert.deepEqual(points(series), [
    { time: start, value: 1, issueTime: start },
    { time: new Date("2026-01-01T00:30:00Z"), value: 2, issueTime: hours[1] },
  ]);
});
