// Uses the typescript-fetch client of openapi-generator, checked by `tsc --strict`: node openapi_generator.js URL TOKEN.
import {
  Configuration, JobsApi, OrganisationsApi, PredictionsApi, ReadingsApi, ResponseError, SensorsApi,
  instanceOfPrediction, instanceOfPredictionSeries,
} from "./typescript-client/index.js";
import type { JobPost, ListPredictionsRequest, Prediction, PredictionPage, PredictionSeries, Problem } from "./typescript-client/index.js";

const [url, token] = process.argv.slice(2) as [string, string];
const configuration = new Configuration({ basePath: url, accessToken: token });
const [organisations, sensors] = [new OrganisationsApi(configuration), new SensorsApi(configuration)];
const [predictions, readings] = [new PredictionsApi(configuration), new ReadingsApi(configuration)];

function is(found: unknown, expected: unknown): void {
  if (JSON.stringify(found) !== JSON.stringify(expected)) throw new Error(`${JSON.stringify(found)} is not ${JSON.stringify(expected)}`);
}

/** The problem of a call that must be refused. */
async function refused(status: number, call: Promise<unknown>): Promise<Problem> {
  const error = await call.then(() => undefined, (reason: unknown) => reason);
  if (!(error instanceof ResponseError)) throw new Error(`it was not refused: ${error}`);
  is(error.response.status, status);
  return await error.response.json() as Problem;
}

const rowsOf = (page: PredictionPage): Prediction[] => {
  if (!page.every((each) => instanceOfPrediction(each))) throw new Error("rows were expected");
  return page as Prediction[];
};
const seriesOf = (page: PredictionPage): PredictionSeries[] => {
  if (!page.every((each) => instanceOfPredictionSeries(each))) throw new Error("series were expected");
  return page as PredictionSeries[];
};

const home = await organisations.createOrganisation({ organisationCreation: { name: `Home ${crypto.randomUUID()}` } });
const job = await new JobsApi(configuration).setUpJob({
  jobSetup: {
    organisationId: home.id,
    source: { name: `model ${crypto.randomUUID()}` },
    sourceVersion: { version: "1.0.0", inputRoles: [], outputRoles: [{ role: "out", metric: "flow", unit: "l/s" }] },
    job: { name: "Flow" },
    roleBindings: [],
  },
});

const start = new Date("2026-01-01T00:00:00Z");
const hours = [0, 1, 2].map((hour) => new Date(start.getTime() + hour * 3_600_000));
const points = hours.map((validTime, value) => ({ role: "out", validTime, value }));
const post: JobPost = { jobId: job.id, issueTime: start, predictions: points };
is((await predictions.postPredictions({ postedPredictions: post })).stored, 3);
is((await predictions.postPredictions({ postedPredictions: post })).unchanged, 3);

const window = { metric: "flow", jobId: [job.id], from: start, to: new Date("2026-01-02T00:00:00Z") };
const rows = rowsOf(await predictions.listPredictions(window));
is(rows.map((row) => [row.validTime, row.value]), hours.map((hour, value) => [hour, value]));
const [series] = seriesOf(await predictions.listPredictions({ ...window, shape: "series" }));
is([series?.values, series?.start], [[0, 1, 2], start]);
is(await predictions.listPredictions({ ...window, metric: "other" }), []);
const csv = await predictions.listPredictionsRaw({ ...window, format: "csv" });
is((await csv.raw.text()).trim().split(/\r?\n/).length, 4);

async function* pages(query: ListPredictionsRequest): AsyncGenerator<PredictionPage> {
  for (let cursor: string | undefined; ;) {
    const page = await predictions.listPredictionsRaw(cursor === undefined ? query : { ...query, cursor });
    yield await page.value();
    const link = /<([^>]*)>; *rel="next"/.exec(page.raw.headers.get("Link") ?? "");
    if (!link?.[1]) return;
    cursor = new URL(link[1], url).searchParams.get("cursor") ?? "";
  }
}

const sizes: number[] = [];
for await (const page of pages({ ...window, limit: "2" })) sizes.push(page.length);
is(sizes, [2, 1]);

const bad = { jobId: job.id, predictions: [{ role: "x", validTime: start, value: 1 }] };
const problem = await refused(422, predictions.postPredictions({ postedPredictions: bad }));
is(problem.errors?.[0]?.pointer, "#/predictions/0/role");

const old = (await organisations.getOrganisationRaw({ id: home.id })).raw.headers.get("ETag") ?? "";
const change = { id: home.id, ifMatch: old, organisationChange: { name: `Other ${crypto.randomUUID()}` } };
is((await organisations.updateOrganisation(change)).name, change.organisationChange.name);
await refused(412, organisations.updateOrganisation(change));

const sensor = await sensors.createSensor({ sensorCreation: { name: "s", metric: "flow", unit: "l/s", organisationId: home.id } });
is(sensor.unit, "l/s");
is((await sensors.updateSensor({ id: sensor.id, sensorChange: { unit: null } })).unit, undefined);
is((await readings.postSensorReadings({ id: sensor.id, sensorReadings: [{ time: start, value: 1.5 }] })).stored, 1);
const [reading] = await readings.listReadings({ id: sensor.id, from: start }) as { value: number }[];
is(reading?.value, 1.5);
console.log("openapi-generator, typescript-fetch: set up, posted, read in both shapes and as CSV, paged, refused, stale, null");
