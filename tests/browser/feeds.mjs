// Feeds in the dashboard: a message is pasted and tried, the feed is created, its secret is shown once, and devices use it.
// Usage: node tests/browser/feeds.mjs URL ADMIN_TOKEN [FOLDER], on a fresh server; see browser.mjs.
import assert from "node:assert/strict";
import { SIZES, admin, call, look, open, run, signIn, url } from "./browser.mjs";

const suffix = Date.now();
const farm = await call("POST", "/api/v1/organisations", { name: `Feed farm ${suffix}` });
const other = await call("POST", "/api/v1/organisations", { name: `Other farm ${suffix}` });
const sensorOf = (organisation, name, unit) =>
  call("POST", "/api/v1/sensors", { name: `${name} ${suffix}`, organisation_id: organisation.id, metric: "m", unit });
const air = await sensorOf(farm, "Orchard air", "°C");
const soil = await sensorOf(farm, "Orchard soil", "%");
await sensorOf(other, "Elsewhere");
const manager = await call("POST", "/api/v1/tokens", { name: `manager ${suffix}`, role: "manager", organisation_id: farm.id });
const viewer = await call("POST", "/api/v1/tokens", { name: `viewer ${suffix}`, role: "viewer", organisation_id: farm.id });

const message = {
  deviceInfo: { devEui: "0101010101010101" }, fPort: 2, time: "2026-07-18T09:34:15Z", object: { temperature: 272, soil: "dry" },
};

async function signedIn(secret, options) {
  const page = await open("#/sign-in", { expected: [401, 422, 409], ...options });
  await signIn(page, secret);
  await page.getByRole("heading", { name: "Jobs", exact: true }).waitFor();
  await page.goto(`${url}/#/feeds`);
  return page;
}
const dialog = (page) => page.getByRole("dialog");
const mapping = (page, index) => dialog(page).getByRole("group", { name: `Mapping ${index}` });
const results = (page) => dialog(page).getByRole("list", { name: "Results" });
const row = (page, name) => page.getByRole("row", { name });
const tests = {};
let made;

tests["a manager pastes a message, sees what would be stored, and gets the secret with its address once"] = async () => {
  const page = await signedIn(manager.secret);
  await page.getByText("No feeds yet").waitFor();
  await look(page, "no feeds");
  await page.getByRole("button", { name: "Create a feed" }).click();
  await dialog(page).getByLabel("Name").fill("ChirpStack");
  const first = mapping(page, 1);
  const sensors = await first.getByLabel("Sensor").locator("option").allInnerTexts();
  assert.equal(sensors.some((name) => name.startsWith("Elsewhere")), false, "sensors of other organisations are not offered");
  await first.getByLabel("Sensor").selectOption(air.id);
  await first.getByLabel("Place of the value").fill("/object/temperature");
  await first.getByLabel("Place of the time").fill("/time");
  await first.getByLabel("Only if this place").fill("/deviceInfo/devEui");
  await first.getByLabel("has the value").fill("0101010101010101");
  await first.getByLabel("Times").fill("0.1");
  await dialog(page).getByLabel("Message", { exact: true }).fill("{");
  await dialog(page).getByText("This is not JSON.").waitFor();
  await dialog(page).getByLabel("Message", { exact: true }).fill(JSON.stringify(message, null, 2));
  await results(page).getByText("27.2 °C at").waitFor();
  // The places of the message are offered.
  const places = await dialog(page).locator("datalist option").evaluateAll((all) => all.map((option) => option.value));
  assert.ok(places.includes("/deviceInfo/devEui") && places.includes("/object/temperature"), places.join(" "));
  // A further mapping is for the same device.
  await dialog(page).getByRole("button", { name: "Add a mapping" }).click();
  const second = mapping(page, 2);
  assert.equal(await second.getByLabel("has the value").inputValue(), "0101010101010101");
  await second.getByLabel("Sensor").selectOption(soil.id);
  await second.getByLabel("Place of the value").fill("/object/soil");
  await results(page).getByText("cannot be used: /object/soil is a text, but not a number").waitFor();
  await look(page, "feed form");
  // A number of the message is compared as a number.
  await second.getByLabel("Only if this place").fill("/fPort");
  await second.getByLabel("has the value").fill("3");
  await results(page).getByText("left out: /fPort is not 3").waitFor();
  await second.getByLabel("has the value").fill("2");
  await results(page).getByText("cannot be used").waitFor();
  await dialog(page).getByRole("button", { name: "Create the feed" }).click();
  await dialog(page).getByText("shown only once").waitFor();
  const shown = await dialog(page).locator(".command code").allInnerTexts();
  const [secret, address, header] = shown.map((text) => text.trim());
  assert.match(secret, /^pf_[0-9a-f]{64}$/);
  assert.equal(header, `Authorization: Bearer ${secret}`);
  await look(page, "feed secret");
  await page.keyboard.press("Escape");
  await dialog(page).getByRole("button", { name: "I have copied the secret" }).click();
  const sent = await fetch(address, {
    method: "POST", headers: { Authorization: `Bearer ${secret}`, "Content-Type": "application/json" }, body: JSON.stringify(message),
  });
  assert.deepEqual([sent.status, (await sent.json()).stored], [200, 1]);
  [made] = await call("GET", "/api/v1/feeds?name=ChirpStack");
  assert.deepEqual(made.mappings[1].when, [{ pointer: "/fPort", equals: 2 }]);
  assert.deepEqual(made.mappings[0], {
    sensor_id: air.id, when: [{ pointer: "/deviceInfo/devEui", equals: "0101010101010101" }], value: "/object/temperature", time: "/time", factor: 0.1,
  });
  await page.reload();
  await row(page, /ChirpStack/).getByText("/object/soil is a text, but not a number").waitFor();
  await look(page, "feeds");
  await page.setViewportSize(SIZES.phone);
  await look(page, "feeds on a phone");
};

tests["a condition that is edited without a message stays a number or a text"] = async () => {
  const page = await signedIn(manager.secret);
  const conditions = async (...values) => {
    await page.getByRole("button", { name: "Edit ChirpStack" }).click();
    for (const [index, value] of values.entries()) await mapping(page, index + 1).getByLabel("has the value").fill(value);
    await dialog(page).getByRole("button", { name: "Save" }).click();
    await dialog(page).waitFor({ state: "detached" });
    const { mappings } = await call("GET", `/api/v1/feeds/${made.id}`);
    return mappings.map(({ when }) => when[0].equals);
  };
  assert.deepEqual(await conditions("101", "3"), ["101", 3]);
  assert.deepEqual(await conditions("0101010101010101", "two"), ["0101010101010101", "two"]);
  // Another place has no type yet: a plain number is a number.
  await page.getByRole("button", { name: "Edit ChirpStack" }).click();
  await mapping(page, 2).getByLabel("Only if this place").fill("/port");
  await mapping(page, 2).getByLabel("has the value").fill("2");
  await dialog(page).getByRole("button", { name: "Save" }).click();
  await dialog(page).waitFor({ state: "detached" });
  const { mappings } = await call("GET", `/api/v1/feeds/${made.id}`);
  assert.deepEqual(mappings[1].when, [{ pointer: "/port", equals: 2 }]);
};

tests["a feed is changed, its secret is replaced, and it is deleted"] = async () => {
  const page = await signedIn(manager.secret);
  await page.getByRole("button", { name: "Edit ChirpStack" }).click();
  await mapping(page, 2).getByRole("button", { name: "Remove mapping 2" }).click();
  await dialog(page).getByLabel("Active").uncheck();
  await mapping(page, 1).getByLabel("Place of the value").fill("temperature");
  await dialog(page).getByRole("button", { name: "Save" }).click();
  await dialog(page).getByText("begin it with /").waitFor();
  await mapping(page, 1).getByLabel("Place of the value").fill("/object/temperature");
  await dialog(page).getByRole("button", { name: "Save" }).click();
  await dialog(page).waitFor({ state: "detached" });
  const changed = await call("GET", `/api/v1/feeds/${made.id}`);
  assert.deepEqual([changed.active, changed.mappings.length], [false, 1]);
  await page.getByRole("button", { name: "Create a new secret of ChirpStack" }).click();
  await look(page, "feed secret is replaced");
  await dialog(page).getByRole("button", { name: "Create a new secret" }).click();
  await dialog(page).getByText("shown only once").waitFor();
  await dialog(page).getByRole("button", { name: "I have copied the secret" }).click();
  await page.getByRole("button", { name: "Delete ChirpStack" }).click();
  await look(page, "feed is deleted");
  await dialog(page).getByRole("button", { name: "Delete" }).click();
  await page.getByText("ChirpStack is deleted.").waitFor();
  assert.deepEqual(await call("GET", "/api/v1/feeds?name=ChirpStack"), []);
};

tests["an admin creates a feed of the broker, and a viewer sees none"] = async () => {
  const page = await signedIn(admin);
  await page.getByRole("button", { name: "Create a feed" }).click();
  await dialog(page).getByLabel("Name").fill("Zigbee2MQTT");
  await dialog(page).getByLabel("Organisation").selectOption(farm.id);
  await dialog(page).getByLabel("Messages", { exact: true }).selectOption("mqtt");
  await dialog(page).getByLabel("Topic", { exact: true }).first().fill("zigbee2mqtt/+");
  await mapping(page, 1).getByLabel("Sensor").selectOption(air.id);
  await mapping(page, 1).getByLabel("Topic").fill("zigbee2mqtt/orchard");
  await mapping(page, 1).getByLabel("Place of the value").fill("/temperature");
  await dialog(page).getByLabel("Topic of the message").fill("zigbee2mqtt/barn");
  await dialog(page).getByLabel("Message", { exact: true }).fill('{"temperature": 21.5}');
  await results(page).getByText("left out: the topic does not match zigbee2mqtt/orchard").waitFor();
  await dialog(page).getByLabel("Topic of the message").fill("zigbee2mqtt/orchard");
  await results(page).getByText("21.5 °C at").waitFor();
  await look(page, "feed of the broker");
  await dialog(page).getByRole("button", { name: "Create the feed" }).click();
  await row(page, /Zigbee2MQTT/).getByText("MQTT: zigbee2mqtt/+").waitFor();
  const visitor = await signedIn(viewer.secret);
  await visitor.getByText("Only managers and admins may manage feeds").waitFor();
};

await run("feeds", tests);
