// The pictures of the dashboard in the guides and in README.md, taken from a fresh demo. With FOLDER they are written there.
// Without it, those in assets/docs/pictures are checked: each exists, has the size of a new one, and shows a chart as the
// new one does. Usage: see browser.mjs. To make them again:
// node tests/browser/pictures.mjs URL TOKEN assets/docs/pictures
import assert from "node:assert/strict";
import { readFile, readdir, stat, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";

import { call, folder, open, run } from "./browser.mjs";

const SIZE = { width: 1280, height: 800 };
const QUALITY = 0.8;
const MARGIN = 30;
const STORED = fileURLToPath(new URL("../../assets/docs/pictures/", import.meta.url));
const ALL_BYTES = 300_000;
// A line of a chart has at least this number of pixels that are not grey.
const COLOURED = 1_000;

const DAY = 86_400_000;
const iso = (time) => `${new Date(time).toISOString().slice(0, 19)}Z`;

const jobs = await call("GET", "/api/v1/jobs");
const mildew = jobs.find((job) => job.name === "Mildew risk EWR");
// The week in which the season began, as it was known in its middle.
const end = Date.parse(mildew.health.covers_until);
const known = new URLSearchParams({
  from: iso(end - 174 * DAY), to: iso(end - 158 * DAY), as_of: iso(end - 163.6 * DAY),
});

const PICTURES = {
  chart: { hash: `#/jobs/${mildew.id}?${known}`, chart: "canvas" },
  jobs: { hash: "#/jobs", chart: "main svg" },
};

/** Takes a picture of a view once its chart is drawn, and returns it as WebP. */
async function take({ hash, chart }) {
  const page = await open(hash, { viewport: SIZE, colorScheme: "light" });
  await page.locator(chart).first().waitFor();
  await page.waitForLoadState("networkidle");
  // The chart stands at the end of the picture.
  if (chart === "canvas") {
    const end = await page.locator(chart).first().evaluate((each) => each.getBoundingClientRect().bottom);
    await page.mouse.wheel(0, Math.max(0, end + MARGIN - SIZE.height));
  }
  // The last lines may be drawn after the first: two equal pictures in a row are the whole view.
  let [picture, before] = [await page.screenshot({ animations: "disabled" }), undefined];
  while (!before?.equals(picture)) [before, picture] = [picture, await page.screenshot({ animations: "disabled" })];
  return encode(page, picture);
}

const encode = async (page, png) => {
  const text = await page.evaluate(async ([source, quality]) => {
    const image = new Image();
    image.src = source;
    await image.decode();
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [image.width, image.height];
    canvas.getContext("2d").drawImage(image, 0, 0);
    return canvas.toDataURL("image/webp", quality);
  }, [`data:image/png;base64,${png.toString("base64")}`, QUALITY]);
  return Buffer.from(text.split(",")[1], "base64");
};

/** Size of a picture, and the number of its pixels that are not grey. */
async function describe(page, webp) {
  return page.evaluate(async (source) => {
    const image = new Image();
    image.src = source;
    await image.decode();
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [image.width, image.height];
    const context = canvas.getContext("2d");
    context.drawImage(image, 0, 0);
    const { data } = context.getImageData(0, 0, image.width, image.height);
    let coloured = 0;
    for (let at = 0; at < data.length; at += 4) {
      const pixel = [data[at], data[at + 1], data[at + 2]];
      if (Math.max(...pixel) - Math.min(...pixel) > 50) coloured += 1;
    }
    return { width: image.width, height: image.height, coloured };
  }, `data:image/webp;base64,${webp.toString("base64")}`);
}

const test = ([name, view]) => [name, async () => {
  const taken = await take(view);
  const page = await open("");
  const fresh = await describe(page, taken);
  assert.ok(fresh.coloured > COLOURED, `no chart is drawn: ${fresh.coloured} coloured pixels`);
  if (folder) return writeFile(`${folder}/${name}.webp`, taken);
  const stored = await describe(page, await readFile(`${STORED}${name}.webp`));
  assert.deepEqual([stored.width, stored.height], [fresh.width, fresh.height]);
  assert.ok(stored.coloured > COLOURED, `the stored picture has no chart: ${stored.coloured} coloured pixels`);
}];

await run("pictures", {
  ...Object.fromEntries(Object.entries(PICTURES).map(test)),

  async "the folder has these pictures only, and they are small"() {
    const files = await readdir(STORED);
    assert.deepEqual(files.sort(), Object.keys(PICTURES).map((name) => `${name}.webp`).sort());
    const sizes = await Promise.all(files.map(async (file) => (await stat(STORED + file)).size));
    const sum = sizes.reduce((one, other) => one + other, 0);
    assert.ok(sum < ALL_BYTES, `${sum} bytes`);
  },
});
