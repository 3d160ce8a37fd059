// Choices of how something looks, which the browser stores for the next visit.
import { useState } from "./html.js";
import { BASE } from "./base.js";

/** Whether the screen is that of a phone, where less is shown at first. */
export const isNarrow = () => matchMedia("(max-width: 40rem)").matches;

export function useStored(name, initial) {
  const key = `prediction-api-${name}${BASE}`;
  const [value, setValue] = useState(() => localStorage.getItem(key) ?? initial);
  const set = (value) => {
    localStorage.setItem(key, value);
    setValue(value);
  };
  return [value, set];
}
