// The part of the address after the #: the view and its filters, so that a view can be linked.
import { useEffect, useState } from "./html.js";

/** A decoded part of the address, or the part itself if it cannot be decoded. */
function decoded(part) {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

/** The parts of the path after the #, and the parameters. */
export function current() {
  const [path, query = ""] = location.hash.replace(/^#/, "").split("?");
  const parts = path.split("/").filter(Boolean).map(decoded);
  return { parts, parameters: Object.fromEntries(new URLSearchParams(query)) };
}

/** The link to a view. */
export function link(path, parameters = {}) {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) if (value) query.set(name, value);
  const text = query.toString().replaceAll("%3A", ":");
  return `#/${path}${text ? `?${text}` : ""}`;
}

/** Changes the parameters of the view that is shown, without a step in the browser's history. */
export function keep(changes) {
  const { parts, parameters } = current();
  const path = parts.map(encodeURIComponent).join("/");
  history.replaceState(null, "", link(path, { ...parameters, ...changes }));
  dispatchEvent(new HashChangeEvent("hashchange"));
}

export const go = (path, parameters) => (location.hash = link(path, parameters));

export function useRoute() {
  const [route, setRoute] = useState(current);
  useEffect(() => {
    // "Skip to the content" is no view.
    const changed = () => location.hash !== "#content" && setRoute(current());
    addEventListener("hashchange", changed);
    return () => removeEventListener("hashchange", changed);
  }, []);
  return route;
}
