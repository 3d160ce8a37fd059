// The header of every view: navigation, and who is signed in.
import { html } from "../lib/html.js";
import { BASE } from "../lib/base.js";
import { link } from "../lib/route.js";
import { may, token } from "../lib/session.js";
import { Zone } from "./zone.js";

const PLACES = [
  ["jobs", "Jobs"],
  ["sources", "Sources"],
  ["places", "Sensors"],
];

export function Header({ me, view, leave }) {
  const places = me && may(me, "manager") ? [...PLACES, ["tokens", "Tokens"]] : PLACES;
  return html`
    <header>
      <a class="brand" href="#/jobs"><img src=${`${BASE}/assets/dashboard/icon.svg`} alt="" width="22" height="22" /> Prediction API</a>
      ${me && html`<${Zone} />`}
      ${me && html`<nav class="places" aria-label="Views">
        ${places.map(([place, name]) => html`<a href=${link(place)} aria-current=${view === place ? "page" : undefined}>${name}</a>`)}
      </nav>`}
      <div class="aside">
        <a href=${`${BASE}/docs`}>Guides</a>
        <a href=${`${BASE}/swagger`}>Swagger UI</a>
        ${me && html`<${Who} me=${me} leave=${leave} />`}
      </div>
    </header>`;
}

function Who({ me, leave }) {
  if (!token()) return html`<a class="button" href=${link("sign-in")}>Sign in</a>`;
  return html`
    <span class="who"><span class="hidden">Signed in as </span>${me.name} <span class="quiet">(${me.role})</span></span>
    <button type="button" onClick=${leave}>Sign out</button>`;
}
