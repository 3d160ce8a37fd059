// The texts of a sensor's chart, and of the dialog that withdraws readings.
import { moment, length } from "../lib/time.js";
import { plural } from "../lib/value.js";

export const text = {
  chart: (name) => `Chart of the readings of ${name}`,
  windows: "Window",
  day: "1 day",
  week: "1 week",
  month: "1 month",
  all: "All",
  earlier: "Earlier",
  later: "Later",
  in: "Zoom in",
  out: "Zoom out",
  hint: "Drag over the chart to zoom in. Shaded stretches have no readings.",
  empty: "No readings in this window.",
  shown: (count, thinned) => (thinned ? `${plural(thinned, "reading")}, thinned to ${count}; all peaks stay` : plural(count, "reading")),
  gaps: (gaps) => {
    if (gaps.length === 0) return "no gaps";
    const longest = gaps.reduce((one, other) => (other.to - other.from > one.to - one.from ? other : one));
    return `${plural(gaps.length, "gap")}, the longest of ${length((longest.to - longest.from) / 1000)} from ${moment(longest.from)}`;
  },
  withdrawTitle: (name) => `Withdraw readings of ${name}`,
  lead: "Readings that were wrong are taken back. From now on they are left out everywhere. Whoever asks what was known before now still gets them.",
  from: "From",
  to: "Until",
  toHint: "Readings of this minute are included.",
  counting: "Counting …",
  count: (count) => (count === 0 ? "There are no readings in this window." : `${plural(count, "reading")} will be withdrawn.`),
  withdraw: "Withdraw",
  withdrawn: (count) => `${plural(count, "reading")} withdrawn.`,
  zone: (name) => `Times are in ${name}.`,
  badWindow: "Choose a time after the first one.",
};
