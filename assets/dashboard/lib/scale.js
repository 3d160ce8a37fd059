// Scales of small pictures: round numbers along an axis, and the width that a picture has.
import { useEffect, useState } from "./html.js";

/** Round numbers from `low` to `high`, about `count` of them. */
export function ticks(low, high, count) {
  const rough = (high - low || 1) / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((step) => step >= rough);
  const found = [];
  for (let index = Math.ceil(low / step); index * step <= high + step * 1e-9; index += 1) found.push(Number((index * step).toPrecision(12)));
  return found;
}

/** The width of an element in pixels, also after it changed. */
export function useWidth(place, start) {
  const [width, setWidth] = useState(start);
  useEffect(() => {
    const resized = new ResizeObserver(([{ contentRect }]) => contentRect.width > 0 && setWidth(Math.round(contentRect.width)));
    resized.observe(place.current);
    return () => resized.disconnect();
  }, []);
  return width;
}
