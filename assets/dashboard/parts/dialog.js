// Modal dialogs. A dialog is open while it is drawn.
import { html, useLayoutEffect, useRef, useState } from "../lib/html.js";
import { text } from "../texts/dialog.js";
import { ProblemNote } from "./problem.js";

/** A dialog with a title, its content and its buttons (`actions`). `close` is called at Escape, too. `wide` is for tables. */
export function Dialog({ title, close, actions, wide, children }) {
  const dialog = useRef(null);
  const id = useRef(`dialog-${Math.random().toString(36).slice(2)}`).current;
  useLayoutEffect(() => {
    const before = document.activeElement;
    dialog.current.showModal();
    // The button that opened the dialog has the focus again, unless it is gone.
    return () => (before?.isConnected ? before : document.getElementById("content"))?.focus({ preventScroll: true });
  }, []);
  const cancel = (event) => {
    event.preventDefault();
    close();
  };
  return html`
    <dialog ref=${dialog} class=${wide ? "roomy-dialog" : undefined} aria-labelledby=${id} onCancel=${cancel}>
      <h2 id=${id}>${title}</h2>
      ${children}
      ${actions && html`<div class="acts">${actions}</div>`}
    </dialog>`;
}

/**
 * Asks before something that cannot be undone: the children are the consequences in words. The safe choice comes first and
 * has the focus. `run` does it; `done` follows if it succeeds, and a problem is shown in the dialog.
 */
export function Confirm({ title, action, run, done, close, cancel = text.cancel, children }) {
  const [isBusy, setBusy] = useState(false);
  const [problem, setProblem] = useState(null);
  const go = async () => {
    setBusy(true);
    setProblem(null);
    try {
      await run();
    } catch (problem) {
      setBusy(false);
      return setProblem(problem);
    }
    close();
    done?.();
  };
  const actions = html`
    <button type="button" autofocus onClick=${close}>${cancel}</button>
    <button type="button" class="danger" disabled=${isBusy} onClick=${go}>${isBusy ? text.busy : action}</button>`;
  return html`<${Dialog} title=${title} close=${close} actions=${actions}>${children}<${ProblemNote} problem=${problem} /><//>`;
}
