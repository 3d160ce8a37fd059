// The colour scheme that the browser asks for.
import { useEffect, useState } from "./html.js";

/** Returns whether the scheme is dark. A chart reads its colours when it is drawn, so it is drawn again when this changes. */
export function useScheme() {
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const [isDark, setDark] = useState(dark.matches);
  useEffect(() => {
    const changed = () => setDark(dark.matches);
    dark.addEventListener("change", changed);
    return () => dark.removeEventListener("change", changed);
  }, []);
  return isDark;
}
