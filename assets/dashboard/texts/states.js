// The texts of the health states of jobs: their names, their meaning, and what to do.
export const text = {
  states: {
    failed: { word: "failed", means: "The worker reported that its last run failed.", cure: "Read the run's message." },
    down: { word: "down", means: "No post for more than two expected intervals.", cure: "Check that the worker is running." },
    late: { word: "late", means: "The next issue is overdue.", cure: "If it does not arrive soon, check the worker." },
    new: { word: "new", means: "Nothing has been posted yet.", cure: "Start the worker, or post a first prediction." },
    on_time: { word: "on time", means: "Predictions arrive as expected.", cure: "" },
    unmonitored: {
      word: "unmonitored", means: "Its source has no expected interval, so nothing is overdue.",
      cure: "Set expected_interval_minutes of the source.",
    },
    paused: { word: "paused", means: "The job is not active: workers do not run it.", cure: "Resume it." },
  },
  counts: "Jobs by health",
  wasDue: (when) => `was due ${when}`,
  nextDue: (when) => `next due ${when}`,
};
