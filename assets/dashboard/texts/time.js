// The texts of times and lengths of time.
export const text = {
  now: "just now",
  ago: (length) => `${length} ago`,
  in: (length) => `in ${length}`,
  atValidTime: "at the valid time",
  ahead: (length) => `${length} ahead`,
  after: (length) => `${length} after the valid time`,
};
