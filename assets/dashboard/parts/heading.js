// The heading of a view, which is also the title of the page.
import { html, useEffect, useRef } from "../lib/html.js";
import { text } from "../texts/header.js";

export function Heading({ children }) {
  const heading = useRef(null);
  useEffect(() => {
    document.title = `${heading.current.textContent} · ${text.brand}`;
  });
  return html`<h1 ref=${heading}>${children}</h1>`;
}
