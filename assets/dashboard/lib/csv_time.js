// Times as tables write them, and times of day of any time zone with its daylight-saving changes.

const DAY = 86_400_000;
const CLOCK = String.raw`(?:[T ,]+(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?\s*([ap]\.?m\.?)?)?`;
const ZONE = String.raw`\s*(Z|UTC|GMT|[+-]\d{2}:?\d{2})?`;

// `order` names the groups of year, month and day. What is parsed has `local` (milliseconds as if it were UTC) and, if the
// text says so, `offset` in milliseconds.
function dated(pattern, order) {
  const form = new RegExp(`^${pattern}${CLOCK}${ZONE}$`, "i");
  return (text) => {
    const found = form.exec(text);
    if (!found) return null;
    const [year, month, day] = order.map((index) => Number(found[index]));
    const [, , , , hours = 0, minutes = 0, seconds = 0, rest = "", half, zone] = found;
    let hour = Number(hours);
    if (half) {
      if (hour < 1 || hour > 12) return null;
      hour = (hour % 12) + (half[0].toLowerCase() === "p" ? 12 : 0);
    }
    if (hour > 24 || minutes > 59 || seconds > 60 || (hour === 24 && Number(minutes) + Number(seconds) > 0)) return null;
    const midnight = Date.UTC(year, month - 1, day);
    const date = new Date(midnight);
    if (date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day || year < 1000) return null;
    const local = midnight + ((hour * 60 + Number(minutes)) * 60 + Number(seconds)) * 1000 + Number(rest.padEnd(3, "0").slice(0, 3));
    return zone ? { local, offset: offsetOf(zone) } : { local };
  };
}

function offsetOf(text) {
  const found = /([+-])(\d{2}):?(\d{2})/.exec(text);
  return found ? (found[1] === "-" ? -1 : 1) * (Number(found[2]) * 60 + Number(found[3])) * 60_000 : 0;
}

function counted(digits, factor) {
  return (text) => (digits.test(text) ? { local: Math.round(Number(text) * factor), offset: 0 } : null);
}

/** The formats in the order in which they are tried: `{ id, parse }`. "month" is month first, "slash" is day first. */
export const FORMATS = [
  { id: "iso", parse: dated(String.raw`(\d{4})[-/](\d{1,2})[-/](\d{1,2})`, [1, 2, 3]) },
  { id: "dot", parse: dated(String.raw`(\d{1,2})\.(\d{1,2})\.(\d{4})`, [3, 2, 1]) },
  { id: "month", parse: dated(String.raw`(\d{1,2})/(\d{1,2})/(\d{4})`, [3, 1, 2]) },
  { id: "slash", parse: dated(String.raw`(\d{1,2})/(\d{1,2})/(\d{4})`, [3, 2, 1]) },
  { id: "seconds", parse: counted(/^\d{9,10}(\.\d+)?$/, 1000) },
  { id: "milliseconds", parse: counted(/^\d{12,13}$/, 1) },
];

/** The parser of a format. */
export const parserOf = (id) => FORMATS.find((format) => format.id === id).parse;

/** The first format that reads the text, or null. */
export const formatOf = (text) => FORMATS.find(({ parse }) => parse(text) !== null)?.id ?? null;

/** Whether a cell is a time of day, which belongs to the date before it. */
export const isTimeOfDay = (text) => /^\d{1,2}:\d{2}(:\d{2}([.,]\d+)?)?(\s*[ap]\.?m\.?)?$/i.test(text);

/** The offset of a time zone from UTC at an instant, in milliseconds. Days without a change ask Intl only once. */
export function zoneOffset(zone) {
  const format = new Intl.DateTimeFormat("en-US", {
    timeZone: zone, hourCycle: "h23", year: "numeric", month: "numeric", day: "numeric", hour: "numeric", minute: "numeric", second: "numeric", era: "short",
  });
  const at = (t) => {
    const whole = Math.floor(t / 1000) * 1000;
    const parts = Object.fromEntries(format.formatToParts(whole).map(({ type, value }) => [type, value]));
    const year = parts.era === "BC" ? 1 - parts.year : parts.year;
    return Date.UTC(year, parts.month - 1, parts.day, parts.hour, parts.minute, parts.second) - whole;
  };
  const starts = new Map();
  const start = (day) => {
    if (!starts.has(day)) starts.set(day, at(day * DAY));
    return starts.get(day);
  };
  return (t) => {
    const day = Math.floor(t / DAY);
    return start(day) === start(day + 1) ? start(day) : at(t);
  };
}

/**
 * The instants that a local time has in the zone of `offset`: one, two in the hour that exists twice, none in the hour that
 * is left out. The earlier one comes first.
 */
export function instants(local, offset) {
  const around = [offset(local - DAY), offset(local + DAY)];
  const found = around.map((each) => local - each).filter((t, index) => offset(t) === around[index]);
  return [...new Set(found)].sort((one, other) => one - other);
}

/** All time zones that the browser knows, after its own and UTC. */
export const zones = (own) => [...new Set([own, "UTC", ...(Intl.supportedValuesOf?.("timeZone") ?? [])])];
