// Every page of the guides as people have them: light and dark, on a phone and on a desktop. axe finds
// nothing, nothing is wider than the screen, no request leaves the server, nothing is refused by the pages' own policy.
// Usage: node guides.mjs URL [FOLDER], with playwright-core and @axe-core/playwright beside it or in PLAYWRIGHT_FROM;
// screenshots go to FOLDER.
import { createRequire } from "node:module";

const require = createRequire(process.env.PLAYWRIGHT_FROM ?? import.meta.url);
const { chromium } = require("playwright-core");
const { AxeBuilder } = require("@axe-core/playwright");

const [url, folder] = process.argv.slice(2);
const SIZES = { phone: { width: 360, height: 740 }, desktop: { width: 1280, height: 900 } };
const POLICY = /default-src 'none'.*script-src 'self'/;

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
  ],
});
const faults = [];

function watch(page, name) {
  page.on("pageerror", (error) => faults.push(`${name}: error in the page: ${error}`));
  page.on("console", (message) => {
    if (message.type() === "error") faults.push(`${name}: ${message.text()}`);
  });
  page.on("request", (request) => {
    if (!request.url().startsWith(url) && !request.url().startsWith("data:")) {
      faults.push(`${name}: a request leaves the server: ${request.url()}`);
    }
  });
}

// Every page that can be reached from the first, each once.
async function allPages() {
  const context = await browser.newContext();
  const page = await context.newPage();
  const [found, waiting] = [[], ["/docs"]];
  while (waiting.length > 0) {
    const path = waiting.pop();
    found.push(path);
    const answer = await page.goto(url + path);
    if (!POLICY.test(answer.headers()["content-security-policy"])) faults.push(`${path}: no strict policy`);
    const links = await page.$$eval("a[href^='/docs']", (all) => all.map((link) => new URL(link.href).pathname));
    for (const link of links.filter((link) => !/\.(csv|service)$/.test(link))) {
      if (!found.includes(link) && !waiting.includes(link)) waiting.push(link);
    }
  }
  await context.close();
  return found;
}

const pages = await allPages();
let count = 0;
for (const colorScheme of ["light", "dark"]) {
  for (const [size, viewport] of Object.entries(SIZES)) {
    const context = await browser.newContext({ colorScheme, viewport });
    const page = await context.newPage();
    let name = "";
    watch(page, `${colorScheme} ${size}`);
    for (const path of pages) {
      name = `${path} ${colorScheme} ${size}`;
      await page.goto(url + path);
      await page.evaluate(() => document.querySelectorAll("details").forEach((each) => (each.open = true)));
      const { violations } = await new AxeBuilder({ page }).analyze();
      for (const { id, help, nodes } of violations) {
        faults.push(`${name}: ${id}: ${help}: ${nodes.map((node) => node.target).join(", ")}`);
      }
      const width = await page.evaluate(() => document.documentElement.scrollWidth);
      if (width > viewport.width) faults.push(`${name}: is ${width} pixels wide`);
      const broken = await page.$$eval("img", (all) => all.filter((each) => !each.naturalWidth).length);
      if (broken > 0) faults.push(`${name}: a picture does not load`);
      if (folder) await page.screenshot({ path: `${folder}/${name.replaceAll(/\W+/g, "_")}.png`, fullPage: true });
      count += 1;
    }
    await context.close();
  }
}

// What a keyboard does: the first stop skips to the text, and a block's button copies it.
const context = await browser.newContext({ permissions: ["clipboard-read", "clipboard-write"] });
const page = await context.newPage();
watch(page, "keyboard");
await page.goto(`${url}/docs/quickstart`);
await page.keyboard.press("Tab");
await page.keyboard.press("Enter");
const focused = await page.evaluate(() => document.activeElement.id);
if (focused !== "content") faults.push(`the first stop leads to ${focused}`);
await page.locator(".copy").first().press("Enter");
const copied = await page.evaluate(() => navigator.clipboard.readText());
if (!copied.startsWith("TOKEN=$(cat data/admin-token)")) faults.push(`copied is ${copied}`);
await browser.close();

if (faults.length > 0) console.error(faults.join("\n"));
console.log(`guides: ${pages.length} pages, ${count} views, ${faults.length} faults`);
process.exit(faults.length > 0 ? 1 : 0);
