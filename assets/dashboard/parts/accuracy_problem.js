// Why nothing could be compared, as a sentence that says what to choose instead.
import { html } from "../lib/html.js";
import { text } from "../texts/accuracy.js";
import { ProblemNote } from "./problem.js";

const withoutIds = (list) => list.replaceAll(/ \([0-9a-f-]{36}\)/g, "");

const SENTENCES = [
  [/several sensors measure (.+?): (.+)/, (metric, sensors) => text.several(metric, withoutIds(sensors))],
  [/the sensor (.+) measures .+ in (.+), and .+ predicts it in (.+); values/, (sensor, measured, predicted) => text.units(sensor, measured, predicted)],
  [/a reading of the sensor (.+) stands for a longer/, (sensor) => text.longer(sensor)],
  [/narrow the window/, () => text.tooMuch],
];

export function AccuracyProblem({ problem, retry }) {
  for (const { detail } of problem.errors ?? []) {
    for (const [pattern, sentence] of SENTENCES) {
      const found = pattern.exec(detail);
      if (found) return html`<div class="problem" role="alert"><p>${sentence(...found.slice(1))}</p></div>`;
    }
  }
  return html`<${ProblemNote} problem=${problem} retry=${retry} />`;
}
