// Signing in with a token, which is stored for this browser session only.
import { html, useState } from "../lib/html.js";
import { BASE } from "../lib/base.js";
import { API, call } from "../lib/api.js";
import { go } from "../lib/route.js";
import { signIn } from "../lib/session.js";
import { Field } from "../parts/field.js";
import { Heading } from "../parts/heading.js";
import { ProblemNote } from "../parts/problem.js";

export function SignIn({ me, reason, done }) {
  const [secret, setSecret] = useState("");
  const [problem, setProblem] = useState(null);
  const [isBusy, setBusy] = useState(false);

  const submit = async (event) => {
    event.preventDefault();
    setBusy(true);
    setProblem(null);
    try {
      await call(`${API}/whoami`, { secret: secret.trim() || "none" });
      signIn(secret.trim());
      if (location.hash.startsWith("#/sign-in")) go("jobs");
      await done();
    } catch (problem) {
      setProblem(problem);
    }
    setBusy(false);
  };
  const isWrong = problem?.status === 401;
  const wrong = isWrong ? ["This token is unknown, revoked or expired"] : [];
  return html`
    <div class="sign-in">
      <${Heading}>Sign in<//>
      <p>
        This server stores predictive models, the jobs that connect them to sensors and locations, and their predictions.
        ${me === null ? " Paste your access token to see your organisation."
          : " You are viewing a demo as its visitor. To change something, sign in with the demo's admin token."}
      </p>
      ${reason && html`<p class="problem" role="alert">${reason}</p>`}
      <form onSubmit=${submit}>
        <${Field} name="token" label="Token" kind="password" value=${secret} set=${setSecret} wrong=${wrong}
          autocomplete="off" spellcheck=${false} required
          hint="It starts with pa_. The browser stores it until you close this tab or sign out." />
        <p><button class="primary" disabled=${isBusy}>Sign in</button></p>
      </form>
      <div role="status" class="hidden">${isWrong ? wrong[0] : ""}</div>
      ${problem && !isWrong && html`<${ProblemNote} problem=${problem} />`}
      <details>
        <summary>I have no token</summary>
        <p>
          The first start of the server prints an admin token and writes it to the file <code>admin-token</code> in its data
          folder. Admins and managers create tokens for others, here under Tokens or on the command line:
        </p>
        <pre tabindex="0"><code>prediction-api token create NAME --role viewer --organisation ID</code></pre>
        <p><a href=${`${BASE}/docs/tokens`}>Tokens and permissions</a></p>
      </details>
    </div>`;
}
