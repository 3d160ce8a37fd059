// The first-run assistant on an empty server: from nothing to a chart of one's own readings with a first prediction, whose
// worker's command is really run. Files of several forms, wrong files, keyboard only, a phone, dark.
// Usage: node assistant.mjs URL ADMIN_TOKEN [FOLDER], on a server without data; see browser.mjs.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { promisify } from "node:util";
import { SIZES, admin, call, look, open, run, signIn } from "./browser.mjs";

const HOUR = 3_600_000;
const tests = {};

const file = (name, lines, end = "\r\n") => ({ name, mimeType: "text/csv", buffer: Buffer.isBuffer(lines) ? lines : Buffer.from(lines.join(end)) });
const button = (page, name) => page.getByRole("button", { name, exact: typeof name === "string" });
const field = (page, name) => page.getByLabel(name, { exact: true });
const step = (page, name) => page.getByRole("heading", { name, level: 2, exact: true }).waitFor();
const csv = (page) => page.locator("input[type=file]");

/** Opens the assistant at its first step, or at that of a name. */
async function begin(options = {}, secret = admin) {
  const page = await open("#/first-run", { expected: [401, 409, 422], timezoneId: "Europe/Berlin", ...options });
  await signIn(page, secret);
  await page.getByRole("heading", { name: "First steps" }).waitFor();
  return page;
}

const goTo = async (page, name) => {
  await page.locator(".steps").getByRole("button", { name }).click();
  await step(page, name);
};

/** An organisation with a location and a thermometer. */
async function farm(name) {
  const organisation = await call("POST", "/api/v1/organisations", { name });
  const location = await call("POST", "/api/v1/locations", { organisation_id: organisation.id, name: "Roof", latitude: 1, longitude: 2 });
  const sensor = await call("POST", "/api/v1/sensors", { organisation_id: organisation.id, name: "Thermometer", metric: "temperature", unit: "°C" });
  const manager = await call("POST", "/api/v1/tokens", { name: `manager of ${name}`, role: "manager", organisation_id: organisation.id });
  return { organisation, location, sensor, manager };
}

const stored = async (sensor) => call("GET", `/api/v1/sensors/${sensor}/readings?limit=10000`);

/** Hourly rows in Berlin's time across the end of the summer time, as a German spreadsheet writes them. */
function german() {
  const format = new Intl.DateTimeFormat("de-DE", { timeZone: "Europe/Berlin", day: "2-digit", month: "2-digit", year: "numeric", hour: "2-digit", minute: "2-digit" });
  const start = Date.UTC(2024, 9, 25, 22);
  const rows = Array.from({ length: 96 }, (_, hour) => {
    const value = (10 + 5 * Math.sin((hour / 12) * Math.PI)).toFixed(1).replace(".", ",");
    return `${format.format(start + hour * HOUR).replace(",", "")};${value};${60 + (hour % 30)}`;
  });
  rows[40] = rows[40].replace(/;[^;]*;/, ";;");
  return { start, lines: ["\ufeffZeit;Temperatur [°C];Feuchte (%)", ...rows, "Summe;960,0;"] };
}

tests["an empty server offers the assistant"] = async () => {
  assert.deepEqual(await call("GET", "/api/v1/organisations"), [], "the server has data");
  const page = await open("#/set-up", { expected: [401] });
  await signIn(page, admin);
  await page.getByRole("heading", { name: "No organisation yet" }).waitFor();
  await page.getByRole("link", { name: "Start the assistant" }).waitFor();
  await page.getByRole("link", { name: "Jobs", exact: true }).click();
  await page.getByRole("heading", { name: "No jobs yet" }).waitFor();
  await look(page, "no jobs, with the assistant");
  await page.getByRole("link", { name: "Start the assistant" }).click();
  await step(page, "Organisation");
};

tests["from nothing to a chart with the prediction of the shown worker"] = async () => {
  const page = await begin();
  await look(page, "assistant organisation");
  await button(page, "Create the organisation").click();
  assert.ok(await field(page, "Name").evaluate((input) => !input.validity.valid), "a name is required");
  await field(page, "Name").fill("North farm");
  assert.deepEqual(await call("GET", "/api/v1/organisations"), [], "nothing is stored before the step is confirmed");
  await button(page, "Create the organisation").click();

  await step(page, "Location");
  await field(page, "Name").fill("Lower field");
  const map = page.getByRole("application");
  const box = await map.boundingBox();
  await map.click({ position: { x: box.width * (193.4 / 360), y: box.height * (37.5 / 180) } });
  const near = async (label, value) => assert.ok(Math.abs(Number(await field(page, label).inputValue()) - value) < 0.5, label);
  await near("Latitude", 52.5);
  await near("Longitude", 13.4);
  await button(page, "Zoom in").click();
  await look(page, "assistant location");
  await button(page, "Create the location").click();

  await step(page, "Sensor");
  await field(page, "Name").fill("Thermometer 1");
  await field(page, "Metric").fill("temperature");
  await field(page, "Unit").fill("°C");
  await look(page, "assistant sensor");
  await button(page, "Create the sensor").click();

  // After a reload the way goes on where it was.
  await step(page, "Readings");
  await page.reload();
  await step(page, "Readings");
  await look(page, "assistant readings");
  await wrongFiles(page);
  const { start, lines } = german();
  await csv(page).setInputFiles(file("wetter.csv", lines));
  await page.getByRole("heading", { name: "wetter.csv, as understood" }).waitFor();
  const chosen = async (label) => field(page, label).evaluate((select) => select.selectedOptions[0].text);
  assert.equal(await chosen("Separator"), "Semicolon");
  assert.equal(await chosen("Decimal sign"), "Comma: 3,9");
  assert.equal(await chosen("Time zone of the times"), "Europe/Berlin (this browser)");
  assert.equal(await chosen("Store Temperatur [°C] as readings of"), "Thermometer 1 (temperature in °C)");
  await field(page, "Store Feuchte (%) as readings of").selectOption("new");
  await page.getByText("2 times in Europe/Berlin exist twice").waitFor();
  await page.getByText("line 29, 27.10.2024 02:00: the second, later one").waitFor();
  await page.getByText("1 row: no time of this form (line 98)").waitFor();
  await page.getByText("1 row: no value in Temperatur [°C] (line 42)").waitFor();
  await look(page, "assistant csv");
  assert.deepEqual(await call("GET", "/api/v1/sensors").then((all) => all.length), 1, "the new sensor waits for the import");
  await button(page, "Import 191 readings").click();
  await page.getByText("191 stored, 0 corrected, 0 unchanged.").waitFor();
  await look(page, "assistant imported");
  const [sensor, humidity] = await call("GET", "/api/v1/sensors");
  const rows = await stored(sensor.id);
  assert.equal(rows.length, 95);
  assert.equal(Date.parse(rows[0].time), start);
  assert.equal(Date.parse(rows.at(-1).time), start + 95 * HOUR);
  assert.deepEqual([humidity.name, humidity.metric, humidity.unit, (await stored(humidity.id)).length], ["Feuchte (%)", "feuchte", "%", 96]);
  await button(page, "Continue").click();

  await step(page, "Model");
  await field(page, "Name of the model").fill("frost-predictor");
  await look(page, "assistant model");
  await button(page, "Create the model").click();
  await step(page, "Job");
  assert.equal(await field(page, "Name of the job").inputValue(), "Forecast, Lower field");
  await look(page, "assistant job");
  await button(page, "Set up the job").click();
  await step(page, "Worker");
  await look(page, "assistant worker");
  await button(page, "Create the token").click();

  await step(page, "Result");
  await page.getByText("Waiting for the first prediction").waitFor();
  await page.locator(".first-chart .measured").waitFor();
  await look(page, "assistant waiting");
  await runWorker(await page.locator(".program code").innerText());
  await page.getByText("Your first prediction has arrived.").waitFor();
  assert.match(await page.locator(".first-chart .predicted").getAttribute("d"), /^M.+L/);
  assert.match(await page.locator(".first-chart .predicted").evaluate((path) => getComputedStyle(path).stroke), /^rgb/, "the prediction is not drawn");
  await look(page, "assistant result");
  await page.getByRole("link", { name: "Open the job" }).click();
  await page.getByRole("heading", { name: "Forecast, Lower field" }).waitFor();
};

/** Runs the command as a person would who pastes it into a terminal. */
async function runWorker(command) {
  const folder = await mkdtemp(`${tmpdir()}/worker-`);
  const { stdout } = await promisify(execFile)("bash", ["-c", command], { cwd: folder });
  assert.match(stdout, /'stored': 24/);
  await rm(folder, { recursive: true });
}

async function wrongFiles(page) {
  const refused = async (chosen, sentence) => {
    await csv(page).setInputFiles(chosen);
    await page.getByText(sentence).waitFor();
  };
  await refused(file("book.xlsx", Buffer.from([0x50, 0x4b, 3, 4, 0, 0, 0, 0])), "save the sheet as CSV");
  await refused(file("empty.csv", [""]), "The file is empty.");
  await refused(file("names.csv", ["name,age", "Ada,36"]), "No line has a time and a number.");
  await look(page, "assistant wrong file");
  await button(page, "Choose another file").click();
  await refused(file("quote.csv", ["time,value", "2024-01-01 00:00,1", '"2024-01-01 01:00,2']), "begins in line 3 has no end");
  await button(page, "Choose another file").click();
}

tests["by keyboard only, on a phone, dark: a file with stations"] = async () => {
  const page = await begin({ viewport: SIZES.phone, colorScheme: "dark" });
  // The browser gives its file dialogs to the test from now on, not only once it waits for one.
  page.on("filechooser", () => {});
  const press = (...keys) => keys.reduce((before, key) => before.then(() => page.keyboard.press(key)), Promise.resolve());
  // Tab, until the focus is where a person wants it.
  const reach = async (name) => {
    for (let turn = 0; turn < 80; turn += 1) {
      const at = await page.evaluate(() => {
        const element = document.activeElement;
        return (element.getAttribute("aria-label") ?? element.labels?.[0]?.innerText ?? element.innerText ?? "").trim();
      });
      if (at.startsWith(name)) return;
      await press("Tab");
    }
    assert.fail(`the keyboard does not reach ${name}`);
  };
  // The focus follows the step. Before, a key would act elsewhere.
  const arrive = async (name) => {
    await step(page, name);
    await page.waitForFunction(() => document.activeElement.id === "step-title");
  };
  await step(page, "Organisation");
  await reach("Create another organisation");
  await press("Enter");
  await reach("Name");
  await page.keyboard.type("South farm");
  await press("Enter");
  await arrive("Location");
  await reach("Name");
  await page.keyboard.type("Newark");
  await reach("Map.");
  await press("+", "+", "Shift+ArrowUp", "ArrowUp", "ArrowLeft");
  assert.equal(await page.getByLabel("Latitude").inputValue(), "2.75");
  assert.equal(await page.getByLabel("Longitude").inputValue(), "-0.25");
  await look(page, "assistant phone location");
  await reach("Create the location");
  await press("Enter");
  await arrive("Sensor");
  await reach("Name");
  await page.keyboard.type("EWR");
  await reach("Metric");
  await page.keyboard.type("temperature");
  await press("Enter");
  await arrive("Readings");
  await reach("Choose a CSV file");
  const chooser = page.waitForEvent("filechooser");
  await press("Enter");
  const time = (hour) => new Date(Date.UTC(2013, 0, 1, 6 + hour)).toISOString().replace(".000", "");
  const rows = ["EWR", "JFK"].flatMap((station) => Array.from({ length: 30 }, (_, hour) => `${station},${time(hour)},${hour / 10},60,0`));
  await (await chooser).setFiles(file("weather.csv", ["station,time,temperature_c,relative_humidity_pct,precipitation_mm", ...rows], "\n"));
  await page.getByText("30 rows: a time that an earlier line has").waitFor();
  await reach("Rows of station");
  await page.keyboard.type("JFK");
  await page.getByText("Nothing is skipped.").waitFor();
  await page.getByText("The times name their offset from UTC").waitFor();
  await look(page, "assistant phone csv");
  await reach("Import 30 readings");
  await press("Enter");
  await page.getByText("30 stored").waitFor();
  await look(page, "assistant phone imported");
  await reach("Continue");
  await press("Enter");
  await arrive("Model");
  await reach("Name of the model");
  await page.keyboard.type("persistence");
  await look(page, "assistant phone model");
  await reach("Create the model");
  await press("Enter");
  await arrive("Job");
  await look(page, "assistant phone job");
  await reach("Set up the job");
  await press("Enter");
  await arrive("Worker");
  await reach("Create the token");
  await press("Enter");
  await arrive("Result");
  await page.locator(".first-chart .measured").waitFor();
  await look(page, "assistant phone result");
  await reach("Open the job");
};

tests["a manager begins at the location, others are sent away"] = async () => {
  const { organisation, manager } = await farm("West farm");
  const page = await begin({}, manager.secret);
  await step(page, "Location");
  assert.equal(await page.locator(".steps li").count(), 7);
  await button(page, "Continue with Roof").click();
  await step(page, "Sensor");
  await button(page, "Back").click();
  await step(page, "Location");
  for (const name of ["Location", "Sensor", "Readings", "Model"]) {
    await step(page, name);
    await button(page, "Skip this step").click();
  }
  await step(page, "Job");
  // Nothing was created, and nothing of another organisation is offered.
  await page.getByText("A job needs a model, and there is none yet.").waitFor();
  await button(page, "Go to the step Model").click();
  await step(page, "Model");
  const viewer = await call("POST", "/api/v1/tokens", { name: "viewer", role: "viewer", organisation_id: organisation.id });
  const other = await begin({}, viewer.secret);
  await other.getByText("The assistant is for managers and admins.").waitFor();
};

tests["what is wrong stands at its field"] = async () => {
  await farm("East farm");
  const page = await begin();
  await button(page, "Create another organisation").click();
  await field(page, "Name").fill("East farm");
  await button(page, "Create the organisation").click();
  await page.getByRole("alert").waitFor();
  await look(page, "assistant taken name");
  await button(page, "Cancel").click();
  await field(page, "Use an organisation that exists").selectOption({ label: "East farm" });
  await button(page, "Continue with East farm").click();
  await goTo(page, "Readings");
  await csv(page).setInputFiles(file("two.csv", ["time,a,b", "2024-01-01 00:00,1,2", "2024-01-01 01:00,1,2"]));
  await field(page, "Store b as readings of").selectOption({ label: "Thermometer (temperature in °C)" });
  await button(page, "Import 4 readings").click();
  await page.getByText("Two columns cannot be stored in the same sensor.").waitFor();
  await field(page, "Store b as readings of").selectOption("new");
  await field(page, "Name of the sensor").fill("Thermometer");
  await button(page, "Import 4 readings").click();
  await page.getByText("A sensor has this name already.").waitFor();
  await look(page, "assistant taken sensor");
  await field(page, "Name of the sensor").fill("Second");
  await button(page, "Import 4 readings").click();
  await page.getByText("4 stored").waitFor();
};

tests["an input that the model needs and that does not exist is asked for at its role"] = async () => {
  const organisation = await call("POST", "/api/v1/organisations", { name: "Bare farm" });
  const { secret } = await call("POST", "/api/v1/tokens", { name: "manager", role: "manager", organisation_id: organisation.id });
  const page = await begin({}, secret);
  await goTo(page, "Model");
  await field(page, "Name of the model").fill("flow-predictor");
  await button(page, "Add an input").click();
  const inputs = page.getByRole("group", { name: "Inputs, 1" });
  await inputs.getByLabel("Role", { exact: true }).fill("air");
  await inputs.getByLabel("Metric").fill("temperature");
  const outputs = page.getByRole("group", { name: "Outputs, 1" });
  await outputs.getByLabel("Role", { exact: true }).fill("flow");
  await outputs.getByLabel("Metric").fill("flow");
  await button(page, "Create the model").click();
  await step(page, "Job");
  await button(page, "Set up the job").click();
  await page.getByText("Choose an input for the role air: the model needs it.").waitFor();
  assert.equal(await page.locator(".problem").count(), 0);
  await look(page, "assistant lacking input");
  await goTo(page, "Result");
  await page.getByText("There are no readings yet.").waitFor();
  await look(page, "assistant result without anything");
};

tests["readings that the server refuses are named with their lines, and the rest is stored"] = async () => {
  const { sensor, manager } = await farm("Clock farm");
  const page = await begin({}, manager.secret);
  // A computer whose clock is wrong does not see that these times are in the future.
  await page.clock.setFixedTime(new Date("2100-01-01T00:00:00Z"));
  await goTo(page, "Readings");
  await csv(page).setInputFiles(file("future.csv", ["time,value", "2024-01-01 00:00,1", "2099-01-01 00:00,2", "2024-01-01 01:00,3"]));
  await button(page, "Import 3 readings").click();
  await page.getByText("1 reading refused (line 3): is in the future").waitFor();
  await page.getByText("2 stored").waitFor();
  assert.equal((await stored(sensor.id)).length, 2);
};

tests["200,000 rows are dropped, sent in parts, cancelled and repeated, and the page stays alive"] = async () => {
  const { sensor, manager } = await farm("Large farm");
  const page = await begin({}, manager.secret);
  await goTo(page, "Readings");
  const count = 200_000;
  // The file is made in the page, and the longest time without a turn for others is measured from then on.
  await page.evaluate((count) => {
    const rows = ["time,value"];
    for (let index = 0; index < count; index += 1) rows.push(`${new Date(Date.UTC(2000, 0, 1) + index * 3_600_000).toISOString().slice(0, 16).replace("T", " ")},${index % 83}`);
    const transfer = new DataTransfer();
    transfer.items.add(new File([rows.join("\n")], "large.csv", { type: "text/csv" }));
    globalThis.turns = 0;
    setInterval(() => (globalThis.turns += 1), 10);
    document.querySelector(".drop").dispatchEvent(new DragEvent("drop", { dataTransfer: transfer, bubbles: true, cancelable: true }));
  }, count);
  await field(page, "Time zone of the times").selectOption("UTC");
  await button(page, "Import 200,000 readings").click();
  await page.getByText(/^[1-9][\d,]* of 200,000 readings sent/).waitFor();
  await look(page, "assistant sending");
  await button(page, "Cancel").click();
  await page.getByRole("heading", { name: "Import cancelled" }).waitFor();
  const part = await call("GET", `/api/v1/sensors/${sensor.id}/readings?shape=series&max_points=10`);
  assert.ok(part.thinned_from > 0 && part.thinned_from < count, `${part.thinned_from}`);
  await button(page, "Try again").click();
  await button(page, "Import 200,000 readings").click();
  await page.getByRole("heading", { name: "Import finished" }).waitFor({ timeout: 180_000 });
  const all = await call("GET", `/api/v1/sensors/${sensor.id}/readings?shape=series&max_points=10`);
  assert.equal(all.thinned_from, count);
  assert.match(await page.locator(".card").innerText(), /[1-9][\d,]* unchanged/);
  assert.ok((await page.evaluate(() => globalThis.turns)) > 50, "the page had no turns");
};

await run("assistant", tests);
