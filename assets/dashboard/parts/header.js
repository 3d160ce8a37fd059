// The header of every view: navigation, and who is signed in. On a narrow screen all of it is a menu.
import { html, useEffect, useRef, useState } from "../lib/html.js";
import icon from "../icon.svg";
import { BASE } from "../lib/base.js";
import { HAS_WEBHOOKS } from "../lib/features.js";
import { link } from "../lib/route.js";
import { may, token } from "../lib/session.js";
import { text } from "../texts/header.js";
import { Zone } from "./zone.js";

/** The groups of views; of each view the role that it needs. */
const GROUPS = [
  ["jobs", [["jobs"], ["alerts"]]],
  ["places", [["locations"], ["sensors"]]],
  ["models", [["sources"]]],
  ["administration", [
    ["organisations", "admin"], ["feeds", "manager"], ...(HAS_WEBHOOKS ? [["webhooks", "manager"]] : []), ["audit", "manager"], ["tokens", "manager"],
    ["space", "admin"], ["backup", "admin"],
  ]],
];

export function Header({ me, view, leave }) {
  // What is open: "menu" on a narrow screen, "administration" on a wide one.
  const [open, setOpen] = useState("");
  const header = useRef(null);
  const toggle = (what) => () => setOpen((open) => (open === what ? "" : what));
  useEffect(() => {
    if (!open) return;
    const shut = () => setOpen("");
    const elsewhere = (event) => !header.current.contains(event.target) && shut();
    const key = (event) => {
      if (event.key !== "Escape") return;
      header.current.querySelector(`[aria-controls="${open}"]`)?.focus();
      shut();
    };
    const listeners = { hashchange: shut, pointerdown: elsewhere, focusin: elsewhere, keydown: key };
    for (const [name, listener] of Object.entries(listeners)) addEventListener(name, listener);
    return () => {
      for (const [name, listener] of Object.entries(listeners)) removeEventListener(name, listener);
    };
  }, [open]);

  const groups = !me ? [] : GROUPS.map(([group, views]) => [group, views.filter(([, role]) => !role || may(me, role))]).filter(([, views]) => views.length > 0);
  const entry = ([place]) =>
    html`<li key=${place}><a href=${link(place)} aria-current=${view === place ? "page" : undefined} onClick=${() => setOpen("")}>${text[place]}</a></li>`;
  const isHere = (views) => views.some(([place]) => place === view);
  return html`
    <header ref=${header} class=${open && `shows-${open}`}>
      <a class="brand" href="#/jobs"><img src=${icon} alt="" width="22" height="22" /> ${text.brand}</a>
      ${me && html`<${Zone} />`}
      <button type="button" class="menu-button" aria-expanded=${open === "menu"} aria-controls="menu" onClick=${toggle("menu")}>
        <svg viewBox="0 0 16 16" width="16" height="16" aria-hidden="true"><path d=${open === "menu" ? "M3 3l10 10M13 3L3 13" : "M2 4h12M2 8h12M2 12h12"} /></svg>
        ${open === "menu" ? text.close : text.menu}
      </button>
      <div class="menu" id="menu">
        ${me && html`<nav class="places" aria-label=${text.views}>
          ${groups.map(([group, views]) => html`<div key=${group} class="group group-${group}">
            <span class="group-name">${text[group]}</span>
            ${group === "administration" && html`<button type="button" class="group-button ${isHere(views) ? "here" : ""}"
              aria-expanded=${open === group} aria-controls=${group} onClick=${toggle(group)}>${text[group]} <span aria-hidden="true">▾</span></button>`}
            <ul id=${group} aria-label=${text[group]}>${views.map(entry)}</ul>
          </div>`)}
        </nav>`}
        <div class="aside">
          <a href=${`${BASE}/docs`}>${text.guides}</a>
          <a href=${`${BASE}/swagger`}>${text.swagger}</a>
          ${me && html`<${Who} me=${me} leave=${leave} />`}
        </div>
      </div>
    </header>`;
}

function Who({ me, leave }) {
  if (!token()) return html`<a class="button" href=${link("sign-in")}>${text.signIn}</a>`;
  return html`
    <span class="who"><span class="hidden">${text.who}</span>${me.name} <span class="quiet">(${me.role})</span></span>
    <button type="button" onClick=${leave}>${text.signOut}</button>`;
}
