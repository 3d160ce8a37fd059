// Puts requests about jobs together: node --test tests/browser/newest.test.mjs
import assert from "node:assert/strict";
import { test } from "node:test";

globalThis.document = { body: { dataset: {} }, querySelector: () => null };
globalThis.location = { origin: "http://localhost", pathname: "/", hash: "" };
globalThis.addEventListener = () => {};
const { grouped } = await import("../../assets/dashboard/lib/newest.js");

const HOUR = 3_600_000;
const ask = (kind, job_id, from, to) => ({ kind, job_id, from: from * HOUR, to: to * HOUR });
const jobs = (groups) => groups.map((group) => group.map(({ kind, job_id }) => kind + job_id).sort()).sort();

test("past and future are read apart, so that the next value is not thinned away", () => {
  const found = grouped([ask("past", 1, -24, 0), ask("future", 1, 0, 24), ask("past", 2, -25, 0), ask("future", 2, 0, 26)]);
  assert.deepEqual(jobs(found), [["future1", "future2"], ["past1", "past2"]]);
});

test("a short window is not read over a long one", () => {
  const found = grouped([ask("past", 1, -7, 0), ask("past", 2, -240, 0), ask("past", 3, -12, 0), ask("past", 4, -15, 0)]);
  assert.deepEqual(jobs(found), [["past1", "past3"], ["past2"], ["past4"]].sort());
});

test("a request has at most 50 jobs", () => {
  const found = grouped(Array.from({ length: 120 }, (_, job) => ask("past", job, -24, 0)));
  assert.deepEqual(found.map((group) => group.length), [50, 50, 20]);
});
