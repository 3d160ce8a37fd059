// The texts of what made a predicted value.
export const text = {
  title: "What made this value",
  job: "The job",
  allJobs: "All jobs",
  value: "The value",
  atThisTime: "Values at this time",
  choose: (line, value) => `${line}: ${value}`,
  close: "Close",
  page: "Open as a page",
  file: "lineage",
  // The value
  facts: {
    value: "Value", validAt: "Valid at", issued: "Issued", arrived: "Arrived", version: "Version", location: "Location", postedBy: "Posted by",
    laterIssues: "Later issues",
  },
  onTrial: "on trial",
  noRun: "unknown: the worker posted nothing about its run",
  laterIssues: (count) => (count === 0 ? "none has a value for this time" : `${count} with a value for this time`),
  noJob: "The value was posted without a job.",
  inputs: "Inputs as they were",
  inputsLink: "The inputs of the job as they were known then",
  inputsAsOf: (isGiven) => (isGiven ? "at the time that the worker gave" : "at the arrival of the value: the worker gave no time"),
  // Its run
  run: "The run",
  runFacts: { id: "Id", code: "Code", asOf: "Inputs as of", inputs: "Inputs", parameters: "Parameters" },
  window: (from, to) => `${from ?? "…"} to ${to ?? "…"}`,
  // The job at that time
  stood: "How the job stood",
  stoodSince: (at, version, isBound) => `Since ${at} the job had version ${version}${isBound ? " with:" : " without inputs."}`,
  assumed: "The server did not store histories before: the job may have stood otherwise earlier.",
  binding: (role, kind, name) => `${role}: ${kind} ${name}`,
  // Its revisions
  revisions: "Revisions",
  unchanged: "The value was not changed since it arrived.",
  columns: { revision: "Revision", arrived: "Arrived", value: "Value" },
  withdrawn: "withdrawn",
};
