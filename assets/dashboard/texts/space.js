// The texts of the view of space and retention.
export const text = {
  title: "Space and retention",
  lead: "What the data takes, and how long predictions are stored.",
  refused: (role) => `Only admins may see the space of the whole server. Your token is a ${role}'s.`,
  facts: { database: "Database", unused: "of it free for new data", disk: "Free on the disk", readings: "Readings", backup: "Last backup" },
  no_backup: "none yet",
  columns: {
    source: "Source", bytes: "Size", share: "Share", predictions: "Predictions", runs: "Runs", oldest: "First time", newest: "Last time",
    retention: "Stored for",
  },
  word: "source",
  none: "No predictions are stored yet.",
  forever: "ever",
  days: (hours) => (hours % 24 === 0 ? `${hours / 24} day${hours === 24 ? "" : "s"}` : `${hours} hours`),
  deleted: "(deleted)",
  note: "Sizes are those of the compressed predictions, without indexes and readings. A prediction is deleted when its retention has passed since its valid time and its arrival; the space is given back to the disk in the background.",
  change: "The retention is a property of the source.",
  full: "Less than a tenth of the size of the database is free on the disk.",
  refresh: "Measure again",
};
