// Times in words, in the browser's time zone or in UTC. The choice applies to the whole page.
import { text as words } from "../texts/time.js";
import { useEffect, useState } from "./html.js";

const OWN = Intl.DateTimeFormat().resolvedOptions().timeZone ?? "UTC";
const listeners = new Set();
let isUtc = false;

/** The time zone that times are shown in. */
export const zone = () => (isUtc ? "UTC" : OWN);
export const ownZone = OWN;

export function setUtc(choice) {
  isUtc = choice;
  for (const listener of listeners) listener();
}

/** Redraws the component when the zone changes. Returns the zone. */
export function useZone() {
  const [, draw] = useState(0);
  useEffect(() => {
    const listener = () => draw((count) => count + 1);
    listeners.add(listener);
    return () => listeners.delete(listener);
  }, []);
  return zone();
}

const formats = new Map();

function format(options) {
  const key = zone() + JSON.stringify(options);
  if (!formats.has(key)) formats.set(key, new Intl.DateTimeFormat("en-GB", { timeZone: zone(), ...options }));
  return formats.get(key);
}

const DAY = { day: "numeric", month: "short", year: "numeric" };
const MINUTE = { hour: "2-digit", minute: "2-digit" };

/** Such as "24 May 2013, 04:00". */
export const moment = (time) => format({ ...DAY, ...MINUTE }).format(new Date(time));

/** Such as "Fri 24 May 2013, 04:00". */
export const fullMoment = (time) => format({ weekday: "short", ...DAY, ...MINUTE }).format(new Date(time));

export const day = (time) => format(DAY).format(new Date(time));

/** When the day of a time begins, in milliseconds. */
export const startOfDay = (time) => (isUtc ? new Date(time).setUTCHours(0, 0, 0, 0) : new Date(time).setHours(0, 0, 0, 0));

/** The offset of the zone at that time, such as "UTC-4". */
export function offset(time) {
  const parts = format({ timeZoneName: "shortOffset" }).formatToParts(new Date(time));
  return (parts.find((part) => part.type === "timeZoneName")?.value ?? "").replace("GMT", "UTC");
}

/** The zone with its offset at that time, such as "America/New_York, UTC-4". */
export const zoneName = (time = Date.now()) => (zone() === "UTC" ? "UTC" : `${zone()}, ${offset(time)}`);

const UNITS = [["year", 31_557_600], ["month", 2_629_800], ["day", 86_400], ["hour", 3600], ["minute", 60], ["second", 1]];

/** A length of time in its largest unit, such as "3 days". */
export function length(seconds) {
  const size = Math.abs(seconds);
  const [unit, long] = UNITS.find(([, long]) => size >= long * 0.995) ?? UNITS.at(-1);
  const count = size / long;
  const text = count < 10 && long >= 3600 && Math.abs(count - Math.round(count)) > 0.05 ? count.toFixed(1) : Math.round(count);
  return `${text} ${unit}${text == 1 ? "" : "s"}`;
}

/** Such as "3 days ago" or "in 2 hours". */
export function relative(time, now = Date.now()) {
  const seconds = (new Date(time) - now) / 1000;
  if (Math.abs(seconds) < 5) return words.now;
  return seconds < 0 ? words.ago(length(seconds)) : words.in(length(seconds));
}

/** A lead time, such as "2 days ahead". */
export function lead(seconds) {
  if (Math.abs(seconds) < 1) return words.atValidTime;
  return seconds > 0 ? words.ahead(length(seconds)) : words.after(length(seconds));
}

/** What a datetime-local field shows for a time, in the zone. */
export function toField(time) {
  const parts = format({ year: "numeric", month: "2-digit", day: "2-digit", ...MINUTE }).formatToParts(new Date(time));
  const of = Object.fromEntries(parts.map((part) => [part.type, part.value]));
  return `${of.year.padStart(4, "0")}-${of.month}-${of.day}T${of.hour}:${of.minute}`;
}

/** The time that a datetime-local field means; the last instant of its minute. */
export const fromField = (text) => new Date(zone() === "UTC" ? `${text}:59.999Z` : `${text}:59.999`);

const MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

/** The time that a text such as "23 May 2013, 12:00" or "2013-05-23 12:00" means in the zone, in milliseconds, or NaN. */
export function parsed(text) {
  const iso = /^\s*(\d{4})-(\d\d)-(\d\d)(?:[T ,]+(\d\d?):(\d\d))?\s*$/.exec(text);
  const spoken = /^\s*(\d{1,2})\.?\s+([a-z]{3})[a-z]*\.?\s+(\d{4})(?:[\s,]+(\d\d?):(\d\d))?\s*$/i.exec(text);
  if (!iso && !spoken) return Number.NaN;
  const [year, month, day, hour = "0", minute = "0"] = iso ? iso.slice(1)
    : [spoken[3], MONTHS.indexOf(spoken[2].toLowerCase()) + 1, spoken[1], spoken[4], spoken[5]];
  const two = (part) => String(part).padStart(2, "0");
  const field = `${year}-${two(month)}-${two(day)}T${two(hour)}:${two(minute)}`;
  const time = fromField(field).getTime();
  // 31 February is none: a browser makes 3 March of it.
  return !Number.isNaN(time) && toField(time) === field ? time : Number.NaN;
}

/** An ISO 8601 duration of days and less, in milliseconds. */
export function duration(text) {
  const found = /^(-?)P(?:([\d.]+)W)?(?:([\d.]+)D)?(?:T(?:([\d.]+)H)?(?:([\d.]+)M)?(?:([\d.]+)S)?)?$/.exec(text);
  if (!found) return Number.NaN;
  const [weeks, days, hours, minutes, seconds] = found.slice(2).map((part) => Number(part ?? 0));
  const total = ((((weeks * 7 + days) * 24 + hours) * 60 + minutes) * 60 + seconds) * 1000;
  return found[1] ? -total : total;
}
