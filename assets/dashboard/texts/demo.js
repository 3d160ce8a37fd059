// The texts of the demo: its start page, and the note about it.
import { day } from "../lib/time.js";
import { plural } from "../lib/value.js";

export const text = {
  title: "Forecast and measurement",
  lead: "Temperature at Newark: the forecast of each night, and what the sensor measured.",
  links: "Where to go on",
  known: "What was known when",
  knownHint: (time) => `Go back to ${day(time)}`,
  now: "Back to now",
  jobs: "The jobs",
  jobsHint: "Their health and newest values",
  guide: "The guide",
  guideHint: "What the demo contains, with calls to try",
  note: "About this demo",
  isDemo: "This is a demo",
  what: " with real weather of New York and predictions from it. You can read everything without a token.",
  recorded: "It has the dates of 2013, as recorded.",
  shift: (days, last) => `The weather was recorded in 2013. All dates are moved by ${days.toLocaleString("en-GB")} days, so that the season ends in the night of ${day(last)}.`,
  ended: (days) => `That was ${plural(days, "day")} ago, and nobody has posted since. For a season that ends last night, start the demo on a new folder.`,
  signIn: "To change something, ",
  signInLink: "sign in",
  signInAfter: " with the admin token that the demo printed.",
  start: "Start page of the demo",
};
