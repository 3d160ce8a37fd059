// Posts readings in parts, so that a long file has a progress, can be cancelled, and can be repeated.
import { address, call } from "./api.js";

/** The readings of one request. */
const PART = 5000;
/** How often a part is tried again while the server is busy, and the first pause in milliseconds. */
const TRIES = 6;
const PAUSE = 500;

/**
 * Sends series (`{ sensor, times, values, lines }`) and returns `{ stored, revised, unchanged, refused, isCancelled }`, where
 * `refused` are the lines by reason. `progress(count)` has the number of readings that are done. What was stored before a
 * Problem is in its `sent`.
 */
export async function sendReadings(series, { signal, progress }) {
  const sent = { stored: 0, revised: 0, unchanged: 0, refused: new Map(), isCancelled: false };
  let done = 0;
  try {
    for (const { sensor, times, values, lines } of series) {
      for (let from = 0; from < times.length; from += PART) {
        const part = Array.from({ length: Math.min(PART, times.length - from) }, (_, index) => ({
          line: lines[from + index],
          reading: { sensor_id: sensor, time: new Date(times[from + index]).toISOString(), value: values[from + index] },
        }));
        await sendPart(part, sent, signal);
        done += part.length;
        progress(done);
      }
    }
  } catch (problem) {
    if (!signal.aborted) throw Object.assign(problem, { sent });
    sent.isCancelled = true;
  }
  return sent;
}

// A part with invalid readings is refused as a whole: those that the server names are left out, and the rest is sent again.
async function sendPart(part, sent, signal) {
  for (let rest = part; rest.length > 0;) {
    try {
      const { body } = await patiently(rest.map(({ reading }) => reading), signal);
      for (const name of ["stored", "revised", "unchanged"]) sent[name] += body[name];
      return;
    } catch (problem) {
      const wrong = new Map();
      for (const { pointer, detail } of problem.errors ?? []) {
        const index = /^\/(\d+)\//.exec(pointer ?? "")?.[1];
        if (index !== undefined) wrong.set(Number(index), detail);
      }
      if (wrong.size === 0) throw problem;
      for (const [index, detail] of wrong) {
        if (!sent.refused.has(detail)) sent.refused.set(detail, []);
        sent.refused.get(detail).push(rest[index].line);
      }
      rest = rest.filter((_, index) => !wrong.has(index));
    }
  }
}

async function patiently(body, signal) {
  for (let turn = 1; ; turn += 1) {
    try {
      return await call(address("/readings"), { method: "POST", body, signal });
    } catch (problem) {
      if (![429, 503].includes(problem.status) || turn >= TRIES) throw problem;
      await new Promise((resolve) => setTimeout(resolve, PAUSE * 2 ** turn));
      signal.throwIfAborted();
    }
  }
}
