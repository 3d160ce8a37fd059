// The texts of the runs of a job and of the changes of its health.
export const text = {
  title: "Runs",
  none: "No runs yet. Each post of predictions is a run. Workers also report runs that failed or had nothing to predict.",
  newest: (shown, all) => `The newest ${shown}${all > shown ? ` of ${all >= 1000 ? "more than 1000" : all}` : ""}`,
  columns: { received: "Received", issue: "Issue", result: "Result" },
  noIssue: "none",
  ok: "ok",
  file: (job) => `${job} runs`,
  health: "Health history",
  noChanges: (state, since) => `No changes yet: ${state} since ${since}.`,
  after: (state) => `after ${state}`,
  // Before and after the link.
  notified: ["To be notified of changes, create a ", "webhook", "."],
};
