// The texts of versions on trial and of their promotion.
import { plural, spoken } from "../lib/value.js";

export const text = {
  title: "Versions on trial",
  // Around the label of the job's version and the link.
  lead: [
    "The job runs version ", ". A version on trial gets the same inputs, and its predictions do not change what readers get (",
    "how to try a version", ").",
  ],
  none: "No version is on trial.",
  columns: { version: "Version", since: "On trial since", lastIssue: "Last issue", values: "Values" },
  inChart: (metric) => `${metric} in the chart`,
  serviceId: "Service id ",
  promote: "Promote",
  promoteOf: (version) => `Promote ${version}`,
  end: "End trial",
  endOf: (version) => `End trial of ${version}`,
  noneYet: "none yet",
  promoted: (after) => `The job runs version ${after} now.`,
  goBack: (before, isKept) => (isKept
    ? `Version ${before} is on trial. To go back, promote ${before}.`
    : `Version ${before} is not on trial. To go back, try it, then promote it.`),
  noPredictions: "the job has no predictions yet",
  ofJob: (count) => `(the job: ${count})`,
  noOther: "The source has no other version to try. Publish one, then begin its trial here.",
  toTry: "Version to try",
  try: "Try a version",

  // The dialog of a promotion
  promoting: (version) => `Promote ${version}?`,
  consequences: (label, version) =>
    `The job runs version ${label}. After the promotion it runs version ${version}, and its next predictions are those that readers get. What is stored stays as it is.`,
  note: "Note",
  noteHint: "The reason, for the history of the job. It may be empty.",
  keep: (label) => `Keep version ${label} on trial, so that you can go back`,
  stale: "Somebody changed the job since this page read it.",
  staleHint: "Nothing was promoted. Reload the job, and look at it again.",
  reload: "Reload the job",
  cancel: "Cancel",
  nothing: "The job has no predictions yet, so there is nothing to compare.",
  compared: (from, to, asOf) =>
    `Compared are the newest values for each time from ${from} to ${to}, which is what the chart shows${asOf ? `, as known at ${asOf}` : ""}.`,
  metric: (metric, unit) => `${spoken(metric)}${unit ? ` in ${unit}` : ""}`,
  facts: { job: "The job has", trial: (version) => `Version ${version} has`, both: "Both have", difference: "Mean absolute difference" },
  values: (count) => plural(count, "value"),
  times: (count) => plural(count, "time"),
  unknown: "unknown",
  few: (count) => `Fewer than ${count} times to compare.`,
  fewHint: "That says little about the version. Show a longer time in the chart, or wait.",
  cut: (most) => `There are more than ${most.toLocaleString("en-GB")} values. Only the first were compared: show a shorter time in the chart.`,
  table: (metric) => `${spoken(metric)}, compared`,
  last: (count) => `The last ${count} of these times`,
  validAt: "Valid at",
  jobColumn: (label) => `Job (${label})`,
  difference: "Difference",
};
