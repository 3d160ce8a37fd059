// The texts about quantiles and members.
import { number, plural, withUnit } from "../lib/value.js";

const percent = (level) => number(level * 100);
const range = (low, high) => `${percent(low)} to ${percent(high)}\u00a0%`;
const between = (low, high, unit) => (low === high ? withUnit(low, unit) : `${number(low)} to ${withUnit(high, unit)}`);

export const text = {
  range,
  /** A share of 1 in percent, such as "13.4 %". */
  share: (share) => `${Number((share * 100).toFixed(1))}\u00a0%`,
  /** Such as "10 to 90 %: 10.5 to 14 °C". */
  band: (levels, [low, high], unit) => `${range(...levels)}: ${between(low, high, unit)}`,
  /** Such as "50 %: 12 °C". */
  level: (level, value, unit) => `${percent(level)}\u00a0%: ${withUnit(value, unit)}`,
  /** Such as "10 %: 10.5, 50 %: 12, 90 %: 14 °C". */
  levels: (levels, values, unit) => levels.map((level, index) => text.level(level, values[index], index === levels.length - 1 ? unit : undefined)).join(", "),
  members: (count, [low, high], unit) => `${plural(count, "member")}: ${between(low, high, unit)}`,
  /** What a point has beside its value, with each level. */
  all: ({ levels, quantiles, members }, unit) =>
    (quantiles ? text.levels(levels, quantiles, unit) : members ? text.members(members.length, [Math.min(...members), Math.max(...members)], unit) : ""),
  spread: "Spread",
  // Legend
  median: "Median",
  bands: (count, outer, inner) => `${count} bands, from ${range(...outer)} to ${range(...inner)}`,
  paths: (count) => `${plural(count, "member")}, a thin line each`,
  with: (title, levels) => `${title}, with ${range(...levels)}`,
  underlined: (title) => `${title}, at the lower edge`,
  // The picture's label
  picture: (isPaths, count, levels) => (isPaths ? `with ${plural(count, "member")} as thin lines`
    : `with ${plural(count, "band")} of quantiles, the outermost from ${range(...levels)}`),
  // Outputs of versions
  short: ({ quantiles, members }) => (quantiles ? `${quantiles.map(percent).join(", ")}\u00a0%` : plural(members, "member")),
  declared: ({ quantiles, members }) => (quantiles ? `, with quantiles at ${quantiles.map(percent).join(", ")}\u00a0%` : members ? `, with at most ${members} members` : ""),
};
