// The demo: the server marks its page with the last day of the season, to which the dates of 2013 are moved.

const DAY = 86_400_000;
const RECORDED = Date.parse("2013-10-31");

/** The last day of the season, such as "2026-11-28"; undefined on a server that is no demo. */
export const lastDay = document.body.dataset.demo;

export const IS_DEMO = lastDay !== undefined;

/** By how many days the recorded dates are moved. */
export const movedBy = IS_DEMO ? Math.round((Date.parse(lastDay) - RECORDED) / DAY) : 0;

/** Days are those of New York, as for the server, and its night's work is done ten minutes after midnight. */
const dayIn = new Intl.DateTimeFormat("en-CA", { timeZone: "America/New_York", year: "numeric", month: "2-digit", day: "2-digit" });
const SETTLED = 600_000;

/** For how many days the season has been over: none if it ended last night. */
export const endedBefore = (now = Date.now(), last = lastDay) =>
  Math.round((Date.parse(dayIn.format(now - SETTLED)) - Date.parse(last)) / DAY) - 1;

/** The job whose chart the demo starts with: the temperature at Newark. */
export const FIRST_JOB = "0b5d6f0e-6d1c-4e0b-9a53-2f4c1d7a9e81";
