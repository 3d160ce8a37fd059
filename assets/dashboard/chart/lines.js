// The lines of a chart, in the order in which they are drawn, and the values of a time.
import { broken, longestStep, withGaps } from "../lib/gaps.js";
import { stretches, versions } from "../lib/series.js";
import { fanOf, opacityAt } from "../lib/spread.js";
import { text } from "../texts/chart.js";
import { text as words } from "../texts/spread.js";

/** Dashes of the versions on trial, the first version on trial first. A job has at most five. */
export const DASHES = [[9, 5], [2, 4], [12, 4, 2, 4], [5, 3], [16, 6]];

/**
 * `points` of a line are its values, `drawn` those with its gaps. The readout shows lines with a name, the legend those with
 * a title. Of a line that a promotion divides, each stretch is drawn by itself. `fan` is the spread of a line, of which those beside
 * the known one have the outermost band.
 */
export function linesOf(chart, readings, sensor) {
  if (!chart) return [];
  const asOf = chart.step;
  const unit = chart.line?.unit;
  const own = { unit, scale: "y" };
  const beside = sensor && sensor.unit !== unit;
  const isThinned = chart.thinnedFrom > 0;
  const longest = longestStep(chart.known, isThinned);
  const divided = (line) => stretches(line.points).map((points) => ({ ...line, points, drawn: withGaps(points, isThinned) }));
  const withFan = (line, isOuter) => ({ ...line, fan: fanOf(line.drawn, { isOuter }) });
  const beyond = (line) => {
    const outer = withFan(line, true);
    const { levels, bands } = outer.fan?.runs[0] ?? {};
    return levels ? { ...outer, title: words.with(line.title, bands[0].map((index) => levels[index])) } : outer;
  };
  const known = divided({
    ...own, kind: "known", title: `${asOf === null ? text.newestOfEach : text.asKnown}, ${text.versions(versions(chart.known))}`,
    name: asOf === null ? text.predicted : text.knownThen, points: chart.known,
  }).map((line) => withFan(line));
  // A broad line would look like a band of the fan.
  const isUnderlined = known.some(({ fan }) => fan);
  const newest = text.newest(chart, asOf);
  const lines = [
    ...divided({ ...own, kind: "newest", title: isUnderlined ? words.underlined(newest) : newest, isUnderlined, points: chart.newest }),
    ...chart.older.flatMap((points) => divided({ ...own, kind: "older", title: text.older, points })),
    ...chart.later.map(({ points, drawn }) => beyond({ ...own, kind: "later", title: text.later, name: text.later, points, drawn: broken(drawn, longest) })),
    {
      unit: sensor?.unit, scale: beside ? "readings" : "y", kind: "reading", name: sensor?.name, points: readings?.points ?? [],
      drawn: withGaps(readings?.points ?? [], readings?.isThinned), title: text.readings(sensor, beside),
    },
    ...chart.trials.map(({ version, points }, index) => beyond({
      ...own, kind: "trial", dash: DASHES[index % DASHES.length], title: text.trial(version), name: text.trial(version),
      isOnTrial: true, points, drawn: withGaps(points),
    })),
    ...known,
  ];
  const place = { stage: chart.line?.stage, location_id: chart.line?.location_id };
  return lines.filter((line) => line.points.length > 0).map((line) => ({ ...line, place, asOf: line.kind === "later" ? null : asOf }));
}

/** More bands than these have one entry in the legend. */
const FEW_BANDS = 3;

/** The entries of the legend for the spread of the known lines. */
export function fanEntries(lines) {
  const found = lines.filter(({ kind, fan }) => kind === "known" && fan).flatMap(({ fan }) => {
    if (fan.isPaths) return [{ kind: "path", title: words.paths(fan.size) }];
    const entry = ({ levels, bands }) => {
      const ranges = bands.map((band) => band.map((index) => levels[index]));
      const opacity = (depth) => opacityAt(depth, bands.length);
      if (bands.length > FEW_BANDS) return [{ kind: "band", opacity: opacity(bands.length / 2), title: words.bands(bands.length, ranges[0], ranges.at(-1)) }];
      return ranges.map((range, index) => ({ kind: "band", opacity: opacity(index + 1), title: words.range(...range) }));
    };
    return [...fan.runs.flatMap(entry), ...(fan.hasMedian ? [{ kind: "median", title: words.median }] : [])];
  });
  return [...new Map(found.map((entry) => [entry.title, entry])).values()];
}

/** The words that a picture's label has about the spread of the known lines. */
export function fanLabel(lines) {
  const fan = lines.find(({ kind, fan }) => kind === "known" && fan)?.fan;
  if (!fan) return "";
  const [{ levels, bands }] = fan.runs;
  return words.picture(fan.isPaths, fan.isPaths ? fan.size : bands.length, fan.isPaths ? [] : bands[0].map((index) => levels[index]));
}

/** The predicted values of a time, one for each line that has a name. The one that is nearest to `near` is the first. */
export function valuesAt(lines, t, near) {
  const found = lines
    .filter((line) => line.name && line.kind !== "reading")
    .flatMap((line) => {
      const point = line.points.find((point) => point.t === t);
      return point ? [{ line, point }] : [];
    });
  const order = { known: 0, later: 1, trial: 2 };
  found.sort((one, other) => order[one.line.kind] - order[other.line.kind]);
  if (near === undefined) return found;
  return found.sort((one, other) => Math.abs(one.point.v - near) - Math.abs(other.point.v - near));
}
