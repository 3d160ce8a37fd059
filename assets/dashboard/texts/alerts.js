// The texts of alerts: their view, their form, their states, and their marks in lists and charts.
import { SIGNS, percentOf } from "../lib/alerts.js";
import { duration, length, moment } from "../lib/time.js";
import { number, plural, spoken, withUnit } from "../lib/value.js";

const long = (text) => length(duration(text) / 1000);
/** No value meets the comparison with the threshold. */
const NOT = {
  ge: (value) => `below ${value}`, gt: (value) => `at ${value} or below`, le: (value) => `above ${value}`, lt: (value) => `at ${value} or above`,
};
const percent = (probability) => `${number(percentOf(probability))}\u00a0%`;
const rounded = (probability) => `${Number((probability * 100).toFixed(1))}\u00a0%`;
const times = (count) => (count === 1 ? "once" : `${count} times`);
const isRaised = (state) => state === "raised";

export const text = {
  title: "Alerts",
  word: "alert",
  lead: "An alert says once that predicted values will pass a threshold, and again only when that is over or worse.",
  guide: "How alerts are judged",
  none: "No alerts yet",
  none_lead: "Create one. While you fill in its form, you see how often it would have been raised in the past.",
  no_jobs: "An alert watches the predictions of a job. Set up a job first.",
  columns: { name: "Name", organisation: "Organisation", watches: "Watches", rule: "Rule", states: "State" },
  inactive: "inactive: not judged",
  every_job: (source) => `every job of ${source}`,
  rule: ({ metric, when, value, probability, clear, levels, within, lasting, issues }) => [
    `${spoken(metric)} ${SIGNS[when]} ${number(value)}${probability === undefined ? "" : ` with a probability of at least ${percent(probability)}`}${
      duration(lasting) > 0 ? ` for ${long(lasting)}` : ""} within ${long(within)}`,
    clear === undefined ? "" : `cleared ${NOT[when](number(clear))}`,
    issues > 1 ? `${issues} issues in a row` : "",
    levels.length > 0 ? `levels ${levels.map((level) => `${level.name} ${number(level.value)}`).join(", ")}` : "",
  ].filter(Boolean).join(", "),
  threshold: ({ name, when, value, probability }) =>
    `${name} ${SIGNS[when]} ${number(value)}${probability === undefined ? "" : `, at least ${percent(probability)}`}`,
  // States
  states: { raised: "raised", clear: "clear", unknown: "unknown" },
  means: {
    clear: "The newest issue has no reason to raise it.",
    unknown: "The newest issue covers no time ahead, or has no quantiles or members for a probability, so that nothing is known.",
  },
  counted: (count, state) => (count === 1 ? state : `${count} ${state}`),
  not_judged: "not judged yet",
  more: (count) => `and ${count} more`,
  /** What listeners hear after the visible word of a bell, such as "high". */
  bell: ([first, ...rest]) => {
    if (rest.length > 0) return `${[first, ...rest].map(({ alert }) => alert).join(", ")} are raised`;
    return first.level ? `alert ${first.alert} is raised` : `alert ${first.alert}`;
  },
  alerts: (count) => plural(count, "alert"),
  show: "States",
  show_of: (name) => `States and transitions of ${name}`,
  states_title: "States",
  no_states: "Nothing was judged yet. That happens when predictions arrive.",
  state_columns: { place: "Predictions", state: "State", since: "Since", first: "First time", last: "Last time", peak: "Peak", probability: "Highest probability", issue: "Issue" },
  changes_title: "Transitions",
  no_changes: "It was neither raised nor cleared yet.",
  change_columns: { at: "Time", place: "Predictions", change: "Transition", peak: "Peak", probability: "Highest probability", first: "First time", told: "Message" },
  all: "all",
  peak: (peak, unit, time) => `${withUnit(peak, unit)}${time ? `, ${moment(time)}` : ""}`,
  told: "sent",
  not_told: "none",
  show_more: "Show more",
  close: "Close",
  // Transitions
  sign: ({ previous, state }) => (isRaised(previous) === isRaised(state) ? "±" : isRaised(state) ? "+" : "−"),
  change: ({ previous, state, level, previous_level }) => {
    if (isRaised(previous) && isRaised(state)) return `level ${level ?? "none"}, before ${previous_level ?? "none"}`;
    if (isRaised(state)) return level ? `raised, ${level}` : "raised";
    return "cleared";
  },
  likely: rounded,
  peaked: ({ peak, peak_probability: probability }) => `peak ${number(peak)}${probability === undefined ? "" : `, up to ${rounded(probability)}`}`,
  // Form
  create: "Create an alert",
  create_action: "Create the alert",
  editing: (name) => `Edit ${name}`,
  watched: "Watches",
  fields: {
    name: { label: "Name", ask: "Give the alert a name, such as: Mildew at Newark." },
    job_id: { label: "Job" },
    metric: { label: "Metric" },
    when: { label: "Raise if a value is" },
    value: { label: "Threshold", ask: "Enter the threshold, or add a level." },
    probability: { label: "Probability in %", hint: "The least probability of such a value. If empty, the predicted value itself is compared." },
    clear: { label: "Clear threshold", hint: "Cleared when no value meets it. If empty, that of the threshold." },
    issues: { label: "Issues in a row", hint: "The number of issues that must agree." },
    within: { label: "Within", hint: "How far ahead values count." },
    lasting: { label: "Lasting", hint: "How long values meet the threshold. 0: one value suffices." },
    tell: { label: "Send a message when the level is" },
    active: { label: "Active" },
  },
  /** A violation of the API, whose probabilities are numbers up to 1, as a sentence about percent. */
  probability_wrong: (detail) => {
    const [, low, high, isOfLevels] = /^must be greater than ([\d.]+) and at most ([\d.]+)(:)?/.exec(detail) ?? [];
    if (isOfLevels) return `Enter more than ${percent(low)} and at most ${percent(high)}: the quantiles of this output reach no further.`;
    if (low) return `Enter more than ${percent(low)} and at most ${percent(high)}.`;
    if (/^needs quantiles or members/.test(detail)) return "Leave this empty: the output has neither quantiles nor members any more.";
    return detail;
  },
  job_first: "Choose the job first",
  when: { ge: "≥ the threshold", gt: "> the threshold", le: "≤ the threshold", lt: "< the threshold" },
  tell: { worse: "worse than before", all: "another" },
  units: { hours: "hours", days: "days" },
  unit_of: (label) => `Unit of: ${label}`,
  levels: "Levels",
  levels_hint: "Names for thresholds, from mild to severe. A message is sent about a worse level, too.",
  level_name: "Name of the level",
  level_value: "From",
  level: (index) => `Level ${index + 1}`,
  add_level: "Add a level",
  remove: "Remove",
  remove_level: (name, index) => `Remove level ${name || index + 1}`,
  // Dry run
  trial: "In the past",
  trial_lead: "What it would have said about all predictions that have arrived, each judged at its arrival. Nothing is stored.",
  trial_waits: "Choose the job, and enter the threshold.",
  trial_marked: "Correct the marked fields.",
  tried: ({ raised, messages }) => (raised === 0 ? "It would never have been raised." : `It would have been raised ${times(raised)}, with ${plural(messages, "message")}.`),
  judged: (count) => `Judged at ${plural(count, "arrival")}.`,
  nothing_arrived: "No predictions have arrived.",
  raised_now: "It would be raised now.",
  transitions: "Transitions in the past",
  newest_only: (count) => `The newest ${count}:`,
  consequences: "Its states and transitions are deleted, too. No message is sent. This cannot be undone.",
  // Chart
  in_chart: ({ alert, state }) => {
    const rule = text.threshold(alert);
    if (!state) return rule;
    const when = state.first_time ? `: ${moment(state.first_time)} to ${moment(state.last_time)}` : "";
    return `${rule}, raised${state.level ? ` (${state.level})` : ""}${when}`;
  },
};
