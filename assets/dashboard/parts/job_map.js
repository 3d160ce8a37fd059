// The locations of jobs on a plain map, each in the colour and with the word of its worst state.
import { html } from "../lib/html.js";
import { link } from "../lib/route.js";
import { ORDER } from "../lib/states.js";
import { text } from "../texts/overview.js";
import { PlainMap } from "./map.js";
import { TallyOfStates } from "./tally.js";

export function JobMap({ jobs, names }) {
  const at = Map.groupBy(jobs.filter((job) => job.location_id), (job) => job.location_id);
  const places = [...at].flatMap(([id, jobs]) => {
    const location = names.locations.get(id);
    return location ? [{ location, jobs, state: ORDER.find((state) => jobs.some((job) => job.health.state === state)) }] : [];
  });
  // Where names would overlap, the map has those of the first.
  places.sort((one, other) => ORDER.indexOf(one.state) - ORDER.indexOf(other.state));
  const [known, unknown] = [places.filter(hasPlace), places.filter((place) => !hasPlace(place))];
  const to = ({ id }) => link("jobs", { location: id });
  // Locations of several organisations may have the same name.
  const isShared = names.organisations.size > 1;
  if (known.length === 0) return html`<p class="empty">${text.noMap}</p>`;
  return html`
    <${PlainMap} label=${text.map} height=${420} points=${known.map(({ location, state }) => (
      { id: location.id, name: text.point(location.name, state), latitude: location.latitude, longitude: location.longitude, href: to(location), kind: state }))} />
    <ul class="plain at-places">${known.map(({ location, jobs }) => html`
      <li><a href=${to(location)}>${location.name}</a>${isShared && html` <span class="quiet">${names.organisations.get(location.organisation_id)?.name}</span>`} <${TallyOfStates} jobs=${jobs} /></li>`)}</ul>
    ${unknown.length > 0 && html`<p class="quiet">${text.off(unknown.length)}</p>`}`;
}

const hasPlace = ({ location }) => Number.isFinite(location.latitude) && Number.isFinite(location.longitude);
