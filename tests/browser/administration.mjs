// What operators do in the dashboard: tokens, shared links, webhooks, the audit trail, space, backup, and signing in.
// Usage: node tests/browser/administration.mjs URL ADMIN_TOKEN [FOLDER], on a fresh server that may call private addresses:
// PREDICTION_API_WEBHOOKS__ALLOW_PRIVATE_ADDRESSES=true.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { SIZES, admin, call, look, open, run, signIn, url } from "./browser.mjs";

const HOUR = 3_600_000;
const now = Math.floor(Date.now() / HOUR) * HOUR;
const at = (hours) => new Date(now + hours * HOUR).toISOString();

// A farm with a job that has predictions and a sensor with readings.
const suffix = Date.now();
const farm = await call("POST", "/api/v1/organisations", { name: `North farm ${suffix}` });
const place = await call("POST", "/api/v1/locations", { name: "Barn", organisation_id: farm.id, latitude: 40, longitude: -74 });
const sensor = await call("POST", "/api/v1/sensors", { name: "Barn temperature", organisation_id: farm.id, metric: "celsius", unit: "°C", location_id: place.id });
const job = await call("POST", "/api/v1/jobs/setup", {
  organisation_id: farm.id,
  source: { name: `barn climate ${suffix}`, organisation_id: farm.id, expected_interval_minutes: 60, retention_hours: 24 * 30 },
  source_version: {
    version: "1.0.0", input_roles: [{ role: "temperature", input_kind: "sensor", metric: "celsius" }],
    output_roles: [{ role: "celsius", metric: "celsius", unit: "°C" }],
  },
  job: { name: "Barn temperature, next day", location_id: place.id },
  role_bindings: [{ role: "temperature", input_type: "sensor", input_id: sensor.id }],
});
const hours = [...Array(48).keys()].map((hour) => hour - 24);
await call("POST", "/api/v1/readings", hours.filter((hour) => hour < 0).map((hour) => ({ sensor_id: sensor.id, time: at(hour), value: 10 + (hour % 7) })));
for (const issue of [-24, -12, 0]) {
  const predictions = hours.filter((hour) => hour > issue).map((hour) => ({ role: "celsius", valid_time: at(hour), value: 10 + (hour % 7) + issue / 24 }));
  await call("POST", "/api/v1/predictions", { job_id: job.id, issue_time: at(issue), predictions });
}

// A server without a demo answers a browser without a token with 401.
async function signedIn(hash, { expected = [], ...options } = {}) {
  const page = await open("#/sign-in", { expected: [401, ...expected], ...options });
  await signIn(page, admin);
  await page.getByRole("heading", { name: "Jobs", exact: true }).waitFor();
  await page.goto(`${url}/${hash}`);
  return page;
}
const row = (page, name) => page.getByRole("row", { name });
const dialog = (page) => page.getByRole("dialog");
const secretOf = async (page) => (await dialog(page).locator(".command code").first().innerText()).trim();
const tests = {};

tests["a long name of a token is cut, and nothing in the header lies over something else"] = async () => {
  const name = `manager of all the barns, sheds and greenhouses ${suffix}`;
  const { secret } = await call("POST", "/api/v1/tokens", { name, role: "manager", organisation_id: farm.id });
  const page = await open("#/sign-in", { expected: [401] });
  await signIn(page, secret);
  const out = page.getByRole("button", { name: "Sign out" });
  await out.waitFor();
  for (const width of [1220, 1280, 1600]) {
    await page.setViewportSize({ width, height: 900 });
    const [button, zone] = [await out.boundingBox(), await page.locator("header .zone").boundingBox()];
    assert.ok(button.x + button.width <= zone.x + 1, `${width}: ${JSON.stringify([button, zone])}`);
    assert.ok(zone.x + zone.width <= width, `${width}: ${JSON.stringify(zone)}`);
  }
};

tests["a token is created, shown once with what to do next, used, rolled and revoked"] = async () => {
  const page = await signedIn("#/tokens", { expected: [409] });
  await page.getByRole("button", { name: "Create a token" }).click();
  await look(page, "token form");
  await dialog(page).getByLabel("Name").fill("worker of the barn");
  await dialog(page).getByLabel("Organisation").selectOption(farm.id);
  // A time that cannot be read is not sent as none.
  const expires = dialog(page).getByLabel("Expires");
  await expires.fill("31 Feb 2099, 12:00");
  await dialog(page).getByRole("button", { name: "Create a token" }).click();
  await dialog(page).getByText("Enter a time such as").waitFor();
  await expires.fill("1 Mar 2099, 12:00");
  await dialog(page).getByRole("button", { name: "Create a token" }).click();
  const secret = await secretOf(page);
  const { expires_at } = (await call("GET", "/api/v1/tokens")).find(({ name }) => name === "worker of the barn");
  assert.equal(expires_at.slice(0, 16), "2099-03-01T17:00");
  assert.match(secret, /^pa_/);
  assert.match(await dialog(page).innerText(), /export WORKER_TOKEN=pa_[0-9a-f]+/);
  await look(page, "token created");
  // Escape does not lose the secret.
  await page.keyboard.press("Escape");
  await dialog(page).getByRole("button", { name: "I have copied the secret" }).click();
  assert.equal((await page.locator("main").innerText()).includes(secret), false);
  await look(page, "tokens");
  // A name that is taken is said in words.
  await page.getByRole("button", { name: "Create a token" }).click();
  await dialog(page).getByLabel("Name").fill("worker of the barn");
  await dialog(page).getByLabel("Organisation").selectOption(farm.id);
  await dialog(page).getByRole("button", { name: "Create a token" }).click();
  await dialog(page).getByText("The name worker of the barn is taken by another token.").waitFor();
  assert.equal(await dialog(page).getByText("Request", { exact: false }).first().isVisible(), false, "the request id is behind Details");
  await dialog(page).getByRole("button", { name: "Cancel" }).click();

  await page.getByRole("button", { name: "Roll worker of the barn" }).click();
  await look(page, "token is rolled");
  await dialog(page).getByRole("button", { name: "Create the new token" }).click();
  await dialog(page).getByText("then revoke the old token worker of the barn").waitFor();
  const rolled = await secretOf(page);
  assert.notEqual(rolled, secret);
  assert.equal((await call("GET", "/api/v1/whoami", undefined, rolled)).organisation_id, farm.id);
  await call("GET", "/api/v1/whoami", undefined, secret);
  await dialog(page).getByRole("button", { name: "I have copied the secret" }).click();
  await page.getByRole("button", { name: "Revoke worker of the barn", exact: true }).click();
  await dialog(page).getByText("A worker that uses it can no longer post").waitFor();
  await look(page, "token is revoked");
  await dialog(page).getByRole("button", { name: "Revoke" }).click();
  await page.getByText("The old token worker of the barn is revoked.").waitFor();
  const answer = await fetch(`${url}/api/v1/whoami`, { headers: { Authorization: `Bearer ${secret}` } });
  assert.equal(answer.status, 401);
};

tests["the last admin's token, and one's own, are not revoked unawares"] = async () => {
  const page = await signedIn("#/tokens");
  await page.getByRole("button", { name: "Revoke admin", exact: true }).click();
  await dialog(page).getByText("You are signed in with this token").waitFor();
  await dialog(page).getByText("It is the last token of an admin").waitFor();
  await look(page, "last token is revoked");
  await dialog(page).getByRole("button", { name: "Cancel" }).click();
  const other = await call("POST", "/api/v1/tokens", { name: "second admin", role: "admin" });
  const second = await open("#/sign-in", { expected: [401] });
  await signIn(second, other.secret);
  await second.getByRole("heading", { name: "Jobs", exact: true }).waitFor();
  await second.goto(`${url}/#/tokens`);
  await second.getByRole("button", { name: "Revoke second admin" }).click();
  await dialog(second).getByRole("button", { name: "Revoke" }).click();
  await second.getByText("The token of this session is no longer valid").waitFor();
};

tests["a token stays on this device only if wished, and signing out forgets it"] = async () => {
  const page = await open("#/sign-in", { expected: [401] });
  await page.getByLabel("Stay signed in on this device").check();
  await look(page, "sign-in");
  await signIn(page, admin);
  await page.getByRole("heading", { name: "Jobs", exact: true }).waitFor();
  // Another tab of the same browser is signed in, too.
  const tab = await page.context().newPage();
  await tab.goto(`${url}/#/tokens`);
  await tab.getByRole("heading", { name: "Tokens" }).waitFor();
  await tab.getByRole("button", { name: "Sign out" }).click();
  await tab.getByRole("heading", { name: "Sign in" }).waitFor();
  assert.deepEqual(await tab.evaluate(() => [localStorage.length, sessionStorage.length]), [0, 0]);
  const once = await signedIn("#/jobs");
  assert.equal(await once.evaluate(() => localStorage.length), 0);
};

tests["a sign-in link that is over asks for a token"] = async () => {
  const page = await open("#/sign-in?code=0123456789abcdef", { expected: [401] });
  await page.getByText("You opened the sign-in link").waitFor();
  await look(page, "sign-in link");
  await page.getByRole("button", { name: "Sign in as admin" }).click();
  await page.getByText("This sign-in link was used already or has expired").waitFor();
  await page.getByLabel("Token", { exact: true }).waitFor();
  await look(page, "sign-in link is over");
};

tests["a job is shared by a link that shows its chart and nothing else"] = async () => {
  const page = await signedIn(`#/jobs/${job.id}`);
  await page.getByRole("button", { name: "Share" }).click();
  await dialog(page).getByLabel("For whom").fill("screen in the office");
  await look(page, "share form");
  await dialog(page).getByRole("button", { name: "Create a link" }).click();
  const link = await secretOf(page);
  assert.ok(link.startsWith(`${url}/#/jobs/${job.id}?`) && link.includes("share=pa_"), link);
  await dialog(page).getByText("screen in the office").waitFor();
  await look(page, "share created");

  for (const [size, viewport] of Object.entries(SIZES)) {
    const guest = await open(link.replace(`${url}/`, ""), { viewport, expected: [401] });
    await guest.getByRole("heading", { name: "Barn temperature, next day" }).waitFor();
    await guest.locator(".chart canvas").waitFor();
    assert.equal(await guest.getByRole("banner").count(), 0);
    assert.equal(await guest.getByRole("button", { name: /Deactivate|Share|Sign/ }).count(), 0);
    assert.deepEqual(await guest.evaluate(() => [localStorage.length, sessionStorage.length]), [0, 0]);
    await look(guest, `shared job ${size}`);
    // Another page is not part of the link.
    const share = new URLSearchParams(link.split("?")[1]).get("share");
    await guest.evaluate((share) => (location.hash = `#/jobs?share=${share}`), share);
    await guest.getByText("This link shows one page only.").waitFor();
    await guest.getByRole("link", { name: "Open the page" }).click();
    await guest.getByRole("heading", { name: "Barn temperature, next day" }).waitFor();
  }
  await dialog(page).getByRole("button", { name: "Revoke the link for screen in the office" }).click();
  await dialog(page).getByText("The link for screen in the office no longer works.").waitFor();
  const late = await open(link.replace(`${url}/`, ""), { expected: [401] });
  await late.getByRole("heading", { name: "This link does not work any more" }).waitFor();
  await look(late, "shared link is revoked");
};

tests["the list of jobs is shared, and both pages are shown without navigation to whoever is signed in"] = async () => {
  const page = await signedIn("#/jobs");
  await page.getByRole("button", { name: "Share" }).click();
  await dialog(page).getByLabel("For whom").fill("the board");
  await dialog(page).getByLabel("Organisation").selectOption(farm.id);
  await dialog(page).getByRole("button", { name: "Create a link" }).click();
  const link = await secretOf(page);
  const guest = await open(link.replace(`${url}/`, ""));
  await row(guest, /Barn temperature, next day/).getByText("°C").waitFor();
  await look(guest, "shared list");
  await dialog(page).getByRole("button", { name: "Close" }).click();
  await page.goto(`${url}/#/jobs/${job.id}?kiosk`);
  await page.locator("main.kiosk .chart canvas").waitFor();
  assert.equal(await page.getByRole("banner").count(), 0);
  await look(page, "kiosk");
  await page.getByRole("button", { name: "Leave full screen" }).click();
  await page.getByRole("banner").waitFor();
  await page.goto(`${url}/#/jobs?kiosk=1`);
  await row(page, /Barn temperature, next day/).waitFor();
};

tests["a webhook is created, tested, edited, rotated and deleted"] = async () => {
  const received = [];
  const receiver = createServer((request, response) => {
    received.push(request.headers);
    response.writeHead(received.length === 1 ? 204 : 500).end();
  });
  await new Promise((ready) => receiver.listen(0, "127.0.0.1", ready));
  const page = await signedIn("#/webhooks", { expected: [422] });
  await page.getByRole("heading", { name: "No webhooks yet" }).waitFor();
  await look(page, "no webhooks");
  await page.getByRole("button", { name: "Create a webhook" }).click();
  await dialog(page).getByLabel("Name").fill("on-call chat");
  await dialog(page).getByLabel("Address").fill("ftp://nowhere");
  await dialog(page).getByRole("button", { name: "Create a webhook" }).click();
  await dialog(page).locator(".wrong").waitFor();
  assert.doesNotMatch(await dialog(page).innerText(), /\/url/);
  await look(page, "webhook form with violations");
  await dialog(page).getByLabel("Address").fill(`http://127.0.0.1:${receiver.address().port}/hook`);
  await dialog(page).getByLabel("a job has recovered").uncheck();
  await dialog(page).getByRole("button", { name: "Create a webhook" }).click();
  const secret = await secretOf(page);
  assert.match(secret, /^whsec_/);
  await look(page, "webhook secret");
  await dialog(page).getByRole("button", { name: "I have copied the secret" }).click();

  await page.getByRole("button", { name: "Send a test message to on-call chat" }).click();
  await page.getByText("on-call chat accepted the test message (status 204").waitFor();
  assert.ok(received[0]["webhook-signature"]);
  await page.getByRole("button", { name: "Send a test message to on-call chat" }).click();
  await page.getByText("on-call chat did not accept the test message").waitFor();
  await look(page, "webhooks");
  await page.getByRole("button", { name: "Edit on-call chat" }).click();
  await dialog(page).getByLabel("Name").fill("chat of the barn");
  await dialog(page).getByRole("button", { name: "Save" }).click();
  await page.getByRole("button", { name: "Rotate the secret of chat of the barn" }).click();
  await dialog(page).getByRole("button", { name: "Create a new secret" }).click();
  await dialog(page).getByText("The previous secret also signs messages until").waitFor();
  assert.notEqual(await secretOf(page), secret);
  await dialog(page).getByRole("button", { name: "I have copied the secret" }).click();

  // A failed run makes a message.
  await call("POST", `/api/v1/jobs/${job.id}/runs`, { status: "failed", message: "no weather" });
  await page.getByRole("button", { name: "Messages to chat of the barn" }).click();
  await dialog(page).getByText("job.failed").waitFor();
  await dialog(page).getByRole("link", { name: "Barn temperature, next day" }).waitFor();
  await look(page, "messages of a webhook");
  await dialog(page).getByRole("button", { name: "Close" }).click();
  await page.getByRole("button", { name: "Delete chat of the barn" }).click();
  await dialog(page).getByRole("button", { name: "Delete" }).click();
  await page.getByRole("heading", { name: "No webhooks yet" }).waitFor();
  receiver.close();
};

tests["a webhook of each format is created with its settings, tested and changed to another format"] = async () => {
  const received = [];
  const receiver = createServer(async (request, response) => {
    let body = "";
    for await (const part of request) body += part;
    received.push({ path: request.url, headers: request.headers, body });
    response.writeHead(200).end("{}");
  });
  await new Promise((ready) => receiver.listen(0, "127.0.0.1", ready));
  const base = `http://127.0.0.1:${receiver.address().port}`;
  const page = await signedIn("#/webhooks", { expected: [422] });
  const field = (label) => dialog(page).getByLabel(label, { exact: true });
  const create = async (name, format, fields) => {
    await page.getByRole("button", { name: "Create a webhook" }).click();
    await field("Name").fill(name);
    await field("Format").selectOption(format);
    for (const [label, value] of Object.entries(fields)) await field(label).fill(value);
    await look(page, `webhook form, ${format}`);
    await dialog(page).getByRole("button", { name: "Create a webhook" }).click();
  };
  const tested = async (name) => {
    await dialog(page).waitFor({ state: "detached" });
    await page.getByRole("button", { name: `Send a test message to ${name}`, exact: true }).click();
    await page.getByText(`${name} accepted the test message (status 200`).waitFor();
    return received.at(-1);
  };
  await create("team chat", "slack", { Address: `${base}/services/x` });
  assert.match(JSON.parse((await tested("team chat")).body).text, /^Test message\nThe webhook "team chat" works\./);
  await create("workflow", "teams", { Address: `${base}/workflows/x` });
  assert.equal(JSON.parse((await tested("workflow")).body).attachments.length, 1);
  await create("phone", "ntfy", { Address: `${base}/topic`, "Access token": "tk_browser" });
  assert.equal((await tested("phone")).headers.authorization, "Bearer tk_browser");
  await create("room", "matrix", { Address: base, Room: "!a:b.example", "Access token": "syt_browser" });
  assert.match((await tested("room")).path, /^\/_matrix\/client\/v3\/rooms\/!a:b\.example\/send\/m\.room\.message\//);
  await create("bot", "telegram", { Chat: "-100123", "Access token": "123:browser", Address: base });
  assert.equal(JSON.parse((await tested("bot")).body).chat_id, -100123);
  await look(page, "webhooks of all formats");

  // Without a mail server the form says what the operator must do.
  await create("mail", "email", { Recipients: "a@b.example\nc@d.example" });
  await dialog(page).getByText("smtp.host").waitFor();
  await look(page, "webhook form, email refused");
  await dialog(page).getByRole("button", { name: "Cancel" }).click();

  // A stored token stays unless another is given; it is not shown.
  await page.getByRole("button", { name: "Edit phone" }).click();
  assert.equal(await field("Access token").inputValue(), "");
  await dialog(page).getByText("A token is stored").waitFor();
  await field("Name").fill("phone of the barn");
  await dialog(page).getByRole("button", { name: "Save" }).click();
  assert.equal((await tested("phone of the barn")).headers.authorization, "Bearer tk_browser");
  assert.equal(await page.getByRole("button", { name: "Rotate the secret of phone of the barn" }).count(), 0);

  // Another format takes what is filled in, and its own settings.
  await page.getByRole("button", { name: "Edit phone of the barn" }).click();
  await field("Format").selectOption("slack");
  assert.equal(await field("Access token").count(), 0);
  await dialog(page).getByRole("button", { name: "Save" }).click();
  const changed = await tested("phone of the barn");
  assert.equal(changed.path, "/topic");
  assert.equal(changed.headers.authorization, undefined);
  await page.getByRole("button", { name: "Edit phone of the barn" }).click();
  await field("Format").selectOption("standard");
  await dialog(page).getByRole("button", { name: "Save" }).click();
  assert.match(await secretOf(page), /^whsec_/);
  await dialog(page).getByRole("button", { name: "I have copied the secret" }).click();
  receiver.close();
};

tests["the audit trail is filtered by kind, token and time"] = async () => {
  const page = await signedIn("#/audit");
  await row(page, /created location Barn/).first().waitFor();
  await look(page, "audit");
  await page.getByLabel("Kind").selectOption("sensor");
  await row(page, /created sensor Barn temperature/).first().waitFor();
  await page.waitForFunction(() => !document.querySelector("main table").innerText.includes("location Barn"));
  assert.match(page.url(), /kind=sensor/);
  await page.getByLabel("From", { exact: true }).fill("1 Jan 2099, 00:00");
  await page.getByLabel("From", { exact: true }).press("Enter");
  await page.getByText("No entries match.").waitFor();
  await page.getByRole("link", { name: "Show all entries" }).click();
  await page.getByLabel("Changed by").selectOption({ label: "admin" });
  await row(page, /created location Barn/).first().waitFor();
};

tests["space is shown by source, and a backup is downloaded"] = async () => {
  const page = await signedIn("#/backup");
  const [file] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: "Download a backup" }).click()]);
  assert.match(file.suggestedFilename(), /^prediction-api-\d{8}T\d{6}Z\.db$/);
  assert.equal((await readFile(await file.path())).subarray(0, 15).toString(), "SQLite format 3");
  await page.getByText(/made (just now|\d+ seconds ago)/).waitFor();
  await look(page, "backup");
  await page.goto(`${url}/#/space`);
  await row(page, /barn climate/).getByText("30 days").waitFor();
  await look(page, "space");
};

tests["a viewer is told what the views need"] = async () => {
  const { secret } = await call("POST", "/api/v1/tokens", { name: `viewer ${suffix}`, role: "viewer", organisation_id: farm.id });
  const page = await open("#/sign-in", { expected: [401] });
  await signIn(page, secret);
  await page.getByRole("heading", { name: "Jobs", exact: true }).waitFor();
  assert.equal(await page.getByRole("button", { name: "Share" }).count(), 0);
  for (const [view, words] of Object.entries({ tokens: "managers and admins", webhooks: "managers and admins", audit: "managers and admins", space: "Only admins", backup: "Only admins" })) {
    await page.goto(`${url}/#/${view}`);
    await page.getByText(words).waitFor();
  }
};

tests["every view fits a phone and a desktop, in light and dark"] = async () => {
  await call("POST", "/api/v1/webhooks", { name: `chat ${suffix}`, url: "http://127.0.0.1:9/a/rather/long/address/that/does/not/fit", organisation_id: farm.id });
  for (const colorScheme of ["light", "dark"]) {
    for (const [size, viewport] of Object.entries(SIZES)) {
      const page = await signedIn("#/tokens", { colorScheme, viewport, reducedMotion: "reduce" });
      for (const view of ["tokens", "webhooks", "audit", "space", "backup"]) {
        await page.goto(`${url}/#/${view}`);
        await page.locator("main table, main .command").first().waitFor();
        await look(page, `${view} ${size} ${colorScheme}`);
      }
      await page.goto(`${url}/#/jobs/${job.id}`);
      await page.getByRole("button", { name: "Share" }).click();
      await dialog(page).getByLabel("For whom").waitFor();
      await look(page, `share ${size} ${colorScheme}`);
    }
  }
};

await run("administration", tests);
