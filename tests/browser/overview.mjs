// The overview: many jobs that are searched, sorted and turned page by page, rows of two heights, the health by day, the map, and
// the time zone in the head.
// Usage: node overview.mjs URL ADMIN_TOKEN [FOLDER], on a demo; see browser.mjs.
import assert from "node:assert/strict";
import { SIZES, call, look, open, run, signIn, url } from "./browser.mjs";

const HOUR = 3_600_000;
const iso = (time) => new Date(time).toISOString();

const tests = {};

tests["200 jobs are searched, sorted and turned page by page, as rows of two heights, by day and on a map"] = async () => {
  // The search finds digits, too.
  const unique = [...String(Date.now())].map((digit) => "abcdefghij"[digit]).join("");
  const organisation = await call("POST", "/api/v1/organisations", { name: `Orchard ${unique}` });
  const { secret } = await call("POST", "/api/v1/tokens", { name: "manager", role: "manager", organisation_id: organisation.id });
  const field = (name, latitude) => call("POST", "/api/v1/locations", { name, organisation_id: organisation.id, latitude, longitude: -73.5 }, secret);
  const [north, south] = [await field("North field", 41.2), await field("South field", 40.9)];
  const name = `frost ${unique}`;
  const version = { version: "spring", input_roles: [], output_roles: [{ role: "frost", metric: "frost" }] };
  const source = await call("POST", "/api/v1/sources", { name, organisation_id: organisation.id, expected_interval_minutes: 60 }, secret);
  const { id } = await call("POST", "/api/v1/source_versions", { source_id: source.id, ...version }, secret);
  const jobs = [];
  for (let index = 1; index <= 200; index += 1) {
    jobs.push(await call("POST", "/api/v1/jobs/setup", {
      organisation_id: organisation.id, source: { id: source.id }, source_version: { id },
      job: { name: `Frost ${index}`, location_id: (index % 10 === 0 ? south : north).id }, role_bindings: [],
    }, secret));
  }
  const valid_time = iso(Date.now() + HOUR);
  await call("POST", "/api/v1/predictions", { job_id: jobs[6].id, predictions: [{ role: "frost", valid_time, value: 1 }] }, secret);
  await call("POST", "/api/v1/predictions", { job_id: jobs[7].id, issue_time: "2020-01-01T00:00:00Z", predictions: [{ role: "frost", valid_time: "2020-01-02T00:00:00Z", value: 2 }] }, secret);
  await call("POST", `/api/v1/jobs/${jobs[19].id}/runs`, { status: "failed", message: "no weather" }, secret);

  const page = await open("#/sign-in", { expected: [401] });
  await signIn(page, secret);
  await page.getByText("1 to 25 of 200 jobs").waitFor();
  const names = () => page.locator(".job .name a").allInnerTexts();
  assert.deepEqual((await names()).slice(0, 3), ["Frost 20", "Frost 1", "Frost 2"], "the worst is not the first");
  // Pages.
  await page.getByText("Page 1 of 8").waitFor();
  assert.ok(await page.getByRole("button", { name: "Previous page" }).isDisabled());
  await page.getByRole("button", { name: "Next page" }).click();
  await page.getByText("26 to 50 of 200 jobs").waitFor();
  await page.getByRole("button", { name: "Previous page" }).click();
  await page.getByText("1 to 25 of 200 jobs").waitFor();
  // Order.
  await page.getByLabel("Sort by").selectOption("Name");
  await page.waitForFunction(() => document.querySelector(".job .name a").innerText === "Frost 1");
  assert.deepEqual((await names()).slice(8, 11), ["Frost 9", "Frost 10", "Frost 11"]);
  await page.getByLabel("Sort by").selectOption("Predicted until");
  await page.waitForFunction(() => document.querySelector(".job .name a").innerText === "Frost 8");
  await page.locator(".job", { hasText: "Frost 8" }).first().getByText("covers nothing from now on").waitFor();
  // Search, which starts at the first page.
  await page.goto(`${url}/#/jobs?page=3`);
  await page.getByText("51 to 75 of 200 jobs").waitFor();
  await page.getByLabel("Search jobs").fill("south 2");
  await page.getByText("3 jobs that match, 200 in all").waitFor();
  assert.deepEqual((await names()).sort(), ["Frost 120", "Frost 20", "Frost 200"]);
  await page.getByLabel("Search jobs").fill("no such job");
  await page.getByText("No jobs match.").waitFor();
  await page.getByRole("link", { name: "Show all jobs" }).click();
  // The height of the rows, which the browser stores.
  const height = async () => (await page.locator(".job").nth(3).boundingBox()).height;
  const comfortable = await height();
  await page.getByRole("button", { name: "Compact" }).click();
  await page.getByText("1 to 50 of 200 jobs").waitFor();
  assert.ok((await height()) < comfortable * 0.75, `${await height()} is not lower than ${comfortable}`);
  await look(page, "compact rows");
  await page.reload();
  await page.getByText("1 to 50 of 200 jobs").waitFor();
  // Days: one request for each job of the page.
  const asked = [];
  page.on("request", (request) => /jobs\/[^/]+\/health/.test(request.url()) && asked.push(request.url()));
  await page.getByRole("button", { name: "Calendar" }).click();
  await page.getByRole("img", { name: /On time on 0 of 1 day\. 1 day failed/ }).waitFor();
  assert.equal(await page.locator(".calendar .day.failed").count(), 1);
  assert.ok(asked.length <= 50, `${asked.length} requests`);
  await look(page, "calendar");
  await page.getByRole("button", { name: "Map" }).click();
  await page.locator(".map").getByRole("link", { name: "South field: failed" }).waitFor();
  await look(page, "map of jobs");
  await page.locator(".map").getByRole("link", { name: "North field: on time" }).count();
  await page.locator(".map").getByRole("link", { name: "South field: failed" }).click();
  await page.getByText("20 jobs that match, 200 in all").waitFor();
  assert.equal(await page.getByLabel("Location", { exact: true }).inputValue(), south.id);
  await page.getByRole("button", { name: "Clear filters" }).click();
  await page.getByText("1 to 50 of 200 jobs").waitFor();
  await call("DELETE", `/api/v1/organisations/${organisation.id}`).catch(() => null);
};

tests["the time zone is named in the head of each view, and can be changed there"] = async () => {
  const page = await open("#/sources");
  const head = page.locator("header");
  await head.getByText(/America\/New_York, UTC-[45]/).waitFor();
  await head.getByRole("button", { name: "Show UTC" }).click();
  await head.getByRole("button", { name: "Show America/New_York" }).waitFor();
  await page.goto(`${url}/#/jobs`);
  await head.getByRole("button", { name: "Show America/New_York" }).waitFor();
};

tests["list, calendar and map fit a phone and a desktop, in light and dark"] = async () => {
  const views = { jobs: "#/jobs", calendar: "#/jobs?view=calendar", map: "#/jobs?view=map" };
  for (const colorScheme of ["light", "dark"]) {
    for (const [size, viewport] of Object.entries(SIZES)) {
      for (const [name, hash] of Object.entries(views)) {
        const page = await open(hash, { colorScheme, viewport, reducedMotion: "reduce" });
        await page.locator("main h1").waitFor();
        await page.waitForLoadState("networkidle");
        await look(page, `${name} view ${size} ${colorScheme}`);
        await page.context().close();
      }
    }
  }
};

await run("overview", tests);
