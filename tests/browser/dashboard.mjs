// The dashboard as people use it: a grower's IT person who looks for what is wrong, a modeller who asks what was known, a
// manager who sets a job up and sees its first prediction arrive. Light and dark, on a phone and on a desktop, by pointer
// and by keyboard; axe finds nothing, nothing is wider than the screen, no request leaves the server.
// Usage: node dashboard.mjs URL ADMIN_TOKEN [FOLDER], on a demo with the recorded dates or on a server without data; see
// browser.mjs.
import assert from "node:assert/strict";
import { SIZES, admin, call, look, open, run, signIn, url } from "./browser.mjs";

const JOB = "0b5d6f0e-6d1c-4e0b-9a53-2f4c1d7a9e51";
const ORGANISATION = "0b5d6f0e-6d1c-4e0b-9a53-2f4c1d7a9e00";
const WEEK = "from=2013-05-14T00:00:00.000Z&to=2013-05-31T00:00:00.000Z";

// How many pixels of the chart's canvas are drawn in a colour: that of the predictions, or of those on trial.
const PREDICTED = [0x1a, 0x5e, 0x3a];
const ON_TRIAL = [0x7b, 0x2a, 0x8f];
const drawn = (page, colour = PREDICTED) => page.locator(".canvas canvas").evaluate((canvas, [red, green, blue]) => {
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  let count = 0;
  for (let at = 0; at < data.length; at += 4) if (data[at] === red && data[at + 1] === green && data[at + 2] === blue) count += 1;
  return count;
}, colour);

const chart = (page) => page.locator(".canvas canvas");
const readout = (page) => page.locator(".readout");
const health = (page, state) => page.locator(`.job .state.${state}`);

/** A job with 40 hourly values of version 1.0.0, and a version 1.1.0 that posted `count` of them on trial, 0.5 higher. */
async function trial(count) {
  const version = (version) => ({ version, input_roles: [{ role: "air", input_kind: "sensor", metric: "temperature" }], output_roles: [{ role: "flow", metric: "flow", unit: "l/s" }] });
  const [sensor] = await call("GET", `/api/v1/sensors?organisation_id=${ORGANISATION}&metric=temperature`);
  const setup = {
    organisation_id: ORGANISATION, source: { name: `flow ${Date.now()}`, expected_interval_minutes: 60 }, source_version: version("1.0.0"),
    job: { name: `Flow ${Date.now()}` }, role_bindings: [{ role: "air", input_type: "sensor", input_id: sensor.id }],
  };
  const job = await call("POST", "/api/v1/jobs/setup", setup);
  const next = await call("POST", "/api/v1/source_versions", { source_id: job.source_id, ...version("1.1.0") });
  const issue_time = new Date(Math.floor(Date.now() / 3_600_000) * 3_600_000).toISOString();
  const post = (source_version_id, values, more = {}) => call("POST", "/api/v1/predictions", {
    job_id: job.id, source_version_id, issue_time, series: [{ role: "flow", start: issue_time, step: "PT1H", values }], ...more,
  });
  const values = Array.from({ length: 40 }, (_, hour) => 10 + (hour % 7));
  await post(job.source_version_id, values, { run: { id: "night 7", code: "4f0c1d2", parameters: { trees: 200 } } });
  const begin = async () => {
    await call("PUT", `/api/v1/jobs/${job.id}/shadows/${next.id}`);
    await post(next.id, values.slice(0, count).map((value) => value + 0.5));
  };
  return { job, next, sensor, issue_time, values, post, begin };
}

const tests = {};
const isDemo = (await fetch(`${url}/api/v1/whoami`)).ok;

tests["the footer tells where the data is stored, and what needs attention"] = async () => {
  const page = await open("#/jobs", { expected: [401] });
  if (!isDemo) await signIn(page, admin);
  await page.locator("footer").getByText("The data is stored in SQLite.").waitFor();
  await page.route("**/readyz", (route) => route.fulfill({
    json: { status: "ok", engine: "postgresql", warnings: ["the clock has jumped"] },
  }));
  await page.reload();
  await page.locator("footer").getByText("The data is stored in PostgreSQL.").waitFor();
  await page.locator("footer").getByText("the clock has jumped").waitFor();
  await look(page, "footer");
};

if (isDemo) {
  tests["the overview tells each job's health in a word, and its values with their class"] = async () => {
    const page = await open("#/jobs");
    await page.getByText("This is a demo").waitFor();
    const jobs = (await (await fetch(`${url}/api/v1/jobs`)).json()).slice(0, 25);
    for (const job of jobs) {
      const row = page.locator(".job", { has: page.getByRole("link", { name: job.name, exact: true }) });
      await row.locator(`.health > .state.${job.health.state}`).waitFor();
      assert.equal((await row.locator(".health > .state").innerText()).trim(), job.health.state.replaceAll("_", " "));
    }
    const mildew = page.locator(".job", { has: page.getByRole("link", { name: "Mildew risk EWR" }) });
    await mildew.locator(".class").first().waitFor();
    assert.match(await mildew.locator(".values").innerText(), /mildew risk\s+\d+ points\s+(low|moderate|high)/);
    assert.match(await mildew.locator("svg.spark").getAttribute("aria-label"), /mildew risk: \d+ points/);
  };

  tests["the first list needs at most 15 requests; rows are read together once they are in view"] = async () => {
    const page = await open("#/sign-in");
    await signIn(page, admin);
    await page.locator(".job").first().waitFor();
    await page.waitForLoadState("networkidle");
    const asked = [];
    page.on("request", (request) => asked.push(request.url()));
    await page.goto(`${url}/#/jobs`);
    await page.reload();
    await page.locator(".job .line strong").first().waitFor();
    await page.waitForLoadState("networkidle");
    assert.ok(asked.length <= 15, `${asked.length} requests: ${asked.join(" ")}`);
    const seen = await page.locator(".job .line").count();
    const jobs = asked.map((address) => new URL(address).searchParams.getAll("job_id")).flat();
    assert.ok(jobs.length > 1 && jobs.length < (await page.locator(".job").count()), `${jobs.length} of ${seen}`);
    await page.evaluate(() => scrollTo(0, document.body.scrollHeight));
    await page.waitForFunction((seen) => document.querySelectorAll(".job .line").length > seen, seen);
    await page.context().close();
  };

  tests["the filters stand in the address and narrow the list"] = async () => {
    const page = await open("#/jobs");
    await health(page, "down").first().waitFor();
    await page.getByRole("button", { name: /down/ }).click();
    await page.waitForFunction(() => location.hash.includes("state=down"));
    await page.waitForFunction(() => [...document.querySelectorAll(".job .health > .state")].every((state) => state.innerText.trim() === "down"));
    await page.getByLabel("Health", { exact: true }).selectOption("paused");
    await page.waitForFunction(() => location.hash.includes("state=paused"));
    const paused = (await (await fetch(`${url}/api/v1/jobs?health=paused`)).json()).length;
    await page.waitForFunction((count) => document.querySelectorAll(".job").length === count, paused);
    await page.getByLabel("Health", { exact: true }).selectOption({ label: "Needs attention" });
    const wrong = (await (await fetch(`${url}/api/v1/jobs?health=failed,down,late`)).json()).length;
    await page.waitForFunction((count) => document.querySelectorAll(".job").length === count, wrong);
    const linked = await open("#/jobs?state=down");
    await health(linked, "down").first().waitFor();
    assert.equal(await linked.getByLabel("Health", { exact: true }).inputValue(), "down");
  };

  tests["the chart is drawn, and tells the value, the issue and the lead time at the pointer"] = async () => {
    const page = await open(`#/jobs/${JOB}?${WEEK}&as_of=2013-05-23T12:00:00.000Z`);
    await chart(page).waitFor();
    await page.waitForFunction(() => document.querySelector(".readout .valid"));
    assert.ok((await drawn(page)) > 300, "the predictions are not drawn");
    // 25 May, where 100 points were expected on the 23rd, and 70 came.
    const box = await page.locator(".canvas .u-over").boundingBox();
    const [from, to] = [Date.parse("2013-05-14T00:00:00Z"), Date.parse("2013-05-31T00:00:00Z")];
    const x = box.x + ((Date.parse("2013-05-25T04:00:00Z") - from) / (to - from)) * box.width;
    await page.mouse.move(x, box.y + box.height / 2);
    await page.getByText("Sat, 25 May 2013, 00:00").waitFor();
    const text = await readout(page).innerText();
    assert.match(text, /Known then: 100 points\s+high\s+issued 23 May 2013, 00:00, 2 days ahead/);
    assert.match(text, /Received later: 70 points\s+high\s+issued 25 May 2013, 00:00, at the valid time/);
    // The same by keyboard: one value on.
    await page.locator(".canvas").focus();
    await page.keyboard.press("ArrowRight");
    await page.getByText("Sun, 26 May 2013, 00:00").waitFor();
    assert.match(await readout(page).innerText(), /3 days ahead/);
    await page.getByText("Show as table").click();
    const row = page.locator(".as-table tr", { hasText: "25 May 2013, 00:00" });
    assert.match(await row.innerText(), /100 points, high\s+23 May 2013, 00:00\s+2 days ahead/);
  };

  tests["the as-of line shows what was known then, and the chart changes"] = async () => {
    const page = await open(`#/jobs/${JOB}?${WEEK}&as_of=2013-05-23T12:00:00.000Z`);
    await page.waitForFunction(() => document.querySelector(".readout .valid"));
    const before = await chart(page).evaluate((canvas) => canvas.toDataURL());
    const slider = page.getByRole("slider", { name: "What was known as of" });
    assert.match(await slider.getAttribute("aria-valuetext"), /23 May 2013, 08:00\. Latest forecast then: received 23 May 2013, 00:05/);
    await page.getByRole("heading", { name: "Known on 23 May 2013, 08:00" }).waitFor();
    await slider.focus();
    await page.keyboard.press("ArrowRight");
    await page.getByRole("heading", { name: "Known on 24 May 2013, 00:05" }).waitFor();
    await page.waitForFunction((before) => document.querySelector(".canvas canvas").toDataURL() !== before, before);
    await page.waitForFunction(() => document.querySelector(".readout").innerText.includes("Known then: 80 points"));
    // A day that is named, far from the window: the window goes along.
    await page.getByLabel("Go to date").fill("2013-07-04T12:00");
    await page.getByLabel("Go to date").press("Enter");
    await page.getByRole("heading", { name: "Known on 4 Jul 2013, 12:00" }).waitFor();
    await page.waitForFunction(() => document.querySelector(".readout .valid")?.innerText.includes("4 Jul 2013"));
    await page.getByRole("button", { name: "Now", exact: true }).click();
    await page.waitForFunction(() => !location.hash.includes("as_of"));
  };

  tests["the chart is moved by drag, wheel, buttons and keys, and its window can be linked"] = async () => {
    const page = await open(`#/jobs/${JOB}?${WEEK}`);
    await page.waitForFunction(() => document.querySelector(".readout .valid"));
    const window = () => page.evaluate(() => {
      const parameters = new URLSearchParams(location.hash.split("?")[1]);
      return { from: Date.parse(parameters.get("from")), to: Date.parse(parameters.get("to")) };
    });
    const moved = async (act) => {
      const before = await page.evaluate(() => location.hash);
      const { from, to } = await window();
      await act();
      await page.waitForFunction((before) => location.hash !== before, before);
      // The window holds still once what is in it was read.
      await page.waitForFunction(() => !document.querySelector(".frame.loading"));
      const now = await window();
      return { shift: (now.from - from) / (to - from), zoom: (now.to - now.from) / (to - from) };
    };
    // The chart is made anew when what it shows was read.
    const drawn = await page.waitForFunction(() => {
      const box = document.querySelector(".canvas .u-over")?.getBoundingClientRect();
      return !document.querySelector(".frame.loading") && box?.width ? { x: box.x, y: box.y, width: box.width } : null;
    });
    const box = await drawn.jsonValue();
    const drag = await moved(async () => {
      await page.mouse.move(box.x + box.width / 2, box.y + 50);
      await page.mouse.down();
      await page.mouse.move(box.x + box.width / 4, box.y + 50, { steps: 5 });
      await page.mouse.up();
    });
    assert.ok(Math.abs(drag.shift - 0.25) < 0.02 && Math.abs(drag.zoom - 1) < 0.01, JSON.stringify(drag));
    const wheel = await moved(() => page.mouse.wheel(0, -100));
    assert.ok(wheel.zoom < 0.9, JSON.stringify(wheel));
    const button = await moved(() => page.getByRole("button", { name: "Zoom out" }).click());
    assert.ok(Math.abs(button.zoom - 2) < 0.01, JSON.stringify(button));
    await page.locator(".canvas").focus();
    const key = await moved(() => page.keyboard.press("Shift+ArrowLeft"));
    assert.ok(Math.abs(key.shift + 0.25) < 0.01, JSON.stringify(key));
    const everything = await moved(() => page.getByRole("button", { name: "All data" }).click());
    assert.ok((await window()).from < Date.parse("2013-04-03"), JSON.stringify(everything));
    // Nothing is there in another year, and the page says so.
    const empty = await open(`#/jobs/${JOB}?from=2012-01-01T00:00:00Z&to=2012-02-01T00:00:00Z`);
    await empty.getByText("No predictions between 31 Dec 2011, 19:00").waitFor();
    // The zone is named, and can be changed.
    await empty.locator("header").getByText(/America\/New_York, UTC-[45]/).waitFor();
    await empty.getByRole("button", { name: "Show UTC" }).click();
    await empty.getByText("No predictions between 1 Jan 2012, 00:00").waitFor();
  };

  tests["of 100,000 values in view the browser gets what a chart has room for"] = async () => {
    const count = 100_000;
    const setup = { organisation_id: ORGANISATION, source: { name: `many ${Date.now()}` }, job: { name: "Many values" }, role_bindings: [] };
    setup.source_version = { version: "1", input_roles: [], output_roles: [{ role: "flow", metric: "flow", unit: "l/s" }] };
    const job = await call("POST", "/api/v1/jobs/setup", setup);
    const values = Array.from({ length: count }, (_, minute) => (minute === 70_000 ? 99 : minute % 9));
    const series = [{ role: "flow", start: "2026-01-01T00:00:00Z", step: "PT1M", values }];
    await call("POST", "/api/v1/predictions", { job_id: job.id, issue_time: "2026-01-01T00:00:00Z", series });
    const page = await open("#/jobs");
    const reading = [];
    page.on("response", (response) => {
      // One that the page has given up has no body.
      if (response.url().includes("/predictions?")) reading.push(response.json().catch(() => []));
    });
    await page.goto(`${url}/#/jobs/${job.id}?from=2025-12-31T00:00:00Z&to=2026-03-12T00:00:00Z`);
    await page.getByText("Drawn from 100,000 values").waitFor();
    const got = (await Promise.all(reading)).flat();
    assert.ok(got.every((series) => series.values.length <= 3000), "the browser got more than a chart has room for");
    assert.ok(got.some((series) => series.values.includes(99)), "the one high value is lost");
    await page.locator(".canvas").focus();
    await page.keyboard.press("+");
    await page.waitForFunction(() => !location.hash.includes("2025-12-31"));
    await call("DELETE", `/api/v1/jobs/${job.id}`);
  };

  tests["a version is tried, compared, promoted with the state that was read, and taken back"] = async () => {
    const { job, next, values, post, begin } = await trial(20);
    const page = await open("#/sign-in", { expected: [412, 422] });
    await signIn(page, admin);
    await page.getByRole("heading", { name: "Jobs" }).waitFor();
    await page.goto(`${url}/#/jobs/${job.id}`);
    const trials = page.locator(".trials");
    const row = (version) => trials.locator("tbody tr", { hasText: version });
    await trials.getByText("No version is on trial.").waitFor();
    // A version that the job's bindings do not fill is refused, with the server's reason.
    const other = { version: "2.0.0", input_roles: [{ role: "rain", input_kind: "sensor", metric: "rain" }] };
    other.output_roles = [{ role: "flow", metric: "flow", unit: "l/s" }];
    await call("POST", "/api/v1/source_versions", { source_id: job.source_id, ...other });
    await page.reload();
    await trials.getByLabel("Version to try").selectOption({ label: "2.0.0" });
    await trials.getByRole("button", { name: "Try a version" }).click();
    await trials.locator(".problem li").getByText("does not fit the bindings of the job").waitFor();
    await trials.getByLabel("Version to try").selectOption({ label: "1.1.0" });
    await trials.getByRole("button", { name: "Try a version" }).click();
    await row("1.1.0").getByText("none yet").waitFor();
    await row("1.1.0").getByText("0 values").waitFor();
    // Its trial is ended and begun again.
    await trials.getByRole("button", { name: "End trial of 1.1.0" }).click();
    await trials.getByText("No version is on trial.").waitFor();
    assert.equal((await call("GET", `/api/v1/jobs/${job.id}`)).shadows, undefined);
    await begin();
    await page.reload();
    await row("1.1.0").getByText("20 values").waitFor();
    assert.match(await row("1.1.0").innerText(), /\(the job: 40\)/);
    // It is drawn dashed, and can be left out.
    await page.locator(".keys").getByText("Version 1.1.0, on trial").waitFor();
    await page.locator(".keys").getByText("Newest value for each time, version 1.0.0").waitFor();
    assert.ok((await drawn(page, ON_TRIAL)) > 100, "the version on trial is not drawn");
    await look(page, "job with a version on trial");
    await page.getByRole("checkbox", { name: "Versions on trial" }).uncheck();
    await page.waitForFunction(() => location.hash.includes("trials=off") && !document.querySelector(".keys").innerText.includes("on trial"));
    await page.waitForFunction(() => !document.querySelector(".frame.loading"));
    assert.equal(await drawn(page, ON_TRIAL), 0);
    await page.getByRole("checkbox", { name: "Versions on trial" }).check();
    await page.locator(".keys").getByText("Version 1.1.0, on trial").waitFor();
    // The comparison warns of few times; a change by somebody else is not overwritten.
    const dialog = page.getByRole("dialog");
    await page.getByRole("button", { name: "Promote 1.1.0" }).click();
    await dialog.getByText("Fewer than 30 times to compare.").waitFor();
    const facts = (await dialog.locator(".facts").innerText()).replaceAll(/\s+/g, " ");
    assert.match(facts, /The job has 40 values Version 1.1.0 has 20 values Both have 20 times Mean absolute difference 0.5 l\/s/);
    await look(page, "promotion compared");
    await call("PUT", `/api/v1/jobs/${job.id}`, { name: `${job.name}, renamed` });
    await dialog.getByLabel("Note").fill("Better in nine weeks of ten.");
    await dialog.getByRole("button", { name: "Promote", exact: true }).click();
    await dialog.getByText("Somebody changed the job since this page read it.").waitFor();
    await look(page, "promotion of a job that was changed");
    await dialog.getByRole("button", { name: "Reload the job" }).click();
    await page.getByRole("heading", { name: `${job.name}, renamed` }).waitFor();
    assert.equal((await call("GET", `/api/v1/jobs/${job.id}`)).source_version_id, job.source_version_id);
    // With more times there is no warning.
    await post(next.id, values.map((value) => value + 0.5));
    await page.reload();
    await row("1.1.0").getByText("40 values").waitFor();
    await page.getByRole("button", { name: "Promote 1.1.0" }).click();
    await dialog.getByText("40 times").waitFor();
    assert.equal(await dialog.getByText("Fewer than 30 times").count(), 0);
    await dialog.getByLabel("Note").fill("Better in nine weeks of ten.");
    await dialog.getByRole("button", { name: "Promote", exact: true }).click();
    await trials.getByText("The job runs version 1.1.0 now.").waitFor();
    await trials.getByText("To go back, promote 1.0.0.").waitFor();
    const history = page.getByRole("region", { name: "History of the job" });
    await history.getByText("Better in nine weeks of ten.").waitFor();
    // The new version continues the line of the job with a gap, and the chart names both.
    const issue_time = new Date().toISOString();
    const start = new Date(Date.now() + 10 * 3_600_000).toISOString();
    await call("POST", "/api/v1/predictions", { job_id: job.id, issue_time, series: [{ role: "flow", start, step: "PT1H", values: [30, 31, 32] }] });
    await page.reload();
    await page.locator(".keys").getByText(/versions 1.0.0, then 1.1.0/).waitFor();
    await look(page, "job after a promotion");
    // Back.
    await page.getByRole("button", { name: "Promote 1.0.0" }).click();
    await dialog.getByRole("button", { name: "Promote", exact: true }).click();
    await trials.getByText("The job runs version 1.0.0 now.").waitFor();
    const stood = await call("GET", `/api/v1/jobs/${job.id}/history`);
    assert.deepEqual(stood.map((entry) => entry.source_version), ["1.0.0", "1.1.0", "1.0.0"]);
    assert.equal(stood[1].note, "Better in nine weeks of ten.");
    await page.waitForFunction(() => document.querySelectorAll('[aria-label="History of the job"] tbody tr').length === 3);
    // A viewer sees the trial and has no buttons.
    const viewer = await open(`#/jobs/${job.id}`);
    await viewer.locator(".trials tbody tr", { hasText: "1.1.0" }).waitFor();
    assert.equal(await viewer.getByRole("button", { name: /Promote|End trial|Try a version/ }).count(), 0);
    await viewer.goto(`${url}/#/sources/${job.source_id}`);
    await viewer.locator(".card", { hasText: "Version 1.1.0" }).getByText("on trial").waitFor();
    await viewer.goto(`${url}/#/jobs?source=${job.source_id}`);
    await viewer.getByText("On trial: 1.1.0").waitFor();
    await call("DELETE", `/api/v1/jobs/${job.id}`);
  };

  tests["a value shows what made it: by pointer, by keyboard, from the table, on trial, and without a job"] = async () => {
    const { job, sensor, issue_time, values, post, begin } = await trial(30);
    await begin();
    // A revision of the first value, by another run.
    await post(job.source_version_id, [12.5, ...values.slice(1)], { run: { id: "night 7, corrected", code: "4f0c1d2", parameters: { trees: 200 } } });
    const page = await open(`#/jobs/${job.id}`);
    await page.waitForFunction(() => document.querySelector(".readout .valid"));
    await page.locator(".keys").getByText("Version 1.1.0, on trial").waitFor();
    const dialog = page.getByRole("dialog");
    const opened = async (text) => {
      await dialog.getByText(text).waitFor();
      const shown = (await dialog.innerText()).replaceAll(/\s+/g, " ");
      await page.keyboard.press("Escape");
      await page.waitForFunction(() => !document.querySelector("dialog[open]"));
      return shown;
    };
    // By keyboard: the first value, which has two revisions.
    await page.locator(".canvas").focus();
    await page.keyboard.press("ArrowRight");
    await page.keyboard.press("Enter");
    await dialog.getByText("night 7").waitFor();
    await look(page, "what made a value");
    const byKey = await opened("night 7");
    assert.match(byKey, /12\.5 l\/s.*Issued .*Arrived .*1\.0\.0.*Id night 7, corrected Code 4f0c1d2.*trees: 200/);
    assert.match(byKey, /How the job stood Since .* version 1\.0\.0/);
    assert.ok(byKey.includes(`air: sensor ${sensor.name}`) && /Revision Arrived Value 1 .* 10 l\/s 2 .* 12\.5 l\/s/.test(byKey), byKey);
    assert.equal(await page.evaluate(() => document.activeElement.className), "canvas");
    // By pointer: on the value, and not beside it.
    await page.locator(".canvas").focus();
    for (let steps = 0; steps < 20; steps += 1) await page.keyboard.press("ArrowRight");
    const at = await page.locator(".canvas .u-cursor-x").boundingBox();
    const box = await page.locator(".canvas .u-over").boundingBox();
    const hits = [];
    for (let y = box.y + 4; y < box.y + box.height; y += 30) {
      await page.mouse.click(at.x, y);
      if (await page.locator("dialog[open]").count()) {
        hits.push(y);
        await opened("What made this value");
      }
    }
    assert.ok(hits.length >= 1 && hits.length <= 4, `the card opened ${hits.length} times`);
    // From the table.
    await page.getByText("Show as table").click();
    await page.locator(".as-table tbody button").last().press("Enter");
    await dialog.getByText("night 7").waitFor();
    // The value on trial of the same time.
    await dialog.getByRole("button", { name: /Version 1.1.0, on trial: 10.5/ }).click();
    assert.match(await opened(/posted nothing about its run/), /1\.1\.0, on trial/);
    // The inputs as they were.
    const query = (more) => `metric=flow&valid_time=${issue_time}&${more}`;
    const { inputs } = await call("GET", `/api/v1/predictions/lineage?${query(`job_id=${job.id}`)}`);
    const card = await page.locator("dialog.lineage").elementHandle();
    await page.goto(`${url}/#/lineage?${query(`job_id=${job.id}`)}`);
    await page.getByRole("heading", { level: 1, name: "What made this value" }).waitFor();
    // The card's event may come after another view replaced it.
    await card.evaluate((element) => element.dispatchEvent(new Event("close")));
    assert.equal(await page.getByRole("link", { name: "The inputs of the job as they were known then" }).getAttribute("href"), inputs);
    await look(page, "what made a value, as a page");
    // Without a job.
    const location = await call("POST", "/api/v1/locations", { name: `Weir ${Date.now()}`, organisation_id: ORGANISATION, latitude: 40, longitude: -74 });
    const [{ name: source }] = (await call("GET", "/api/v1/sources?limit=1000")).filter(({ id }) => id === job.source_id);
    await call("POST", "/api/v1/predictions", [{ source, source_version: "1.0.0", metric: "flow", location_id: location.id, issue_time, valid_time: issue_time, value: 3 }]);
    await page.goto(`${url}/#/lineage?${query(`location_id=${location.id}`)}`);
    await page.getByText("The value was posted without a job.").waitFor();
    await page.getByText("3 l/s").waitFor();
    await call("DELETE", `/api/v1/jobs/${job.id}`);
  };

  tests["a wrong token is refused at its field, and a viewer's cannot set up"] = async () => {
    const page = await open("#/sign-in", { expected: [401] });
    await signIn(page, "pa_wrong");
    await page.locator(".wrong", { hasText: "unknown, revoked or expired" }).waitFor();
    assert.equal(await page.getByLabel("Token", { exact: true }).getAttribute("aria-invalid"), "true");
    await look(page, "wrong token");
    const visitor = await open("#/set-up");
    await visitor.getByText("Your token is a viewer's").waitFor();
  };

  tests["a job is set up by the form, and its first prediction arrives"] = async () => {
    const page = await open("#/sign-in", { expected: [422] });
    await signIn(page, admin);
    await page.getByRole("link", { name: "Set up a job" }).click();
    await page.getByLabel("Source").selectOption({ label: "mildew-predictor" });
    await page.getByLabel("Name of the job").fill("Mildew risk, by the form");
    // A role that is not bound is reported at its field, before anything is stored.
    await page.getByRole("button", { name: "Check" }).click();
    await page.locator(".field", { has: page.getByLabel("temperature") }).getByText("required role temperature").waitFor();
    await page.waitForFunction(() => document.activeElement.getAttribute("aria-invalid") === "true");
    await look(page, "set-up with violations");
    await page.getByLabel("temperature").selectOption({ label: "JFK temperature · Kennedy · °C" });
    await page.getByLabel("site").selectOption({ label: "Kennedy" });
    await page.getByRole("button", { name: "Check" }).click();
    await page.getByText("The job is valid.").waitFor();
    await look(page, "set-up that fits");
    const named = "/api/v1/jobs?name=Mildew%20risk,%20by%20the%20form";
    assert.deepEqual(await call("GET", named), [], "the dry run kept something");
    await page.getByRole("button", { name: "Set up the job" }).click();
    await page.getByRole("heading", { name: "Mildew risk, by the form" }).waitFor();
    await page.getByRole("heading", { name: "No predictions yet" }).waitFor();
    await look(page, "job without predictions");
    const [job] = await call("GET", named);
    const valid_time = new Date(Date.now() + 3_600_000).toISOString();
    await call("POST", "/api/v1/predictions", { job_id: job.id, predictions: [{ role: "mildew_risk", valid_time, value: 50 }] });
    await chart(page).waitFor({ timeout: 20_000 });
    await page.locator(".readout .class.moderate").waitFor();
    // It is paused and resumed.
    await page.getByRole("button", { name: "Pause" }).click();
    await page.locator(".now .state.paused").waitFor();
    await page.getByRole("button", { name: "Resume" }).click();
    await page.locator(".now .state.on_time").waitFor();
  };

  tests["with a token, the same rows come as a file"] = async () => {
    const page = await open("#/sign-in");
    await signIn(page, admin);
    await page.getByRole("heading", { name: "Jobs" }).waitFor();
    await page.goto(`${url}/#/jobs/${JOB}?${WEEK}`);
    await page.locator(".chart summary", { hasText: "Export" }).click();
    const [file] = await Promise.all([page.waitForEvent("download"), page.locator(".chart").getByRole("link", { name: "CSV" }).click()]);
    assert.equal(file.suggestedFilename(), "Mildew risk EWR mildew_risk.csv");
  };

  tests["an organisation without data is told what to do next"] = async () => {
    const organisation = await call("POST", "/api/v1/organisations", { name: `Empty ${Date.now()}` });
    const { secret } = await call("POST", "/api/v1/tokens", { name: "manager", role: "manager", organisation_id: organisation.id });
    const page = await open("#/sign-in");
    await signIn(page, secret);
    await page.getByRole("heading", { name: "No jobs yet" }).waitFor();
    await page.getByRole("link", { name: "Start the assistant" }).waitFor();
    await look(page, "no jobs");
    await page.getByRole("link", { name: "Sensors" }).click();
    await page.getByRole("heading", { name: "No sensors yet" }).waitFor();
  };

  tests["every view fits a phone and a desktop, in light and dark"] = async () => {
    const [source] = await (await fetch(`${url}/api/v1/sources`)).json();
    const { job, issue_time, begin } = await trial(32);
    await begin();
    const views = { trial: `#/jobs/${job.id}`, lineage: `#/lineage?metric=flow&job_id=${job.id}&valid_time=${issue_time}`, jobs: "#/jobs", job: `#/jobs/${JOB}?${WEEK}&as_of=2013-05-23T12:00:00.000Z`, sources: "#/sources", source: `#/sources/${source.id}`, sensors: "#/sensors", locations: "#/locations", "sign-in": "#/sign-in" };
    for (const colorScheme of ["light", "dark"]) {
      for (const [size, viewport] of Object.entries(SIZES)) {
        for (const [name, hash] of Object.entries(views)) {
          const page = await open(hash, { colorScheme, viewport, reducedMotion: "reduce" });
          await page.locator("main h1").waitFor();
          await page.waitForLoadState("networkidle");
          await look(page, `${name} ${size} ${colorScheme}`);
          await page.context().close();
        }
        const page = await open("#/sign-in", { colorScheme, viewport, reducedMotion: "reduce" });
        await signIn(page, admin);
        await page.getByRole("heading", { name: "Jobs" }).waitFor();
        await page.goto(`${url}/#/jobs/${job.id}`);
        await page.getByRole("button", { name: "Promote 1.1.0" }).click();
        await page.getByText("32 times").waitFor();
        await look(page, `promote ${size} ${colorScheme}`);
        await page.keyboard.press("Escape");
        await page.locator(".canvas").focus();
        await page.keyboard.press("ArrowRight");
        await page.keyboard.press("Enter");
        await page.getByText("night 7").waitFor();
        await look(page, `lineage card ${size} ${colorScheme}`);
        await page.context().close();
      }
    }
    await call("DELETE", `/api/v1/jobs/${job.id}`);
  };

  tests["the keyboard skips to the content, and another view begins at its head"] = async () => {
    const page = await open("#/jobs");
    await page.locator(".job a").first().waitFor();
    await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    assert.equal(await page.evaluate(() => document.activeElement.id), "content");
    await page.locator(".job a").first().press("Enter");
    await page.locator(".back").waitFor();
    assert.equal(await page.evaluate(() => document.activeElement.id), "content");
  };

  tests["a command is copied without the secret"] = async () => {
    const page = await open(`#/jobs/${JOB}?${WEEK}`, { permissions: ["clipboard-read", "clipboard-write"] });
    await page.locator(".chart summary", { hasText: "Export" }).click();
    await page.locator(".chart").getByRole("button", { name: "Copy as curl" }).click();
    await page.getByRole("button", { name: "Copied" }).waitFor();
    const copied = await page.evaluate(() => navigator.clipboard.readText());
    assert.ok(copied.includes("-H \"Authorization: Bearer $TOKEN\"") && copied.includes(`job_id=${JOB}`), copied);
  };
} else {
  tests["a server asks for a token, refuses a wrong one, and tells how to begin"] = async () => {
    const page = await open("#/jobs", { expected: [401] });
    await page.getByRole("heading", { name: "Sign in" }).waitFor();
    await look(page, "sign-in");
    await signIn(page, "pa_wrong");
    await page.locator(".wrong").waitFor();
    await signIn(page, admin);
    await page.getByRole("heading", { name: "No jobs yet" }).waitFor();
    await look(page, "no jobs at all");
    await page.getByRole("link", { name: "Set up a job" }).click();
    await page.getByRole("heading", { name: "No organisation yet" }).waitFor();
    await page.getByRole("link", { name: "Sources" }).click();
    await page.getByRole("heading", { name: "No sources yet" }).waitFor();
    await page.getByRole("button", { name: "Sign out" }).click();
    await page.getByRole("heading", { name: "Sign in" }).waitFor();
    assert.equal(await page.evaluate(() => sessionStorage.length), 0);
  };
}

await run("dashboard", tests);
