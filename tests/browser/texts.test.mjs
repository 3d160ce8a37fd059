// All texts of the dashboard stand in assets/dashboard/texts: finds words in its other modules.
// Run: node --test tests/browser/texts.test.mjs
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";

const DASHBOARD = new URL("../../assets/dashboard/", import.meta.url);

/** Strings that read as words and are not shown as such: names of the protocol, of keys and of tokens, fonts, selectors, commands. */
const EXCEPT = [
  // The name of a time zone.
  /^\p{Lu}\p{L}+\/\p{Lu}[\p{L}_]+$/u,
  /^(AbortError|Bearer \0|Content-Type|If-Match|Link|Enter|Escape)$/, /^(sign-in link|visitor of the demo)$/,
  /system-ui, sans-serif$/, /^\(prefers-color-scheme: /, /^input, select, textarea$/, /^(-H|curl -H|export WORKER_TOKEN=)/,
];
/** A program in Python, as text. */
const PROGRAM = "lib/worker.js";

/** Attributes and properties of components whose value a person sees or hears. */
const SHOWN = /\b(aria-label|aria-valuetext|aria-description|title|placeholder|alt|data-title|label|hint|word|summary)=/;

/** Stands for an expression within a template. */
const HOLE = "\u0000";

/**
 * The strings and templates of a module: `{ line, text, isMarkup }`, with expressions as HOLE. Strings within the
 * expressions of a template are listed, too.
 */
function literals(source) {
  const found = [];
  const lineAt = (index) => source.slice(0, index).split("\n").length;
  // A slash begins a regular expression where a value may begin.
  const beginsValue = (before) => /(^|[=(,:[!&|?{};>]|\breturn)\s*$/.test(before);

  /** Reads code from `index` to the brace that closes it, or to the end, and returns the index after it. */
  function code(index) {
    let depth = 0;
    while (index < source.length) {
      const rest = source.slice(index, index + 2);
      if (rest === "//") index = source.indexOf("\n", index);
      else if (rest === "/*") index = source.indexOf("*/", index) + 2;
      else if (rest[0] === '"' || rest[0] === "'") index = string(index);
      else if (rest[0] === "`") index = template(index);
      else if (rest[0] === "/" && beginsValue(source.slice(Math.max(0, index - 20), index))) index = pattern(index);
      else {
        if (rest[0] === "{") depth += 1;
        if (rest[0] === "}" && depth-- === 0) return index + 1;
        index += 1;
      }
      if (index <= 0) return source.length;
    }
    return index;
  }
  function string(start) {
    let end = start + 1;
    while (source[end] !== source[start] && end < source.length) end += source[end] === "\\" ? 2 : 1;
    found.push({ start, line: lineAt(start), text: source.slice(start + 1, end), isMarkup: false });
    return end + 1;
  }
  function template(start) {
    const isMarkup = source.slice(0, start).endsWith("html");
    let [index, text] = [start + 1, ""];
    while (source[index] !== "`" && index < source.length) {
      if (source.startsWith("${", index)) {
        index = code(index + 2);
        text += HOLE;
      } else {
        text += source[index];
        index += 1;
      }
    }
    found.push({ start, line: lineAt(start), text, isMarkup });
    return index + 1;
  }
  function pattern(start) {
    let [index, isClass] = [start + 1, false];
    for (; (source[index] !== "/" || isClass) && index < source.length; index += source[index] === "\\" ? 2 : 1) {
      if (source[index] === "[") isClass = true;
      if (source[index] === "]") isClass = false;
    }
    return index + 1;
  }
  code(0);
  return found.sort((one, other) => one.start - other.start);
}

const hasLetter = (text) => /\p{L}/u.test(text.replaceAll(/&\w+;/g, ""));

/** The words of markup: what stands between its tags, and the attributes that are shown. */
function markupWords(text) {
  const words = [];
  const between = text.replaceAll(/<[^>]*>/g, (tag) => {
    for (const [, name, value] of tag.matchAll(/([\w-]+)="([^"]*)"/g)) {
      if (SHOWN.test(`${name}=`) && hasLetter(value)) words.push(value);
    }
    return HOLE;
  });
  return [...words, ...between.split(HOLE).filter(hasLetter)].map((each) => each.trim());
}

/** A string that reads as words: a capital letter and small ones, or two words with a space between them. */
const readsAsWords = (text) => /^\s*\p{Lu}\p{Ll}/u.test(text) || /\p{L}{2,}[,.:]? \p{L}{2,}/u.test(text);

const isExcepted = (text) => EXCEPT.some((pattern) => pattern.test(text));

/** The words in the source of a module, each with its line. */
function shownWords(source) {
  return literals(source).flatMap(({ line, text, isMarkup }) =>
    (isMarkup ? markupWords(text) : [text].filter(readsAsWords)).filter((words) => !isExcepted(words)).map((words) => `${line}: ${words}`));
}

test("words are found in markup, in attributes that are shown, and in strings", () => {
  const found = (source) => shownWords(source).map((each) => each.replace(/^\d+: /, ""));
  assert.deepEqual(found("html`<p class=\"quiet lead\">${a} and <b>more</b></p>`"), ["and", "more"]);
  assert.deepEqual(found("html`<p title=\"Seen\" aria-label=${\"Heard\"} id=\"place\">${text.of}</p>`"), ["Seen", "Heard"]);
  assert.deepEqual(found("html`<p>${isOn && html`<i>on</i>`}${isOff ? `is ${x} off now` : \"a\"}</p>`"), ["on", "is \0 off now"]);
  assert.deepEqual(found("// Not this\n/* Nor this */ const a = b / 2 + c.replace(/[\"/]Nor this/, d);\nset(\"Yes this\");"), ["Yes this"]);
  assert.deepEqual(found("html`<${Field} label=${text.name} kind=\"select\" name=\"the-name\" />&nbsp;·`; call(\"/jobs\", \"is-open\");"), []);
});

test("only the modules of texts have words", () => {
  const modules = readdirSync(DASHBOARD, { recursive: true }).filter((name) => name.endsWith(".js") && !name.startsWith("texts/") && name !== PROGRAM);
  assert.ok(modules.length > 100, `${modules.length} modules`);
  const found = modules.sort().flatMap((name) => shownWords(readFileSync(new URL(name, DASHBOARD), "utf8")).map((words) => `${name}:${words}`));
  assert.deepEqual(found, []);
});
