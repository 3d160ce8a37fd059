// The texts of the accuracy of a job's predictions.
import { day } from "../lib/time.js";
import { plural, spoken } from "../lib/value.js";

const count = (number) => number.toLocaleString("en-GB");
const minus = (text) => text.replace("-", "−");
/** A score with three digits that count, or with as many decimals as `like` has then. */
function score(value, unit, like = value) {
  if (value === null || value === undefined) return "–";
  const decimals = Math.min(10, Math.max(0, 2 - Math.floor(Math.log10(Math.abs(like) || 1))));
  return minus(`${value === 0 ? 0 : value.toFixed(decimals)}${unit ? ` ${unit}` : ""}`);
}
const HOUR = 3_600_000;
const long = (time) => (time % (24 * HOUR) === 0 ? plural(time / 24 / HOUR, "day") : plural(Math.round(time / HOUR), "hour"));

/** The references within a sentence. */
const REFERENCES = { persistence: "the last measurement", daily: "the day before", climatology: "the mean of the hour" };

export const text = {
  title: "Accuracy",
  lead: "How far the predictions were from what was measured, by how long before they were made.",
  guide: "How it is computed",
  show: "Show the accuracy",
  score,
  signed: (value, unit, like) => (value > 0 ? `+${score(value, unit, like)}` : score(value, unit, like)),

  // Choices
  metric: "Output",
  period: "Time",
  periods: { month: "Last 30 days", all: "All", chart: "As in the chart" },
  truth: "Compared with",
  readingsOf: (sensor) => `Readings of ${sensor.name}`,
  chooseSensor: "Choose a sensor",
  readingsThere: "Readings at each location",
  analysis: "What the model found afterwards",
  byItself: "No sensor measures this. The predictions are compared with what the model found once the time had come.",
  reference: "Reference",
  references: { persistence: "As last measured", daily: "As on the day before", climatology: "Mean of the hour", none: "None" },
  common: "Only times that all versions have",

  // Nothing to compare
  nothing: "There is nothing to compare in this time.",
  unmet: (predictions, measurements, lacking) => [
    lacking > 0 && `${plural(lacking, "prediction")} for which there is no reference`,
    predictions > 0 && `${plural(predictions, "prediction")} without a measurement`,
    measurements > 0 && `${plural(measurements, "measurement")} without a prediction`,
  ].filter(Boolean).join(", "),
  showAll: "Show all",
  withoutReference: "Compare without a reference",
  withAnalysis: "Compare with what the model found afterwards",

  // Faults that the choices can heal
  several: (metric, sensors) => `Several sensors measure ${spoken(metric)} here: ${sensors}. Choose one under “Compared with”.`,
  units: (sensor, measured, predicted) =>
    `${sensor} measures in ${measured}, and the model predicts in ${predicted}. Values are never converted. Choose something else under “Compared with”.`,
  longer: (sensor) => `A reading of ${sensor} stands for a longer time than a predicted value. Choose something else under “Compared with”.`,
  tooMuch: "That is too much to compare at once. Choose a shorter time.",

  // By lead time
  byLead: "Error by lead time",
  byLeadHint: (unit) => `Mean absolute error${unit ? ` in ${unit}` : ""}. Less is better. Hollow points have fewer than 30 pairs.`,
  ahead: (from, to) => (from === 0 ? `Up to ${long(to)} ahead` : to % (24 * HOUR) === 0 && from % (24 * HOUR) === 0
    ? `${from / 24 / HOUR} to ${long(to)} ahead` : from < 24 * HOUR && to < 24 * HOUR ? `${from / HOUR} to ${long(to)} ahead` : `${long(from)} to ${long(to)} ahead`),
  tick: (to) => (to % (24 * HOUR) === 0 ? `${to / 24 / HOUR} d` : `${Math.round(to / HOUR)} h`),
  axis: "Predicted up to … ahead",
  picture: (lines, ranges) => `Error by lead time: ${plural(lines, "line")}, ${plural(ranges, "range")} of lead times. The table below has the numbers.`,
  line: (row, place) => [row.source_version, row.track && "on trial", row.stage, place].filter(Boolean).join(", "),
  cut: (shown, all) => `Shown are ${shown} of ${all} lines. Choose another one under “A closer look”.`,
  referenceLine: (name, version) => `${text.references[name] ?? name}${version ? `, for the times of ${version}` : ""}`,
  pairs: (number) => (number === 1 ? "1 pair" : `${count(number)} pairs`),
  few: "few",
  fewHint: "Fewer than 30 pairs say little.",
  columns: {
    lead: "Lead time", version: "Version", bias: "Bias", mae: "Mean absolute error", rmse: "RMSE", wis: "Weighted interval score", crps: "CRPS", skill: "Against the reference", pairs: "Pairs",
    days: "Days better / worse",
  },
  scores: "Scores by lead time",
  skill: (value) => {
    if (value === null) return "–";
    const percent = Math.round(Math.abs(value) * 100);
    return percent === 0 ? "the same" : value > 0 ? `${percent} % better` : `${percent > 999 ? "over 999" : percent} % worse`;
  },
  days: (row) => (row.better_days === null ? "–" : `${row.better_days} / ${row.worse_days}`),
  biasHint: "Bias is prediction minus measurement: above 0 the model predicts too much. Scores of fewer than 30 pairs say little.",
  left: ({ without_reading, without_reference, late_pairs }) => [
    without_reading > 0 && `${plural(without_reading, "prediction")} without a measurement`,
    without_reference > 0 && `${plural(without_reference, "prediction")} without a reference`,
    late_pairs > 0 && `${plural(late_pairs, "pair")} whose prediction arrived only after its time`,
  ].filter(Boolean).join(", "),
  leftOut: "Not compared, or late:",

  // One version and range
  closer: "A closer look",
  range: "Lead time",
  byDay: "Error by day",
  byDayHint: (reference) => `The height is the mean absolute error of the day.${REFERENCES[reference] ? ` A mark below: ${REFERENCES[reference]} was closer.` : ""}`,
  closerWas: (reference) => `Error of ${REFERENCES[reference] ?? reference}`,
  dayBar: (row, unit) => `${dayOf(row.day)}: ${score(row.mae, unit)}, ${text.pairs(row.pairs)}`,
  dayOf,
  daysLabel: (rows, worst, unit) => `Error of ${plural(rows.length, "day")}. The largest is ${score(worst.mae, unit)} on ${dayOf(worst.day)}.`,
  byHour: "Bias by hour of the day",
  byHourHint: (zone) => `Above the line the model predicts too much, below too little. Hours in ${zone}.`,
  hourBar: (row, unit) => `${row.hour}:00: ${text.signed(row.bias, unit)}, ${text.pairs(row.pairs)}`,
  hoursLabel: (least, most, unit) => `Bias by hour: from ${text.signed(least.bias, unit)} at ${least.hour}:00 to ${text.signed(most.bias, unit)} at ${most.hour}:00.`,
  asTable: { day: "Days as a table", hour: "Hours as a table" },
  day: "Day",
  hour: "Hour",
  upTo: (value, unit) => `up to ${score(value, unit)}`,
  scatter: "Predicted and measured",
  scatterHint: (unit) => `Each point is a pair${unit ? `, in ${unit}` : ""}. On the diagonal, the prediction was right.`,
  scatterLabel: (number, r2) => `${text.pairs(number)}, predicted against measured${r2 === null ? "" : `; R² is ${score(r2)}`}.`,
  newest: (shown, all, from) => `Drawn are ${count(shown)} of ${count(all)} pairs, those since ${day(from)}.`,
  measured: "Measured",
  predicted: "Predicted",
  classes: "Classes",
  classesHint: (table) => `Number of pairs.${table.proportion_correct === null ? "" : ` ${Math.round(table.proportion_correct * 100)} % have the class that was measured.`}${
    table.hss === null || table.hss === undefined ? "" : ` The Heidke skill score is ${score(table.hss)}: 0 is chance, 1 is perfect.`}`,
  wasPredicted: (name) => `${name} predicted`,
  wasMeasured: (name) => `${name} measured`,

  // Export
  csv: "These pairs as CSV",
  curl: "Copy as curl",
  file: (job, metric) => `${job} ${metric} pairs`,

  // At a location
  here: "Accuracy of each source",
  hereLead: "How far the predictions for this location were from what is measured here, side by side.",
  hereNone: "No sensor stands here, so that nothing says how accurate predictions for this location are.",
  hereUnpredicted: (metrics) => `Measured here, but not predicted: ${metrics.map(spoken).join(", ")}.`,
  hereNothing: "There is nothing to compare in this time.",
  hereScores: (metric) => `Scores of ${metric} by lead time`,
  source: "Source",
  ofSource: (row, job) => [`${row.source} ${row.source_version}`, row.track && "on trial", row.stage, job].filter(Boolean).join(", "),
  hereCommon: "Only times that all sources have",
  hereCut: (shown, all) => `Drawn are ${shown} of ${all} lines. The table has all of them.`,

  // Promotion
  trial: "Which version was closer",
  trialHint: (version, label, from) => `The predictions of ${version} and of ${label} for the same times since ${day(from)}, compared with what was measured.`,
  trialNothing: "There are no measurements yet that both versions have predicted.",
  trialAnalysis: (label) => `Both are compared with what the job’s versions, such as ${label}, found afterwards.`,
  trialFew: (most) => `Only ${plural(most, "pair")}, fewer than 30. That says little about which version is better.`,
  verdict: ({ better_days, worse_days, days }, version, label, range) =>
    `${range}: ${version} was closer on ${better_days} of ${plural(days, "day")}, ${label} on ${worse_days}.`,
  error: (version) => `Error of ${version}`,
  better: "Days better",
  worse: "Days worse",
};

/** A day that the server names, such as "3 Sep 2013". */
function dayOf(name) {
  const [year, month, number] = name.split("-").map(Number);
  return new Date(Date.UTC(year, month - 1, number)).toLocaleDateString("en-GB", { timeZone: "UTC", day: "numeric", month: "short", year: "numeric" });
}
