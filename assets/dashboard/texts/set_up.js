// The texts of the form that sets up a job, and of its dry run.
export const text = {
  title: "Set up a job",
  denied: (role) => `Jobs are set up by managers and admins. Your token is a ${role}'s:`,
  signIn: "sign in with another",
  noOrganisation: "No organisation yet",
  belongs: "A job belongs to an organisation: a customer, a farm, a site.",
  organisation: "Organisation",
  source: "Source",
  sourceHint: "The predictive model",
  // Each with a link between.
  noSource: ["There is no source yet. ", "Register a model", " first."],
  noVersion: ["This source has no version yet. ", "Publish one", " first."],
  version: "Version",
  newest: (version) => `${version} (newest)`,
  predicts: (outputs) => `It predicts ${outputs.map(({ metric, unit }) => `${metric}${unit ? ` in ${unit}` : ""}`).join(", ")}.`,
  name: "Name of the job",
  nameHint: "A name that people recognise, for example: Mildew risk, north slope",
  inputs: "Inputs",
  noInputs: "The model needs no inputs.",
  location: "Location of the predictions",
  fromInputs: "Take it from the inputs",
  check: "Check",
  action: "Set up the job",
  checkFirst: "Check first: the server validates the job and stores nothing.",
  command: "Show as a command",
  chooseOne: "Choose one",
  noMatch: "No match",
  notBound: (role) => `The required role ${role} is not bound.`,
  /** What an input role needs, and whether there is none that fits. */
  needs: ({ required, input_kind, metric, unit }, isNone) =>
    `${required ? "Required" : "Optional"}: a ${input_kind}${metric ? ` of ${metric}` : ""}${unit ? ` in ${unit}` : ""}${
      isNone ? `. No ${input_kind} matches yet: register one` : ""}.`,
  // Dry run
  exists: "This job exists already.",
  existsHint: "Setting it up again changes nothing.",
  valid: "The job is valid.",
  creates: "Nothing is stored yet. Setting it up creates:",
  thing: (kind) => `the ${kind.replaceAll("_", " ")} `,
  expected: (targets, place) => `It is expected to predict ${targets}${place ? ` for ${place}` : ", without a location"}.`,
};
