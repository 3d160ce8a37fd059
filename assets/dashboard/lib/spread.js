// The spread of predictions: quantiles at declared levels, or members of an ensemble. What of it is drawn and read.

/** More members than these are drawn as a fan of their quantiles. */
export const MOST_PATHS = 30;
/** The levels of that fan. */
export const LEVELS = [0.1, 0.25, 0.5, 0.75, 0.9];

/** The numbers that each value of a target has beside it, at most; 0 if the target declares no spread. */
export const numbersOf = (target) => target?.quantiles?.length ?? target?.members ?? 0;

const isNumber = (value) => typeof value === "number";

/** Returns what the point with an index has of the spread of a series: `{ levels, quantiles }`, `{ members }` or nothing. */
export function spreadsOf(series) {
  if (series.quantiles) {
    const columns = Object.entries(series.quantiles).map(([level, values]) => [Number(level), values]).sort(([one], [other]) => one - other);
    const levels = columns.map(([level]) => level);
    return (index) => {
      const quantiles = columns.map(([, values]) => values[index]);
      return quantiles.every(isNumber) ? { levels, quantiles } : {};
    };
  }
  if (!series.members) return () => ({});
  return (index) => {
    const members = series.members.map((values) => values[index]).filter(isNumber);
    return members.length > 0 ? { members } : {};
  };
}

/** The spread of a row of the API, in the same form. */
export function spreadOfRow({ quantiles, members }) {
  if (members) return { members };
  return spreadsOf({ quantiles: quantiles && Object.fromEntries(Object.entries(quantiles).map(([level, value]) => [level, [value]])) })(0);
}

/** The quantile of sorted numbers at a level, linear between two numbers, as R and NumPy compute it by default. */
export function quantile(sorted, level) {
  const place = (sorted.length - 1) * level;
  const below = Math.floor(place);
  return sorted[below] + (place - below) * ((sorted[below + 1] ?? sorted[below]) - sorted[below]);
}

// The same members are drawn again in each step of a replay.
const known = new WeakMap();

/** The quantiles of a point, those of its members if it has members: `{ levels, values }`, or undefined. */
export function quantilesOf({ levels, quantiles, members }) {
  if (quantiles) return { levels, values: quantiles };
  if (!members) return undefined;
  if (!known.has(members)) {
    const sorted = [...members].sort((one, other) => one - other);
    known.set(members, { levels: LEVELS, values: LEVELS.map((level) => quantile(sorted, level)) });
  }
  return known.get(members);
}

/**
 * The bands between levels as pairs of indexes, the outermost first: each level below the median with one above. Where one side
 * has fewer levels, the others go to the innermost of that side, or to the median.
 */
export function bandsOf(levels) {
  const indexes = levels.map((_, index) => index);
  const lower = indexes.filter((index) => levels[index] < 0.5);
  const upper = indexes.filter((index) => levels[index] > 0.5).reverse();
  const median = levels.indexOf(0.5);
  const least = lower.at(-1) ?? Math.max(0, median);
  const most = upper.at(-1) ?? (median < 0 ? levels.length - 1 : median);
  return Array.from({ length: Math.max(lower.length, upper.length) }, (_, index) => [lower[index] ?? least, upper[index] ?? most])
    .filter(([low, high]) => low < high);
}

/** The least and the greatest number that is drawn of a point: of its value and its spread. */
export function extentOf(point) {
  const isPath = point.members && point.members.length <= MOST_PATHS;
  const drawn = isPath ? point.members : (quantilesOf(point)?.values ?? []);
  return [Math.min(point.v, ...drawn), Math.max(point.v, ...drawn)];
}

const isSame = (one = [], other = []) => one.length === other.length && one.every((value, index) => value === other[index]);

export const hasSpread = ({ quantiles, members }) => Boolean(quantiles ?? members);

/** Whether two points have the same spread. */
export const hasSameSpread = (one, other) => isSame(one.quantiles, other.quantiles) && isSame(one.members, other.members);

/**
 * What is drawn of the spread of points: `{ isPaths, size, runs, extent, hasMedian }`, or null if they have none. At most
 * `mostPaths` members are paths, unless `isOuter`, which leaves the outermost band only. A run `{ points, levels, bands, median }` has no gap, and its points
 * have `t` and `values`: those of the levels, or of the members. A path ends with its issue, since the members of two issues have
 * nothing in common. It `hasMedian` if a median is not the value.
 */
export function fanOf(points, { isOuter = false, mostPaths = MOST_PATHS } = {}) {
  const size = points.reduce((most, { members }) => Math.max(most, members?.length ?? 0), 0);
  const isPaths = !isOuter && size > 0 && size <= mostPaths;
  const runs = [];
  const extent = [Infinity, -Infinity];
  let [run, hasMedian] = [null, false];
  for (const point of points) {
    const found = isPaths ? point.members && { values: point.members } : quantilesOf(point);
    if (!found) {
      run = null;
      continue;
    }
    const { levels, values } = found;
    if (!run || (isPaths ? run.issue !== point.issue : !isSame(run.levels, levels))) runs.push((run = begun(point, levels, isOuter)));
    run.points.push({ t: point.t, values });
    hasMedian ||= run.median >= 0 && values[run.median] !== point.v;
    extent[0] = Math.min(extent[0], ...values);
    extent[1] = Math.max(extent[1], ...values);
  }
  return runs.length > 0 ? { isPaths, size, runs, extent, hasMedian } : null;
}

function begun({ issue }, levels, isOuter) {
  if (!levels) return { issue, points: [], bands: [], median: -1 };
  const bands = bandsOf(levels);
  return { issue, points: [], levels, bands: isOuter ? bands.slice(0, 1) : bands, median: isOuter ? -1 : levels.indexOf(0.5) };
}

/** The bands that are written of many: the outermost, and the one that is nearest to a half. */
export function mainBands(levels) {
  const bands = bandsOf(levels);
  const far = ([low, high]) => Math.abs(levels[high] - levels[low] - 0.5);
  const half = bands.reduce((best, band) => (far(band) < far(best) ? band : best), bands[0]);
  return half === bands[0] ? bands.slice(0, 1) : [bands[0], half];
}

/** How strong the bands are together, at the median. The more there are, the less each of them adds. */
const strength = (count) => 0.55 * (1 - 0.6 ** count);

/** The opacity of each of some bands, which lie on each other. */
export const opacityOf = (count) => 1 - (1 - strength(count)) ** (1 / count);

/** The opacity that is seen where this number of bands lie on each other. */
export const opacityAt = (depth, count) => 1 - (1 - opacityOf(count)) ** depth;
