// The texts of classes of values.
import { number, spoken } from "../lib/value.js";

export const text = {
  classesOf: (metric) => `Classes of ${spoken(metric)}`,
  range: (from, to) => (to === undefined ? `${number(from)} and more` : `${number(from)} to below ${number(to)}`),
};
