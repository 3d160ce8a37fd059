// Whether a model is as sure as it says: what the scores of its quantiles and of its members show.

/** The level whose share of measurements differs most from it. */
export const farthestOf = (quantiles) => quantiles.reduce((most, each) =>
  (Math.abs(each.share_below - each.level) > Math.abs(most.share_below - most.level) ? each : most));

/** The ends of the strips around sorted levels in which each is the nearest, from 0 to 1. */
export const stripsOf = (levels) => levels.map((level, index) => [
  index === 0 ? 0 : (levels[index - 1] + level) / 2, index === levels.length - 1 ? 1 : (level + levels[index + 1]) / 2,
]);

/** What a rank histogram is of: `members`, the `pairs` that it counts, and the `even` share of each rank. */
export function ranksOf(histogram) {
  const pairs = histogram.reduce((sum, count) => sum + count, 0);
  return { members: histogram.length - 1, pairs: Math.round(pairs), even: pairs / histogram.length };
}
