// How far the first-run assistant is: which things were chosen. What exists is read from the server.
import { BASE } from "./base.js";

const KEY = `prediction-api-first-run${BASE}`;

/** `{ step, organisation, location, sensor, version, job }`: the name of the step, and ids. */
export function progress() {
  try {
    return JSON.parse(sessionStorage.getItem(KEY)) ?? {};
  } catch {
    return {};
  }
}

export const saveProgress = (progress) => sessionStorage.setItem(KEY, JSON.stringify(progress));
