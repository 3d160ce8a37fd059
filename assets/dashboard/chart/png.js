// The chart as a picture: its title, what time it shows as known, its legend, and its plot.
import { moment, zoneName } from "../lib/time.js";
import { text } from "../texts/chart.js";
import { colour, write } from "./paint.js";
import { entries, sampleOf } from "./legend.js";

const MARGIN = 16;
const LINE = 22;

/**
 * Saves the plot on the canvas `plot` as the PNG `file`. `over` is the place of the plot's area on the page; `asOf` is marked
 * unless it is null, in the window `from` to `to`.
 */
export async function savePicture({ plot, over, title, headline, lines, asOf, window: { from, to }, file }) {
  const scale = devicePixelRatio;
  const canvas = document.createElement("canvas");
  const ctx = canvas.getContext("2d");
  const width = plot.width / scale + 2 * MARGIN;
  const rows = rowsOf(ctx, entries(lines), width - 2 * MARGIN);
  const top = MARGIN + 56 + rows.length * LINE;
  canvas.width = width * scale;
  canvas.height = plot.height + (top + LINE + MARGIN) * scale;
  ctx.fillStyle = colour("raised");
  ctx.fillRect(0, 0, canvas.width, canvas.height);
  const put = (text, x, y, font, name = "text") => write(ctx, text, colour(name), x * scale, y * scale, "left", font);
  put(title, MARGIN, MARGIN + 8, "600 17px");
  put(headline, MARGIN, MARGIN + 34, "400 14px");
  rows.forEach((row, index) => row.forEach(({ line, x }) => {
    const y = MARGIN + 60 + index * LINE;
    sample(ctx, line, (MARGIN + x) * scale, y * scale, scale);
    put(line.title, MARGIN + x + 38, y, "400 13px");
  }));
  ctx.drawImage(plot, MARGIN * scale, top * scale);
  if (asOf !== null && asOf >= from && asOf <= to) {
    const box = plot.getBoundingClientRect();
    const x = MARGIN + over.left - box.left + ((asOf - from) / (to - from)) * over.width;
    dotted(ctx, x * scale, (top + over.top - box.top) * scale, over.height * scale, scale);
  }
  put(text.made(moment(Date.now()), zoneName(from)), MARGIN, top + plot.height / scale + LINE / 2, "400 12px", "quiet");
  const blob = await new Promise((done) => canvas.toBlob(done, "image/png"));
  const url = URL.createObjectURL(blob);
  Object.assign(document.createElement("a"), { href: url, download: file }).click();
  setTimeout(() => URL.revokeObjectURL(url), 1000);
}

/** The entries of the legend in rows that fit the width, each with its place in its row. */
function rowsOf(ctx, lines, width) {
  ctx.font = "400 13px system-ui, sans-serif";
  const rows = [[]];
  let x = 0;
  for (const line of lines) {
    const wide = 38 + ctx.measureText(line.title).width + 24;
    if (x > 0 && x + wide > width) {
      rows.push([]);
      x = 0;
    }
    rows.at(-1).push({ line, x });
    x += wide;
  }
  return rows;
}

function sample(ctx, line, x, y, scale) {
  const { colour: name, width, dash, dot, opacity } = sampleOf(line);
  ctx.strokeStyle = ctx.fillStyle = colour(name);
  ctx.lineWidth = width * scale;
  ctx.globalAlpha = opacity;
  ctx.setLineDash(dash.map((length) => length * scale));
  ctx.beginPath();
  ctx.moveTo(x, y);
  ctx.lineTo(x + 30 * scale, y);
  ctx.stroke();
  ctx.globalAlpha = 1;
  ctx.setLineDash([]);
  ctx.beginPath();
  if (dot) ctx.arc(x + 15 * scale, y, 3.5 * scale, 0, 7);
  ctx.fill();
}

function dotted(ctx, x, top, height, scale) {
  ctx.strokeStyle = colour("text");
  ctx.lineWidth = 2 * scale;
  ctx.setLineDash([2 * scale, 4 * scale]);
  ctx.beginPath();
  ctx.moveTo(x, top);
  ctx.lineTo(x, top + height);
  ctx.stroke();
  ctx.setLineDash([]);
}
