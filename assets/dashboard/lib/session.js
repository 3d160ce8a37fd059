// The signed-in user. The token is stored for this browser session, or on this device if its user wishes so. A shared link
// has a token of its own, which applies to the page that it opens and is not stored.
import { BASE } from "./base.js";
import { current } from "./route.js";

const KEY = `prediction-api-token${BASE}`;
const listeners = new Set();

/** The token of the shared link that is open. */
export const sharedToken = () => current().parameters.share;

export const token = () => sharedToken() ?? sessionStorage.getItem(KEY) ?? localStorage.getItem(KEY);

/** Stores the token: until the tab is closed, or on this device until the user signs out. */
export function signIn(secret, isStaying = false) {
  signOut();
  (isStaying ? localStorage : sessionStorage).setItem(KEY, secret);
}

/** Replaces the token that is in use by a new one, which is stored where the old one was. */
export const replaceToken = (secret) => signIn(secret, localStorage.getItem(KEY) !== null);

export function signOut() {
  sessionStorage.removeItem(KEY);
  localStorage.removeItem(KEY);
}

/** Calls `listener` when the token that is in use may no longer be valid. */
export function onRefused(listener) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function refused() {
  for (const listener of listeners) listener();
}

const RANK = { viewer: 0, worker: 1, manager: 2, admin: 3 };

/** Whether the signed-in user has at least `role`. */
export const may = (me, role) => me !== null && RANK[me.role] >= RANK[role];
