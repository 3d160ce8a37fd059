// The texts of the page of a job.
export const text = {
  job: "Job",
  back: "All jobs",
  source: "Source",
  location: "Location",
  lastPost: "Last post",
  lastIssue: "Last issue",
  until: "Predicted until",
  noneYet: "none yet",
  nothingYet: "no predictions yet",
  deactivate: "Deactivate",
  activate: "Activate",
  loading: "Loading …",
};
