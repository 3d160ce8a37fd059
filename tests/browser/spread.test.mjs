// Quantiles and members as the dashboard draws and writes them, and alerts with a probability: node --test tests/browser/spread.test.mjs
import assert from "node:assert/strict";
import { test } from "node:test";

globalThis.document = { body: { dataset: {} }, querySelector: () => null };
globalThis.location = { origin: "http://localhost", pathname: "/", hash: "" };
globalThis.addEventListener = () => {};
const { bandsOf, extentOf, fanOf, hasSameSpread, mainBands, numbersOf, opacityAt, opacityOf, quantile, quantilesOf, spreadOfRow } =
  await import("../../assets/dashboard/lib/spread.js");
const { lines, points } = await import("../../assets/dashboard/lib/series.js");
const { program } = await import("../../assets/dashboard/lib/worker.js");
const { farthestOf, ranksOf, stripsOf } = await import("../../assets/dashboard/lib/reliability.js");
const { canBeSure, percentOf, probabilityOf, trialOf } = await import("../../assets/dashboard/lib/alerts.js");
const { text: reliability } = await import("../../assets/dashboard/texts/reliability.js");
const { text: alerts } = await import("../../assets/dashboard/texts/alerts.js");
const { compareRoles } = await import("../../assets/dashboard/lib/contracts.js");
const { text } = await import("../../assets/dashboard/texts/spread.js");

const HOUR = 3_600_000;
const series = (more) => ({
  source: "s", metric: "temperature", source_version: "1", issue_time: "2026-01-01T00:00:00Z", available_at: "2026-01-01T00:00:00Z",
  start: "2026-01-01T01:00:00Z", step: "PT1H", ...more,
});
const QUANTILES = { 0.9: [14, 15, null], 0.1: [10, 11, null], 0.5: [12, 13, null] };

test("the points of a series have its quantiles in the order of their levels, and its members", () => {
  const found = points(series({ values: [12, 13, 14], quantiles: QUANTILES }));
  assert.deepEqual(found.map(({ quantiles }) => quantiles), [[10, 12, 14], [11, 13, 15], undefined]);
  assert.deepEqual(found[0].levels, [0.1, 0.5, 0.9]);
  // A row of members is a member, and an issue may have fewer of them.
  const [first, second] = points(series({ values: [1, 2], members: [[0, 2], [1, 3], [2, null]] }));
  assert.deepEqual([first.members, second.members], [[0, 1, 2], [2, 3]]);
  assert.ok(!("members" in points(series({ values: [1] }))[0]));
  assert.deepEqual(lines([series({ values: [1], members: [[0], [2]] })])[0].points[0].members, [0, 2]);
});

test("rows of the API have the same form", () => {
  assert.deepEqual(spreadOfRow({ quantiles: { 0.9: 14, 0.1: 10 } }), { levels: [0.1, 0.9], quantiles: [10, 14] });
  assert.deepEqual(spreadOfRow({ members: [1, 2] }), { members: [1, 2] });
  assert.deepEqual(spreadOfRow({ value: 1 }), {});
});

test("a target declares how many numbers each value has", () => {
  assert.deepEqual([{ quantiles: [0.1, 0.9] }, { members: 51 }, {}, undefined].map(numbersOf), [2, 51, 0, 0]);
});

test("quantiles of members are those of R and NumPy", () => {
  // numpy.quantile([1, 2, 4, 8], [0, 0.1, 0.25, 0.5, 0.75, 0.9, 1])
  assert.deepEqual([0, 0.1, 0.25, 0.5, 0.75, 0.9, 1].map((level) => Number(quantile([1, 2, 4, 8], level).toFixed(9))), [1, 1.3, 1.75, 3, 5, 6.8, 8]);
  assert.equal(quantile([3], 0.9), 3);
  const { levels, values } = quantilesOf({ members: [4, 1, 3, 2, 5] });
  assert.deepEqual(levels, [0.1, 0.25, 0.5, 0.75, 0.9]);
  assert.deepEqual(values, [1.4, 2, 3, 4, 4.6]);
  assert.equal(quantilesOf({ v: 1 }), undefined);
});

test("bands are pairs of levels around the median, the outermost first", () => {
  const bands = (...levels) => bandsOf(levels).map((band) => band.map((index) => levels[index]));
  assert.deepEqual(bands(0.1, 0.5, 0.9), [[0.1, 0.9]]);
  assert.deepEqual(bands(0.1, 0.25, 0.5, 0.75, 0.9), [[0.1, 0.9], [0.25, 0.75]]);
  assert.deepEqual(bands(0.1, 0.25, 0.75, 0.9), [[0.1, 0.9], [0.25, 0.75]]);
  assert.deepEqual(bands(0.5, 0.9, 0.95), [[0.5, 0.95], [0.5, 0.9]]);
  assert.deepEqual(bands(0.9, 0.95, 0.99), [[0.9, 0.99], [0.9, 0.95]]);
  assert.deepEqual(bands(0.05, 0.1), [[0.05, 0.1]]);
  assert.deepEqual(bands(0.1, 0.5), [[0.1, 0.5]]);
  assert.deepEqual(bands(0.1, 0.75, 0.9), [[0.1, 0.9], [0.1, 0.75]]);
});

test("of many bands, the outermost and the one of about a half are written", () => {
  const many = [0.01, 0.05, 0.25, 0.4, 0.5, 0.6, 0.75, 0.95, 0.99];
  assert.deepEqual(mainBands(many).map((band) => band.map((index) => many[index])), [[0.01, 0.99], [0.25, 0.75]]);
  assert.equal(mainBands([0.1, 0.5, 0.9]).length, 1);
});

test("the opacity grows inwards, and never hides the line", () => {
  for (const count of [1, 2, 5, 11, 49]) {
    const seen = Array.from({ length: count }, (_, index) => opacityAt(index + 1, count));
    assert.ok(seen.every((opacity, index) => opacity > (seen[index - 1] ?? 0) && opacity <= 0.55), `${seen}`);
    assert.ok(Math.abs(seen[0] - opacityOf(count)) < 1e-12);
  }
});

test("a fan is interrupted by gaps and by other levels, and its median is drawn if it is not the value", () => {
  const levels = [0.1, 0.5, 0.9];
  const at = (hour, quantiles, more) => ({ t: hour * HOUR, v: 12, issue: 0, levels, quantiles, ...more });
  const fan = fanOf([at(1, [10, 12, 14]), at(2, [9, 12, 13]), { t: 2.5 * HOUR, v: null }, at(3, [10, 12, 15], { issue: 1 }), at(4, [11, 15], { levels: [0.1, 0.9] })]);
  assert.deepEqual(fan.runs.map(({ points }) => points.length), [2, 1, 1]);
  assert.deepEqual([fan.isPaths, fan.extent, fan.hasMedian], [false, [9, 15], false]);
  assert.ok(fanOf([at(1, [10, 11, 14])]).hasMedian);
  assert.deepEqual(fanOf([at(1, [10, 11, 14], { levels: [0.25, 0.5, 0.75] })], { isOuter: true }).runs[0].bands, [[0, 2]]);
  assert.equal(fanOf([{ t: 0, v: 1 }]), null);
  assert.equal(fanOf([]), null);
});

test("few members are paths that end with their issue, many are a fan of their quantiles", () => {
  const members = (count) => Array.from({ length: count }, (_, index) => index);
  const at = (hour, issue, count) => ({ t: hour * HOUR, v: 1, issue, members: members(count) });
  const paths = fanOf([at(1, 0, 30), at(2, 0, 30), at(3, 1, 30)]);
  assert.deepEqual([paths.isPaths, paths.size, paths.runs.map(({ points }) => points.length)], [true, 30, [2, 1]]);
  const fan = fanOf([at(1, 0, 31), at(2, 0, 31), at(3, 1, 31)]);
  assert.deepEqual([fan.isPaths, fan.runs.length, fan.runs[0].bands.length], [false, 1, 2]);
  assert.deepEqual(fanOf([at(1, 0, 4)], { isOuter: true }).isPaths, false);
  assert.deepEqual(fanOf([at(1, 0, 4)], { mostPaths: 0 }).isPaths, false);
});

test("points are compared and measured with their spread", () => {
  assert.deepEqual(extentOf({ v: 3, quantiles: [1, 2] }), [1, 3]);
  assert.deepEqual(extentOf({ v: 3, members: [1, 9] }), [1, 9]);
  assert.deepEqual(extentOf({ v: 3 }), [3, 3]);
  // Of many members, only the fan is drawn.
  assert.deepEqual(extentOf({ v: 20, members: Array.from({ length: 41 }, (_, index) => index) }), [4, 36]);
  assert.ok(hasSameSpread({ v: 1 }, { v: 2 }));
  assert.ok(!hasSameSpread({ quantiles: [1, 2] }, { quantiles: [1, 3] }));
  assert.ok(!hasSameSpread({}, { members: [1] }));
});

test("words name the levels", () => {
  // A number and its sign are not divided at the end of a line.
  assert.equal(text.range(0.1, 0.9), "10 to 90\u00a0%");
  const equal = (found, expected) => assert.equal(found.replaceAll("\u00a0", " "), expected);
  equal(text.levels([0.1, 0.5, 0.9], [10.5, 12, 14], "°C"), "10 %: 10.5, 50 %: 12, 90 %: 14 °C");
  equal(text.band([0.025, 0.975], [10.5, 14], "°C"), "2.5 to 97.5 %: 10.5 to 14 °C");
  equal(text.band([0.07, 0.93], [3, 3]), "7 to 93 %: 3");
  equal(text.all({ members: [3, 0, 1] }, "mm"), "3 members: 0 to 3 mm");
  equal(text.all({ v: 1 }, "mm"), "");
  equal(text.declared({ quantiles: [0.1, 0.9] }), ", with quantiles at 10, 90 %");
});

test("the first worker posts the numbers that the outputs declare", () => {
  const job = (target) => ({ id: "job", name: "Job", source_version_id: "version", job_targets: [{ role: "a", metric: "a" }, { role: "b", metric: "b", ...target }] });
  const [plain, quantiles] = [{}, { quantiles: [0.1, 0.9] }].map((target) => program(job(target), 60, 0));
  assert.ok(!plain.includes("quantiles") && plain.includes('"values": predict(each["role"], readings, times)}'));
  assert.ok(quantiles.includes("def spread(target, values):") && quantiles.includes('**spread(each, predict(each["role"], readings, times))}'));
});

test("versions with other levels differ", () => {
  const marks = (one, other) => compareRoles([{ role: "a", ...one }], [{ role: "a", ...other }]).map(({ mark, changed }) => [mark, ...changed]);
  assert.deepEqual(marks({ quantiles: [0.1, 0.9] }, { quantiles: [0.1, 0.9] }), [["same"]]);
  assert.deepEqual(marks({ quantiles: [0.1, 0.9] }, { members: 20 }), [["changed", "quantiles", "members"]]);
});

test("the reliability of levels", () => {
  const of = (...pairs) => pairs.map(([level, share_below]) => ({ level, share_below }));
  assert.equal(farthestOf(of([0.1, 0.2], [0.5, 0.45], [0.9, 0.7])).level, 0.9);
  assert.equal(farthestOf(of([0.1, 0.1], [0.9, 0.9])).level, 0.1);
  const close = (found, expected) => assert.ok(found.flat().every((end, index) => Math.abs(end - expected.flat()[index]) < 1e-12), JSON.stringify(found));
  close(stripsOf([0.1, 0.5, 0.9]), [[0, 0.3], [0.3, 0.7], [0.7, 1]]);
  close(stripsOf([0.3]), [[0, 1]]);
});

test("a rank histogram has one rank more than members, and equal members share a measurement", () => {
  assert.deepEqual(ranksOf([3, 2, 1]), { members: 2, pairs: 6, even: 2 });
  const third = 1 / 3;
  assert.equal(ranksOf([0, third, 1 + third, third]).pairs, 2);
  const all = ranksOf([1200, 0.5, 3]);
  assert.deepEqual([0, 1, 2].map((place) => reliability.rank(place, [1200, 0.5, 3][place], all).replaceAll("\u00a0", " ")), [
    "Below all 2 members: 1,200 pairs, 99.7 %", "Above 1 of 2 members: 0.5 pairs, 0 %", "Above all 2 members: 3 pairs, 0.2 %",
  ]);
  assert.match(reliability.ranksLabel([1200, 0.5, 3], all), /^Rank histogram of 1,204 pairs with 2 members\. .* The most, 1,200, are below all 2 members\.$/);
});

test("only the scores that a row has are listed", () => {
  const names = (row) => reliability.figures(row, "m").map(([name]) => name);
  assert.deepEqual(names({ mae: 1, wis: 2, rmse: 3 }), ["Weighted interval score", "Mean absolute error"]);
  assert.deepEqual(names({ mae: 1, crps: 2, rmse: 3 }), ["CRPS", "Mean absolute error"]);
  const interval = { lower: 0.1, upper: 0.9, coverage: 0.775609, width: 9.717086, interval_score: 14.23711 };
  assert.deepEqual(reliability.interval(interval, "m").map((cell) => cell.replaceAll("\u00a0", " ")), ["10 to 90 %", "77.6 %", "80 %", "9.72 m", "14.2 m"]);
});

test("an alert has a probability if what it watches has quantiles or members", () => {
  const jobs = [
    { id: "a", source_id: "s", job_targets: [{ metric: "heat", quantiles: [0.1, 0.9] }, { metric: "plain" }] },
    { id: "b", source_id: "t", job_targets: [{ metric: "wind", members: 9 }] },
  ];
  assert.ok(canBeSure({ job_id: "a" }, "heat", jobs) && canBeSure({ job_id: "b" }, "wind", jobs) && canBeSure({ source_id: "t" }, "wind", jobs));
  assert.ok(![[{ job_id: "a" }, "plain"], [{ job_id: "b" }, "heat"], [{ source_id: "s" }, "wind"], [{}, "heat"], [{ job_id: "c" }, "heat"]]
    .some(([alert, metric]) => canBeSure(alert, metric, jobs)));
  // It may lose one that its output has no quantiles for any more.
  assert.ok(canBeSure({ job_id: "a", probability: 0.5 }, "plain", jobs));
});

test("a form has the probability in percent", () => {
  assert.deepEqual([0.07, 0.575, 1, undefined, null].map(percentOf), [7, 57.5, 100, undefined, null]);
  assert.deepEqual(["7", 57.5, "0", "", undefined].map(probabilityOf), [0.07, 0.575, 0, null, null]);
  const form = { job_id: "a", when: "ge", value: "15", within: "PT48H", issues: 1, probability: "30" };
  assert.equal(trialOf(form, "heat", undefined, true).probability, 0.3);
  assert.equal(trialOf({ ...form, probability: "0" }, "heat", undefined, true).probability, 0);
  assert.equal(trialOf({ ...form, probability: "" }, "heat", undefined, true).probability, undefined);
  assert.equal(trialOf(form, "heat", undefined, false).probability, undefined);
});

test("words name the probability of an alert", () => {
  const plain = (sentence) => sentence.replaceAll("\u00a0", " ");
  const alert = { name: "Hot", metric: "heat", when: "ge", value: 30, levels: [], within: "PT48H", lasting: "PT0S", issues: 1 };
  assert.equal(plain(alerts.rule({ ...alert, probability: 0.3 })), "heat ≥ 30 with a probability of at least 30 % within 2 days");
  assert.equal(alerts.rule(alert), "heat ≥ 30 within 2 days");
  assert.equal(plain(alerts.threshold({ ...alert, probability: 0.3 })), "Hot ≥ 30, at least 30 %");
  assert.deepEqual([{ peak: 3 }, { peak: 3, peak_probability: 0.62468 }].map(alerts.peaked).map(plain), ["peak 3", "peak 3, up to 62.5 %"]);
  assert.equal(plain(alerts.probability_wrong("must be greater than 0 and at most 1")), "Enter more than 0 % and at most 100 %.");
  assert.match(plain(alerts.probability_wrong("must be greater than 0.1 and at most 0.95: the output role declares no quantiles that say more")),
    /^Enter more than 10 % and at most 95 %: the quantiles /);
  assert.match(alerts.probability_wrong("needs quantiles or members, and the output role declares neither"), /^Leave this empty: /);
  assert.equal(alerts.probability_wrong("must be a number"), "must be a number");
});
