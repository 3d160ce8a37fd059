// How far the first-run assistant is: which things were chosen. What exists is read from the server.
import { BASE } from "./base.js";

const keyOf = (token) => `prediction-api-first-run${BASE}/${token}`;

/**
 * `{ step, organisation, location, sensor, readings, version, job, result }` of a token (its id): the name of the step, ids, and
 * whether there are readings and a prediction.
 */
export function progress(token) {
  try {
    return JSON.parse(sessionStorage.getItem(keyOf(token))) ?? {};
  } catch {
    return {};
  }
}

export const saveProgress = (token, progress) => sessionStorage.setItem(keyOf(token), JSON.stringify(progress));
