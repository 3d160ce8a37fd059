// The signed-in user. The token is stored for this browser session only, and is never part of a link.
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

/** Whether the signed-in user has at least `role`. */
export const may = (me, role) => me !== null && RANK[me.role] >= RANK[role];
