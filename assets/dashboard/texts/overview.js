// The texts of the overview of jobs.
import { length, moment } from "../lib/time.js";
import { stateOf } from "../lib/states.js";
import { plural } from "../lib/value.js";

export const text = {
  jobs: "Jobs",
  setUp: "Set up a job",
  job: "Job",
  health: "Health",
  lastPost: "Last post",
  until: "Predicted until",
  values: "Next values",
  noneYet: "none yet",
  unknown: "unknown",
  issue: (time) => `issue of ${moment(time)}`,
  past: "covers nothing from now on",
  pastHint: "The newest predictions are for times in the past. That is normal for a job that describes the past.",
  onTrial: (labels) => `On trial: ${labels.join(", ")}`,
  // Tools
  tools: "Search and order",
  search: "Search jobs",
  sort: "Sort by",
  sorts: { health: "Worst first", name: "Name", newest: "Last post, newest first", oldest: "Last post, oldest first", until: "Predicted until" },
  filters: "Filters",
  organisation: "Organisation",
  allOrganisations: "All organisations",
  source: "Source",
  allSources: "All sources",
  location: "Location",
  allLocations: "All locations",
  state: "Health",
  anyHealth: "Any health",
  attention: "Needs attention",
  clear: "Clear filters",
  view: "View",
  views: { list: "List", calendar: "Calendar", map: "Map" },
  rows: "Rows",
  comfortable: "Comfortable",
  compact: "Compact",
  // List
  count: (from, to, found, all) => {
    const shown = found > to - from + 1 ? `${from} to ${to} of ${plural(found, "job")}` : plural(found, "job");
    return found < all ? `${shown} that match, ${all} in all` : shown;
  },
  most: (count) => `Only the first ${count.toLocaleString("en-GB")} jobs are shown. Filter them by source or organisation.`,
  pages: "Pages",
  page: (page, pages) => `Page ${page} of ${pages}`,
  previous: "Previous page",
  next: "Next page",
  none: "No jobs match.",
  showAll: "Show all jobs",
  classes: (metric) => `Classes of ${metric}`,
  changed: (job, state) => `${job} is ${stateOf(state).word}`,
  newIssue: (job) => `${job} has a new issue`,
  // Calendar
  calendar: "Health by day",
  calendarHint: (days) => `The worst state of each of the last ${days} days. The lower a mark, the better.`,
  onTime: "On time",
  daysOnTime: (good, known) => `${good} of ${plural(known, "day")}`,
  noDays: "no history yet",
  day: (time, found) => `${time}: ${found ? `${stateOf(found.state).word}${found.share < 0.995 ? ` for ${Math.max(1, Math.round(found.share * 100))} % of the day` : ""}` : "nothing known"}`,
  row: (good, known, bad) => `On time on ${good} of ${plural(known, "day")}${bad ? `. ${bad}` : ""}.`,
  daysIn: (count, state) => `${plural(count, "day")} ${stateOf(state).word}`,
  ago: (days) => `${length(days * 86_400)} ago`,
  today: "today",
  // Map
  map: "Map of the locations",
  noMap: "No job has a location with coordinates.",
  point: (name, state) => `${name}: ${state ? stateOf(state).word : "no jobs"}`,
  off: (count) => `${plural(count, "location")} without coordinates ${count === 1 ? "is" : "are"} not on the map.`,
};
