// Values in words.
import { text } from "../texts/values.js";

/** A value with at most five digits that count, such as 12.35. */
export function number(value) {
  if (value === null || value === undefined) return text.noValue;
  const size = Math.abs(value);
  if (size !== 0 && (size >= 1e7 || size < 1e-4)) return value.toExponential(3);
  return String(Number(value.toPrecision(Math.max(5, Math.ceil(Math.log10(size + 1))))));
}

export const withUnit = (value, unit) => (unit ? `${number(value)} ${unit}` : number(value));

/** A name as people read it: "mildew_risk" as "mildew risk". */
export const spoken = (name) => name.replaceAll("_", " ");

export const plural = (count, word, many = `${word}s`) => `${count} ${count === 1 ? word : many}`;
