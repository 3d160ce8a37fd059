// The states of a job's health: their words, what they mean, and what to do.

export const STATES = {
  failed: { word: "failed", means: "The worker said that its last run failed.", cure: "Read the run's message." },
  down: { word: "down", means: "Nothing has come for more than two expected intervals.", cure: "Look whether the worker runs." },
  late: { word: "late", means: "The next issue is overdue.", cure: "If it does not come soon, look at the worker." },
  new: { word: "new", means: "Nothing has been posted yet.", cure: "Start the worker, or post a first prediction." },
  on_time: { word: "on time", means: "Predictions come as expected.", cure: "" },
  unmonitored: { word: "unmonitored", means: "Its source has no expected interval, so nothing is overdue.", cure: "Give the source expected_interval_minutes." },
  paused: { word: "paused", means: "The job is not active: workers do not run it.", cure: "Activate it." },
};

/** All states, the worst first. */
export const ORDER = Object.keys(STATES);

export const stateOf = (name) => STATES[name] ?? { word: name, means: "", cure: "" };
