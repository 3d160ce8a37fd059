// Finds colours and sizes of the dashboard that are used and not defined: a line of such a colour is not drawn.
// Run: node --test tests/browser/styles.test.mjs
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";

const DASHBOARD = new URL("../../assets/dashboard/", import.meta.url);
// The pages of the guides share the first.
const THEME = ["../style.css", "style/theme.css"].map((file) => readFileSync(new URL(file, DASHBOARD), "utf8")).join("");

test("each property of the theme that is used is defined", () => {
  const sources = readdirSync(DASHBOARD, { recursive: true }).filter((name) => /\.(css|js)$/.test(name));
  const missing = sources.flatMap((name) => {
    const source = readFileSync(new URL(name, DASHBOARD), "utf8");
    const used = [...source.matchAll(/var\(--([\w-]+)\)/g), ...source.matchAll(/\bcolour\("([\w-]+)"\)/g)].map(([, property]) => property);
    return used.filter((property) => !`${THEME}${source}`.includes(`--${property}:`)).map((property) => `${name}: --${property}`);
  });
  assert.deepEqual([...new Set(missing)], []);
});
