// The dashboard, the guides and Swagger UI behind a reverse proxy that serves them under /farm, which it strips from the
// requests or leaves there. No request leaves that path, none fails, and commands have the proxy's address.
// Usage: node proxy.mjs URL TOKEN [FOLDER], on a demo with the base path /farm; with playwright-core beside it or in
// PLAYWRIGHT_FROM. Screenshots go to FOLDER.
import assert from "node:assert/strict";
import http from "node:http";
import { createRequire } from "node:module";

const require = createRequire(process.env.PLAYWRIGHT_FROM ?? import.meta.url);
const { chromium } = require("playwright-core");

const [url, token, folder] = process.argv.slice(2);
const { hostname, port } = new URL(url);
const PATH = "/farm";

/** A proxy that knows only what stands under the path. */
function startProxy(isStripping) {
  const proxy = http.createServer((request, response) => {
    if (!request.url.startsWith(`${PATH}/`)) return response.writeHead(404).end();
    const path = isStripping ? request.url.slice(PATH.length) : request.url;
    const { method, headers } = request;
    const forwarded = http.request({ hostname, port, method, path, headers }, (answer) => {
      response.writeHead(answer.statusCode, answer.headers);
      answer.pipe(response);
    });
    forwarded.on("error", () => response.writeHead(502).end());
    request.pipe(forwarded);
  });
  return new Promise((resolve) => proxy.listen(0, "127.0.0.1", () => resolve(proxy)));
}

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
  ],
});
const faults = [];

async function look(isStripping) {
  const proxy = await startProxy(isStripping);
  const site = `http://127.0.0.1:${proxy.address().port}`;
  const at = site + PATH;
  const context = await browser.newContext({
    viewport: { width: 1280, height: 900 }, permissions: ["clipboard-read", "clipboard-write"],
  });
  const page = await context.newPage();
  let isMistyped = false;
  page.on("pageerror", (error) => faults.push(`error in the page: ${error.stack}`));
  page.on("response", (response) => {
    const address = response.url();
    if (/^(data|blob):/.test(address)) return;
    if (!address.startsWith(`${at}/`)) faults.push(`a request leaves the path: ${address}`);
    if (response.status() >= 400 && !isMistyped) faults.push(`${address} answered ${response.status()}`);
  });
  const picture = async (name) => {
    if (folder) await page.screenshot({ path: `${folder}/${name}_${isStripping}.png` });
  };

  await page.goto(`${at}/`);
  await page.locator(".canvas canvas").waitFor();
  await page.getByRole("link", { name: "The jobs" }).click();
  await page.locator(".job").getByRole("link", { name: "Mildew risk EWR" }).click();
  await page.locator(".canvas canvas").waitFor();
  await picture("job");
  await page.getByRole("link", { name: "Guides" }).click();
  await page.waitForURL(`${at}/docs`);
  const links = await page.$$eval("a[href]", (all) => all.map((link) => link.href));
  for (const link of links) if (!link.startsWith(`${at}/`) && !link.startsWith("https://")) faults.push(`the guides link to ${link}`);
  await page.goto(`${at}/docs/quickstart/`);
  assert.equal(page.url(), `${at}/docs/quickstart`);
  await page.locator(".copy").first().click();
  const copied = await page.evaluate(() => navigator.clipboard.readText());
  assert.ok(copied.includes(`${at}/api/v1/whoami`), copied);
  await picture("guide");
  await page.getByRole("searchbox", { name: "Search the guides" }).fill("base path");
  await page.locator(".results a").first().click();
  await page.waitForURL(`${at}/docs/operating#*`);

  await page.goto(`${at}/swagger`);
  await page.click(".btn.authorize");
  await page.fill(".auth-container input", token);
  await page.click(".auth-btn-wrapper .authorize");
  await page.click(".btn-done");
  const block = page.locator("[id$=-whoami]");
  await block.locator(".opblock-summary-control").click();
  await block.locator(".execute").click();
  const status = block.locator(".live-responses-table .response-col_status").nth(1);
  assert.match(await status.innerText(), /^200/);
  assert.equal(await block.locator(".request-url pre").innerText(), `${at}/api/v1/whoami`);
  await picture("swagger");

  isMistyped = true;
  await page.goto(`${at}/nosuch`);
  await picture("not_found");
  await page.locator("#content").getByRole("link", { name: "The dashboard" }).click();
  await page.locator(".canvas canvas").waitFor();
  await context.close();
  proxy.closeAllConnections();
  proxy.close();
}

for (const isStripping of [true, false]) await look(isStripping);
await browser.close();
if (faults.length > 0) console.error(faults.join("\n"));
console.log(`behind a proxy: ${faults.length} faults`);
process.exit(faults.length > 0 ? 1 : 0);
