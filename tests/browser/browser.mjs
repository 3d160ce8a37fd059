// A browser for the tests of the dashboard: pages of a session, axe, screenshots, calls of the API, and the run of the
// tests. Faults that any page shows (errors in the console, requests that leave the server) fail the run.
// Usage of a test file: node FILE.mjs URL ADMIN_TOKEN [FOLDER], with playwright-core and @axe-core/playwright beside it or in
// PLAYWRIGHT_FROM. Screenshots go to FOLDER. ONLY names a part of the names of the tests that are run.
import assert from "node:assert/strict";
import { createRequire } from "node:module";

const require = createRequire(process.env.PLAYWRIGHT_FROM ?? import.meta.url);
const { chromium } = require("playwright-core");
const { AxeBuilder } = require("@axe-core/playwright");

export const [url, admin, folder] = process.argv.slice(2);
export const SIZES = { phone: { width: 400, height: 800 }, desktop: { width: 1280, height: 900 } };

export const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
  ],
});
export const faults = [];

// A page of its own session. `expected` are the statuses that the server is made to refuse with.
export async function open(hash, { expected = [], ...options } = {}) {
  const context = await browser.newContext({ viewport: SIZES.desktop, timezoneId: "America/New_York", ...options });
  // A page takes long to be drawn while other tests use the processors.
  context.setDefaultTimeout(120_000);
  const page = await context.newPage();
  page.on("pageerror", (error) => faults.push(`${hash}: error in the page: ${error.stack}`));
  page.on("console", (message) => {
    const isExpected = expected.some((status) => message.text().includes(`status of ${status}`));
    if (["error", "warning"].includes(message.type()) && !isExpected) faults.push(`${hash}: ${message.text()}`);
  });
  page.on("request", (request) => {
    const isOurs = ["data:", "blob:"].some((own) => request.url().startsWith(own)) || request.url().startsWith(`${url}/`);
    if (!isOurs) faults.push(`${hash}: a request leaves the server: ${request.url()}`);
  });
  await page.goto(`${url}/${hash}`);
  return page;
}

export async function signIn(page, secret) {
  await page.getByLabel("Token", { exact: true }).fill(secret);
  await page.getByRole("button", { name: "Sign in" }).click();
}

// Looks at what is shown: axe, and whether it fits.
export async function look(page, name) {
  const { violations } = await new AxeBuilder({ page }).analyze();
  for (const { id, nodes } of violations) faults.push(`${name}: axe: ${id}: ${nodes.map((node) => node.target).join(", ")}`);
  const over = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  if (over > 0) faults.push(`${name}: ${over} pixels wider than the screen`);
  if (folder) await page.screenshot({ path: `${folder}/${name.replaceAll(/\W+/g, "_")}.png`, fullPage: true });
}

// A call of the API.
export async function call(method, path, body, secret = admin) {
  const headers = { Authorization: `Bearer ${secret}`, "Content-Type": "application/json" };
  const answer = await fetch(url + path, { method, headers, body: body && JSON.stringify(body) });
  assert.ok(answer.ok, `${method} ${path}: ${answer.status}`);
  return answer.status === 204 ? null : answer.json();
}

/** Runs the tests, an object from names to functions, and ends the process. */
export async function run(title, tests) {
  let count = 0;
  for (const [name, test] of Object.entries(tests)) {
    if (!name.includes(process.env.ONLY ?? "")) continue;
    count += 1;
    try {
      await test();
    } catch (error) {
      faults.push(`${name}: ${error.stack}`);
    }
    for (const context of browser.contexts()) await context.close();
  }
  await browser.close();

  if (faults.length > 0) console.error(faults.join("\n"));
  console.log(`${title}: ${count} tests, ${faults.length} faults`);
  process.exit(faults.length > 0 ? 1 : 0);
}
