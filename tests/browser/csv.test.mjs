// Reads tables of readings in the forms that spreadsheets, loggers and this server write: node --test tests/browser/csv.test.mjs
import assert from "node:assert/strict";
import { test } from "node:test";
import { decode, detect, lineText, measured, numberOf, records } from "../../assets/dashboard/lib/csv.js";
import { formatOf, instants, parserOf, zoneOffset } from "../../assets/dashboard/lib/csv_time.js";
import { read, summary } from "../../assets/dashboard/lib/csv_readings.js";

const bytes = (text) => new TextEncoder().encode(text);
const NOW = Date.parse("2026-01-01T00:00:00Z");

/** The readings of a text as a person would take them without a change, or with `changes`. */
function all(text, changes = {}) {
  const form = { zone: "UTC", ...detect(text, changes) };
  form.values = form.columns.filter(({ kind }) => kind === "value").map(({ index }) => index);
  const steps = read(text, { ...form, ...changes }, NOW);
  let step = steps.next();
  while (!step.done) step = steps.next();
  return { form, ...step.value };
}

const readings = ({ series: [{ times, values }] }) => times.map((t, index) => [new Date(t).toISOString().replace(":00.000", ""), values[index]]);

test("a file of this server", () => {
  const found = all("sensor_id,time,value,available_at\na,2024-01-01T00:00:00Z,1.5,2025-01-01T00:00:00Z\na,2024-01-01T01:00:00Z,-2,2025-01-01T00:00:00Z\n");
  assert.equal(found.form.delimiter, ",");
  assert.equal(found.labels, undefined);
  assert.deepEqual(found.form.time, { column: 1, second: null, format: "iso", isUnclear: false, isLocal: false });
  assert.deepEqual(readings(found), [["2024-01-01T00:00Z", 1.5], ["2024-01-01T01:00Z", -2]]);
});

test("a semicolon, a decimal comma and German dates, with a byte order mark and quotes", () => {
  const text = decode(bytes('\ufeff"Zeit";"Temperatur [°C]";"Regen (mm)"\r\n31.01.2024 10:00;3,9;0\r\n"31.01.2024 11:00";"1.004,25";0,2\r\n'));
  const found = all(text, { zone: "Europe/Berlin" });
  assert.deepEqual([found.form.delimiter, found.form.decimal, found.form.header, found.form.time.format], [";", ",", 1, "dot"]);
  assert.deepEqual(found.form.columns.slice(1).map(({ metric, unit }) => [metric, unit]), [["temperatur", "°C"], ["regen", "mm"]]);
  assert.deepEqual(readings(found), [["2024-01-31T09:00Z", 3.9], ["2024-01-31T10:00Z", 1004.25]]);
  assert.deepEqual(found.series[1].values, [0, 0.2]);
});

test("tabs, month first, halves of the day, and no header", () => {
  const found = all("01/31/2024 1:00 PM\t5\n01/31/2024 12:00 AM\t6\n");
  assert.deepEqual([found.form.delimiter, found.form.header, found.form.time.format, found.form.time.isUnclear], ["\t", null, "month", false]);
  assert.deepEqual(readings(found), [["2024-01-31T00:00Z", 6], ["2024-01-31T13:00Z", 5]]);
});

test("day first by slashes is recognised, and what cannot be decided is said", () => {
  assert.equal(all("t,v\n31/01/2024 10:00,5\n").form.time.format, "slash");
  assert.equal(all("t,v\n01/02/2024 10:00,5\n").form.time.isUnclear, true);
  const days = Array.from({ length: 400 }, (_, hour) => `${String(1 + Math.floor(hour / 24)).padStart(2, "0")}/01/2024 ${hour % 24}:00,5`);
  const { form, skipped } = all(`t,v\n${days.join("\n")}\n`);
  assert.deepEqual([form.time.format, form.time.isUnclear, skipped.size], ["slash", false, 0]);
});

test("seconds and milliseconds since 1970", () => {
  assert.deepEqual(readings(all("1700000000,3.9\n1700003600,4\n")), [["2023-11-14T22:13:20.000Z", 3.9], ["2023-11-14T23:13:20.000Z", 4]]);
  assert.deepEqual(readings(all("t,v\n1700000000500,3.9\n"))[0], ["2023-11-14T22:13:20.500Z", 3.9]);
});

test("date and time in two columns", () => {
  const found = all("Datum;Uhrzeit;Wert\n31.01.2024;10:00;1,5\n31.01.2024;11:00;2,5\n");
  assert.deepEqual(found.form.time, { column: 0, second: 1, format: "dot", isUnclear: false, isLocal: true });
  assert.deepEqual(readings(found), [["2024-01-31T10:00Z", 1.5], ["2024-01-31T11:00Z", 2.5]]);
});

test("lines before the header are left out, and line numbers are those of the file", () => {
  const found = all('Logger 17\n"a\nnote"\nserial,4711\ntime,value\n2024-01-01 00:00,1\n2024-01-01 01:00,x\n2024-01-01 02:00,\nnever,3\n\n2024-01-01 02:00,4\n2024-01-01 02:00,5\n2030-01-01 00:00,5\n');
  assert.equal(found.form.header, 5);
  assert.deepEqual([...found.skipped], [["before", [1, 2, 4]], ["time", [9]], ["future", [13]]]);
  assert.deepEqual([...found.series[0].skipped], [["number", [7]], ["empty", [8]], ["repeated", [12]]]);
  assert.deepEqual(readings(found), [["2024-01-01T00:00Z", 1], ["2024-01-01T02:00Z", 4]]);
});

test("the names of a logger stand above its units", () => {
  const text = '"TOA5","Station","CR1000","4711","std.06"\r\n"TIMESTAMP","RECORD","AirTC_Avg"\r\n"TS","RN","Deg C"\r\n"","","Avg"\r\n"2024-01-31 10:00:00",0,3.912\r\n"2024-01-31 10:10:00",1,"NAN"\r\n';
  const found = all(text);
  assert.deepEqual(found.form.columns.map(({ name, kind }) => [name, kind]), [["TIMESTAMP", "time"], ["RECORD", "value"], ["AirTC_Avg", "value"]]);
  assert.deepEqual([...found.skipped], [["before", [1, 3, 4]]]);
  assert.deepEqual(found.series[1].values, [3.912]);
});

test("other ways to write times", () => {
  const first = (cell) => readings(all(`t;v\n${cell};1\n`))[0][0];
  assert.equal(first("2024-01-31"), "2024-01-31T00:00Z");
  assert.equal(first("2024/1/31 9:05"), "2024-01-31T09:05Z");
  assert.equal(first("2024-01-31T10:00:00.5+01:00"), "2024-01-31T09:00:00.500Z");
  assert.equal(first("2024-01-31 10:00 +0100"), "2024-01-31T09:00Z");
  assert.equal(first("31.1.2024, 10:00:30"), "2024-01-31T10:00:30.000Z");
});

test("rows of several stations: one of them is chosen", () => {
  const text = "station,time,temperature_c,relative_humidity_pct\nEWR,2013-01-01T06:00:00Z,3.9,59.37\nEWR,2013-01-01T07:00:00Z,3.9,\nJFK,2013-01-01T06:00:00Z,5,61\nJFK,2013-01-01T07:00:00Z,6,61\n";
  const { form, labels } = all(text);
  assert.deepEqual(labels, { column: 0, values: new Set(["EWR", "JFK"]) });
  assert.deepEqual(readings(all(text, { label: { column: 0, value: "JFK" } })), [["2013-01-01T06:00Z", 5], ["2013-01-01T07:00Z", 6]]);
  assert.deepEqual(form.columns.slice(2).map(({ metric, unit }) => [metric, unit]), [["temperature", "°C"], ["relative_humidity", "%"]]);
});

test("the hour that exists twice follows the order of the rows, and the hour that does not exist is skipped", () => {
  const autumn = "Zeit;Wert\n27.10.2024 01:30;1\n27.10.2024 02:00;2\n27.10.2024 02:30;3\n27.10.2024 02:00;4\n27.10.2024 02:30;5\n27.10.2024 03:00;6\n";
  const expected = [["2024-10-26T23:30Z", 1], ["2024-10-27T00:00Z", 2], ["2024-10-27T00:30Z", 3], ["2024-10-27T01:00Z", 4], ["2024-10-27T01:30Z", 5], ["2024-10-27T02:00Z", 6]];
  const found = all(autumn, { zone: "Europe/Berlin" });
  assert.deepEqual(readings(found), expected);
  assert.deepEqual(found.twice.map(({ line, isSecond }) => [line, isSecond]), [[3, false], [4, false], [5, true], [6, true]]);
  const [head, ...rows] = autumn.trim().split("\n");
  assert.deepEqual(readings(all([head, ...rows.reverse()].join("\n"), { zone: "Europe/Berlin" })), expected);
  const spring = all("Zeit;Wert\n31.03.2024 01:00;1\n31.03.2024 02:00;2\n31.03.2024 03:00;3\n", { zone: "Europe/Berlin" });
  assert.deepEqual([...spring.skipped], [["missing", [3]]]);
  assert.deepEqual(readings(spring), [["2024-03-31T00:00Z", 1], ["2024-03-31T01:00Z", 3]]);
});

test("offsets are those of Intl around every change of several zones", () => {
  for (const zone of ["Europe/Berlin", "America/St_Johns", "Australia/Lord_Howe", "Asia/Kolkata", "Pacific/Apia", "UTC"]) {
    const offset = zoneOffset(zone);
    const exact = new Intl.DateTimeFormat("sv-SE", { timeZone: zone, dateStyle: "short", timeStyle: "medium" });
    for (let t = Date.UTC(2011, 11, 25); t < Date.UTC(2012, 11, 31); t += 1_800_000 * 7) {
      assert.equal(offset(t), Date.parse(`${exact.format(t).replace(" ", "T")}Z`) - t, `${zone} ${new Date(t).toISOString()}`);
      assert.ok(instants(t + offset(t), offset).includes(t), zone);
    }
  }
});

test("numbers", () => {
  assert.deepEqual(["1.5", "1,234.5", "-3", "+.5", "1e3", "\u22121"].map((cell) => numberOf(cell, ".")), [1.5, 1234.5, -3, 0.5, 1000, -1]);
  assert.deepEqual(["1,5", "1.234,5", "12"].map((cell) => numberOf(cell, ",")), [1.5, 1234.5, 12]);
  assert.deepEqual(["", "NaN", "n/a", "--"].map((cell) => numberOf(cell, ".")), [null, null, null, null]);
  for (const cell of ["3,9", "1.5.2", "x", ".", "12:00", "Infinity", "e5", "-5-"]) assert.ok(Number.isNaN(numberOf(cell, ".")), cell);
  assert.equal(detect("time;v\n2024-01-01 00:00;1,234\n").decimal, ",");
  assert.equal(detect('time,v\n2024-01-01 00:00,"1,234"\n2024-01-01 01:00,"1,234.5"\n').decimal, ".");
});

test("times that do not exist are none", () => {
  for (const text of ["2024-02-30 00:00", "2024-13-01", "2024-01-01 25:00", "32.01.2024", "0:0", "2024", "3.9", ""]) assert.equal(formatOf(text), null, text);
  const time = (id, text) => parserOf(id)(text);
  assert.deepEqual(time("iso", "2024-01-01T02:00:00.123456+02:00"), { local: Date.UTC(2024, 0, 1, 2, 0, 0, 123), offset: 7_200_000 });
  assert.deepEqual(time("iso", "2024-01-01 02:00:00Z").offset, 0);
  assert.deepEqual(time("dot", "31.12.2023 24:00"), { local: Date.UTC(2024, 0, 1) });
});

test("wrong files are refused with the reason", () => {
  const code = (make) => {
    try {
      make();
    } catch (error) {
      return error.code;
    }
    return null;
  };
  assert.equal(code(() => decode(Uint8Array.of(0x50, 0x4b, 3, 4, 0, 0))), "binary");
  assert.equal(code(() => decode(bytes(" \n"))), "empty");
  assert.equal(code(() => detect("a,b\n1,2\n")), "no-time");
  assert.equal(code(() => [...records('a,b\n"x,1\n', ",")]), "quote");
  assert.equal(decode(Uint8Array.of(0x74, 0xb0, 0x43)), "t°C");
  assert.equal(decode(Uint8Array.of(0xff, 0xfe, 0x61, 0, 0x3b, 0)), "a;");
});

test("the summary names the gaps", () => {
  const found = all("t,v\n2024-01-01 00:00,1\n2024-01-01 01:00,5\n2024-01-01 02:00,-1\n2024-01-01 06:00,2\n");
  const { count, low, high, step, gaps } = summary(found.series[0]);
  assert.deepEqual([count, low, high, step], [4, -1, 5, 3_600_000]);
  assert.deepEqual(gaps, [{ from: Date.UTC(2024, 0, 1, 2), to: Date.UTC(2024, 0, 1, 6) }]);
});

test("lines and headers as text", () => {
  assert.equal(lineText([3, 4, 5, 9, 12, 13]), "3–5, 9, 12–13");
  assert.equal(lineText([1, 3, 5, 7], 2), "1, 3 and 2 more");
  assert.deepEqual(measured("Wind speed (m/s)"), { metric: "wind_speed", unit: "m/s" });
  assert.deepEqual(measured("Air temp (C)"), { metric: "air_temp", unit: "°C" });
  assert.deepEqual(measured("value"), { metric: "value", unit: "" });
});

test("200,000 rows are read in slices, in seconds", () => {
  const rows = Array.from({ length: 200_000 }, (_, index) => `${new Date(Date.UTC(2000, 0, 1) + index * 3_600_000).toISOString().slice(0, 16).replace("T", " ")};${(index % 97) / 10}`.replace(".", ","));
  const text = `time;v\n${rows.join("\n")}\n`;
  const begin = performance.now();
  const steps = read(text, { ...detect(text), zone: "Europe/Berlin", values: [1] }, NOW);
  let [slices, longest, last] = [0, 0, performance.now()];
  let step = steps.next();
  for (; !step.done; step = steps.next()) {
    slices += 1;
    longest = Math.max(longest, performance.now() - last);
    last = performance.now();
  }
  assert.ok(slices >= 90, `${slices}`);
  assert.ok(longest < 1000, `${longest} ms`);
  assert.ok(performance.now() - begin < 20_000);
  assert.equal(step.value.series[0].times.length + (step.value.skipped.get("missing")?.length ?? 0), 200_000);
});
