// Commands to copy, and results of calls to download.
import { html, useState } from "../lib/html.js";
import { curl, download } from "../lib/api.js";
import { token } from "../lib/session.js";
import { text as words } from "../texts/copy.js";

/** A button that copies a text. Browsers give the clipboard to https and localhost only; elsewhere the text is shown. */
export function Copy({ text, label = words.copy }) {
  const [state, setState] = useState("");
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text);
      setState("copied");
      setTimeout(() => setState(""), 3000);
    } catch {
      setState("shown");
    }
  };
  return html`
    <button type="button" onClick=${copy}>${state === "copied" ? words.copied : label}</button>
    ${state === "shown" && html`<pre tabindex="0"><code>${text}</code></pre>`}
    <span class="hidden" role="status">${state === "copied" ? words.copied : ""}</span>`;
}

/** A command with its button. */
export function Command({ text }) {
  return html`<div class="block command"><pre tabindex="0"><code>${text}</code></pre><${Copy} text=${text} /></div>`;
}

/** Saves a blob as a file. */
export function save(blob, file) {
  const url = URL.createObjectURL(blob);
  Object.assign(document.createElement("a"), { href: url, download: file }).click();
  setTimeout(() => URL.revokeObjectURL(url), 1000);
}

/** A link to the result of a call. A browser cannot send a token with a link, so the result is fetched and saved as a file. */
export function Answer({ address, name, file }) {
  const [problem, setProblem] = useState("");
  const open = async (event) => {
    if (!token()) return;
    event.preventDefault();
    setProblem("");
    try {
      save(await download(address), file);
    } catch (problem) {
      setProblem(problem.message);
    }
  };
  return html`<a href=${address} onClick=${open}>${name}</a>${problem && html` <span class="wrong" role="alert">${problem}</span>`}`;
}

/** The same rows as JSON, as CSV and as a command. */
export function SameAs({ json, csv, file }) {
  return html`
    <p class="same">
      ${words.export} <${Answer} address=${json} name=${words.json} file="${file}.json" />
      ${csv && html` <${Answer} address=${csv} name=${words.csv} file="${file}.csv" />`}
      ${" "}<${Copy} text=${curl(json)} label=${words.curl} />
    </p>`;
}
