// Content that costs requests, drawn once it is in view.
import { html, useEffect, useRef, useState } from "../lib/html.js";

/** Draws its content once it is in view, or nearer than `margin` to it, and before the page is printed. */
export function Seen({ margin = "0px", children }) {
  const place = useRef(null);
  const [isSeen, setSeen] = useState(false);
  useEffect(() => {
    const show = () => setSeen(true);
    const observer = new IntersectionObserver((entries) => entries.some((entry) => entry.isIntersecting) && show(), { rootMargin: margin });
    observer.observe(place.current);
    addEventListener("beforeprint", show);
    return () => {
      observer.disconnect();
      removeEventListener("beforeprint", show);
    };
  }, []);
  return html`<div ref=${place}>${isSeen ? children : "…"}</div>`;
}
