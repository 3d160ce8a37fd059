// Who is signed in. The token is kept for this browser session only, and never in a link.
import { BASE } from "./base.js";

const KEY = `prediction-api-token${BASE}`;
const listeners = new Set();

export const token = () => sessionStorage.getItem(KEY);

export function signIn(secret) {
  sessionStorage.setItem(KEY, secret);
}

export function signOut() {
  sessionStorage.removeItem(KEY);
}

/** Calls `listener` when the server refuses the token that is in use. */
export function onRefused(listener) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function refused() {
  for (const listener of listeners) listener();
}

const RANK = { viewer: 0, worker: 1, manager: 2, admin: 3 };

/** Whether who is signed in may do what needs `role`. */
export const may = (me, role) => me !== null && RANK[me.role] >= RANK[role];
