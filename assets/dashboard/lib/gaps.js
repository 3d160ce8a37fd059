// Where values are missing: a line is not drawn across.

/** The share of the steps between values that must be alike, so that a longer one means that values are missing. */
const REGULAR = 0.8;

/** The longest step that is no gap, in milliseconds. `isThinned` if the server left out values. */
export function longestStep(points, isThinned) {
  if (points.length < 4) return Infinity;
  const steps = points.slice(1).map((point, index) => point.t - points[index].t).filter((step) => step > 0);
  // Of each interval two values stay, which may be at either end.
  if (isThinned) return ((points.at(-1).t - points[0].t) / points.length) * 5;
  const sorted = [...steps].sort((one, other) => one - other);
  const usual = sorted[Math.floor(sorted.length / 2)];
  const alike = steps.filter((step) => Math.abs(step - usual) <= usual * 0.1).length;
  return alike >= steps.length * REGULAR ? usual * 1.5 : Infinity;
}

/** The points with one that has no value in each gap. */
export const withGaps = (points, isThinned) => broken(points, longestStep(points, isThinned));

/** The points with one that has no value in each step that is longer than `longest`. */
export function broken(points, longest) {
  if (longest === Infinity) return points;
  return points.flatMap((point, index) => {
    const before = points[index - 1];
    return before && point.t - before.t > longest ? [{ t: (before.t + point.t) / 2, v: null }, point] : [point];
  });
}
