// A menu that opens at its button: it closes at Escape, at a click elsewhere, and when the focus leaves it.
import { html, useEffect, useRef } from "../lib/html.js";

/** `label` is the name of the button for screen readers, if its `title` is a sign. `children` may be buttons and links. */
export function Menu({ title, label, name = "", children }) {
  const menu = useRef(null);
  useEffect(() => {
    const away = (event) => menu.current.contains(event.target) || (menu.current.open = false);
    addEventListener("pointerdown", away);
    return () => removeEventListener("pointerdown", away);
  }, []);
  const key = (event) => {
    if (event.key !== "Escape" || !menu.current.open) return;
    event.stopPropagation();
    menu.current.open = false;
    menu.current.querySelector("summary").focus();
  };
  const left = (event) => event.relatedTarget && !menu.current.contains(event.relatedTarget) && (menu.current.open = false);
  return html`
    <details class="popup ${name}" ref=${menu} onKeyDown=${key} onFocusOut=${left}>
      <summary aria-label=${label}>${title}</summary>
      <div class="panel">${children}</div>
    </details>`;
}
