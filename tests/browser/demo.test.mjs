// The days of the demo: node --test tests/browser/demo.test.mjs
import assert from "node:assert/strict";
import { test } from "node:test";

globalThis.document = { body: { dataset: {} } };
const { endedBefore } = await import("../../assets/dashboard/lib/demo.js");

test("the season that ended last night in New York has not been over for a day", () => {
  // From midnight in New York to the next one, which is the next day in UTC.
  for (const now of ["2026-11-29T05:10:00Z", "2026-11-29T12:00:00Z", "2026-11-30T00:20:00Z", "2026-11-30T05:09:00Z"]) {
    assert.equal(endedBefore(Date.parse(now), "2026-11-28"), 0, now);
  }
  assert.equal(endedBefore(Date.parse("2026-11-30T05:10:00Z"), "2026-11-28"), 1);
  assert.equal(endedBefore(Date.parse("2026-07-03T04:10:00Z"), "2026-06-30"), 2);
});
