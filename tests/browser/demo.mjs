// The demo as a visitor meets it: one large chart of a forecast and of what was measured, three links, and the note about
// its dates; on a phone and on a desktop, light and dark.
// Usage: node demo.mjs URL ADMIN_TOKEN [FOLDER], on a demo that was filled today; see browser.mjs.
import assert from "node:assert/strict";
import { SIZES, admin, browser, call, look, open, run, signIn, url } from "./browser.mjs";

const DAY = 86_400_000;
const links = (page) => page.getByRole("navigation", { name: "Where to go on" }).getByRole("link");
const isDrawn = (page) => page.waitForFunction(() => document.querySelector(".readout .valid") && !document.querySelector(".frame.loading"));
const legend = (page) => page.getByRole("list", { name: "Legend" });

const tests = {};

tests["the demo opens on one large chart of a forecast and of what was measured"] = async () => {
  const page = await open("");
  await page.getByRole("heading", { name: "Forecast and measurement" }).waitFor();
  await isDrawn(page);
  await legend(page).getByText("Readings of EWR temperature").waitFor();
  assert.ok(!(await legend(page).innerText()).includes("on the right"), "the sensor has another unit");
  const box = await page.locator(".canvas").boundingBox();
  assert.ok(box.width > 900 && box.height > 400 && box.y < 450, JSON.stringify(box));
  assert.equal(await links(page).count(), 3);
  const [job] = await call("GET", "/api/v1/jobs?name=Temperature%20EWR");
  const age = Date.now() - Date.parse(job.health.last_issue_time);
  assert.ok(age > 0 && age < 1.1 * DAY, `the last night was ${age / DAY} days ago`);
  assert.equal(job.health.state, "on_time");
};

tests["the page says by how many days its dates are moved"] = async () => {
  const page = await open("");
  const note = page.getByRole("complementary", { name: "About this demo" });
  await note.getByText(/All dates are moved by [\d,]+ days, so that the season ends in the night of \d+ \w+ \d{4}/).waitFor();
  assert.equal(await note.getByText("nobody has posted since").count(), 0);
  // The same on the page of jobs, which leads back.
  await page.goto(`${url}/#/jobs`);
  await note.getByText(/All dates are moved/).waitFor();
  await note.getByRole("link", { name: "Start page of the demo" }).click();
  await page.getByRole("heading", { name: "Forecast and measurement" }).waitFor();
  // One that was filled long ago says so.
  const stale = await browser.newContext();
  const old = await stale.newPage();
  await old.route(`${url}/`, async (route) => {
    const answer = await route.fetch();
    await route.fulfill({ response: answer, body: (await answer.text()).replace(/data-demo="[^"]*"/, 'data-demo="2024-02-29"') });
  });
  await old.goto(`${url}/#/jobs`);
  await old.getByText(/ends in the night of 29 Feb 2024\. That was \d+ days ago, and nobody has posted since/).waitFor();
};

tests["the three links lead to what was known when, to the jobs, and to the guide"] = async () => {
  const page = await open("");
  await isDrawn(page);
  await links(page).filter({ hasText: "What was known when" }).click();
  await page.getByRole("heading", { name: /Known on/ }).waitFor();
  await isDrawn(page);
  await legend(page).getByText("Received later").first().waitFor();
  await links(page).filter({ hasText: "Back to now" }).click();
  await page.getByRole("heading", { name: "Known now" }).waitFor();
  await links(page).filter({ hasText: "The jobs" }).click();
  await page.getByRole("heading", { name: "Jobs" }).waitFor();
  await page.locator(".job").first().waitFor();
  await page.goBack();
  await links(page).filter({ hasText: "The guide" }).click();
  await page.waitForURL(`${url}/docs/demo`);
  await page.getByRole("heading", { name: "The demo", exact: true }).waitFor();
};

tests["one job each is late, down, failed and paused on purpose"] = async () => {
  const page = await open("#/jobs");
  for (const [state, name] of [["late", "Week ahead JFK"], ["down", "Week ahead LGA"], ["failed", "Degree days LGA"], ["paused", "Degree days JFK, paused on purpose"]]) {
    const row = page.locator(".job", { has: page.getByRole("link", { name, exact: true }) });
    await row.locator(`.health > .state.${state}`).waitFor();
    assert.equal(await page.locator(`.job .health > .state.${state}`).count(), 1);
  }
  await page.locator(".job", { hasText: "Degree days EWR" }).locator(".coverage").waitFor();
};

tests["every view of the demo fits, light and dark, on a phone and on a desktop"] = async () => {
  for (const colorScheme of ["light", "dark"]) {
    for (const [size, viewport] of Object.entries(SIZES)) {
      const page = await open("", { colorScheme, viewport });
      await isDrawn(page);
      await look(page, `demo start ${colorScheme} ${size}`);
      await links(page).first().click();
      await page.getByRole("heading", { name: /Known on/ }).waitFor();
      await isDrawn(page);
      await look(page, `demo start then ${colorScheme} ${size}`);
      await page.goto(`${url}/#/jobs`);
      await page.locator(".job .values strong").first().waitFor();
      await look(page, `demo jobs ${colorScheme} ${size}`);
      await page.context().close();
    }
  }
};

tests["an admin gets to the jobs after signing in, and a lost job leaves the page useful"] = async () => {
  const page = await open("#/sign-in", { expected: [404] });
  await signIn(page, admin);
  await page.getByRole("heading", { name: "Jobs" }).waitFor();
  await page.route("**/api/v1/jobs/*", (route) => route.fulfill({ status: 404, json: { title: "Not found", status: 404, detail: "there is no job" } }));
  await page.goto(`${url}/#/demo`);
  await page.getByText("there is no job").waitFor();
  assert.equal(await links(page).count(), 2);
};

await run("demo", tests);
