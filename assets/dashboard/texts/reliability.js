// The texts about whether a model is as sure as it says.
import { text as accuracy } from "./accuracy.js";
import { text as spread } from "./spread.js";

const { share } = spread;
const { pairs, score } = accuracy;
const count = (number) => Number(number.toFixed(1)).toLocaleString("en-GB");
const within = (place, members) => (place === 0 ? `Below all ${members} members` : place === members ? `Above all ${members} members`
  : `Above ${place} of ${members} members`);

export const text = {
  // Quantiles
  levels: "Reliability of the quantiles",
  levelsHint: "The share of the measurements at or below the quantile of each level. On the diagonal, the model is as sure as it says.",
  levelsLabel: (quantiles, number) => `Reliability of ${quantiles.length} quantiles: ${[quantiles[0], quantiles.at(-1)].map(({ level, share_below }) =>
    `${share(share_below)} of the measurements are at or below that of ${share(level)}`).join(", ")}. The table below has the numbers of ${pairs(number)}.`,
  level: ({ level, share_below }, number) => `${share(level)}: ${share(share_below)} at or below, ${pairs(number)}`,
  farthest: (quantile, number) => `Farthest off: ${text.level(quantile, number)}`,
  percent: (share) => String(Number((share * 100).toFixed(1))),
  across: "Level of the quantile in %",
  upwards: "Measurements at or below in %",
  levelsTable: "Levels as a table",
  levelHeads: ["Level", "At or below", "Pinball loss", "Pairs"],
  // Scores
  scores: "Scores of the spread",
  quantilesHint: "Less is better. If all quantiles were the value, the weighted interval score would be about the mean absolute error.",
  membersHint: "Less is better. If all members were the value, the CRPS would be the mean absolute error. The spread of a reliable model is about its RMSE.",
  figures: (row, unit) => [
    ["Weighted interval score", row.wis], ["CRPS", row.crps], ["Fair CRPS", row.crps_fair], ["Mean absolute error", row.mae],
    ...(row.spread === undefined ? [] : [["Spread of the members", row.spread], ["RMSE", row.rmse]]),
  ].filter(([, value]) => typeof value === "number").map(([name, value]) => [name, score(value, unit)]),
  intervals: "The share of the measurements within each interval, its width, and its interval score.",
  intervalHeads: ["Interval", "Within", "Should be", "Width", "Score"],
  interval: ({ lower, upper, coverage, width, interval_score }, unit) =>
    [spread.range(lower, upper), share(coverage), share(upper - lower), score(width, unit), score(interval_score, unit)],
  // Members
  ranks: "Ranks among the members",
  ranksHint: "The number of members that were below the measurement. The dashed line is an even share, which a reliable model has. "
    + "A U means that the members are too close together, a hump that they are too far apart.",
  rank: (place, number, { members, pairs }) => `${within(place, members)}: ${number === 1 ? "1 pair" : `${count(number)} pairs`}, ${share(number / pairs)}`,
  ranksScale: ({ even, ...all }, most) => `up to ${count(most)} of ${pairs(all.pairs)}, an even share is ${count(even)}`,
  ranksLabel: (histogram, all) => {
    const most = histogram.indexOf(Math.max(...histogram));
    return `Rank histogram of ${pairs(all.pairs)} with ${all.members} members. An even share is ${count(all.even)}. `
      + `The most, ${count(histogram[most])}, are ${within(most, all.members).toLowerCase()}.`;
  },
  ranksOf: (all, number) => `Counted are the ${pairs(all.pairs)} of ${pairs(number)} that have ${all.members} members.`,
  ends: ["below all", "above all"],
  ranksTable: "Ranks as a table",
  rankHeads: ["Members below", "Pairs", "Share"],
  rankCells: (place, number, all) => [String(place), count(number), share(number / all.pairs)],
};
