// The footer of every view: where the data is stored, and what needs attention although the server works.
import { html, useEffect, useState } from "../lib/html.js";
import { call } from "../lib/api.js";
import { BASE } from "../lib/base.js";
import { text } from "../texts/footer.js";

export function Footer() {
  const [ready, setReady] = useState(null);
  useEffect(() => {
    // A server that is not ready shows its problem in the view itself.
    call(`${BASE}/readyz`).then(({ body }) => setReady(body), () => setReady(null));
  }, []);
  if (!ready) return null;
  const { engine, warnings = [] } = ready;
  return html`
    <footer>
      <p>${text.stored(engine)}</p>
      ${warnings.map((warning) => html`<p key=${warning} class="wrong">${warning}</p>`)}
    </footer>`;
}
