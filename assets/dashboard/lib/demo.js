// The demo: the server marks its page with the last day of the season, to which the dates of 2013 are moved.

const DAY = 86_400_000;
const RECORDED = Date.parse("2013-10-31");

/** The last day of the season, such as "2026-11-28"; undefined on a server that is no demo. */
export const lastDay = document.body.dataset.demo;

export const IS_DEMO = lastDay !== undefined;

/** By how many days the recorded dates are moved. */
export const movedBy = IS_DEMO ? Math.round((Date.parse(lastDay) - RECORDED) / DAY) : 0;

/** For how many days the season has been over: none if it ended last night. */
export const endedBefore = (now = Date.now()) => Math.floor((now - Date.parse(lastDay)) / DAY) - 1;

/** The job whose chart the demo starts with: the temperature at Newark. */
export const FIRST_JOB = "0b5d6f0e-6d1c-4e0b-9a53-2f4c1d7a9e81";
