// The texts of the choice of the time zone.
export const text = {
  times: "Times in",
  local: "Local time",
  show: (zone) => `Show ${zone}`,
};
