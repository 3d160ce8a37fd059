// The texts of a list without jobs.
export const text = {
  title: "No jobs yet",
  what: "A job connects a predictive model to your sensors and locations.",
  wait: "A manager of your organisation sets it up. This page then shows its health and its predictions.",
  set_up: "Choose a registered model",
};
