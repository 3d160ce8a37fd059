// Signing in with a token, or with the link that the first start of the server prints.
import { html, useState } from "../lib/html.js";
import { BASE } from "../lib/base.js";
import { API, call } from "../lib/api.js";
import { current, go } from "../lib/route.js";
import { signIn, token } from "../lib/session.js";
import { text } from "../texts/sign_in.js";
import { Field } from "../parts/field.js";
import { Heading } from "../parts/heading.js";
import { ProblemNote } from "../parts/problem.js";

export function SignIn({ me, reason, done }) {
  const [code, setCode] = useState(current().parameters.code);
  const [secret, setSecret] = useState("");
  const [isStaying, setStaying] = useState(false);
  const [problem, setProblem] = useState(null);
  const [isBusy, setBusy] = useState(false);

  const enter = async (secret) => {
    signIn(secret, isStaying);
    if (location.hash.startsWith("#/sign-in")) go("jobs");
    await done();
  };
  const byLink = async () => {
    const { body } = await call(`${BASE}/sign-in`, { method: "POST", body: { code }, secret: "" });
    await enter(body.secret);
  };
  const byToken = async () => {
    await call(`${API}/whoami`, { secret: secret.trim() || "none" });
    await enter(secret.trim());
  };
  const submit = async (event) => {
    event.preventDefault();
    setBusy(true);
    setProblem(null);
    try {
      await (code ? byLink() : byToken());
    } catch (problem) {
      setProblem(problem);
      // A link is valid once: what remains is the token.
      if (code && problem.status !== 0) setCode(undefined);
    }
    setBusy(false);
  };
  const isOver = problem?.status === 401 && problem.detail?.includes("sign-in link");
  const isWrong = problem?.status === 401 && !isOver;
  const wrong = isWrong ? [text.wrong] : [];
  const stay = html`
    <p class="field">
      <label class="check"><input type="checkbox" checked=${isStaying} onChange=${(event) => setStaying(event.currentTarget.checked)}
        aria-describedby="stay-hint" /> ${text.stay}</label>
      <span class="hint" id="stay-hint">${text.stay_hint}</span>
    </p>`;
  return html`
    <div class="sign-in">
      <${Heading}>${text.title}<//>
      <p>${text.lead} ${code ? "" : me === null ? text.paste : token() ? text.other(me.name) : text.demo}</p>
      ${reason && !problem && html`<p class="problem" role="alert">${reason}</p>`}
      ${isOver && html`<p class="problem" role="alert">${text.link_over}</p>`}
      <form onSubmit=${submit}>
        ${code ? html`<p>${text.by_link}</p>` : html`
          <${Field} name="token" label=${text.token} kind="password" value=${secret} set=${setSecret} wrong=${wrong}
            autocomplete="off" spellcheck=${false} required hint=${text.hint} />`}
        ${stay}
        <p><button class="primary" disabled=${isBusy}>${code ? text.by_link_action : text.sign_in}</button></p>
      </form>
      <div role="status" class="hidden">${isWrong ? wrong[0] : ""}</div>
      ${problem && !isWrong && !isOver && html`<${ProblemNote} problem=${problem} />`}
      ${!code && html`<details>
        <summary>${text.no_token}</summary>
        <p>${text.first[0]}<code>${text.file}</code>${text.first[1]}</p>
        <pre tabindex="0"><code>${text.command}</code></pre>
        <p><a href=${`${BASE}/docs/tokens`}>${text.guide}</a></p>
      </details>`}
    </div>`;
}
