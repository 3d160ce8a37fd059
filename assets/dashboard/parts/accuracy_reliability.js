// Whether a model is as sure as it says: the reliability of its quantiles or the rank histogram of its members, with their scores.
import { html, useState } from "../lib/html.js";
import { FEW } from "../lib/accuracy.js";
import { farthestOf, ranksOf, stripsOf } from "../lib/reliability.js";
import { text as words } from "../texts/accuracy.js";
import { text } from "../texts/reliability.js";
import { text as spread } from "../texts/spread.js";
import { Bars } from "./accuracy_bars.js";
import { Square } from "./accuracy_square.js";

const POINT = 5;

/** `row` has the scores. Nothing is shown of a model that predicts values alone. */
export function Reliability({ row, unit }) {
  const hasLevels = row.quantiles?.length > 0;
  if (!hasLevels && !row.rank_histogram) return null;
  return html`
    ${hasLevels && html`<${Levels} row=${row} unit=${unit} />`}
    <${Scores} row=${row} unit=${unit} hint=${hasLevels ? text.quantilesHint : text.membersHint} />
    ${!hasLevels && html`<${Ranks} row=${row} />`}`;
}

function Levels({ row: { quantiles, pairs }, unit }) {
  const [pointed, setPointed] = useState(null);
  const strips = stripsOf(quantiles.map(({ level }) => level));
  const draw = ({ x, y, top, bottom }) => html`
    <g class="line-0">
      <path class="line" d=${quantiles.map(({ level, share_below }, index) => `${index ? "L" : "M"}${x(level).toFixed(1)} ${y(share_below).toFixed(1)}`).join("")} />
      ${quantiles.map(({ level, share_below }) => html`
        <circle key=${level} class="point ${pairs < FEW ? "hollow" : ""}" cx=${x(level)} cy=${y(share_below)} r=${POINT} />`)}
      ${strips.map(([from, to], index) => html`<rect key=${from} class="hit" x=${x(from)} width=${x(to) - x(from)} y=${top} height=${bottom - top}
        onPointerEnter=${() => setPointed(index)} />`)}
    </g>`;
  const cells = ({ level, share_below, pinball }) => [spread.share(level), spread.share(share_below), words.score(pinball, unit), pairs.toLocaleString("en-GB")];
  const word = quantiles[pointed] ? text.level(quantiles[pointed], pairs) : text.farthest(farthestOf(quantiles), pairs);
  return html`
    <div class="by-pair by-level">
      <h4>${text.levels}</h4>
      <p class="quiet">${text.levelsHint} ${pairs < FEW && words.fewHint}</p>
      <p class="bars-word" aria-hidden="true">${word}</p>
      <${Square} low=${0} high=${1} word=${text.percent} label=${text.levelsLabel(quantiles, pairs)} across=${text.across} upwards=${text.upwards} draw=${draw}
        onPointerLeave=${() => setPointed(null)} />
      <details>
        <summary>${text.levelsTable}</summary>
        <${Rows} label=${text.levelsTable} heads=${text.levelHeads} rows=${quantiles.map(cells)} />
      </details>
    </div>`;
}

function Ranks({ row: { rank_histogram: histogram, pairs } }) {
  const all = ranksOf(histogram);
  const bars = histogram.map((count, at) => ({ at, value: count, word: text.rank(at, count, all), cells: text.rankCells(at, count, all) }));
  return html`
    <div class="by-rank">
      <h4>${text.ranks}</h4>
      <p class="quiet">${text.ranksHint} ${all.pairs < FEW && words.fewHint}</p>
      <${Bars} bars=${bars} count=${histogram.length} even=${all.even} label=${text.ranksLabel(histogram, all)} scale=${text.ranksScale(all, Math.max(...histogram))}
        ends=${text.ends} summary=${text.ranksTable} heads=${text.rankHeads} />
      ${all.pairs < pairs && html`<p class="quiet small-print">${text.ranksOf(all, pairs)}</p>`}
    </div>`;
}

function Scores({ row, unit, hint }) {
  return html`
    <div class="of-spread">
      <h4>${text.scores}</h4>
      <p class="quiet">${hint}</p>
      <dl class="facts">${text.figures(row, unit).map(([name, value]) => html`<dt>${name}</dt><dd>${value}</dd>`)}</dl>
      ${row.intervals?.length > 0 && html`<${Rows} label=${text.intervals} hasCaption heads=${text.intervalHeads}
        rows=${row.intervals.map((each) => text.interval(each, unit))} />`}
    </div>`;
}

function Rows({ label, hasCaption, heads, rows }) {
  return html`
    <div class="wide" tabindex="0" role="region" aria-label=${label}><table>
      <caption class=${hasCaption ? "" : "hidden"}>${label}</caption>
      <thead><tr>${heads.map((head) => html`<th scope="col">${head}</th>`)}</tr></thead>
      <tbody>${rows.map(([first, ...rest]) => html`<tr key=${first}><th scope="row">${first}</th>${rest.map((cell) => html`<td>${cell}</td>`)}</tr>`)}</tbody>
    </table></div>`;
}
