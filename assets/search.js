// The search of the guides. The browser loads the index with the first search, and finds all results itself: no request
// contains the words. Without this script the pages lack only the search.

const MOST = 12;
// Characters of a text that are shown before and after a found word.
const BEFORE = 50;
const AFTER = 110;

const frame = document.querySelector("search");
const [field, results] = [frame.querySelector("input"), frame.querySelector(".results")];
const [status, list] = [results.querySelector("[role=status]"), results.querySelector("ul")];
frame.hidden = false;

let index;

/** All sections of all guides, which are loaded once. */
const sections = () => (index ??= load());

async function load() {
  const { default: pages } = await import("../docs/search-index.js");
  const base = new URL("..", import.meta.url).pathname.replace(/\/$/, "");
  return pages.flatMap(([path, title, entries], rank) =>
    entries.map(([anchor, heading, text]) => ({
      href: `${base}${path}${anchor && `#${anchor}`}`, title, heading, text, rank,
      isMinor: ["/docs/changelog", "/docs/licences"].includes(path),
    })),
  );
}

const escaped = (text) => text.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&");

/** Patterns that find the words of a search at the start of words, in the singular and the plural. */
function patterns(search) {
  const words = search.toLowerCase().match(/[\p{L}\p{N}_]+/gu) ?? [];
  const singular = words.map((word) => (word.length > 3 ? word.replace(/(ies|y|s)$/, "") : word));
  return singular.map((word) => new RegExp(`(?<![\\p{L}\\p{N}])${escaped(word)}[\\p{L}\\p{N}]*`, "giu"));
}

/** Points of a section for a word: the heading counts most, then the title of the guide, then the text. */
function points(section, pattern) {
  const count = (text) => text.match(pattern)?.length ?? 0;
  const inHeading = section.heading ? count(section.heading) : count(section.title);
  return (inHeading ? 12 : 0) + (count(section.title) ? 4 : 0) + Math.min(count(section.text), 4);
}

function find(all, words) {
  const found = [];
  for (const section of all) {
    const each = words.map((word) => points(section, word));
    if (each.some((number) => number === 0)) continue;
    const sum = each.reduce((one, other) => one + other, 0);
    found.push({ ...section, sum: section.isMinor ? sum / 4 : sum });
  }
  return found.sort((one, other) => other.sum - one.sum || one.rank - other.rank);
}

/** The text with the found words marked. */
function marked(text, words) {
  const hits = words.flatMap((word) => [...text.matchAll(word)].map((hit) => [hit.index, hit.index + hit[0].length]));
  hits.sort((one, other) => one[0] - other[0]);
  const [parts, end] = [[], { at: 0 }];
  for (const [from, to] of hits) {
    if (from < end.at) continue;
    const mark = document.createElement("mark");
    mark.textContent = text.slice(from, to);
    parts.push(text.slice(end.at, from), mark);
    end.at = to;
  }
  return [...parts, text.slice(end.at)];
}

/** The part of a section's text around the first found word. */
function excerpt(text, words) {
  const at = Math.max(0, Math.min(...words.map((word) => text.search(word)).filter((at) => at >= 0), text.length));
  const start = at > BEFORE && at < text.length ? text.indexOf(" ", at - BEFORE) + 1 : 0;
  const end = text.length > start + BEFORE + AFTER ? text.lastIndexOf(" ", start + BEFORE + AFTER) : text.length;
  return `${start > 0 ? "… " : ""}${text.slice(start, end)}${end < text.length ? " …" : ""}`;
}

function item({ href, title, heading, text }, words) {
  const [row, link, lines] = ["li", "a", "span"].map((name) => document.createElement(name));
  link.href = href;
  link.append(...marked(heading ? `${title} › ${heading}` : title, words));
  lines.append(...marked(excerpt(text, words), words));
  link.append(lines);
  row.append(link);
  return row;
}

async function show() {
  const search = field.value;
  const words = patterns(search);
  if (words.length === 0) return close();
  try {
    const found = find(await sections(), words);
    if (search !== field.value) return;
    const shown = found.slice(0, MOST);
    list.replaceChildren(...shown.map((section) => item(section, words)));
    const more = found.length > shown.length ? `The best ${shown.length} of ${found.length} results` : "";
    status.textContent = more || (found.length === 1 ? "1 result" : `${found.length || "No"} results`);
  } catch {
    list.replaceChildren();
    status.textContent = "The search cannot be loaded. Check the connection to the server, and reload the page.";
  }
  results.hidden = false;
}

function close() {
  results.hidden = true;
}

/** Moves the focus from the field through the results and back. */
function move(step) {
  const stops = [field, ...list.querySelectorAll("a")];
  const at = stops.indexOf(document.activeElement);
  stops[(at + step + stops.length) % stops.length].focus();
}

field.addEventListener("input", show);
field.addEventListener("focus", () => {
  // A failure is shown with the first search.
  sections().catch(() => {});
  if (results.hidden && field.value) show();
});
frame.addEventListener("keydown", (event) => {
  if (event.key === "Escape") {
    event.preventDefault();
    field.focus();
    close();
  } else if (event.key === "Enter" && event.target === field) {
    event.preventDefault();
    list.querySelector("a")?.click();
  } else if (["ArrowDown", "ArrowUp"].includes(event.key) && !results.hidden) {
    event.preventDefault();
    move(event.key === "ArrowDown" ? 1 : -1);
  }
});
// A result may be on the page that is open.
list.addEventListener("click", close);
document.addEventListener("focusin", (event) => frame.contains(event.target) || close());
document.addEventListener("pointerdown", (event) => frame.contains(event.target) || close());
document.addEventListener("keydown", (event) => {
  const isTyping = event.target.closest("input, textarea, select, [contenteditable]");
  if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey || isTyping) return;
  event.preventDefault();
  field.focus();
});
