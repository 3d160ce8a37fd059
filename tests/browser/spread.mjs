// How sure a model is: the fan of quantiles, members as lines and as a fan, what the readout and the table say, versions on trial,
// the form that declares levels, whether the model is as sure as it says, and alerts with a probability.
// Usage: node spread.mjs URL ADMIN_TOKEN [FOLDER], on a server without data; see browser.mjs.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { SIZES, admin, call, look, open, run, signIn, url } from "./browser.mjs";

const HOUR = 3_600_000;
const HOURS = 48;
const LEVELS = [0.1, 0.25, 0.5, 0.75, 0.9];
const iso = (time) => new Date(time).toISOString();
const now = Math.floor(Date.now() / HOUR) * HOUR;
const tests = {};

const OUTPUTS = [
  { role: "temperature", metric: "temperature", unit: "°C", quantiles: LEVELS },
  { role: "plain", metric: "plain", unit: "m" },
];
const ENSEMBLES = [{ role: "rain", metric: "rain", unit: "mm", members: 30 }, { role: "wind", metric: "wind", unit: "m/s", members: 51 }];

/** The temperature of an hour, which each issue expects to be a bit higher, and its quantiles, which lie farther apart the later it is. */
const expected = (issue, hour) => Number((12 + 4 * Math.sin((hour / 12) * Math.PI) + issue).toFixed(1));
const widths = [-1.28, -0.67, 0, 0.67, 1.28];
const quantilesOf = (issue, hours, more = 1) => Object.fromEntries(LEVELS.map((level, index) =>
  [level, hours.map((hour) => Number((expected(issue, hour) + more * widths[index] * (0.5 + hour / 20)).toFixed(2)))]));
const membersOf = (count, hours) => Array.from({ length: count }, (_, member) =>
  hours.map((hour) => Number(Math.max(0, (1 + hour / 10) * (1 + Math.sin(hour / 5 + (member * 7) / count)) - 1).toFixed(2))));

let organisation;

/** A job with these outputs whose issues are six hours apart. `series(issue, hours)` are the series of an issue. */
async function job(name, output_roles, issues, series) {
  organisation ??= await call("POST", "/api/v1/organisations", { name: "Sure farm" });
  const setup = {
    organisation_id: organisation.id, source: { name: `${name} model`, expected_interval_minutes: 360 },
    source_version: { version: "1.0.0", input_roles: [], output_roles }, job: { name }, role_bindings: [],
  };
  const made = await call("POST", "/api/v1/jobs/setup", setup);
  const hours = Array.from({ length: HOURS }, (_, index) => index + 1);
  for (let issue = 0; issue < issues; issue += 1) {
    const start = now - 6 * (issues - issue) * HOUR;
    const at = { start: iso(start + HOUR), step: "PT1H" };
    await call("POST", "/api/v1/predictions", { job_id: made.id, issue_time: iso(start), series: series(issue, hours).map((each) => ({ ...each, ...at })) });
  }
  const runs = await call("GET", `/api/v1/jobs/${made.id}/runs`);
  const arrivals = runs.map((run) => Date.parse(run.available_at)).sort((one, other) => one - other);
  const window = `from=${iso(now - 24 * HOUR)}&to=${iso(now + 48 * HOUR)}`;
  return { job: made, arrivals, window, hash: `#/jobs/${made.id}?${window}&sensor=none` };
}

const fan = (name = `Fan ${Date.now()}`) => job(name, OUTPUTS, 3, (issue, hours) => [
  { role: "temperature", quantiles: quantilesOf(issue, hours) }, { role: "plain", values: hours },
]);
const ensembles = () => job(`Ensembles ${Date.now()}`, ENSEMBLES, 2, (_, hours) => [
  { role: "rain", members: membersOf(30, hours) }, { role: "wind", members: membersOf(51, hours) },
]);

const still = (page) => page.waitForFunction(() => document.querySelector(".readout .valid") && !document.querySelector(".frame.loading"));

/** A page of the chart for somebody who has signed in. */
async function chart(hash, options) {
  const page = await open("#/jobs", { expected: [401], ...options });
  await signIn(page, admin);
  await page.getByRole("heading", { name: "Jobs", exact: true }).waitFor();
  await page.goto(`${url}/${hash}`);
  await still(page);
  return page;
}

/** How opaque the pixels of the chart are in the column of a time: the share of 255, by the number of pixels. */
const column = async (page, hour) => {
  // The chart is made anew when what it shows was read.
  await page.waitForFunction(() => !document.querySelector(".frame.loading") && document.querySelector(".canvas .u-over")?.clientWidth > 0);
  return page.locator(".canvas canvas").evaluate(pixelsOf, [now - 24 * HOUR, now + 48 * HOUR, now + hour * HOUR]);
};

function pixelsOf(canvas, [from, to, at]) {
  const over = document.querySelector(".canvas .u-over");
  const ratio = canvas.width / canvas.clientWidth;
  const x = Math.round((over.offsetLeft + ((at - from) / (to - from)) * over.clientWidth) * ratio);
  // A copy, since the browser warns of a canvas that is read often.
  const copy = new OffscreenCanvas(canvas.width, canvas.height).getContext("2d", { willReadFrequently: true });
  copy.drawImage(canvas, 0, 0);
  const { data } = copy.getImageData(x, over.offsetTop * ratio, 1, over.clientHeight * ratio);
  return Array.from({ length: data.length / 4 }, (_, index) => [...data.slice(index * 4, index * 4 + 4)]);
}

/** How many pixels of a column have about that opacity, in a colour. */
const count = (pixels, opacity, [red, green, blue]) => pixels.filter(([r, g, b, alpha]) =>
  Math.abs(alpha / 255 - opacity) < 0.015 && Math.abs(r - red) < 6 && Math.abs(g - green) < 6 && Math.abs(b - blue) < 6).length;
const LIGHT = [0x2f, 0x8a, 0x5a];
const DARK = [0x5f, 0xb9, 0x87];
const TRIAL = [0x7b, 0x2a, 0x8f];
const LATER = [0xa3, 0x48, 0x0b];
const [OUTER, INNER] = [0.195, 0.352];

const words = async (place) => (await place.innerText()).replaceAll(/\s+/g, " ").trim();
const readout = (page) => words(page.locator(".readout"));

tests["quantiles are a fan: the outer band pale, the inner one stronger, with the value as a line"] = async () => {
  const { hash, job } = await fan();
  const page = await chart(hash);
  assert.equal(await page.locator(".canvas").getAttribute("aria-label"), "Chart of temperature, with 2 bands of quantiles, the outermost from 10 to 90\u00a0%");
  // Between two lines of the grid.
  const pixels = await column(page, 33.4);
  const [outer, inner] = [count(pixels, OUTER, LIGHT), count(pixels, INNER, LIGHT)];
  assert.ok(outer > 15 && inner > 15, `${outer} and ${inner} pixels of the bands`);
  const first = (opacity) => pixels.findIndex((pixel) => count([pixel], opacity, LIGHT) === 1);
  assert.ok(first(OUTER) < first(INNER), "the pale band is not outside");
  // It is wider the farther ahead.
  const near = count(await column(page, 3.4), OUTER, LIGHT);
  assert.ok(near < outer, `${near} pixels of the pale band near to the issue, ${outer} far from it`);
  assert.equal(count(await column(page, -22.4), OUTER, LIGHT), 0, "the fan is drawn before the first issue");
  const legend = await words(page.locator(".keys"));
  for (const entry of ["10 to 90 %", "25 to 75 %", "at the lower edge"]) assert.ok(legend.includes(entry), legend);
  assert.ok(!legend.includes("Median"), "the median is the value");
  await look(page, "fan desktop light");
  // Each request of its values asks for the spread, and none of those of another metric.
  const asked = [];
  page.on("request", (request) => request.url().includes("/predictions?") && asked.push(request.url()));
  await page.getByRole("button", { name: "Zoom in" }).click();
  await page.waitForFunction((before) => location.hash !== before, hash);
  await still(page);
  assert.ok(asked.length > 0 && asked.every((each) => each.includes("spread=all")), asked.join());
  asked.length = 0;
  await page.getByLabel("Metric").selectOption("plain");
  await page.locator(".canvas[aria-label='Chart of plain']").waitFor();
  await still(page);
  assert.ok(asked.length > 0 && asked.every((each) => !each.includes("spread")), asked.join());
  assert.ok(!(await page.locator(".keys").innerText()).includes("%"));
  assert.equal(await page.locator(".readout .spread").count(), 0);
  await call("DELETE", `/api/v1/jobs/${job.id}`);
};

tests["the readout and the table name the levels"] = async () => {
  const { hash, job } = await fan();
  const page = await chart(hash);
  await page.locator(".canvas").focus();
  await page.keyboard.press("ArrowRight");
  // The first value is that of the first issue, an hour ahead.
  const [low, first, , third, high] = Object.values(quantilesOf(0, [1])).map(([value]) => value);
  assert.ok((await readout(page)).includes(`10 to 90 %: ${low} to ${high} °C, 25 to 75 %: ${first} to ${third} °C`), await readout(page));
  await page.getByText("Show as table").first().click();
  const table = page.locator(".as-table table").first();
  assert.deepEqual(await table.locator("thead th").allInnerTexts(), ["Valid at", "Value", "Spread", "Issued", "Lead time", "Version"]);
  const last = Object.values(quantilesOf(2, [HOURS])).map(([value]) => value);
  const levels = `10 %: ${last[0]}, 25 %: ${last[1]}, 50 %: ${last[2]}, 75 %: ${last[3]}, 90 %: ${last[4]} °C`;
  assert.equal(await words(table.locator("tbody tr").first().locator("td").nth(2)), levels);
  await page.getByText("temperature in °C, with quantiles at 10, 25, 50, 75, 90 %").waitFor();
  await look(page, "fan with its table");
  // How the forecast of one time changed.
  await page.getByRole("button", { name: "How this forecast changed" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByRole("heading", { name: /^How the forecast for/ }).waitFor();
  await page.keyboard.press("Escape");
  await call("DELETE", `/api/v1/jobs/${job.id}`);
};

tests["the issues of one time are steps with their quantiles"] = async () => {
  const { hash, job } = await fan();
  const page = await chart(hash);
  await page.getByRole("button", { name: "How this forecast changed" }).click();
  const dialog = page.getByRole("dialog");
  const picture = dialog.getByRole("img", { name: /^3 issues: the first .* The last one has 10\s%: / });
  await picture.waitFor();
  const filled = await picture.locator("canvas").evaluate((canvas) => {
    const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    let found = 0;
    for (let at = 3; at < data.length; at += 4) if (Math.abs(data[at] / 255 - 0.195) < 0.015) found += 1;
    return found;
  });
  assert.ok(filled > 1000, `${filled} pixels of the pale band`);
  await dialog.getByText("Show as table").click();
  assert.match(await words(dialog.locator("details tbody").first()), /90 %: [\d.]+ °C/);
  await look(page, "issues of one time with quantiles");
  await call("DELETE", `/api/v1/jobs/${job.id}`);
};

tests["what was known earlier has its own fan, and what arrived later a pale band"] = async () => {
  const { hash, job, arrivals } = await fan();
  const page = await chart(`${hash}&as_of=${iso(arrivals[0] + 1)}`);
  await page.locator(".keys").getByText("Received later, with 10 to 90 %").waitFor();
  await still(page);
  // The first issue ends earlier than the last one, whose end is drawn alone.
  const later = await column(page, 38.4);
  assert.ok(count(later, OUTER, LIGHT) === 0 && count(later, 0.22, LATER) > 15, "the pale band of what arrived later is not drawn");
  await page.locator(".canvas").focus();
  await page.keyboard.press("ArrowLeft");
  assert.match(await readout(page), /Received later: [\d.]+ °C 10 to 90 %: [\d.]+ to [\d.]+ °C/);
  await look(page, "fan as of an earlier time");
  // Moved by the handle, it is drawn without a request.
  await page.getByRole("slider").focus();
  await page.keyboard.press("End");
  await page.getByRole("heading", { name: "Known now" }).waitFor();
  await still(page);
  assert.ok(count(await column(page, 33.4), OUTER, LIGHT) > 15, "the fan is not drawn");
  await call("DELETE", `/api/v1/jobs/${job.id}`);
};

tests["few members are thin lines, many a fan of their quantiles"] = async () => {
  const { hash, job } = await ensembles();
  const page = await chart(`${hash}&metric=rain`);
  assert.equal(await page.locator(".canvas").getAttribute("aria-label"), "Chart of rain, with 30 members as thin lines");
  await page.locator(".keys").getByText("30 members, a thin line each").waitFor();
  const pixels = await column(page, 33.4);
  const lines = pixels.filter(([, , , alpha], index) => alpha > 60 && (pixels[index - 1]?.[3] ?? 0) < 60).length;
  assert.ok(lines > 6, `${lines} lines`);
  await page.locator(".canvas").focus();
  await page.keyboard.press("ArrowLeft");
  const members = membersOf(30, [HOURS]).flat();
  assert.ok((await readout(page)).includes(`30 members: ${Math.min(...members)} to ${Math.max(...members)} mm`), await readout(page));
  await page.getByText("Show as table").first().click();
  assert.match(await page.locator(".as-table tbody tr").first().innerText(), /30 members: [\d.]+ to [\d.]+ mm/);
  await look(page, "members as lines");
  await page.getByLabel("Metric").selectOption("wind");
  await page.locator(".canvas[aria-label^='Chart of wind, with 2 bands of quantiles']").waitFor();
  await still(page);
  await page.locator(".keys").getByText("Median").waitFor();
  assert.ok(count(await column(page, 33.4), OUTER, LIGHT) > 10, "the fan of the members is not drawn");
  await look(page, "members as a fan");
  await call("DELETE", `/api/v1/jobs/${job.id}`);
};

tests["a version on trial has its outermost band"] = async () => {
  const { hash, job } = await fan();
  const next = await call("POST", "/api/v1/source_versions", { source_id: job.source_id, version: "2.0.0", input_roles: [], output_roles: OUTPUTS });
  await call("PUT", `/api/v1/jobs/${job.id}/shadows/${next.id}`);
  const hours = Array.from({ length: HOURS }, (_, index) => index + 1);
  const start = now - 6 * HOUR;
  const quantiles = Object.fromEntries(Object.entries(quantilesOf(2, hours, 0.4)).map(([level, values]) => [level, values.map((value) => value + 12)]));
  const series = [{ role: "temperature", start: iso(start + HOUR), step: "PT1H", quantiles }, { role: "plain", start: iso(start + HOUR), step: "PT1H", values: hours }];
  await call("POST", "/api/v1/predictions", { job_id: job.id, source_version_id: next.id, issue_time: iso(start), series });
  const page = await chart(hash);
  await page.locator(".keys").getByText("Version 2.0.0, on trial, with 10 to 90 %").waitFor();
  await still(page);
  assert.ok(count(await column(page, 33.4), 0.22, TRIAL) > 5, "the band of the version on trial is not drawn");
  await look(page, "fan of a version on trial");
  await page.getByRole("checkbox", { name: "Versions on trial" }).uncheck();
  await page.waitForFunction(() => !document.querySelector(".keys").innerText.includes("on trial"));
  await still(page);
  assert.equal(count(await column(page, 33.4), 0.22, TRIAL), 0);
  await call("DELETE", `/api/v1/jobs/${job.id}`);
};

tests["many values are thinned, with many levels"] = async () => {
  const levels = [0.01, 0.025, ...Array.from({ length: 19 }, (_, index) => Number(((index + 1) * 0.05).toFixed(2))), 0.975, 0.99];
  const { job, hash } = await fan();
  await call("DELETE", `/api/v1/jobs/${job.id}`);
  const setup = {
    organisation_id: organisation.id, source: { name: `hub ${Date.now()}` }, job: { name: "Hub" }, role_bindings: [],
    source_version: { version: "1", input_roles: [], output_roles: [{ role: "cases", metric: "cases", quantiles: levels }] },
  };
  const hub = await call("POST", "/api/v1/jobs/setup", setup);
  const length = 4000;
  const start = now - 24 * HOUR;
  const values = (level) => Array.from({ length }, (_, index) => Number((100 + 20 * Math.sin(index / 300) + (level - 0.5) * 60).toFixed(1)));
  const series = [{ role: "cases", start: iso(start), step: "PT1M", quantiles: Object.fromEntries(levels.map((level) => [level, values(level)])) }];
  await call("POST", "/api/v1/predictions", { job_id: hub.id, issue_time: iso(start), series });
  const page = await chart(hash.replace(job.id, hub.id));
  await page.getByText("Drawn from 4,000 values").waitFor();
  await page.locator(".keys").getByText("11 bands, from 1 to 99 % to 45 to 55 %").waitFor();
  assert.match(await readout(page), /1 to 99 %: [\d.]+ to [\d.]+, 25 to 75 %/);
  const opacities = new Set((await column(page, 33.4)).map(([, , , alpha]) => alpha));
  assert.ok(opacities.size >= 11, `${opacities.size} opacities`);
  await look(page, "many levels, thinned");
  await call("DELETE", `/api/v1/jobs/${hub.id}`);
};

tests["the fan is drawn in light and dark, on a desktop and on a phone, and saved as a picture"] = async () => {
  const { hash, job } = await fan("Frost in the lower field");
  for (const colorScheme of ["light", "dark"]) {
    for (const [size, viewport] of Object.entries(SIZES)) {
      const page = await chart(hash, { colorScheme, viewport, reducedMotion: "reduce" });
      assert.ok(count(await column(page, 33.4), INNER, colorScheme === "dark" ? DARK : LIGHT) > 10, `${size} ${colorScheme}`);
      await page.getByText("Show as table").first().click();
      await look(page, `fan ${size} ${colorScheme}`);
      await page.context().close();
    }
  }
  const page = await chart(hash);
  await page.locator(".chart summary", { hasText: "Export" }).click();
  const [file] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: "Picture (PNG)" }).click()]);
  assert.equal(file.suggestedFilename(), "Frost in the lower field temperature.png");
  assert.ok((await readFile(await file.path())).length > 10_000);
  assert.match(await page.getByRole("link", { name: "CSV" }).first().getAttribute("href"), /spread=all/);
  await call("DELETE", `/api/v1/jobs/${job.id}`);
};

tests["a version is published with levels and with members"] = async () => {
  const { job } = await fan();
  const page = await open(`#/sources/${job.source_id}`, { expected: [401, 422] });
  await signIn(page, admin);
  await page.getByRole("button", { name: "Publish a version" }).click();
  const dialog = page.getByRole("dialog");
  const role = (index) => dialog.getByRole("group", { name: `Outputs, ${index}` });
  assert.equal(await role(1).getByLabel("Levels").inputValue(), "0.1, 0.25, 0.5, 0.75, 0.9");
  assert.equal(await role(2).getByLabel("Spread").inputValue(), "none");
  await dialog.getByLabel("Label").fill("3.0.0");
  const levels = role(1).getByLabel("Levels");
  await levels.fill("ten");
  assert.ok(await levels.evaluate((input) => !input.validity.valid), "words are no levels");
  await levels.fill("0.5, 0.1");
  await role(2).getByLabel("Spread").selectOption("members");
  await role(2).getByLabel("At most").fill("20");
  await dialog.getByRole("button", { name: "Publish", exact: true }).click();
  await role(1).locator(".wrong").waitFor();
  await look(page, "publish with wrong levels");
  await levels.fill("0.05, 0.5, 0.95");
  await dialog.getByRole("button", { name: "Publish", exact: true }).click();
  await dialog.waitFor({ state: "detached" });
  const versions = await call("GET", `/api/v1/source_versions?source_id=${job.source_id}`);
  const roles = versions.find(({ version }) => version === "3.0.0").output_roles;
  assert.deepEqual(roles.map(({ quantiles, members }) => quantiles ?? members), [[0.05, 0.5, 0.95], 20]);
  await page.getByRole("button", { name: "Compare versions" }).click();
  assert.deepEqual(await dialog.locator(".mark").allInnerTexts(), ["changed", "changed"]);
  await dialog.getByText("10, 25, 50, 75, 90 %").waitFor();
  await look(page, "compare versions with quantiles");
  await call("DELETE", `/api/v1/jobs/${job.id}`);
};

const MEASURED = [
  { role: "temperature", metric: "temperature", unit: "°C", quantiles: LEVELS },
  { role: "wind", metric: "wind", unit: "m/s", members: 9 },
  { role: "rain", metric: "rain", unit: "mm" },
];
/** Runs of eight hours, six hours apart, and what is measured an hour after the first of them and later. */
const [RUNS, AHEAD] = [10, 8];
const truths = Array.from({ length: RUNS * 6 }, (_, index) => Number((10 + 3 * Math.sin((index + 1) * 1.7)).toFixed(2)));
const QUANTILES = [8, 9, 10, 11, 12];
const MEMBERS = [7.011, 8.011, 9.011, 9.511, 10.011, 10.511, 11.011, 12.011, 12.511];

/** A job with quantiles, members and plain values, all of which are measured and never change. */
async function measured(name = `Measured ${Date.now()}`) {
  organisation ??= await call("POST", "/api/v1/organisations", { name: "Sure farm" });
  const organisation_id = organisation.id;
  const location_id = (await call("POST", "/api/v1/locations", { name, organisation_id, latitude: 52, longitude: 13 })).id;
  const job = await call("POST", "/api/v1/jobs/setup", {
    organisation_id, source: { name: `${name} model` }, source_version: { version: "1.0.0", input_roles: [], output_roles: MEASURED },
    job: { name, location_id }, role_bindings: [],
  });
  const start = now - 72 * HOUR;
  for (const { metric, unit } of MEASURED) {
    const sensor = await call("POST", "/api/v1/sensors", { organisation_id, location_id, name: `${name} ${metric}`, metric, unit });
    const readings = [10, ...truths].map((value, hour) => ({ sensor_id: sensor.id, time: iso(start + hour * HOUR), value }));
    await call("POST", "/api/v1/readings", readings);
  }
  const all = (value) => Array.from({ length: AHEAD }, () => value);
  for (let run = 0; run < RUNS; run += 1) {
    const issue = start + 6 * run * HOUR;
    const at = { start: iso(issue + HOUR), step: "PT1H" };
    await call("POST", "/api/v1/predictions", { job_id: job.id, issue_time: iso(issue), series: [
      { role: "temperature", ...at, quantiles: Object.fromEntries(LEVELS.map((level, index) => [level, all(QUANTILES[index])])) },
      { role: "wind", ...at, members: MEMBERS.map(all) },
      { role: "rain", ...at, values: all(10) },
    ] });
  }
  return { job, hash: `#/jobs/${job.id}?sensor=none` };
}

const share = (part) => `${Number(((part / truths.length) * 100).toFixed(1))} %`;
const accuracy = (page) => page.locator("section.accuracy");

/** The section about accuracy, once it is read. */
async function scored(page, metric) {
  await accuracy(page).scrollIntoViewIfNeeded();
  const choice = accuracy(page).getByLabel("Output", { exact: true });
  await choice.waitFor();
  if (metric) await choice.selectOption(metric);
  await accuracy(page).locator(".by-pair .points").waitFor({ state: "attached" });
  await page.waitForFunction((count) => !document.querySelector(".accuracy .loading")
    && document.querySelector(".accuracy .choices .quiet")?.innerText.startsWith(count), `${truths.length}`);
}

const cells = async (place) => (await place.locator("tbody tr").evaluateAll((rows) => rows.map((row) => [...row.cells].map((cell) => cell.innerText))))
  .map((row) => row.map((cell) => cell.replaceAll("\u00a0", " ")));
const figures = async (page) => Object.fromEntries(await accuracy(page).locator(".of-spread dt").evaluateAll((terms) =>
  terms.map((term) => [term.innerText, term.nextElementSibling.innerText])));
const headsOf = (page) => accuracy(page).locator(".scores thead th").allInnerTexts();

tests["the quantiles are reliable if their points are on the diagonal"] = async () => {
  const { job, hash } = await measured();
  const page = await chart(`${hash}&metric=temperature`);
  await scored(page);
  const below = QUANTILES.map((quantile) => truths.filter((truth) => truth <= quantile).length);
  const picture = accuracy(page).getByRole("img", { name: /^Reliability of 5 quantiles: / });
  const label = (await picture.getAttribute("aria-label")).replaceAll("\u00a0", " ");
  assert.ok(label.includes(`: ${share(below[0])} of the measurements are at or below that of 10 %, ${share(below[4])} `) && label.includes("60 pairs"), label);
  // The place of each point, in shares of the diagonal.
  const [left, bottom, right, top] = (await picture.locator(".diagonal").getAttribute("d")).match(/[\d.]+/g).map(Number);
  const points = await picture.locator(".point").evaluateAll((points) => points.map((point) => ["cx", "cy"].map((name) => Number(point.getAttribute(name)))));
  assert.equal(points.length, LEVELS.length);
  for (const [index, [x, y]] of points.entries()) {
    assert.ok(Math.abs((x - left) / (right - left) - LEVELS[index]) < 0.001, `the point of ${LEVELS[index]} stands at ${x}`);
    assert.ok(Math.abs((y - bottom) / (top - bottom) - below[index] / truths.length) < 0.001, `the point of ${LEVELS[index]} is ${y} high`);
  }
  assert.equal(await picture.locator(".point.hollow").count(), 0);
  const readout = () => words(accuracy(page).locator(".by-level .bars-word"));
  assert.match(await readout(), /^Farthest off: \d+ %: [\d.]+ % at or below, 60 pairs$/);
  await picture.locator(".hit").nth(3).hover();
  await page.waitForFunction(() => document.querySelector(".by-level .bars-word").innerText.startsWith("75"));
  assert.equal(await readout(), `75 %: ${share(below[3])} at or below, 60 pairs`);
  // The same as numbers, and the scores are those of the API.
  await accuracy(page).locator("summary", { hasText: "Levels as a table" }).click();
  const [row] = (await call("GET", `/api/v1/accuracy?job_id=${job.id}&metric=temperature&lead_edges=0,21601&reference=persistence&from=${iso(now - 96 * HOUR)}`));
  assert.equal(row.pairs, truths.length);
  assert.deepEqual((await cells(accuracy(page).locator(".by-level"))).map(([level, at, , pairs]) => [level, at, pairs]),
    LEVELS.map((level, index) => [`${level * 100} %`, share(below[index]), "60"]));
  const inside = (low, high) => truths.filter((truth) => truth >= low && truth <= high).length;
  const digits = (value) => `${value.toPrecision(3)} °C`;
  assert.deepEqual(await cells(accuracy(page).locator(".of-spread")), [
    ["10 to 90 %", share(inside(8, 12)), "80 %", "4.00 °C", digits(row.intervals[0].interval_score)],
    ["25 to 75 %", share(inside(9, 11)), "50 %", "2.00 °C", digits(row.intervals[1].interval_score)],
  ]);
  assert.deepEqual(await figures(page), { "Weighted interval score": digits(row.wis), "Mean absolute error": digits(row.mae) });
  const heads = await headsOf(page);
  assert.ok(heads.includes("Weighted interval score") && !heads.includes("CRPS"), heads.join());
  assert.equal(await accuracy(page).locator(".scores td[data-title='Weighted interval score']").first().innerText(), digits(row.wis));
  assert.equal(await accuracy(page).locator(".by-rank").count(), 0);
  // Few pairs are hollow points.
  await accuracy(page).getByLabel("Lead time", { exact: true }).selectOption({ label: "6 to 12 hours ahead" });
  await picture.locator(".point.hollow").first().waitFor();
  await accuracy(page).locator(".by-level").getByText("Fewer than 30 pairs say little.").waitFor();
  await call("DELETE", `/api/v1/jobs/${job.id}`);
};

tests["members have a rank histogram with an even share, and values alone have neither"] = async () => {
  const { job, hash } = await measured();
  const page = await chart(`${hash}&metric=wind`);
  await scored(page);
  const ranks = Array.from({ length: MEMBERS.length + 1 }, (_, rank) =>
    truths.filter((truth) => MEMBERS.filter((member) => member < truth).length === rank).length);
  const most = Math.max(...ranks);
  const even = truths.length / ranks.length;
  const picture = accuracy(page).getByRole("img", { name: /^Rank histogram of 60 pairs with 9 members\. An even share is 6\. / });
  const bars = await picture.locator("rect.bar").evaluateAll((bars) => bars.map((bar) => Number(bar.getAttribute("height"))));
  assert.equal(bars.length, ranks.length);
  for (const [index, height] of bars.entries()) {
    assert.ok(Math.abs(height - Math.max(1, (ranks[index] / most) * 100)) < 0.01, `${height} is the height of ${ranks[index]}`);
  }
  const line = Number(/^M0 ([\d.]+)H/.exec(await picture.locator(".even").getAttribute("d"))[1]);
  assert.ok(Math.abs(line - (100 - (even / most) * 100)) < 0.01, `the even share stands at ${line}`);
  const readout = () => words(accuracy(page).locator(".by-rank .bars-word"));
  assert.equal(await readout(), `up to ${most} of 60 pairs, an even share is 6`);
  await picture.locator("g").nth(3).locator(".hit").hover();
  await page.waitForFunction(() => document.querySelector(".by-rank .bars-word").innerText.startsWith("Above 3"));
  assert.equal(await readout(), `Above 3 of 9 members: ${ranks[3]} pairs, ${share(ranks[3])}`);
  await accuracy(page).locator("summary", { hasText: "Ranks as a table" }).click();
  assert.deepEqual(await cells(accuracy(page).locator(".by-rank")), ranks.map((count, rank) => [`${rank}`, `${count}`, share(count)]));
  const [row] = (await call("GET", `/api/v1/accuracy?job_id=${job.id}&metric=wind&lead_edges=0,21601&reference=persistence&from=${iso(now - 96 * HOUR)}`));
  const digits = (value) => `${value.toFixed(value < 1 ? 3 : 2)} m/s`;
  assert.deepEqual(await figures(page), {
    CRPS: digits(row.crps), "Fair CRPS": digits(row.crps_fair), "Mean absolute error": digits(row.mae), "Spread of the members": digits(row.spread), RMSE: digits(row.rmse),
  });
  const heads = await headsOf(page);
  assert.ok(heads.includes("CRPS") && !heads.includes("Weighted interval score"), heads.join());
  assert.equal(await accuracy(page).locator(".by-level").count(), 0);
  await scored(page, "rain");
  await accuracy(page).locator(".of-spread").waitFor({ state: "detached" });
  assert.equal(await accuracy(page).locator(".by-level, .by-rank, .even").count(), 0);
  assert.ok(!/CRPS|interval score/.test((await headsOf(page)).join()));
  await call("DELETE", `/api/v1/jobs/${job.id}`);
};

tests["reliability is drawn in light and dark, on a desktop and on a phone"] = async () => {
  const { job, hash } = await measured("Frost at the weir");
  for (const colorScheme of ["light", "dark"]) {
    for (const [size, viewport] of Object.entries(SIZES)) {
      for (const metric of ["temperature", "wind"]) {
        const page = await chart(`${hash}&metric=${metric}`, { colorScheme, viewport });
        await scored(page);
        await accuracy(page).locator(".of-spread").waitFor();
        await look(page, `reliability ${metric} ${size} ${colorScheme}`);
        await page.context().close();
      }
    }
  }
  await call("DELETE", `/api/v1/jobs/${job.id}`);
};

const dialog = (page) => page.getByRole("dialog");
const alertNamed = async (name) => (await call("GET", `/api/v1/alerts?name=${encodeURIComponent(name)}`))[0];

async function alerts(options) {
  const page = await open("#/jobs", { expected: [401, 422], ...options });
  await signIn(page, admin);
  await page.getByRole("heading", { name: "Jobs", exact: true }).waitFor();
  await page.goto(`${url}/#/alerts`);
  return page;
}

tests["an alert can have a probability if its output has quantiles or members"] = async () => {
  const { job, hash } = await fan();
  const [name, plain] = [`Warm ${Date.now()}`, `Plain ${Date.now()}`];
  const page = await alerts();
  const field = (label) => dialog(page).getByLabel(label, { exact: true });
  const said = dialog(page).getByRole("region", { name: "In the past" }).getByRole("status");
  const tried = [];
  page.on("request", (request) => request.url().endsWith("/alerts/try") && tried.push(request.postDataJSON()));
  await page.getByRole("button", { name: "Create an alert" }).click();
  await field("Name").fill(name);
  assert.equal(await field("Probability in %").count(), 0, "a probability is offered before a job is chosen");
  await field("Job").selectOption({ label: job.name });
  assert.equal(await field("Metric").inputValue(), "temperature");
  await field("Threshold").fill("15");
  await field("Probability in %").fill("5");
  // The violation stands at its field, in percent.
  const wrong = dialog(page).locator(".field", { has: page.getByLabel("Probability in %", { exact: true }) }).locator(".wrong");
  await wrong.waitFor();
  assert.equal(await words(wrong), "Enter more than 10 % and at most 90 %: the quantiles of this output reach no further.");
  assert.equal(await field("Probability in %").getAttribute("aria-invalid"), "true");
  assert.equal(tried.at(-1).probability, 0.05);
  await look(page, "alert form with a wrong probability");
  await field("Probability in %").fill("0");
  await wrong.getByText(/^Enter more than 0\s%/).waitFor();
  await field("Probability in %").fill("7");
  await dialog(page).getByRole("button", { name: "Create the alert" }).click();
  await wrong.getByText(/^Enter more than 10\s%/).waitFor();
  await page.waitForFunction(() => document.activeElement.getAttribute("aria-invalid") === "true");
  await field("Probability in %").fill("30");
  await said.getByText("It would have been raised once").waitFor();
  assert.equal(tried.at(-1).probability, 0.3);
  await dialog(page).getByText(/peak [\d.]+, up to [\d.]+\s%/).first().waitFor();
  await look(page, "alert form with a probability");
  await dialog(page).getByRole("button", { name: "Create the alert" }).click();
  await page.getByText(`${name} is created.`).waitFor();
  const created = await alertNamed(name);
  assert.equal(created.probability, 0.3);
  const row = page.getByRole("row", { name });
  await row.getByText(/^temperature ≥ 15 with a probability of at least 30\s% within 2 days$/).waitFor();

  // Its states and transitions have the probability, the chart has it in the legend.
  await row.getByRole("button", { name: "States and transitions" }).click();
  await dialog(page).getByText(/with a probability of at least 30\s%/).waitFor();
  await dialog(page).getByRole("button", { name: "Close" }).click();
  const hours = Array.from({ length: HOURS }, (_, index) => index + 1);
  const series = [{ role: "temperature", start: iso(now + HOUR), step: "PT1H", quantiles: quantilesOf(2, hours) }];
  await call("POST", "/api/v1/predictions", { job_id: job.id, issue_time: iso(now), series });
  await page.reload();
  await row.getByText("raised").waitFor();
  await row.getByRole("button", { name: "States and transitions" }).click();
  const [raised] = await call("GET", `/api/v1/alerts/${created.id}/states`);
  const likely = `${Number((raised.peak_probability * 100).toFixed(1))} %`;
  for (const label of ["States", "Transitions"]) {
    await dialog(page).getByRole("table", { name: label, exact: true }).waitFor();
    assert.equal(await dialog(page).getByRole("table", { name: label, exact: true }).getByRole("columnheader", { name: "Highest probability" }).count(), 1);
    const cell = dialog(page).getByRole("table", { name: label, exact: true }).locator("td[data-title='Highest probability']").first();
    assert.equal(await words(cell), likely);
  }
  await look(page, "states of an alert with a probability");
  await dialog(page).getByRole("button", { name: "Close" }).click();

  // It is changed, and taken away.
  await page.getByRole("button", { name: `Edit ${name}` }).click();
  await page.waitForFunction(() => [...document.querySelectorAll("dialog input")].some(({ value }) => value === "30"));
  await field("Probability in %").fill("57.5");
  await dialog(page).getByRole("button", { name: "Save" }).click();
  await page.getByText(`${name} is saved.`).waitFor();
  await row.getByText(/at least 57\.5\s% within/).waitFor();
  assert.equal((await alertNamed(name)).probability, 0.575);
  await page.goto(`${url}/${hash}`);
  await still(page);
  await page.getByRole("list", { name: "Legend" }).getByText(new RegExp(`${name} ≥ 15, at least 57\\.5\\s%`)).waitFor();
  await page.goto(`${url}/#/alerts`);
  await page.getByRole("button", { name: `Edit ${name}` }).click();
  await field("Probability in %").fill("");
  await said.getByText(/would/).waitFor();
  await dialog(page).getByRole("button", { name: "Save" }).click();
  await row.getByText("temperature ≥ 15 within 2 days", { exact: true }).waitFor();
  assert.equal((await alertNamed(name)).probability, undefined);

  // What was entered for another output does not count.
  await page.getByRole("button", { name: "Create an alert" }).click();
  await field("Name").fill(plain);
  await field("Job").selectOption({ label: job.name });
  await field("Probability in %").fill("30");
  await field("Metric").selectOption("plain");
  await field("Probability in %").waitFor({ state: "detached" });
  await field("Threshold").fill("99");
  await said.getByText(/would/).waitFor();
  assert.equal(tried.at(-1).probability, undefined);
  await dialog(page).getByRole("button", { name: "Create the alert" }).click();
  await page.getByText(`${plain} is created.`).waitFor();
  assert.equal((await alertNamed(plain)).probability, undefined);
  await page.getByRole("row", { name: plain }).getByText("plain ≥ 99 within 2 days", { exact: true }).waitFor();
  for (const each of [name, plain]) await call("DELETE", `/api/v1/alerts/${(await alertNamed(each)).id}`);
  await call("DELETE", `/api/v1/jobs/${job.id}`);
};

tests["the alert of a source has the probability of its newest version, in light and dark, on a phone"] = async () => {
  const { job } = await ensembles();
  const name = `Storm ${Date.now()}`;
  const { id } = await call("POST", "/api/v1/alerts", {
    name, organisation_id: organisation.id, source: `${job.name} model`, metric: "wind", when: "gt", value: 4, within: "P2D", probability: 0.6,
  });
  for (const colorScheme of ["light", "dark"]) {
    const page = await alerts({ viewport: SIZES.phone, colorScheme });
    await page.getByText(/^wind > 4 with a probability of at least 60\s% within 2 days$/).waitFor();
    await look(page, `alerts with a probability phone ${colorScheme}`);
    await page.getByRole("button", { name: `Edit ${name}` }).click();
    await dialog(page).getByLabel("Probability in %", { exact: true }).waitFor();
    await dialog(page).getByRole("status").getByText(/would/).waitFor();
    await look(page, `alert form with a probability phone ${colorScheme}`);
    await page.context().close();
  }
  await call("DELETE", `/api/v1/alerts/${id}`);
  await call("DELETE", `/api/v1/jobs/${job.id}`);
};

await run("spread", tests);
