// The texts of what changes a job.
export const text = {
  edit: "Edit",
  pause: "Pause",
  resume: "Resume",
  delete: "Delete",
  title: (name) => `Edit ${name}`,
  name: "Name of the job",
  version: "Version",
  versionHint: "Its worker then runs as the service id of the new version. To compare the two first, try the version on trial.",
  current: (label) => `${label} (now)`,
  inputs: "Inputs",
  noInputs: "The model needs no inputs.",
  location: "Location of the predictions",
  asItIs: (name) => `As it is: ${name}`,
  fromInputs: "Take it from the inputs",
  noLocation: "none",
  consequences: (name) => [
    `${name} disappears from every list at once, and its worker gets it no more.`,
    "Its trials end, and its health is not watched any more.",
    "Its predictions can still be read until their retention ends. A new job of the same name starts without them.",
  ],
  pausedInstead: "To stop it for a while, pause it instead.",
};
