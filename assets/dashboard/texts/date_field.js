// The texts of fields for times.
export const text = {
  pick: "Pick a date",
  example: "e.g. 3 May 2013, 12:00",
  wrong: "Enter a time such as 23 May 2013, 12:00.",
};
