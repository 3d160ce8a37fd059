// Calls of the API, with the token of the session.
import { text } from "../texts/problems.js";
import { BASE } from "./base.js";
import { refused, token } from "./session.js";

/** A problem document, or that the server could not be reached (status 0). */
export class Problem extends Error {
  constructor(document) {
    super(document.detail ?? document.title);
    const errors = (document.errors ?? []).map(({ pointer, ...error }) => ({ ...error, pointer: pointer?.replace(/^#/, "") }));
    Object.assign(this, { status: 0, ...document, errors });
  }

  /** The violations of the field that the JSON pointer or the parameter names. */
  at(name) {
    const found = this.errors.filter((error) => (error.pointer ?? error.parameter) === name);
    return found.map((error) => error.detail);
  }
}

export const API = `${BASE}/api/v1`;

/** A path of the API with its parameters. Those that are absent or empty are left out; a list is repeated. */
export function address(path, parameters = {}) {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) {
    for (const one of Array.isArray(value) ? value : [value]) {
      if (one !== undefined && one !== null && one !== "") query.append(name, one);
    }
  }
  const shown = query.toString().replaceAll("%3A", ":").replaceAll("%2C", ",");
  return API + path + (shown ? `?${shown}` : "");
}

/** Sends a call with the session's token, or with `secret`. Throws a Problem unless the response is a success. */
export async function send(address, { method = "GET", body, signal, secret, headers = {} } = {}) {
  const shown = secret ?? token();
  if (shown) headers = { ...headers, Authorization: `Bearer ${shown}` };
  if (body !== undefined) headers = { ...headers, "Content-Type": "application/json" };
  let response;
  try {
    response = await fetch(address, {
      method, headers, signal, cache: "no-cache", body: body === undefined ? undefined : JSON.stringify(body),
    });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Problem(text.unreachable);
  }
  if (response.ok) return response;
  const problem = await readProblem(response);
  // Of several calls that are refused at once, only the first is reported.
  if (problem.status === 401 && secret === undefined && shown === token()) refused();
  throw problem;
}

/** Calls the address and returns `{ body, next, etag }`. Throws a Problem. */
export async function call(address, options) {
  const response = await send(address, options);
  const next = /<([^>]+)>; rel="next"/.exec(response.headers.get("Link") ?? "")?.[1];
  const json = response.status === 204 ? "" : await response.text();
  return { body: json ? JSON.parse(json) : undefined, next, etag: response.headers.get("ETag") };
}

/** The response of the address, as a file. */
export const download = async (address) => (await send(address)).blob();

async function readProblem(response) {
  try {
    return new Problem(await response.json());
  } catch {
    return new Problem({ status: response.status, title: text.responded(response.status) });
  }
}

/** The body of a GET. */
export const get = async (path, parameters, signal) => (await call(address(path, parameters), { signal })).body;

/** The most rows that a view reads of a list. The view says so if there are more. */
export const MOST = 10_000;

/** The pages of a list put together, up to MOST rows. */
export async function getAll(path, parameters, signal) {
  const found = [];
  let at = address(path, { limit: 1000, ...parameters });
  while (at && found.length < MOST) {
    const { body, next } = await call(at, { signal });
    found.push(...body);
    at = next;
  }
  return found;
}

/** The same call for a terminal. The secret is not in it. */
export function curl(address, { method = "GET", body } = {}) {
  const parts = ["curl"];
  if (method !== "GET") parts.push(`-X ${method}`);
  parts.push('-H "Authorization: Bearer $TOKEN"');
  if (body !== undefined) parts.push('-H "Content-Type: application/json"');
  parts.push(`'${location.origin}${address}'`);
  if (body !== undefined) parts.push(`-d '${JSON.stringify(body, null, 2).replaceAll("'", "'\\''")}'`);
  return parts.join(" \\\n  ");
}
