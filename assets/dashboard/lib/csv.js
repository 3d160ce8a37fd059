// Reads tables of readings as spreadsheets and loggers write them: encoding, separator, quotes, decimal sign, header.
import { formatOf, FORMATS, isTimeOfDay, parserOf } from "./csv_time.js";

export const DELIMITERS = [",", ";", "\t"];
/** How many records the detection looks at. */
const SAMPLE = 200;
const NOTHING = /^(|-+|na|n\/a|nan|null|none|#n\/a|missing)$/i;

/** The text of a file's bytes, or an error with the `code` "binary" or "empty". */
export function decode(bytes) {
  const [first, second] = bytes;
  const wide = first === 0xff && second === 0xfe ? "utf-16le" : first === 0xfe && second === 0xff ? "utf-16be" : null;
  if (!wide && bytes.subarray(0, 4096).includes(0)) throw fault("binary");
  const text = wide ? new TextDecoder(wide).decode(bytes) : decodeBytes(bytes);
  if (!text.trim()) throw fault("empty");
  return text;
}

// TextDecoder drops the byte order mark.
function decodeBytes(bytes) {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return new TextDecoder("windows-1252").decode(bytes);
  }
}

export const fault = (code, more = {}) => Object.assign(new Error(code), { code, ...more });

/** Yields the records of a text as `{ cells, line }`. Quotes, doubled quotes and line ends within quotes are as in RFC 4180. */
export function* records(text, delimiter) {
  let [at, line] = [0, 1];
  while (at < text.length) {
    const [start, cells] = [line, []];
    for (;;) {
      let cell;
      while (text[at] === " " && delimiter !== " ") at += 1;
      if (text[at] === '"') {
        const from = at;
        [cell, at] = quoted(text, at + 1, start);
        for (let index = from; index < at; index += 1) if (text[index] === "\n") line += 1;
        const end = ending(text, at, delimiter);
        cell += text.slice(at, end);
        at = end;
      } else {
        const end = ending(text, at, delimiter);
        cell = text.slice(at, end);
        at = end;
      }
      cells.push(cell.trim());
      if (text[at] !== delimiter) break;
      at += 1;
    }
    if (text[at] === "\r") at += 1;
    if (text[at] === "\n" || text[at - 1] === "\r") {
      if (text[at] === "\n") at += 1;
      line += 1;
    }
    if (cells.length > 1 || cells[0] !== "") yield { cells, line: start };
  }
}

function ending(text, at, delimiter) {
  while (at < text.length && text[at] !== delimiter && text[at] !== "\n" && text[at] !== "\r") at += 1;
  return at;
}

function quoted(text, at, line) {
  let cell = "";
  for (;;) {
    const end = text.indexOf('"', at);
    if (end < 0) throw fault("quote", { line });
    cell += text.slice(at, end);
    if (text[end + 1] !== '"') return [cell, end + 1];
    cell += '"';
    at = end + 2;
  }
}

const NUMBERS = {
  ".": /^[-+]?(\d+|\d{1,3}(,\d{3})+)?(\.\d*)?(e[-+]?\d+)?$/i,
  ",": /^[-+]?(\d+|\d{1,3}(\.\d{3})+)?(,\d*)?(e[-+]?\d+)?$/i,
};

/** The number of a cell: null if it is empty or says that there is none, NaN if it is no number. */
export function numberOf(cell, decimal) {
  if (NOTHING.test(cell)) return null;
  const text = cell.replace("\u2212", "-");
  if (!NUMBERS[decimal].test(text) || !/\d/.test(text)) return Number.NaN;
  const plain = decimal === "," ? text.replaceAll(".", "").replace(",", ".") : text.replaceAll(",", "");
  return Number(plain);
}

const isNumber = (cell) => [".", ","].some((decimal) => Number.isFinite(numberOf(cell, decimal)));

/** The first records of a text; a quote without its end ends them. */
function sample(text, delimiter) {
  const found = [];
  try {
    for (const record of records(text, delimiter)) if (found.push(record) >= SAMPLE) break;
  } catch (error) {
    if (error.code !== "quote") throw error;
  }
  return found;
}

// A separator is right if it leaves a time and a number in the cells of a record.
const score = (all) => all.filter(({ cells }) => isData(cells)).length;
const isData = (cells) => {
  const time = cells.findIndex((cell) => formatOf(cell) !== null);
  return time >= 0 && cells.some((cell, index) => index !== time && (isNumber(cell) || (NOTHING.test(cell) && cells.length > 1)));
};

/**
 * Recognises the form of a table: `{ delimiter, decimal, header, begin, columns, time }`. `chosen` may have `delimiter`,
 * `decimal`, `header` and `time` (its columns). Throws "no-time" if no column has times that it knows.
 */
export function detect(text, chosen = {}) {
  const tried = (chosen.delimiter ? [chosen.delimiter] : DELIMITERS).map((delimiter) => {
    const all = sample(text, delimiter);
    return { delimiter, all, score: score(all) };
  });
  const { delimiter, all, score: hits } = tried.reduce((best, each) => (each.score > best.score ? each : best));
  if (hits === 0) {
    const widest = tried.reduce((best, each) => (each.all[0]?.cells.length > best.all[0]?.cells.length ? each : best));
    throw fault("no-time", { delimiter: widest.delimiter, record: widest.all[0] });
  }
  const begin = all.findIndex(({ cells }) => isData(cells));
  const above = namesAbove(all, begin);
  const isNamed = chosen.header ?? Boolean(above);
  const header = isNamed ? above ?? all[0] : null;
  const rows = all.slice(begin);
  const width = Math.max(...rows.map(({ cells }) => cells.length));
  const decimal = chosen.decimal ?? decimalOf(rows, delimiter);
  const columns = Array.from({ length: width }, (_, index) => column(index, rows, decimal, header?.cells[index]));
  const time = timeOf(columns, rows, chosen.time);
  if (time.isUnclear) Object.assign(time, order(text));
  for (const each of columns) if (each.index === time.column || each.index === time.second) each.kind = "time";
  return {
    delimiter, decimal, header: header?.line ?? null, begin: isNamed && !above ? all[1]?.line ?? rows[0].line : rows[0].line,
    columns, time,
  };
}

/** The record with the names of the columns: loggers write units below the names, and lines about themselves above. */
function namesAbove(all, begin) {
  const near = all.slice(0, begin);
  const isNames = ({ cells }) => cells.length === all[begin].cells.length && cells.every((cell) => cell !== "" && !isNumber(cell));
  return near.find(isNames) ?? (near.at(-1)?.cells.length > 1 ? near.at(-1) : null);
}

function decimalOf(rows, delimiter) {
  let [commas, points] = [0, 0];
  for (const { cells } of rows) {
    for (const cell of cells) {
      if (/^[-+\u2212]?(\d+|\d{1,3}(\.\d{3})+),\d+$/.test(cell)) commas += /,\d{3}$/.test(cell) && delimiter === "," ? 0 : 1;
      else if (/^[-+\u2212]?\d*\.\d+$/.test(cell)) points += 1;
    }
  }
  return commas > points ? "," : ".";
}

function column(index, rows, decimal, header) {
  const cells = rows.map((row) => row.cells[index] ?? "");
  const given = cells.filter((cell) => !NOTHING.test(cell));
  const count = (test) => given.filter(test).length;
  const isMost = (test) => given.length > 0 && count(test) >= given.length * 0.8;
  const isValue = isMost((cell) => Number.isFinite(numberOf(cell, decimal)));
  return { index, name: header || null, ...measured(header ?? ""), kind: isValue ? "value" : "text", cells: given.slice(0, 3), isTime: isMost((cell) => formatOf(cell) !== null) };
}

// Texts with a date come first: seconds since 1970 are also numbers.
function timeOf(columns, rows, chosen) {
  if (chosen) return { ...chosen, ...timeFormat(rows.map(({ cells }) => timeText(cells, chosen))) };
  const named = (each) => /time|date|zeit|datum|stamp/i.test(each.name ?? "");
  const found = columns.filter((each) => each.isTime);
  const best = found.find((each) => each.kind === "text") ?? found.find(named) ?? found[0]
    ?? columns.find((each) => rows.some(({ cells }) => formatOf(cells[each.index] ?? "") !== null));
  const cells = rows.map((row) => row.cells[best.index] ?? "");
  const next = columns[best.index + 1];
  const isDay = cells.every((cell) => !/\d[T ]\d/.test(cell)) && best.kind === "text";
  const second = isDay && next && rows.every((row) => isTimeOfDay(row.cells[next.index] ?? "")) ? next.index : null;
  const time = { column: best.index, second };
  return { ...time, ...timeFormat(rows.map((row) => timeText(row.cells, time))) };
}

/** The text of a record's time: of one cell, or of a date and the time of day beside it. */
export const timeText = (cells, { column, second }) => (second === null ? cells[column] ?? "" : `${cells[column] ?? ""} ${cells[second] ?? ""}`);

// A later day above 12 decides whether the day or the month comes first.
function order(text) {
  for (const [, first, second] of text.matchAll(/\b(\d{1,2})\/(\d{1,2})\/\d{4}\b/g)) {
    if (first > 12) return { format: "slash", isUnclear: false };
    if (second > 12) return { isUnclear: false };
  }
  return {};
}

/** The format that most times have, whether another is as likely, and whether some are without an offset from UTC. */
function timeFormat(cells) {
  const counts = FORMATS.map(({ id, parse }) => ({ id, count: cells.filter((cell) => parse(cell) !== null).length }));
  const best = counts.reduce((best, each) => (each.count > best.count ? each : best));
  const isUnclear = best.id === "month" && counts.some(({ id, count }) => id === "slash" && count === best.count);
  const isLocal = cells.some((cell) => parserOf(best.id)(cell)?.offset === undefined);
  return { format: best.id, isUnclear, isLocal };
}

const UNITS = { c: "°C", degc: "°C", celsius: "°C", f: "°F", k: "K", pct: "%", percent: "%", mm: "mm", hpa: "hPa", kwh: "kWh", kw: "kW", w: "W", ms: "m/s", mps: "m/s", kmh: "km/h", m: "m", cm: "cm", l: "l", v: "V", ppm: "ppm", lux: "lux" };

// Written without the sign for degrees.
const DEGREES = { c: "°C", degc: "°C", celsius: "°C", f: "°F", degf: "°F", fahrenheit: "°F" };

/** The metric and the unit that a header names, such as "temperature_c", "Temperature [°C]" or "humidity (%)". */
export function measured(header) {
  const found = /^(.*?)\s*[[(]\s*([^\])]*)\s*[\])]\s*$/.exec(header);
  const [name, last] = found ? [found[1], found[2]] : [header, null];
  const words = name.trim().toLowerCase().replaceAll(/[^\p{L}\p{N}]+/gu, "_").replaceAll(/^_+|_+$/g, "").split("_");
  const unit = last !== null ? DEGREES[last.toLowerCase().replaceAll(" ", "")] ?? last : (words.length > 1 ? UNITS[words.at(-1)] : undefined);
  if (last === null && unit) words.pop();
  return { metric: words.join("_"), unit: unit || "" };
}

/** Lines as text: "3, 17–20 and 12 more". */
export function lineText(lines, most = 8) {
  const ranges = [];
  for (const line of lines) {
    const last = ranges.at(-1);
    if (last && line === last[1] + 1) last[1] = line;
    else if (last && line === last[1]) continue;
    else ranges.push([line, line]);
  }
  const shown = ranges.slice(0, most).map(([from, to]) => (from === to ? `${from}` : `${from}–${to}`)).join(", ");
  const rest = ranges.slice(most).reduce((sum, [from, to]) => sum + to - from + 1, 0);
  return rest > 0 ? `${shown} and ${rest} more` : shown;
}
