// Uses the types of openapi-typescript with openapi-fetch, checked by `tsc --strict`: node openapi_fetch.js URL TOKEN.
import createClient from "openapi-fetch";
import type { components, paths } from "./api.js";

type Series = components["schemas"]["PredictionSeriesList"];
type Rows = components["schemas"]["PredictionRows"];

const [url, token] = process.argv.slice(2) as [string, string];
const api = createClient<paths>({ baseUrl: url, headers: { Authorization: `Bearer ${token}` } });

function is(found: unknown, expected: unknown): void {
  if (JSON.stringify(found) !== JSON.stringify(expected)) throw new Error(`${JSON.stringify(found)} is not ${JSON.stringify(expected)}`);
}

/** The data of a success as JSON, which is text only if CSV was requested. */
function ok<T>({ data, error }: { data?: T; error?: unknown }): Exclude<NonNullable<T>, string> {
  if (data === undefined || data === null || typeof data === "string") throw new Error(JSON.stringify(error));
  return data as Exclude<NonNullable<T>, string>;
}

const isSeries = (page: Rows | Series): page is Series => page[0] !== undefined && "values" in page[0];

const home = ok(await api.POST("/api/v1/organisations", { body: { name: `Home ${crypto.randomUUID()}` } }));
const job = ok(await api.POST("/api/v1/jobs/setup", {
  body: {
    organisation_id: home.id,
    source: { name: `model ${crypto.randomUUID()}` },
    source_version: { version: "1.0.0", input_roles: [], output_roles: [{ role: "out", metric: "flow", unit: "l/s" }] },
    job: { name: "Flow" },
    role_bindings: [],
  },
}));

const points = [0, 1, 2].map((hour) => ({ role: "out", valid_time: `2026-01-01T0${hour}:00:00Z`, value: hour }));
const post = { job_id: job.id, issue_time: "2026-01-01T00:00:00Z", predictions: points };
is(ok(await api.POST("/api/v1/predictions", { body: post })).stored, 3);
is(ok(await api.POST("/api/v1/predictions", { body: post })).unchanged, 3);

const window = { metric: "flow", job_id: [job.id], from: "2026-01-01T00:00:00Z", to: "2026-01-02T00:00:00Z" };
const rows = ok(await api.GET("/api/v1/predictions", { params: { query: window } }));
if (isSeries(rows)) throw new Error("rows were expected");
is(rows.map((row) => row.value), [0, 1, 2]);
const series = ok(await api.GET("/api/v1/predictions", { params: { query: { ...window, shape: "series" } } }));
if (!isSeries(series)) throw new Error("series were expected");
is(series[0]?.values, [0, 1, 2]);
is(ok(await api.GET("/api/v1/predictions", { params: { query: { ...window, metric: "other" } } })), []);
const csv = await api.GET("/api/v1/predictions", { params: { query: { ...window, format: "csv" } }, parseAs: "text" });
is((csv.data as string).trim().split(/\r?\n/).length, 4);

const page = await api.GET("/api/v1/jobs", { params: { query: { organisation_id: home.id, limit: 1 } } });
is(ok(page).map(({ id }) => id), [job.id]);

const wrong = await api.POST("/api/v1/predictions", { body: { ...post, predictions: [{ role: "x", valid_time: "2026-01-01T00:00:00Z", value: 1 }] } });
is(wrong.error?.errors?.[0]?.pointer, "#/predictions/0/role");

const path = { id: home.id };
const read = await api.GET("/api/v1/organisations/{id}", { params: { path } });
const old = read.response.headers.get("etag") ?? "";
const change = { params: { path, header: { "If-Match": old } }, body: { name: `Other ${crypto.randomUUID()}` } };
is(ok(await api.PUT("/api/v1/organisations/{id}", change)).name, change.body.name);
is((await api.PUT("/api/v1/organisations/{id}", change)).response.status, 412);

const sensor = ok(await api.POST("/api/v1/sensors", { body: { name: "s", metric: "flow", unit: "l/s", organisation_id: home.id } }));
is(sensor.unit, "l/s");
const cleared = ok(await api.PUT("/api/v1/sensors/{id}", { params: { path: { id: sensor.id } }, body: { unit: null } }));
is(cleared.unit, undefined);
console.log("openapi-fetch: set up, posted, read in both shapes and as CSV, paged, refused, stale, null");
