// The texts of the history of a job.
export const text = {
  title: "History of the job",
  loading: "Loading …",
  newest: (count) => `The newest ${count} entries`,
  columns: { since: "Since", version: "Version", inputs: "Inputs", by: "Changed by", note: "Note" },
  none: "none",
  unknown: "unknown",
  assumed: "as the server found it when it began to store histories",
  file: (job) => `${job} history`,
};
