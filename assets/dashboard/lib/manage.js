// Things of the API that are created, changed and deleted.
import { address, call } from "./api.js";

/** A thing with its ETag: `{ thing, etag }`. */
export async function getThing(path, signal) {
  const { body, etag } = await call(address(path), { signal });
  return { thing: body, etag };
}

const guard = (etag) => (etag ? { "If-Match": etag } : {});
export const create = async (path, body) => (await call(address(path), { method: "POST", body })).body;
/** Changes a thing, unless it is no longer in the state of the ETag (412). */
export const change = async (path, body, etag) => (await call(address(path), { method: "PUT", body, headers: guard(etag) })).body;
export const remove = (path, etag) => call(address(path), { method: "DELETE", headers: guard(etag) });

/** Options of a choice, by name. */
export const choices = (things, first) => [
  ["", first], ...[...things].sort((one, other) => one.name.localeCompare(other.name)).map(({ id, name }) => [id, name]),
];

/** Whether the caller may change what belongs to the organisation (of a shared source: none). */
export const owns = (me, organisation) => me.role === "admin" || (me.role === "manager" && organisation === me.organisation_id);
