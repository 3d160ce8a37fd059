// The chart of a job: the as-of line by pointer, touch, keyboard and replay, what arrived later, gaps, the issues of one valid
// time, the picture and the print.
// Usage: node chart.mjs URL ADMIN_TOKEN [FOLDER], on a demo; see browser.mjs.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { SIZES, call, look, open, run, url } from "./browser.mjs";

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
async function forecasts(issues) {
  const name = `River ${Date.now()}`;
  const setup = {
    organisation_id: ORGANISATION, source: { name: `river ${name}`, expected_interval_minutes: 1440 },
    source_version: { version: "1.0.0", input_roles: [], output_roles: [{ role: "level", metric: "level", unit: "m" }] },
    job: { name }, role_bindings: [],
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

tests["classes colour the chart, but not behind a sensor with an axis of its own"] = async () => {
  const [job] = await call("GET", `/api/v1/jobs?name=${encodeURIComponent("Mildew risk EWR")}`);
  const { input_id: sensor } = job.role_bindings.find(({ input_type }) => input_type === "sensor");
  const filled = (page) => page.locator(".canvas canvas").evaluate((canvas) => {
    const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    return data.filter((value, index) => index % 4 === 3 && value > 0).length / (canvas.width * canvas.height);
  });
  const page = await open(`#/jobs/${job.id}?sensor=none`);
  await still(page);
  assert.ok((await filled(page)) > 0.5, "the classes are not drawn");
  await page.getByLabel("Compare with sensor").selectOption(sensor);
  await page.locator(".keys").getByText("on the right").waitFor();
  await still(page);
  const share = await filled(page);
  assert.ok(share > 0.01 && share < 0.2, `${share} of the chart is filled`);
};

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

tests["the as-of line is moved by keyboard, by its buttons, and to a date"] = async () => {
  const { job, window, arrivals } = await forecasts([[1, 2, 3, 4, 5, 6], [2, 3, 4, 5, 6, 7], [3, 4, 5, 6, 7, 8]]);
  const page = await open(`#/jobs/${job.id}?${window}`);
  await slider(page).waitFor();
  assert.equal(await slider(page).getAttribute("aria-valuetext"), "now");
  await slider(page).focus();
  const at = (time) => page.waitForFunction((time) => {
    const now = new URLSearchParams(location.hash.split("?")[1]).get("as_of");
    return time === null ? now === null : Math.abs(Date.parse(now) - time) <= 1;
  }, time);
  await page.keyboard.press("ArrowLeft");
  await at(arrivals[2]);
  await page.keyboard.press("ArrowLeft");
  await at(arrivals[1]);
  assert.match(await slider(page).getAttribute("aria-valuetext"), /Latest forecast then: received/);
  await page.waitForFunction(() => document.querySelector(".readout").innerText.includes("Known then: 6 m"));
  await page.keyboard.press("PageDown");
  await page.getByText("There was no forecast yet.").waitFor();
  await page.keyboard.press("End");
  await at(null);
  await page.keyboard.press("Home");
  await at(arrivals[0]);
  assert.ok(await page.evaluate(() => document.activeElement.getAttribute("role") === "slider"), "the line lost the focus");
  await page.getByRole("button", { name: "One issue later" }).click();
  await at(arrivals[1]);
  await page.getByRole("button", { name: "One issue earlier" }).click();
  await at(arrivals[0]);
  // A date as the dashboard writes it, one as machines write it, and one that is none.
  const field = page.getByLabel("Go to date");
  assert.match(await field.inputValue(), /^\d{1,2} \w+ \d{4}, \d\d:\d\d$/);
  await field.fill("31 Feb 2020, 12:00");
  await field.press("Enter");
  await page.getByText("Enter a time such as").waitFor();
  await field.fill("1 May 2026, 12:00");
  await field.press("Enter");
  await page.getByRole("heading", { name: "Known on 1 May 2026, 12:00" }).waitFor();
  await field.fill("2026-05-02 08:30");
  await field.press("Enter");
  await page.getByRole("heading", { name: "Known on 2 May 2026, 08:30" }).waitFor();
  await page.getByRole("button", { name: "Now", exact: true }).click();
  await at(null);
  await call("DELETE", `/api/v1/jobs/${job.id}`);
};

tests["the arrivals are replayed without a request for each, and the replay can be stopped"] = async () => {
  const issues = Array.from({ length: 12 }, (_, index) => [1, 2, 3, 4 + index, 5, 6 + index]);
  const { job, arrivals, window } = await forecasts(issues);
  const page = await open(`#/jobs/${job.id}?${window}`);
  await still(page);
  await page.waitForLoadState("networkidle");
  const asked = [];
  page.on("request", (request) => request.url().includes("/predictions?") && asked.push(request.url()));
  await page.evaluate(() => {
    const slider = document.querySelector("[role=slider]");
    window.seen = [];
    new MutationObserver(() => window.seen.push(Number(slider.getAttribute("aria-valuenow")))).observe(slider, { attributes: true, attributeFilter: ["aria-valuenow"] });
  });
  await page.getByRole("button", { name: "Play" }).click();
  await page.getByRole("button", { name: "Pause" }).waitFor();
  await page.getByRole("button", { name: "Play" }).waitFor();
  await page.getByRole("heading", { name: "Known now" }).waitFor();
  const seen = await page.evaluate(() => window.seen);
  assert.ok(arrivals.every((arrival) => seen.some((time) => Math.abs(time - arrival) <= 1)), `${seen.length} of ${arrivals.length} arrivals were shown`);
  assert.ok(asked.length <= 3, `${asked.length} requests`);
  await page.getByRole("button", { name: "Play" }).click();
  await page.getByRole("heading", { name: /^Known on/ }).waitFor();
  await page.getByRole("button", { name: "Pause" }).click();
  await page.waitForFunction(() => location.hash.includes("as_of="));
  await call("DELETE", `/api/v1/jobs/${job.id}`);
};

tests["missing values leave a gap, and a sensor of another unit is drawn only if it is chosen"] = async () => {
  const sensor = await call("POST", "/api/v1/sensors", { name: `Rain ${Date.now()}`, organisation_id: ORGANISATION, metric: "rain", unit: "mm" });
  const name = `Gaps ${Date.now()}`;
  const setup = {
    organisation_id: ORGANISATION, source: { name }, job: { name },
    source_version: { version: "1", input_roles: [{ role: "rain", input_kind: "sensor", metric: "rain" }], output_roles: [{ role: "flow", metric: "flow", unit: "l/s" }] },
    role_bindings: [{ role: "rain", input_type: "sensor", input_id: sensor.id }],
  };
  const job = await call("POST", "/api/v1/jobs/setup", setup);
  const start = Math.floor(Date.now() / HOUR) * HOUR - 24 * HOUR;
  const hours = Array.from({ length: 48 }, (_, hour) => hour);
  const post = (hours) => call("POST", "/api/v1/predictions", {
    job_id: job.id, issue_time: iso(start), predictions: hours.map((hour) => ({ role: "flow", valid_time: iso(start + hour * HOUR), value: 10 })),
  });
  await post(hours.filter((hour) => hour < 16 || hour >= 32));
  await call("POST", "/api/v1/readings", hours.slice(0, 20).map((hour) => ({ sensor_id: sensor.id, time: iso(start + hour * HOUR), value: hour % 5 })));
  const page = await open(`#/jobs/${job.id}?from=${iso(start)}&to=${iso(start + 48 * HOUR)}`);
  await still(page);
  // Which share of the columns of the plot has the colour of the line, in the first hours and in those without values.
  const columns = async () => {
    await page.waitForFunction(() => document.querySelector(".u-over")?.clientWidth > 0);
    return page.locator(".canvas canvas").evaluate(share);
  };
  const share = (canvas) => {
    const over = document.querySelector(".u-over");
    const ratio = canvas.width / canvas.clientWidth;
    const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    const x = (hour) => Math.round((over.offsetLeft + (hour / 48) * over.clientWidth) * ratio);
    const found = new Set();
    for (let at = 0; at < data.length; at += 4) if (data[at] === 0x1a && data[at + 1] === 0x5e && data[at + 2] === 0x3a) found.add((at / 4) % canvas.width);
    const share = (from, to) => [...found].filter((column) => column >= x(from) && column < x(to)).length / (x(to) - x(from));
    return { first: share(2, 14), gap: share(17, 31) };
  };
  const before = await columns();
  assert.ok(before.first > 0.8, `the line is not drawn: ${JSON.stringify(before)}`);
  assert.equal(before.gap, 0, "the line is drawn across the gap");
  await post(hours);
  await page.reload();
  await still(page);
  const after = await columns();
  assert.ok(after.gap > 0.8, `the line has a gap although no value is missing: ${JSON.stringify(after)}`);
  // The sensor.
  assert.equal(await page.getByLabel("Compare with sensor").inputValue(), "none");
  await page.getByLabel("Compare with sensor").selectOption({ label: `${sensor.name} (rain)` });
  await page.locator(".keys").getByText("in mm on the right").waitFor();
  await page.waitForFunction(() => !document.querySelector(".frame.loading"));
  await page.goto(`${url}/#/jobs/${job.id}?from=${iso(start + 24 * HOUR)}&to=${iso(start + 48 * HOUR)}&sensor=${sensor.id}`);
  await page.getByText("has no readings in this window").waitFor();
  await call("DELETE", `/api/v1/jobs/${job.id}`);
};

tests["how the forecast of one time changed is a picture, by issue time and by lead time"] = async () => {
  const { job, window } = await forecasts([[1, 2, 3, 4, 5], [2, 3, 4, 5, 7], [3, 4, 5, 6, 6]]);
  const page = await open(`#/jobs/${job.id}?${window}`);
  await still(page);
  await page.getByRole("button", { name: "How this forecast changed" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByRole("heading", { name: /^How the forecast for/ }).waitFor();
  const picture = dialog.getByRole("img", { name: "3 issues: the first 5 m, the last 6 m." });
  await picture.waitFor();
  const shot = () => picture.locator("canvas").evaluate((canvas) => canvas.toDataURL());
  const byIssue = await shot();
  await dialog.getByRole("button", { name: "By lead time" }).click();
  await page.waitForFunction((before) => document.querySelector(".issues-plot canvas").toDataURL() !== before, byIssue);
  await dialog.getByText("Show as table").click();
  const rows = (await dialog.locator("details tbody").first().innerText()).replaceAll(/\s+/g, " ");
  assert.match(rows, /6 m .*7 m .*5 m/);
  await look(page, "issues of one valid time");
  await page.keyboard.press("Escape");
  await call("DELETE", `/api/v1/jobs/${job.id}`);
};

tests["the chart is saved as a picture, and printed without its tools"] = async () => {
  const { job, window, arrivals } = await forecasts([[1, 2, 3, 4, 5, 6], [2, 3, 4, 5, 7, 9]]);
  const page = await open(`#/jobs/${job.id}?${window}&as_of=${iso(arrivals[0] + 1)}`);
  await page.locator(".keys").getByText("Received later").waitFor();
  await still(page);
  await page.locator(".chart summary", { hasText: "Export" }).click();
  await look(page, "export menu");
  const [file] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: "Picture (PNG)" }).click()]);
  assert.equal(file.suggestedFilename(), `${job.name} level.png`);
  const bytes = await readFile(await file.path());
  assert.deepEqual([...bytes.subarray(0, 8)], [137, 80, 78, 71, 13, 10, 26, 10]);
  const [width, height] = [bytes.readUInt32BE(16), bytes.readUInt32BE(20)];
  assert.ok(bytes.length > 10_000, `${bytes.length} bytes`);
  assert.ok(width > 600 && height > 400, `${width} x ${height}`);
  // Escape closes the menu and the focus stays at it.
  await page.locator(".chart summary", { hasText: "Export" }).focus();
  await page.keyboard.press("Escape");
  assert.equal(await page.locator("details.export[open]").count(), 0);
  // On paper the chart is narrower, and light although the screen is dark.
  await page.emulateMedia({ colorScheme: "dark" });
  const isLight = () => page.waitForFunction(() => getComputedStyle(document.documentElement).getPropertyValue("--chart-line").trim() === "#1a5e3a"
    && document.querySelector(".canvas canvas").clientWidth === 680);
  await page.evaluate(() => dispatchEvent(new Event("beforeprint")));
  await isLight();
  assert.ok((await drawn(page, [0x1a, 0x5e, 0x3a])) > 100, "the chart is not drawn in the colours of paper");
  await page.evaluate(() => dispatchEvent(new Event("afterprint")));
  await page.waitForFunction(() => document.querySelector(".canvas canvas").clientWidth > 700);
  await page.emulateMedia({ media: "print" });
  for (const tool of [".steps button", ".popup", ".choices select", "header"]) assert.equal(await page.locator(tool).first().isVisible(), false, `${tool} is printed`);
  for (const part of [".canvas canvas", ".keys", ".readout"]) assert.ok(await page.locator(part).first().isVisible(), `${part} is not printed`);
  await call("DELETE", `/api/v1/jobs/${job.id}`);
};

tests["by touch, the chart is moved by one finger, zoomed by two, and the as-of line is dragged"] = async () => {
  const { job, window, today } = await forecasts([[1, 2, 3, 4, 5, 6], [2, 3, 4, 5, 7, 9]]);
  const page = await open(`#/jobs/${job.id}?${window}`, { viewport: SIZES.phone, hasTouch: true });
  await still(page);
  await look(page, "chart by touch");
  const session = await page.context().newCDPSession(page);
  const touch = async (steps) => {
    const send = (type, points) => session.send("Input.dispatchTouchEvent", { type, touchPoints: points.map(([x, y], id) => ({ x, y, id })) });
    await send("touchStart", steps[0]);
    for (const points of steps.slice(1)) await send("touchMove", points);
    await send("touchEnd", []);
  };
  const shownWindow = () => page.evaluate(() => {
    const parameters = new URLSearchParams(location.hash.split("?")[1]);
    return { from: Date.parse(parameters.get("from")), to: Date.parse(parameters.get("to")) };
  });
  const changed = async (act) => {
    const before = await page.evaluate(() => location.hash);
    const was = await shownWindow();
    await act();
    await page.waitForFunction((before) => location.hash !== before, before);
    await page.waitForFunction(() => !document.querySelector(".frame.loading"));
    const now = await shownWindow();
    return { shift: (now.from - was.from) / (was.to - was.from), zoom: (now.to - now.from) / (was.to - was.from) };
  };
  await page.locator(".canvas").scrollIntoViewIfNeeded();
  const box = await area(page);
  const y = box.y + box.height - 40;
  const pan = await changed(() => touch([0.9, 0.8, 0.7, 0.6, 0.65].map((share) => [[box.x + box.width * share, y]])));
  assert.ok(Math.abs(pan.shift - 0.25) < 0.05 && Math.abs(pan.zoom - 1) < 0.01, JSON.stringify(pan));
  const pinch = await changed(() => touch([[0.7, 0.9], [0.65, 0.95], [0.6, 1]].map(([one, other]) => [[box.x + box.width * one, y], [box.x + box.width * other, y]])));
  assert.ok(Math.abs(pinch.zoom - 0.5) < 0.1, JSON.stringify(pinch));
  await page.goto(`${url}/#/jobs/${job.id}?from=${iso(today - 5 * DAY)}&to=${iso(today + 7 * DAY)}`);
  await page.reload();
  await still(page);
  const line = await slider(page).boundingBox();
  const x = line.x + line.width / 2;
  await touch([0, -20, -60, -90].map((by) => [[x + by, line.y + 100]]));
  await page.getByRole("heading", { name: /^Known on/ }).waitFor();
  await call("DELETE", `/api/v1/jobs/${job.id}`);
};

tests["the chart and its help fit a phone and a desktop, in light and dark"] = async () => {
  const { job, window, arrivals } = await forecasts([[1, 2, 3, 4, 5, 6], [2, 3, 4, 5, 7, 9]]);
  for (const colorScheme of ["light", "dark"]) {
    for (const [size, viewport] of Object.entries(SIZES)) {
      const page = await open(`#/jobs/${job.id}?${window}&as_of=${iso(arrivals[0] + 1)}`, { colorScheme, viewport, reducedMotion: "reduce" });
      await still(page);
      await look(page, `chart view ${size} ${colorScheme}`);
      await page.getByText("?", { exact: true }).click();
      await look(page, `help ${size} ${colorScheme}`);
      await page.context().close();
    }
  }
  await call("DELETE", `/api/v1/jobs/${job.id}`);
};

await run("chart", tests);
