// The texts of values, and of the newest values of a job.
export const text = {
  noValue: "no value",
  noValues: "no values yet",
  noPredictions: "no predictions yet",
  expired: "expired",
  more: (count) => `and ${count} more`,
  upTo: (value) => `up to ${value}`,
  next: (when) => `next, ${when}`,
  last: (when) => `last, ${when}`,
  picture: (name, value, word) => `${name}: ${value} ${word}`,
};
