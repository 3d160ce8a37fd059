// The views that manage things, on an empty server and then on one with 10 organisations and 200 jobs: everything is
// created, edited, deleted, searched and sorted, by pointer and by keyboard, on a phone and on a desktop, light and dark.
// Usage: node manage.mjs URL ADMIN_TOKEN [FOLDER], as browser.mjs says; the server is empty.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { admin, call, look, open, run, signIn, SIZES, url } from "./browser.mjs";

const HOUR = 3_600_000;
const END = Math.floor(Date.now() / HOUR) * HOUR;
const things = {};

// A page of an admin, or of another token.
async function enter(hash, { secret = admin, ...options } = {}) {
  const page = await open("#/sign-in", { reducedMotion: "reduce", ...options, expected: [401, ...(options.expected ?? [])] });
  await signIn(page, secret);
  await page.getByRole("heading", { level: 1, name: /Jobs/ }).waitFor();
  await page.evaluate((hash) => (location.hash = hash), hash);
  return page;
}

const dialog = (page) => page.getByRole("dialog");
const field = (page, label) => dialog(page).getByLabel(label, { exact: true });
const press = (page, name) => dialog(page).getByRole("button", { name, exact: true }).click();
const said = (page, text) => page.locator(".said", { hasText: text }).waitFor();
const row = (page, name) => page.locator("tbody tr", { has: page.getByText(name, { exact: true }) });
const names = (page) => page.locator("tbody th[scope=row]").allInnerTexts();

async function fill() {
  const source = await call("POST", "/api/v1/sources", { name: "Frost model", description: "Predicts night frost.", expected_interval_minutes: 60 });
  const temperature = { role: "temperature", input_kind: "sensor", metric: "air_temperature", unit: "°C" };
  const frost = { role: "frost", metric: "frost_risk", unit: "%" };
  const version = (version, input_roles, output_roles) =>
    call("POST", "/api/v1/source_versions", { source_id: source.id, version, input_roles, output_roles });
  const one = await version("1.0.0", [temperature, { role: "wind", input_kind: "sensor", metric: "wind_speed", required: false }], [frost]);
  const two = await version("2.0.0", [temperature, { role: "place", input_kind: "location" }], [{ ...frost, required: false }, { role: "low", metric: "minimum", unit: "°C" }]);
  for (let farm = 1; farm <= 10; farm += 1) {
    const organisation_id = (await call("POST", "/api/v1/organisations", { name: `Farm ${farm}` })).id;
    for (let field = 1; field <= 4; field += 1) {
      const at = { latitude: 55 + Math.sin(farm * 7 + field), longitude: 10 + 2 * Math.cos(farm * 3 + field * 2) };
      const location = await call("POST", "/api/v1/locations", { organisation_id, name: `Field ${farm}.${field}`, ...at });
      const sensor = (name, metric, unit) => call("POST", "/api/v1/sensors", { organisation_id, name: `${name} ${farm}.${field}`, metric, unit, location_id: location.id });
      const thermometer = await sensor("Thermometer", "air_temperature", "°C");
      const anemometer = await sensor("Wind", "wind_speed", "m/s");
      if (farm === 1 && field === 1) Object.assign(things, { organisation_id, location, thermometer, anemometer });
      for (let job = 1; job <= 5; job += 1) {
        const made = await call("POST", "/api/v1/jobs/setup", {
          organisation_id, source: { id: source.id }, source_version: { id: one.id }, job: { name: `Frost ${farm}.${field}.${job}` },
          role_bindings: [{ role: "temperature", input_type: "sensor", input_id: thermometer.id }],
        });
        things.job ??= made;
      }
    }
  }
  // 20 days, hour by hour, with two gaps.
  const hours = Array.from({ length: 480 }, (_, hour) => hour).filter((hour) => !(hour > 30 && hour < 50) && !(hour > 100 && hour < 104));
  const reading = (hour) => ({ sensor_id: things.thermometer.id, time: new Date(END - hour * HOUR).toISOString(), value: Math.round(80 + 60 * Math.sin(hour / 3.82)) / 10 });
  await call("POST", "/api/v1/readings", hours.map(reading));
  Object.assign(things, { source, one, two });
}

let filled;
/** Fills the server once, before the first test that needs it. */
const full = () => (filled ??= fill());

const tests = {};

tests["an empty server says in each view what to do next"] = async () => {
  const page = await enter("#/organisations");
  for (const [view, heading] of [["organisations", "No organisation yet"], ["locations", "No locations yet"], ["sensors", "No sensors yet"], ["sources", "No sources yet"]]) {
    await page.evaluate((view) => (location.hash = `#/${view}`), view);
    await page.getByRole("heading", { name: heading }).waitFor();
    await look(page, `empty ${view}`);
  }
};

tests["an organisation is created, renamed, searched, sorted and deleted"] = async () => {
  const page = await enter("#/organisations", { expected: [409] });
  const create = async (name) => {
    await page.getByRole("button", { name: "New organisation" }).click();
    await field(page, "Name").fill(name);
    await press(page, "Create organisation");
  };
  await create("North farm");
  await said(page, "North farm is created.");
  await create("South farm");
  await said(page, "South farm is created.");
  // A name that is taken is said in the dialog, and what was typed stays.
  await create("South farm");
  await dialog(page).getByRole("alert").waitFor();
  assert.equal(await field(page, "Name").inputValue(), "South farm");
  await look(page, "organisation conflict");
  await press(page, "Cancel");
  await page.getByRole("button", { name: "Edit South farm" }).click();
  await field(page, "Name").fill("West farm");
  await press(page, "Save");
  await said(page, "West farm is saved.");
  assert.deepEqual(await names(page), ["North farm", "West farm"]);
  await page.getByRole("button", { name: "Name" }).click();
  assert.deepEqual(await names(page), ["West farm", "North farm"]);
  assert.equal(await page.locator("th[aria-sort=descending]").innerText(), "Name ▼");
  await page.getByLabel("Search", { exact: true }).fill("north");
  await page.getByText("1 of 2 organisations").waitFor();
  // The search is part of the address.
  assert.match(page.url(), /q=north/);
  await page.getByLabel("Search", { exact: true }).fill("nowhere");
  await page.getByRole("button", { name: "Clear the search" }).click();
  for (const name of ["North farm", "West farm"]) {
    await page.getByRole("button", { name: `Delete ${name}` }).click();
    await dialog(page).getByText("its tokens, 0 locations and 0 sensors").waitFor();
    // The safe choice has the focus.
    await page.waitForFunction(() => document.activeElement.textContent === "Cancel");
    await press(page, "Delete");
    await said(page, `${name} is deleted.`);
  }
  await page.getByRole("heading", { name: "No organisation yet" }).waitFor();
};

tests["a location is created by keyboard only, edited, found on the map and deleted"] = async () => {
  await full();
  const page = await enter("");
  const key = async (...keys) => {
    for (const key of keys) await page.keyboard.press(key);
  };
  const focused = () => page.evaluate(() => document.activeElement.getAttribute("aria-label") ?? document.activeElement.innerText ?? "");
  const tab = async (name) => {
    for (let count = 0; count < 60; count += 1) {
      await key("Tab");
      if ((await focused()) === name) return;
    }
    throw new Error(`Tab does not reach ${name}`);
  };
  await tab("Locations");
  await key("Enter");
  await page.getByRole("heading", { name: "Locations" }).waitFor();
  await tab("New location");
  await key("Enter");
  await dialog(page).waitFor();
  await page.waitForFunction(() => document.activeElement.tagName === "SELECT");
  await page.keyboard.type("Farm 1");
  await key("Tab");
  await page.keyboard.type("Barn");
  await key("Tab");
  await page.keyboard.type("91");
  await key("Tab");
  await page.keyboard.type("12.5");
  await key("Enter");
  // The browser refuses a latitude beyond the pole, and its field has the focus.
  assert.equal(await page.evaluate(() => document.activeElement.validity.rangeOverflow), true);
  await key("Control+a");
  await page.keyboard.type("55.5");
  await key("Enter");
  await said(page, "Barn is created.");
  await page.getByText("41 locations").waitFor();
  await page.waitForFunction(() => document.activeElement.innerText === "New location");

  await page.getByRole("button", { name: "Edit Barn" }).click();
  await field(page, "Elevation").fill("12");
  await press(page, "Save");
  await said(page, "Barn is saved.");
  await row(page, "Barn").getByText("12 m").waitFor();
  await page.getByRole("group", { name: "Map of the locations" }).getByRole("link", { name: "Barn" }).click();
  await page.getByText("1 of 41 locations").waitFor();
  // What a sensor stands at stays.
  await page.getByLabel("Search", { exact: true }).fill("Field 1.1");
  await page.getByRole("button", { name: "Delete Field 1.1" }).click();
  await page.getByRole("heading", { name: "Field 1.1 is in use" }).waitFor();
  await dialog(page).getByRole("link", { name: "Thermometer 1.1" }).waitFor();
  await look(page, "location in use");
  await key("Escape");
  await page.getByLabel("Search", { exact: true }).fill("Barn");
  await page.getByRole("button", { name: "Delete Barn" }).click();
  await press(page, "Delete");
  await said(page, "Barn is deleted.");
};

tests["sensors are searched, sorted and turned over, one is created, edited and deleted"] = async () => {
  await full();
  const page = await enter("#/sensors");
  await page.getByText("80 sensors").waitFor();
  await page.getByText("Page 1 of 2").waitFor();
  assert.equal((await names(page)).length, 50);
  await page.getByRole("button", { name: "Next page" }).click();
  await page.getByText("Page 2 of 2").waitFor();
  assert.equal((await names(page)).length, 30);
  await page.getByLabel("Search", { exact: true }).fill("wind farm 10");
  await page.getByText("4 of 80 sensors").waitFor();
  assert.deepEqual(await names(page), [1, 2, 3, 4].map((field) => `Wind 10.${field}`));
  await page.getByLabel("Search", { exact: true }).fill("");
  await page.getByRole("button", { name: "Used by" }).click();
  await page.getByRole("button", { name: "Used by" }).click();
  assert.match((await names(page))[0], /^Thermometer/);

  await page.getByRole("button", { name: "New sensor" }).click();
  await field(page, "Organisation").selectOption("Farm 2");
  await field(page, "Name").fill("Rain gauge");
  await field(page, "Metric").fill("rain");
  await field(page, "Unit").fill("mm");
  assert.equal(await field(page, "Location").locator("option").count(), 5);
  await field(page, "Location").selectOption("Field 2.3");
  await press(page, "Create sensor");
  await said(page, "Rain gauge is created.");
  await page.getByLabel("Search", { exact: true }).fill("rain");
  await page.getByRole("link", { name: "Rain gauge" }).click();
  await page.getByRole("heading", { name: "No readings yet" }).waitFor();
  await page.getByRole("button", { name: "Edit", exact: true }).click();
  await field(page, "Name").fill("Rain gauge 2");
  await field(page, "Unit").fill("");
  await press(page, "Save");
  await said(page, "Rain gauge 2 is saved.");
  await page.getByRole("heading", { name: "Rain gauge 2" }).waitFor();
  await page.getByRole("button", { name: "Delete", exact: true }).click();
  await press(page, "Delete");
  await page.getByText("80 sensors").waitFor();
};

tests["the page of a sensor shows its gaps, exports its readings and withdraws some"] = async () => {
  await full();
  const page = await enter(`#/sensors/${things.thermometer.id}`);
  const status = page.locator(".at-pointer + p");
  await status.getByText("2 gaps, the longest of 20 hours").waitFor();
  await page.locator(".readings-plot canvas").waitFor();
  await page.locator("table tbody tr").nth(19).waitFor();
  await page.locator(".readings-plot .u-over").hover({ position: { x: 500, y: 100 } });
  await page.locator(".at-pointer strong", { hasText: "°C" }).waitFor();
  await page.getByRole("button", { name: "All", exact: true }).click();
  await status.getByText("458 readings").waitFor();
  await page.getByRole("button", { name: "1 day" }).click();
  await status.getByText("25 readings; no gaps").waitFor();
  await page.getByRole("button", { name: "Earlier" }).click();
  await page.getByRole("button", { name: "Zoom out" }).click();
  await status.getByText("1 gap,").waitFor();
  const [file] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: "all readings as CSV" }).click()]);
  assert.equal(file.suggestedFilename(), "Thermometer 1.1.csv");
  assert.equal((await readFile(await file.path(), "utf8")).trim().split("\n").length, 459);

  await page.getByRole("button", { name: "1 day" }).click();
  await status.getByText("25 readings").waitFor();
  await page.getByRole("button", { name: "Withdraw readings" }).click();
  await dialog(page).getByText("25 readings will be withdrawn.").waitFor();
  await look(page, "withdraw readings");
  await page.getByRole("dialog").getByRole("button", { name: "Withdraw" }).click();
  await said(page, "25 readings withdrawn.");
  // What was taken back is a gap, and the newest reading is an older one.
  assert.equal((await call("GET", `/api/v1/sensors/${things.thermometer.id}/readings?limit=1000`)).length, 433);
  await page.getByRole("button", { name: "Delete", exact: true }).click();
  await page.getByRole("heading", { name: "Thermometer 1.1 is in use" }).waitFor();
  await press(page, "Close");
};

tests["readings of a sensor are imported from a file"] = async () => {
  await full();
  const page = await enter(`#/sensors/${things.anemometer.id}`);
  await page.getByRole("heading", { name: "No readings yet" }).waitFor();
  await page.getByRole("button", { name: "Import CSV" }).click();
  const rows = Array.from({ length: 30 }, (_, hour) => `${new Date(END - hour * HOUR).toISOString()},${hour / 10}`);
  const buffer = Buffer.from(["time,wind", ...rows].join("\n"));
  await dialog(page).locator("input[type=file]").setInputFiles({ name: "wind.csv", mimeType: "text/csv", buffer });
  await dialog(page).getByRole("button", { name: "Import 30 readings" }).click();
  await dialog(page).getByText("30 stored").waitFor();
  await look(page, "import readings");
  await press(page, "Close");
  await page.locator(".at-pointer + p").getByText("30 readings; no gaps").waitFor();
};

tests["a device gets a token that posts to its sensor and nothing else"] = async () => {
  await full();
  const page = await enter(`#/sensors/${things.anemometer.id}`);
  await page.getByRole("button", { name: "Device token" }).click();
  await field(page, "Name").fill("cup anemometer");
  await press(page, "Create a token");
  await dialog(page).getByRole("heading", { name: "The token cup anemometer" }).waitFor();
  await look(page, "device token");
  const command = await dialog(page).locator("pre, code", { hasText: "curl" }).first().innerText();
  const [, path] = command.match(/'[^']*(\/api\/v1\/[^']*)'/);
  const [, secret] = command.match(/TOKEN=(\w+)/);
  const headers = { Authorization: `Bearer ${secret}`, "Content-Type": "application/json" };
  const posted = await fetch(url + path, { method: "POST", headers, body: '{"value": 4.5}' });
  assert.equal((await posted.json()).stored, 1);
  assert.equal((await fetch(url + path, { headers })).status, 403);
  await press(page, "I have copied the secret");
  await page.evaluate(() => (location.hash = "#/tokens"));
  await row(page, "cup anemometer").getByText("device at Wind 1.1").waitFor();
  // Whoever signs in with it sees why there is nothing to see.
  const other = await open("#/sign-in", { reducedMotion: "reduce", expected: [401, 403] });
  await signIn(other, secret);
  await other.getByRole("heading", { name: "This token belongs to a device" }).waitFor();
};

tests["a source is created, published in two versions, compared, and deleted"] = async () => {
  await full();
  const page = await enter("#/sources", { expected: [422] });
  await page.getByRole("button", { name: "New source" }).click();
  await field(page, "Name").fill("Rot model");
  await field(page, "Expected interval in minutes").fill("90");
  await press(page, "Create source");
  await page.getByRole("heading", { name: "Rot model" }).waitFor();
  await page.getByText("every 1.5 hours").waitFor();
  await page.getByRole("heading", { name: "No version yet" }).waitFor();

  await page.getByRole("button", { name: "Publish a version" }).click();
  await field(page, "Label").fill("1.0");
  await press(page, "Add an input");
  const role = (list, index) => dialog(page).getByRole("group", { name: `${list}, ${index}` });
  await role("Inputs", 1).getByLabel("Role", { exact: true }).fill("humidity");
  await role("Inputs", 1).getByLabel("Metric", { exact: true }).fill("humidity");
  await role("Inputs", 1).getByLabel("Unit").fill("%");
  await press(page, "Add an output");
  for (const index of [1, 2]) {
    await role("Outputs", index).getByLabel("Role", { exact: true }).fill("rot");
    await role("Outputs", index).getByLabel("Metric", { exact: true }).fill(`rot_${index}`);
  }
  await press(page, "Publish");
  // The violation stands at its field, which has the focus.
  await role("Outputs", 2).locator(".wrong").waitFor();
  await page.waitForFunction(() => document.activeElement.getAttribute("aria-invalid") === "true");
  await look(page, "publish with an error");
  await role("Outputs", 2).getByLabel("Role", { exact: true }).fill("spread");
  await press(page, "Publish");
  await said(page, "Version 1.0 is published.");

  // The next version begins with the contract of the newest one.
  await page.getByRole("button", { name: "Publish a version" }).click();
  await field(page, "Label").fill("2.0");
  assert.equal(await role("Inputs", 1).getByLabel("Role", { exact: true }).inputValue(), "humidity");
  await role("Inputs", 1).getByLabel("Unit").fill("1");
  await dialog(page).getByRole("button", { name: "Remove spread" }).click();
  await press(page, "Add an input");
  await role("Inputs", 2).getByLabel("Role", { exact: true }).fill("place");
  await role("Inputs", 2).getByLabel("Kind").selectOption("location");
  await press(page, "Publish");
  await said(page, "Version 2.0 is published.");
  await page.getByRole("button", { name: "Compare versions" }).click();
  const marks = await dialog(page).locator(".mark").allInnerTexts();
  assert.deepEqual(marks, ["changed", "added", "removed"]);
  await dialog(page).getByText("must bind anew: humidity, place.").waitFor();
  await dialog(page).getByText("It no longer predicts: spread.").waitFor();
  await field(page, "To version").selectOption("1.0");
  await dialog(page).getByText("Both versions have the same inputs and outputs.").waitFor();
  await press(page, "Close");

  await page.getByRole("button", { name: "Edit", exact: true }).click();
  await field(page, "Description").fill("Warns of rot.");
  await field(page, "Expected interval in minutes").fill("");
  await press(page, "Save");
  await said(page, "Rot model is saved.");
  await page.getByText("Warns of rot.").waitFor();
  await page.getByRole("button", { name: "Delete", exact: true }).click();
  await page.getByRole("heading", { name: "Rot model is in use" }).waitFor();
  await press(page, "Close");
  for (const version of ["1.0", "2.0"]) {
    await page.getByRole("button", { name: `Delete version ${version}` }).click();
    await press(page, "Delete");
    await said(page, `Version ${version} is deleted.`);
  }
  await page.getByRole("button", { name: "Delete", exact: true }).click();
  await press(page, "Delete");
  await page.getByText("1 source", { exact: true }).waitFor();
  await page.evaluate((id) => (location.hash = `#/sources/${id}`), things.source.id);
  await page.getByRole("button", { name: "Delete version 1.0.0" }).click();
  await page.getByRole("heading", { name: "version 1.0.0 is in use" }).waitFor();
  await dialog(page).getByText("and 190 more").waitFor();
};

tests["a job is renamed, bound anew, moved to another version, paused and deleted"] = async () => {
  await full();
  const page = await enter(`#/jobs/${things.job.id}`, { expected: [412, 422] });
  const job = () => call("GET", `/api/v1/jobs/${things.job.id}`);
  const edit = () => page.getByRole("button", { name: "Edit", exact: true }).click();
  await edit();
  await field(page, "Name of the job").fill("Frost at the gate");
  await field(page, "wind").selectOption({ index: 1 });
  // Somebody else was faster: nothing is lost, and the new state is offered.
  await call("PUT", `/api/v1/jobs/${things.job.id}`, { name: "Frost of somebody else" });
  await press(page, "Save");
  await dialog(page).getByText("Somebody else changed this").waitFor();
  await look(page, "job changed meanwhile");
  await press(page, "Load the new state");
  await page.waitForFunction(() => [...document.querySelectorAll("dialog input")].some((input) => input.value === "Frost of somebody else"));
  await field(page, "Name of the job").fill("Frost at the gate");
  await field(page, "wind").selectOption({ index: 1 });
  await press(page, "Save");
  await page.getByRole("heading", { name: "Frost at the gate" }).waitFor();
  assert.equal((await job()).role_bindings.length, 2);

  await edit();
  await field(page, "Version").selectOption("2.0.0");
  await press(page, "Save");
  // The version needs a place.
  await dialog(page).locator(".wrong").waitFor();
  await look(page, "job without a required input");
  await field(page, "place").selectOption("Field 1.2");
  await press(page, "Save");
  await dialog(page).waitFor({ state: "detached" });
  const moved = await job();
  assert.equal(moved.source_version_id, things.two.id);
  assert.deepEqual(moved.role_bindings.map(({ role }) => role).sort(), ["place", "temperature"]);

  await page.getByRole("button", { name: "Pause" }).click();
  await page.locator(".now .state.paused").waitFor();
  await page.getByRole("button", { name: "Resume" }).click();
  await page.locator(".now .state.new").waitFor();
  await page.getByRole("button", { name: "Delete", exact: true }).click();
  await dialog(page).getByText("Its predictions can still be read").waitFor();
  await look(page, "delete a job");
  await press(page, "Delete");
  await page.getByRole("heading", { name: "Jobs" }).waitFor();
  assert.equal((await call("GET", "/api/v1/jobs?limit=1000")).length, 199);
};

tests["a manager changes its own organisation's things only, and a viewer nothing"] = async () => {
  await full();
  const token = (role) => call("POST", "/api/v1/tokens", { name: role, role, organisation_id: things.organisation_id });
  const manager = await enter("#/sensors", { secret: (await token("manager")).secret });
  await manager.getByText("8 sensors").waitFor();
  await manager.getByRole("button", { name: "New sensor" }).click();
  assert.equal(await field(manager, "Organisation").count(), 0);
  await manager.keyboard.press("Escape");
  // A shared source is an admin's.
  await manager.evaluate(() => (location.hash = "#/sources"));
  await manager.getByText("1 source", { exact: true }).waitFor();
  assert.equal(await manager.getByRole("button", { name: "Edit Frost model" }).count(), 0);
  await manager.evaluate(() => (location.hash = "#/organisations"));
  await manager.getByText("Only admins may list organisations.").waitFor();

  const viewer = await enter("#/sensors", { secret: (await token("viewer")).secret });
  await viewer.getByText("8 sensors").waitFor();
  assert.equal(await viewer.getByRole("button", { name: /^(New|Edit|Delete)/ }).count(), 0);
  assert.equal(await viewer.getByRole("button", { name: "Administration" }).count(), 0);
  await viewer.evaluate((id) => (location.hash = `#/sensors/${id}`), things.thermometer.id);
  await viewer.locator(".readings-plot canvas").waitFor();
  assert.equal(await viewer.getByRole("button", { name: /Withdraw|Edit|Delete/ }).count(), 0);
};

tests["the navigation is a menu on a phone, and closes by Escape and by a choice"] = async () => {
  const page = await enter("", { viewport: SIZES.phone });
  const menu = page.getByRole("button", { name: "Menu" });
  await menu.click();
  await page.getByRole("link", { name: "Organisations" }).waitFor();
  await look(page, "menu phone");
  await page.keyboard.press("Escape");
  await page.getByRole("link", { name: "Organisations" }).waitFor({ state: "hidden" });
  assert.equal(await page.evaluate(() => document.activeElement.innerText.trim()), "Menu");
  await menu.click();
  await page.getByRole("link", { name: "Locations" }).click();
  await page.getByRole("heading", { name: "Locations" }).waitFor();
  await page.getByRole("link", { name: "Organisations" }).waitFor({ state: "hidden" });
  // The order can be chosen on a phone, too.
  await page.getByRole("button", { name: "Latitude" }).click();
  await page.locator("th[aria-sort=ascending]", { hasText: "Latitude" }).waitFor();
};

tests["every view and dialog fits a phone and a desktop, in light and dark"] = async () => {
  await full();
  const views = {
    organisations: "#/organisations", locations: "#/locations", sensors: "#/sensors", sensor: `#/sensors/${things.thermometer.id}`,
    sources: "#/sources", source: `#/sources/${things.source.id}`,
  };
  const dialogs = { organisations: "New organisation", locations: "New location", sensors: "New sensor", sources: "New source", source: "Publish a version" };
  for (const colorScheme of ["light", "dark"]) {
    for (const [size, viewport] of Object.entries(SIZES)) {
      const page = await enter("", { colorScheme, viewport });
      for (const [name, hash] of Object.entries(views)) {
        await page.evaluate((hash) => (location.hash = hash), hash);
        await page.locator(name === "sensor" ? ".readings-plot canvas" : name === "source" ? ".card" : "table.cards").first().waitFor();
        await page.waitForLoadState("networkidle");
        await look(page, `${name} ${size} ${colorScheme}`);
        if (!dialogs[name]) continue;
        await page.getByRole("button", { name: dialogs[name] }).click();
        await dialog(page).locator("form").waitFor();
        await look(page, `new in ${name} ${size} ${colorScheme}`);
        await page.keyboard.press("Escape");
      }
      await page.getByRole("button", { name: "Compare versions" }).click();
      await dialog(page).locator("table").waitFor();
      await look(page, `compare ${size} ${colorScheme}`);
      await page.context().close();
    }
  }
};

await run("manage", tests);
