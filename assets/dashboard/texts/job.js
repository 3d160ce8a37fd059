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
  // A job without predictions; the link to the guide stands between.
  first: {
    title: "No predictions yet",
    waits: "The job waits for its worker: a program that fetches its jobs, computes, and posts predictions (",
    guide: "how to write a worker",
    byHand: (may) => `). To try it, post a first prediction by hand${may ? "" : " (you need a worker's token)"}. This page shows it within seconds.`,
  },
};
