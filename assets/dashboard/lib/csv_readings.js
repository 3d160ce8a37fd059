// Makes readings of the records of a table, and says what is left out and why.
import { instants, parserOf, zoneOffset } from "./csv_time.js";
import { numberOf, records, timeText } from "./csv.js";

/** The server takes readings up to a day ahead of its clock. */
const AHEAD = 86_400_000;
/** How many records are read between two pauses. */
const SLICE = 500;
const SHOWN = 6;
/** The most values of a column that may choose among the rows, such as stations. */
const MOST_LABELS = 50;

/**
 * Reads the table as `form` says (see `detect`; with `zone`, `values`: the columns to read, and `label`: `{ column,
 * value }` of the rows to read). It is a generator, which pauses after each slice and yields the line that it has reached. It
 * returns `{ series, skipped, twice, rows, labels }`: by column the times, values and lines; by reason the lines; the
 * lines of the hours that exist twice; the first rows; the column that can choose among the rows, with its values.
 */
export function* read(text, form, now = Date.now()) {
  const parse = parserOf(form.time.format);
  const offset = zoneOffset(form.zone);
  const choose = chooser(falls(text, form, parse));
  const series = form.values.map((column) => ({ column, times: [], values: [], lines: [], seen: new Set(), skipped: new Map() }));
  const [skipped, twice, rows] = [new Map(), [], []];
  const skip = (reason, line) => push(skipped, reason, line);
  const labels = form.columns.filter(({ kind, isTime }) => kind === "text" && !isTime).map(({ index }) => ({ column: index, values: new Set() }));
  let turn = 0;
  for (const { cells, line } of records(text, form.delimiter)) {
    if ((turn += 1) % SLICE === 0) yield line;
    if (line === form.header) continue;
    if (line < form.begin) {
      skip("before", line);
      continue;
    }
    for (const { column, values } of labels) if (values.size <= MOST_LABELS && cells[column]) values.add(cells[column]);
    if (form.label && cells[form.label.column] !== form.label.value) continue;
    const written = timeText(cells, form.time);
    const parsed = parse(written);
    if (!parsed) {
      skip("time", line);
      continue;
    }
    const found = parsed.offset === undefined ? instants(parsed.local, offset) : [parsed.local - parsed.offset];
    const t = choose(found);
    if (found.length > 1) twice.push({ line, written, isSecond: t === found[1] });
    if (t === undefined || t > now + AHEAD) {
      skip(t === undefined ? "missing" : "future", line);
      continue;
    }
    const shown = rows.length < SHOWN ? { line, written, t, cells: [] } : null;
    for (const each of series) {
      const value = numberOf(cells[each.column] ?? "", form.decimal);
      if (shown) shown.cells.push(Number.isFinite(value) ? value : null);
      const reason = value === null ? "empty" : !Number.isFinite(value) ? "number" : each.seen.has(t) ? "repeated" : null;
      if (reason) {
        push(each.skipped, reason, line);
        continue;
      }
      each.seen.add(t);
      each.times.push(t);
      each.values.push(value);
      each.lines.push(line);
    }
    if (shown) rows.push(shown);
  }
  for (const each of series) yield* sort(each);
  return { series: series.map(({ seen: _, ...each }) => each), skipped, twice, rows, labels: labels.find(isChoice) };
}

const isChoice = ({ values }) => values.size > 1 && values.size <= MOST_LABELS;

function push(to, reason, line) {
  if (!to.has(reason)) to.set(reason, []);
  to.get(reason).push(line);
}

/**
 * Chooses among the instants of a local time. The hour that exists twice follows the order of the rows: its second pass begins
 * where the times go back.
 */
function chooser(isFalling) {
  let previous = isFalling ? Infinity : -Infinity;
  return ([first, second]) => {
    const isSecond = second !== undefined && (isFalling ? previous > second : previous >= first);
    const t = isSecond ? second : first;
    previous = t ?? previous;
    return t;
  };
}

/** Whether the rows go from the newest to the oldest. */
function falls(text, form, parse) {
  const found = [];
  for (const { cells, line } of records(text, form.delimiter)) {
    if (line < form.begin || line === form.header) continue;
    const parsed = parse(timeText(cells, form.time));
    if (parsed) found.push(parsed.local - (parsed.offset ?? 0));
    if (found.length >= SLICE * 4) break;
  }
  let sum = 0;
  for (let index = 1; index < found.length; index += 1) sum += Math.sign(found[index] - found[index - 1]);
  return sum < 0;
}

function* sort(each) {
  if (each.times.every((t, index) => index === 0 || t > each.times[index - 1])) return;
  yield each.lines.at(-1);
  const order = each.times.map((_, index) => index).sort((one, other) => each.times[one] - each.times[other]);
  for (const name of ["times", "values", "lines"]) each[name] = order.map((index) => each[name][index]);
}

/** First and last time, least and greatest value, the usual step and the gaps in sorted times: `{ from, to }`. */
export function summary({ times, values }) {
  if (times.length === 0) return null;
  const steps = new Map();
  for (let index = 1; index < times.length; index += 1) {
    const step = times[index] - times[index - 1];
    steps.set(step, (steps.get(step) ?? 0) + 1);
  }
  const step = [...steps].reduce((best, each) => (each[1] > best[1] ? each : best), [0, 0])[0];
  const gaps = [];
  let [low, high] = [Infinity, -Infinity];
  values.forEach((value, index) => {
    low = Math.min(low, value);
    high = Math.max(high, value);
    if (index > 0 && step > 0 && times[index] - times[index - 1] > step * 1.5) gaps.push({ from: times[index - 1], to: times[index] });
  });
  return { count: times.length, first: times[0], last: times.at(-1), low, high, step, gaps };
}
