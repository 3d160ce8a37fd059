/**
 * Reads and posts predictions: a module for browsers and for Node.js 20.3 or newer, without dependencies. The guide
 * "From JavaScript" of the server describes it.
 */

/** A refusal of the server: a problem document (RFC 9457). Its message names every violation. */
export class Problem extends Error {
  /**
   * @param {{
   *   status: number, title?: string, detail?: string, request_id?: string,
   *   errors?: { pointer?: string, parameter?: string, detail: string }[],
   * }} document
   */
  constructor(document) {
    const { status, title = "Refused", detail = "", errors = [] } = document;
    const lines = errors.map((error) => `  ${error.pointer ?? error.parameter ?? ""} ${error.detail}`);
    super([`${status} ${title}${detail && `: ${detail}`}`, ...lines].join("\n"));
    this.name = "Problem";
    this.status = status;
    this.title = title;
    this.detail = detail;
    this.errors = errors;
    this.requestId = document.request_id;
  }
}

/** An ISO 8601 duration of weeks and less, in milliseconds. NaN if the text is something else. @param {string} text */
export function duration(text) {
  const found = /^(-?)P(?:([\d.]+)W)?(?:([\d.]+)D)?(?:T(?:([\d.]+)H)?(?:([\d.]+)M)?(?:([\d.]+)S)?)?$/.exec(text);
  if (!found) return Number.NaN;
  const [weeks, days, hours, minutes, seconds] = found.slice(2).map((part) => Number(part ?? 0));
  const total = ((((weeks * 7 + days) * 24 + hours) * 60 + minutes) * 60 + seconds) * 1000;
  return found[1] ? -total : total;
}

/**
 * The points of a series of the API: `time` is a Date, `value` a number. Those of predictions also have their
 * `issueTime`. Dates have milliseconds; what the server has of a microsecond is cut off.
 *
 * @param {{
 *   values: number[], start?: string, step?: string, times?: string[], valid_times?: string[],
 *   issue_time?: string, issue_times?: string[],
 * }} series
 */
export function points(series) {
  const listed = series.valid_times ?? series.times;
  const start = Date.parse(series.start ?? "");
  const step = duration(series.step ?? "PT0S");
  return series.values.map((value, index) => {
    const time = new Date(listed ? listed[index] : start + index * step);
    const issue = series.issue_times?.[index] ?? series.issue_time;
    return issue === undefined ? { time, value } : { time, value, issueTime: new Date(issue) };
  });
}

const wait = (/** @type {number} */ milliseconds, /** @type {AbortSignal | undefined} */ signal) =>
  new Promise((resolve, reject) => {
    signal?.throwIfAborted();
    const end = () => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", end);
      resolve(undefined);
    }, milliseconds);
    signal?.addEventListener("abort", end, { once: true });
  });

/** The longest `Retry-After` that is waited for, in seconds. */
const LONGEST_WAIT = 60;

/** A server, and a token for it. Without a token, only a demo responds. */
export class Client {
  #address;
  #token;
  #attempts;
  #timeout;

  /**
   * @param {string | URL} address The address of the server, with its base path if it has one.
   * @param {string} [token]
   * @param {{ attempts?: number, timeout?: number }} [options] The attempts of a request that is safe to repeat, and
   *   the milliseconds that one waits for its response, and then for each next part of the body.
   */
  constructor(address, token, { attempts = 6, timeout = 60_000 } = {}) {
    this.#address = new URL("api/v1/", `${String(address).replace(/\/+$/, "")}/`);
    this.#token = token?.trim();
    this.#attempts = attempts;
    this.#timeout = timeout;
  }

  /**
   * Sends any request and returns its JSON. The path is relative to `/api/v1/`. Query values may be Dates and lists;
   * those that are absent are left out. Waits and retries on 429, and on 503 and lost connections if the request is
   * repeatable.
   *
   * @param {string} method
   * @param {string | URL} path
   * @param {{ query?: Record<string, unknown>, json?: unknown, signal?: AbortSignal, repeatable?: boolean }} [options]
   * @returns {Promise<any>}
   */
  async call(method, path, options = {}) {
    const { text } = await this.#send(method, path, options);
    return text ? JSON.parse(text) : undefined;
  }

  /**
   * Yields the pages of a list. All show the moment of the first one.
   *
   * @param {string} path
   * @param {Record<string, unknown>} [query]
   * @param {AbortSignal} [signal]
   */
  async *pages(path, query, signal) {
    let { response, text } = await this.#send("GET", path, { query, signal });
    for (;;) {
      yield /** @type {any[]} */ (JSON.parse(text));
      const next = /<([^>]*)>; *rel="next"/.exec(response.headers.get("Link") ?? "")?.[1];
      if (!next) return;
      ({ response, text } = await this.#send("GET", new URL(next, this.#address), { signal }));
    }
  }

  /**
   * Returns all rows of a list.
   *
   * @param {string} path
   * @param {Record<string, unknown>} [query]
   * @param {AbortSignal} [signal]
   */
  async list(path, query, signal) {
    const rows = [];
    for await (const page of this.pages(path, query, signal)) {
      // A page may have more rows than a function may have arguments.
      for (const row of page) rows.push(row);
    }
    return rows;
  }

  /** Returns the job of this name or id. @param {string} job */
  async job(job) {
    const isId = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(job);
    if (isId) return this.call("GET", `jobs/${job}`);
    const found = await this.list("jobs", { name: job });
    if (found.length !== 1) throw new Error(`${found.length} jobs have the name ${job}: use an id`);
    return found[0];
  }

  /**
   * Returns the predictions of a job in a window of valid times, as series with `points`. The query has the other
   * parameters of `GET /predictions`, such as `as_of` or `min_lead`.
   *
   * @param {string} jobId
   * @param {string} metric
   * @param {Date | string} from
   * @param {Date | string} to
   * @param {Record<string, unknown>} [query]
   */
  async predictions(jobId, metric, from, to, query) {
    const all = { job_id: jobId, metric, from, to, limit: "all", shape: "series", ...query };
    const found = await this.call("GET", "predictions", { query: all });
    return found.map((/** @type {any} */ series) => ({ ...series, points: points(series) }));
  }

  /**
   * Returns the newest issue of each series of a job. With `at` in the query it is the value that is valid then.
   *
   * @param {string} jobId
   * @param {Record<string, unknown>} [query]
   */
  async latest(jobId, query) {
    const found = await this.call("GET", "predictions/latest", { query: { job_id: jobId, ...query } });
    return found.map((/** @type {any} */ series) => ({ ...series, points: points(series) }));
  }

  /**
   * Returns the readings of a sensor in a window as points.
   *
   * @param {string} sensorId
   * @param {Date | string} from
   * @param {Date | string} to
   * @param {Record<string, unknown>} [query]
   */
  async readings(sensorId, from, to, query) {
    const all = { from, to, limit: "all", shape: "series", ...query };
    return points(await this.call("GET", `sensors/${sensorId}/readings`, { query: all }));
  }

  /**
   * Posts predictions of a job and returns the counts. It is safe to repeat, because the issue has a time. `null`
   * withdraws a value. NaN is refused, because JSON would make it `null`.
   *
   * @param {string} jobId
   * @param {Date | string} issueTime
   * @param {{ role: string, time: Date | string, value: number | null }[]} values
   * @param {Record<string, unknown>} [more] Other members of the body, such as `stage`.
   */
  async post(jobId, issueTime, values, more) {
    const predictions = values.map(({ role, time, value }) => {
      if (value !== null && !Number.isFinite(value)) {
        throw new TypeError(`the value at ${time} is no finite number: ${value}`);
      }
      return { role, valid_time: time, value };
    });
    const json = { job_id: jobId, issue_time: issueTime, predictions, ...more };
    return this.call("POST", "predictions", { json, repeatable: true });
  }

  /**
   * Returns a success and its body, which is read within the attempt, so that a connection that is lost in the middle
   * is retried, too.
   *
   * @param {string} method
   * @param {string | URL} path
   * @param {{
   *   query?: Record<string, unknown> | undefined, json?: unknown, signal?: AbortSignal | undefined,
   *   repeatable?: boolean,
   * }} options
   */
  async #send(method, path, { query = {}, json, signal, repeatable = method !== "POST" }) {
    const url = new URL(path, this.#address);
    // The token is sent to this server only.
    if (url.origin !== this.#address.origin) throw new Error(`${url.origin} is not the server ${this.#address.origin}`);
    for (const [name, value] of Object.entries(query)) {
      for (const each of Array.isArray(value) ? value : [value]) {
        if (each === undefined || each === null) continue;
        url.searchParams.append(name, each instanceof Date ? each.toISOString() : String(each));
      }
    }
    for (let attempt = 1; ; attempt += 1) {
      const isLast = attempt >= this.#attempts;
      const pause = 500 * 2 ** (attempt - 1) * (0.5 + Math.random() / 2);
      let result;
      try {
        result = await this.#attempt(method, url, json, signal);
      } catch (error) {
        if (signal?.aborted || !repeatable || isLast) throw error;
        await wait(pause, signal);
        continue;
      }
      const { response, text } = result;
      if (response.ok) return result;
      const after = Number(response.headers.get("Retry-After") ?? pause / 1000);
      const isTemporary = response.status === 429 || (response.status === 503 && repeatable);
      if (!isTemporary || isLast || !(after <= LONGEST_WAIT)) throw problem(response, text);
      await wait(after * 1000, signal);
    }
  }

  /**
   * @param {string} method
   * @param {URL} url
   * @param {unknown} json
   * @param {AbortSignal} [signal]
   */
  async #attempt(method, url, json, signal) {
    /** @type {Record<string, string>} */
    const headers = { Accept: "application/json" };
    if (this.#token) headers.Authorization = `Bearer ${this.#token}`;
    if (json !== undefined) headers["Content-Type"] = "application/json";
    const body = json === undefined ? null : JSON.stringify(json);
    const limit = new AbortController();
    const late = () => limit.abort(new DOMException(`no data arrived for ${this.#timeout} ms`, "TimeoutError"));
    const either = signal ? AbortSignal.any([signal, limit.signal]) : limit.signal;
    let timer = setTimeout(late, this.#timeout);
    try {
      const response = await fetch(url, { method, headers, body, signal: either, redirect: "error" });
      const decoder = new TextDecoder();
      const reader = response.body?.getReader();
      let text = "";
      for (;;) {
        // Each part has the whole time again, so that a long body is no reason to give up.
        clearTimeout(timer);
        timer = setTimeout(late, this.#timeout);
        const part = await reader?.read();
        if (!part || part.done) return { response, text: text + decoder.decode() };
        text += decoder.decode(part.value, { stream: true });
      }
    } finally {
      clearTimeout(timer);
    }
  }
}

/** @param {Response} response @param {string} text */
function problem(response, text) {
  try {
    return new Problem(JSON.parse(text));
  } catch {
    return new Problem({ status: response.status, title: response.statusText, detail: text });
  }
}
