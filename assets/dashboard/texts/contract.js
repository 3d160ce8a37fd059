// The texts of the picture of a job's inputs, version and outputs.
import { text as spread } from "./spread.js";

export const text = {
  flow: "Inputs, version and outputs",
  inputs: "Inputs",
  version: "Version",
  outputs: "Outputs",
  optional: "optional",
  noInputs: "The model needs no inputs.",
  needs: ({ input_kind, metric, unit }) => `${input_kind}${metric ? ` of ${metric}` : ""}${unit ? ` in ${unit}` : ""}`,
  predicts: ({ metric, unit, ...target }) => `${metric}${unit ? ` in ${unit}` : ""}${spread.declared(target)}`,
  every: (interval) => `Expected every ${interval.replace(/^1 /, "")}.`,
  service: "Service id for workers:",
  jobId: "Job id:",
  notBound: "not bound",
  noCoordinates: "no coordinates yet",
  noReadings: "no readings yet",
};
