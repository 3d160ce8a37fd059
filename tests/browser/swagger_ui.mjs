// Swagger UI as a user has it: offline, with links back, dark mode and the token of the dashboard, its own token kept across
// a reload, and "Try it out" of every operation with the document's own examples, each of which succeeds. Usage: node swagger_ui.mjs URL TOKEN [first], with playwright-core beside
// it or in PLAYWRIGHT_FROM. Things are made one by one, or with `first` by the call that the document begins with.
import { createRequire } from "node:module";

const require = createRequire(process.env.PLAYWRIGHT_FROM ?? import.meta.url);
const { chromium } = require("playwright-core");

const [url, token, order] = process.argv.slice(2);

// Things are made before they are used and deleted last, each before what it stands on.
const ONE_BY_ONE = ["create_organisation", "create_location", "create_sensor", "create_source", "create_source_version"];
const FIRST = [...(order === "first" ? [] : ONE_BY_ONE), "set_up_job", "create_alert", "create_feed", "create_webhook", "create_token"];
// A message needs the secret of the feed, which is another one than the token.
const LEFT_OUT = [...(order === "first" ? ONE_BY_ONE : []), "ingest"];
// The reads come before the withdrawals of what they read.
const LAST = [
  "withdraw_predictions", "delete_alert", "delete_feed", "delete_job_shadow", "revoke_token", "delete_webhook", "delete_job", "delete_source_version",
  "delete_source", "delete_sensor", "delete_location", "delete_organisation",
];

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
  ],
});
const page = await browser.newPage({ viewport: { width: 1280, height: 1400 } });
// The page takes long to be drawn while other tests use the processors.
page.setDefaultTimeout(180_000);
const faults = [];
page.on("pageerror", (error) => faults.push(`error in the page: ${error}`));
page.on("request", (request) => {
  if (!/^(data|blob):/.test(request.url()) && !request.url().startsWith(url)) {
    faults.push(`a request leaves the server: ${request.url()}`);
  }
});

// Whoever is signed in to the dashboard is signed in here, and nothing is stored.
await page.goto(url);
await page.evaluate((secret) => sessionStorage.setItem("prediction-api-token", secret), token);
await page.goto(`${url}/swagger`);
await page.waitForSelector(".btn.authorize.locked");
const stored = await page.evaluate(() => localStorage.getItem("authorized"));
if (stored !== null) faults.push(`the token of the dashboard is stored: ${stored}`);
const tags = await page.$$eval(".opblock-tag", (all) => all.map((tag) => tag.dataset.tag));
if (tags[0] !== "Jobs" || tags.at(-1) !== "Probes") faults.push(`the tags are ${tags}`);
await page.emulateMedia({ colorScheme: "dark" });
const paper = await page.evaluate(() => getComputedStyle(document.body).backgroundColor);
if (paper !== "rgb(20, 24, 26)") faults.push(`in dark mode the page is ${paper}`);
await page.emulateMedia({ colorScheme: "light" });
await page.click(".site >> text=Guides");
await page.waitForURL(`${url}/docs`);

await page.evaluate(() => sessionStorage.clear());
await page.goto(`${url}/swagger`);
await page.waitForSelector(".btn.authorize.unlocked");
await page.click(".btn.authorize");
await page.fill(".auth-container input", token);
await page.click(".auth-btn-wrapper .authorize");
await page.click(".btn-done");
await page.reload();
await page.waitForSelector(".opblock");

const name = (block) => block.split("-").at(-1);
const shown = await page.$$eval(".opblock", (found) => found.map((block) => block.id));
const blocks = shown.filter((block) => !LEFT_OUT.includes(name(block)));
const rank = (block) => {
  const [first, last] = [FIRST.indexOf(name(block)), LAST.indexOf(name(block))];
  return first >= 0 ? first - FIRST.length : last >= 0 ? last + 1 : 0;
};
blocks.sort((one, other) => rank(one) - rank(other));

let passed = 0;
// A token's id is made by the server.
let madeToken;
// The examples put a version on trial that a user has published before: a later release of the one that they create.
const trial = "bbbbbbbb-bbbb-bbbb-bbbb-bbbbbbbbbbb2";
const call = async (method, path, body) => {
  const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
  return await fetch(`${url}/api/v1${path}`, { method, headers, body: body && JSON.stringify(body) });
};
const publishTrial = async () => {
  const made = "/source_versions/bbbbbbbb-bbbb-bbbb-bbbb-bbbbbbbbbbbb";
  const { source_id, input_roles, output_roles } = await (await call("GET", made)).json();
  const release = { id: trial, source_id, version: "1.1.0", input_roles, output_roles };
  const published = await call("POST", "/source_versions", release);
  if (published.status !== 201) faults.push(`the version on trial: ${await published.text()}`);
};
for (const id of blocks) {
  if (name(id) === "put_job_shadow") await publishTrial();
  if (name(id) === "delete_source_version") await call("DELETE", `/source_versions/${trial}`);
  const block = page.locator(`[id="${id}"]`);
  await block.locator(".opblock-summary-control").click();
  if (name(id) === "revoke_token") await block.locator("input[placeholder=id]").fill(madeToken);
  await block.locator(".execute").click();
  const answer = block.locator(".live-responses-table tbody").first();
  const status = Number.parseInt(await answer.locator(".response-col_status").first().innerText(), 10);
  if (name(id) === "create_token") madeToken = /"id": "([0-9a-f-]+)"/.exec(await answer.innerText())?.[1];
  if (status >= 200 && status < 300) {
    passed += 1;
  } else {
    faults.push(`${name(id)} answered ${status}: ${await answer.innerText()}`);
  }
  await block.locator(".opblock-summary-control").click();
}
await browser.close();
if (blocks.length === 0) faults.push("no operations are shown");
for (const fault of faults) console.log(fault);
console.log(`${passed} passed, ${faults.length} failed`);
process.exit(faults.length === 0 ? 0 : 1);
