// Painting on a canvas in the colours of the style sheet.

/** A colour of the style sheet, as it is in the scheme that the browser shows. */
export const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();

/** Writes a text. On lines it is read by the rim that it has. */
export function write(ctx, text, fill, x, y, align, font = "600 12px") {
  const [weight, size] = font.split(" ");
  ctx.font = `${weight} ${Number.parseInt(size) * devicePixelRatio}px system-ui, sans-serif`;
  ctx.textAlign = align;
  ctx.textBaseline = "middle";
  ctx.lineJoin = "round";
  ctx.lineWidth = 4 * devicePixelRatio;
  ctx.strokeStyle = colour("raised");
  ctx.strokeText(text, x, y);
  ctx.fillStyle = fill;
  ctx.fillText(text, x, y);
}
