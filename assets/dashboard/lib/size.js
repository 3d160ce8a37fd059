// Sizes in words.

const UNITS = ["bytes", "kB", "MB", "GB", "TB"];

/** A number of bytes, such as "12.3 MB". */
export function size(bytes) {
  const power = Math.min(UNITS.length - 1, Math.floor(Math.log10(Math.max(1, bytes)) / 3));
  const value = bytes / 1000 ** power;
  return `${power > 0 && value < 100 ? value.toFixed(1) : Math.round(value)} ${UNITS[power]}`;
}

/** A whole number with spaces between the thousands. */
export const grouped = (count) => count.toLocaleString("en-GB").replaceAll(",", "\u202f");
