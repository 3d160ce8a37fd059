// The names of the ids in jobs.
import { getAll } from "./api.js";
import { useLoaded } from "./load.js";

const byId = (list) => new Map(list.map((thing) => [thing.id, thing]));

/** Organisations, sources, versions and locations by id, as far as the token may see them. */
export function useNames() {
  const { value } = useLoaded(async (signal) => {
    const lists = ["/organisations", "/sources", "/source_versions", "/locations"].map((path) => getAll(path, {}, signal));
    const [organisations, sources, versions, locations] = await Promise.all(lists);
    return { organisations: byId(organisations), sources: byId(sources), versions: byId(versions), locations: byId(locations) };
  }, [], 60_000);
  return value ?? { organisations: new Map(), sources: new Map(), versions: new Map(), locations: new Map(), isLoading: true };
}

/** A source with the label of its version. */
export const sourceName = (names, job) =>
  [names.sources.get(job.source_id)?.name, names.versions.get(job.source_version_id)?.version].filter(Boolean).join(" ");
