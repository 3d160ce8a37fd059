// The chart of a job and the overview: the as-of handle by pointer, keyboard and replay, what arrived later, gaps, the issues of
// one valid time, the picture and the print, the calendar, the map, and a list of many jobs.
// Usage: node chart.mjs URL ADMIN_TOKEN [FOLDER], on a demo; see browser.mjs.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { SIZES, call, look, open, run, signIn, admin, url } from "./browser.mjs";

const ORGANISATION = "0b5d6f0e-6d1c-4e0b-9a53-2f4c1d7a9e00";
const DAY = 86_400_000;
const HOUR = 3_600_000;
const iso = (time) => new Date(time).toISOString();
const slider = (page) => page.getByRole("slider", { name: "What was known as of" });
const valueNow = async (page) => Number(await slider(page).getAttribute("aria-valuenow"));
const asOf = (page) => page.evaluate(() => new URLSearchParams(location.hash.split("?")[1]).get("as_of"));
const still = (page) => page.waitForFunction(() => document.querySelector(".readout .valid") && !document.querySelector(".frame.loading"));

/** The place of the plot. The chart is made anew when what it shows was read. */
const area = async (page) => (await page.waitForFunction(() => {
  const box = document.querySelector(".canvas .u-over")?.getBoundingClientRect();
  return !document.querySelector(".frame.loading") && box?.width ? { x: box.x, y: box.y, width: box.width, height: box.height } : null;
})).jsonValue();

/** How many pixels of the chart's canvas are drawn in a colour. */
const drawn = (page, colour) => page.locator(".canvas canvas").evaluate((canvas, [red, green, blue]) => {
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  let count = 0;
  for (let at = 0; at < data.length; at += 4) if (data[at] === red && data[at + 1] === green && data[at + 2] === blue) count += 1;
  return count;
}, colour);
const LATER = [0xa3, 0x48, 0x0b];

/** A job with a forecast of ten daily values, whose issues arrived one after the other while this was called. */
async function forecasts(issues, name = `River ${Date.now()}`, more = {}) {
  const setup = {
    organisation_id: ORGANISATION, source: { name: `river ${name}`, expected_interval_minutes: 1440 },
    source_version: { version: "1.0.0", input_roles: [], output_roles: [{ role: "level", metric: "level", unit: "m" }] },
    job: { name, ...more }, role_bindings: [],
  };
  const job = await call("POST", "/api/v1/jobs/setup", setup);
  const today = Math.floor(Date.now() / DAY) * DAY;
  for (const [index, values] of issues.entries()) {
    const issue_time = iso(today - (issues.length - index) * HOUR);
    const predictions = values.flatMap((value, day) => (value === null ? [] : [{ role: "level", valid_time: iso(today + (day - 4) * DAY), value }]));
    await call("POST", "/api/v1/predictions", { job_id: job.id, issue_time, predictions });
  }
  const runs = await call("GET", `/api/v1/jobs/${job.id}/runs`);
  const arrivals = runs.map((run) => Date.parse(run.available_at)).sort((one, other) => one - other);
  const window = `from=${iso(today - 5 * DAY)}&to=${iso(today + 7 * DAY)}`;
  return { job, today, arrivals, window };
}

const tests = {};

tests["the as-of line is dragged, and what arrived later is drawn only where it differs"] = async () => {
  const first = [1, 1, 1, 1, 1, 1, 5, 5, 5, 5];
  const { job, window, arrivals } = await forecasts([first, [1, 1, 1, 1, 1, 1, 5, 7, 8, 5], [1, 1, 1, 1, 1, 1, 5, 7, 8, 5]]);
  const page = await open(`#/jobs/${job.id}?${window}`);
  await page.getByRole("heading", { name: "Known now" }).waitFor();
  await still(page);
  assert.equal(await drawn(page, LATER), 0, "something is drawn as received later although it is now");
  await page.goto(`${url}/#/jobs/${job.id}?${window}&as_of=${iso(arrivals[0] + 1)}`);
  await page.getByText("Latest forecast then").waitFor();
  await page.locator(".keys").getByText("Received later").waitFor();
  await still(page);
  assert.ok((await drawn(page, LATER)) > 30, "what was received later is not drawn");
  await page.locator(".canvas").focus();
  const read = async (times) => {
    for (let count = 0; count < times; count += 1) await page.keyboard.press("ArrowRight");
    return (await page.locator(".readout").innerText()).replaceAll(/\s+/g, " ");
  };
  const equal = await read(7);
  assert.ok(equal.includes("Known then: 5 m") && !equal.includes("Received later"), equal);
  const differs = await read(1);
  assert.match(differs, /Known then: 5 m .*Received later: 7 m/);
  // By pointer, to the right and back to now.
  const before = await valueNow(page);
  const drag = async (by) => {
    const box = await slider(page).boundingBox();
    const [x, y] = [box.x + box.width / 2, box.y + 60];
    await page.mouse.move(x, y);
    await page.mouse.down();
    for (let step = 1; step <= 5; step += 1) await page.mouse.move(x + (by * step) / 5, y);
    await page.mouse.up();
  };
  await drag(-200);
  await page.getByText("There was no forecast yet.").waitFor();
  const box = await area(page);
  const moved = (before - (await valueNow(page))) / (12 * DAY);
  assert.ok(Math.abs(moved - 200 / box.width) < 0.01, `moved by ${moved}`);
  assert.equal(Date.parse(await asOf(page)), await valueNow(page));
  await drag(600);
  await page.getByRole("heading", { name: "Known now" }).waitFor();
  assert.equal(await asOf(page), null);
  await call("DELETE", `/api/v1/jobs/${job.id}`);
};

await run("chart", tests);
