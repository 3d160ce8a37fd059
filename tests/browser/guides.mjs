// Every page of the guides as people have them: light and dark, on a phone and on a desktop. axe finds nothing, nothing is
// wider than the screen, no request leaves the server, and nothing is refused by the pages' own policy. The search, the
// contents, the colours of code and the links of the head work. Usage: see browser.mjs, without a token:
// node guides.mjs URL "" [FOLDER]
import assert from "node:assert/strict";

import { look, open, run, url } from "./browser.mjs";

const SIZES = { phone: { width: 360, height: 740 }, desktop: { width: 1280, height: 900 } };
const VIEWS = ["light", "dark"].flatMap((colorScheme) =>
  Object.entries(SIZES).map(([size, viewport]) => ({ name: `${colorScheme} ${size}`, colorScheme, viewport })),
);
// The policy has no connect-src, so that the pages cannot send requests.
const POLICY = /^default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; base-uri/;

/** Every page of the guides that can be reached from the first, each once. */
async function allPages() {
  const page = await open("docs");
  const [found, waiting] = [[], ["/docs"]];
  while (waiting.length > 0) {
    const path = waiting.pop();
    found.push(path);
    const answer = await page.goto(url + path);
    assert.match(answer.headers()["content-security-policy"], POLICY, path);
    const links = await page.$$eval("a[href^='/docs']", (all) => all.map((link) => new URL(link.href).pathname));
    for (const link of links.filter((link) => !/\.(csv|json|py|service|txt|yaml)$/.test(link))) {
      if (!found.includes(link) && !waiting.includes(link)) waiting.push(link);
    }
  }
  return found;
}

const pages = await allPages();

/** All pages are looked at in the dark on a phone and in the light on a desktop, and the others as samples. */
const SAMPLES = ["/docs", "/docs/dashboard", "/docs/getting-predictions", "/docs/problems"];

async function lookAt({ name, colorScheme, viewport }) {
  const page = await open("docs", { colorScheme, viewport });
  const isWhole = (colorScheme === "dark") === (viewport === SIZES.phone);
  for (const path of isWhole ? pages : SAMPLES) {
    await page.goto(url + path);
    await page.evaluate(() => document.querySelectorAll("details").forEach((each) => (each.open = true)));
    await look(page, `${path} ${name}`);
    const broken = await page.$$eval("img", (all) => all.filter((each) => !each.naturalWidth).length);
    assert.equal(broken, 0, `${path} ${name}: a picture does not load`);
  }
}

const focused = (page) => page.evaluate(() => document.activeElement.getAttribute("href") ?? document.activeElement.type);
const results = (page) => page.locator(".results a");

/** Types words into the search, and returns the titles of the results. */
async function search(page, words) {
  await page.getByRole("searchbox", { name: "Search the guides" }).fill(words);
  await page.locator(".results [role=status]").filter({ hasText: /\d|No/ }).waitFor();
  return results(page).evaluateAll((all) => all.map((link) => link.firstChild.parentElement.innerText.split("\n")[0]));
}

const tests = {
  ...Object.fromEntries(VIEWS.map((view) => [`all pages, ${view.name}`, () => lookAt(view)])),

  async "the keyboard skips to the text and copies a block"() {
    const page = await open("docs/quickstart", { permissions: ["clipboard-read", "clipboard-write"] });
    await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    assert.equal(await page.evaluate(() => document.activeElement.id), "content");
    await page.locator(".copy").first().press("Enter");
    await page.getByRole("button", { name: "Copied" }).waitFor();
    const copied = await page.evaluate(() => navigator.clipboard.readText());
    assert.ok(copied.startsWith("TOKEN=$(cat data/admin-token)"), copied);
  },

  async "the search works by keyboard, and without requests but for the index"() {
    const page = await open("docs/quickstart");
    const requests = [];
    page.on("request", (request) => requests.push(new URL(request.url()).pathname));
    await page.keyboard.press("/");
    assert.equal(await focused(page), "search");
    await page.keyboard.type("systemd service");
    await results(page).first().waitFor();
    const first = await results(page).first().getAttribute("href");
    assert.match(first, /^\/docs\/operating#/);
    await page.keyboard.press("ArrowDown");
    assert.equal(await focused(page), first);
    await page.keyboard.press("ArrowUp");
    assert.equal(await focused(page), "search");
    await page.keyboard.press("Escape");
    await page.locator(".results").waitFor({ state: "hidden" });
    assert.deepEqual(requests, ["/docs/search-index.js"]);
    await page.keyboard.type("s");
    await results(page).first().waitFor();
    await page.keyboard.press("Enter");
    await page.waitForURL(url + first);
    assert.equal(await page.locator("h1").innerText(), "Operating");
  },

  async "the best results come first, and unknown words find nothing"() {
    const page = await open("docs");
    for (const [words, expected] of [
      ["backup", "Operating › Backup and restore"],
      ["min_lead", "Getting predictions › "],
      ["PANDAS", "The Python client › Use pandas"],
      ["conflict", "Conflict"],
    ]) {
      const [first] = await search(page, words);
      assert.ok(first.startsWith(expected), `${words}: ${first}`);
    }
    assert.ok((await search(page, "retention hours")).length > 3);
    assert.deepEqual(await search(page, "qwertz"), []);
    await page.getByText("No results").waitFor();
    await search(page, "webhook");
    assert.ok((await page.locator(".results mark").count()) > 0);
    await page.locator("h1").click();
    await page.locator(".results").waitFor({ state: "hidden" });
    // A result on the same page closes the list, too.
    await page.goto(`${url}/docs/operating`);
    await search(page, "backup and restore");
    await results(page).first().click();
    await page.waitForURL(/#backup-and-restore$/);
    await page.locator(".results").waitFor({ state: "hidden" });
  },

  async "the results fit the screen, light and dark"() {
    for (const view of VIEWS) {
      const page = await open("docs", view);
      await search(page, "predictions");
      await look(page, `search ${view.name}`);
    }
  },

  async "a page that does not exist has the search"() {
    const page = await open("docs/nosuch", { expected: [404] });
    assert.equal(await page.locator("h1").innerText(), "Page not found");
    assert.ok((await search(page, "quick start")).includes("Quick start"));
  },

  async "the contents stand beside the text, and are folded on a phone"() {
    const desktop = await open("docs/operating");
    const beside = desktop.getByRole("complementary", { name: "On this page" });
    const text = await desktop.locator("main").boundingBox();
    assert.ok((await beside.boundingBox()).x >= text.x + text.width);
    assert.ok(await desktop.locator("details.contents").isHidden());
    await beside.getByRole("link", { name: "Backup and restore" }).click();
    await desktop.waitForURL(/#backup-and-restore$/);
    await beside.locator("[aria-current]").filter({ hasText: "Backup and restore" }).waitFor();

    const phone = await open("docs/operating", { viewport: SIZES.phone });
    assert.ok(await phone.locator("aside").isHidden());
    const link = phone.locator("details.contents").getByRole("link", { name: "Backup and restore" });
    assert.ok(await link.isHidden());
    await phone.getByText("On this page").locator("visible=true").click();
    await link.click();
    await phone.waitForURL(/#backup-and-restore$/);
  },

  async "the head and the end of a page lead on, also on a phone"() {
    for (const viewport of Object.values(SIZES)) {
      const page = await open("docs/quickstart", { viewport });
      await page.getByRole("link", { name: /^Next: The dashboard/ }).click();
      await page.waitForURL(`${url}/docs/dashboard`);
      await page.getByRole("banner").getByRole("link", { name: "Dashboard", exact: true }).click();
      await page.waitForURL((address) => address.pathname === "/");
    }
    const page = await open("docs/problems/conflict");
    await page.locator("main").getByRole("link", { name: "All errors" }).click();
    await page.waitForURL(`${url}/docs/problems`);
  },

  async "code has colours, and a copy of it has none"() {
    const page = await open("docs/python", { permissions: ["clipboard-read", "clipboard-write"] });
    for (const [path, kinds] of [
      ["/docs/quickstart", ["bash function", "bash string", "json property", "json string"]],
      ["/docs/python", ["python keyword", "python string", "python number"]],
      ["/docs/javascript", ["javascript keyword", "javascript string"]],
      ["/docs/r", ["r string", "r number"]],
      ["/docs/operating", ["toml key"]],
    ]) {
      await page.goto(url + path);
      const plain = await page.evaluate(() => getComputedStyle(document.querySelector("pre")).color);
      for (const kind of kinds) {
        const [language, token] = kind.split(" ");
        const found = page.locator(`code.language-${language} .token.${token}`).first();
        assert.notEqual(await found.evaluate((each) => getComputedStyle(each).color), plain, `${path}: ${kind}`);
      }
    }
    await page.goto(`${url}/docs/python`);
    await page.locator(".copy").first().click();
    const copied = await page.evaluate(() => navigator.clipboard.readText());
    assert.match(copied, /^(pip|import) [^<]*$/);
  },

  async "the module of JavaScript runs in a page of the site"() {
    const page = await open("docs/javascript", { expected: [401] });
    const body = "<!doctype html><title>A page of the site</title>";
    await page.route(`${url}/program.html`, (route) => route.fulfill({ contentType: "text/html", body }));
    await page.goto(`${url}/program.html`);
    const found = await page.evaluate(async (address) => {
      const { Client, Problem } = await import(`${address}/clients/prediction-api.mjs`);
      const client = new Client(address);
      const job = await client.job("Mildew risk EWR");
      const [latest] = await client.latest(job.id);
      const pages = await client.list("sensors", { limit: 2 });
      const problem = await client.post(job.id, new Date(), []).catch((error) => error);
      const { time, value } = latest.points[0];
      return [time instanceof Date, typeof value, pages.length > 2, problem instanceof Problem, problem.status];
    }, url);
    assert.deepEqual(found, [true, "number", true, true, 401]);
  },
};

await run(`guides, ${pages.length} pages`, tests);
