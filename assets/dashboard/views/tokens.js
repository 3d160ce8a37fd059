// The access tokens: list, create, revoke.
import { html, useRef, useState } from "../lib/html.js";
import { address, call, getAll } from "../lib/api.js";
import { useLoaded } from "../lib/load.js";
import { useNames } from "../lib/names.js";
import { may } from "../lib/session.js";
import { moment, relative, useZone } from "../lib/time.js";
import { Heading } from "../parts/heading.js";
import { Pending, ProblemNote } from "../parts/problem.js";
import { NewToken } from "../parts/new_token.js";

export function Tokens({ me }) {
  useZone();
  const names = useNames();
  const isManager = may(me, "manager");
  const loaded = useLoaded(async (signal) => (isManager ? getAll("/tokens", {}, signal) : []), [isManager]);
  const [problem, setProblem] = useState(null);
  const [asked, setAsked] = useState(null);
  const dialog = useRef(null);
  if (!isManager) return html`<${Heading}>Tokens<//><p>Only managers and admins may list and create tokens. Your token is a ${me.role}'s.</p>`;
  if (!loaded.value) return html`<${Heading}>Tokens<//><${Pending} loaded=${loaded} />`;

  const ask = (token) => {
    setAsked(token);
    dialog.current.showModal();
  };
  const revoke = async () => {
    dialog.current.close();
    setProblem(null);
    try {
      await call(address(`/tokens/${asked.id}`), { method: "DELETE" });
    } catch (problem) {
      setProblem(problem);
    }
    loaded.reload();
  };
  return html`
    <${Heading}>Tokens<//>
    <p class="quiet lead-in">
      Every call needs a token. A viewer reads, a worker also posts, a manager also changes the organisation's things, an
      admin may do everything in every organisation.
    </p>
    <${ProblemNote} problem=${problem ?? loaded.problem} />
    <div class="wide" tabindex="0" role="region" aria-label="Tokens"><table>
      <thead><tr>
        <th scope="col">Name</th><th scope="col">Role</th><th scope="col">Organisation</th><th scope="col">Last used</th>
        <th scope="col">Expires</th><th scope="col"><span class="hidden">Actions</span></th>
      </tr></thead>
      <tbody>${loaded.value.map((token) => html`
        <tr key=${token.id}>
          <th scope="row">${token.name}${token.id === me.id && html` <span class="quiet">(yours)</span>`}</th>
          <td>${token.role}</td>
          <td>${token.organisation_id ? names.organisations.get(token.organisation_id)?.name ?? token.organisation_id : "all"}</td>
          <td>${token.last_used_at
            ? html`<span title=${moment(token.last_used_at)}>${relative(token.last_used_at)}</span>`
            : html`<span class="quiet">never</span>`}</td>
          <td>${token.expires_at ? moment(token.expires_at) : "never"}</td>
          <td><button type="button" class="danger" onClick=${() => ask(token)} aria-label="Revoke ${token.name}">Revoke</button></td>
        </tr>`)}</tbody>
    </table></div>
    <dialog ref=${dialog} aria-labelledby="revoke-title">
      <h2 id="revoke-title">Revoke ${asked?.name}?</h2>
      <p>Requests with this token will be refused. This cannot be undone.${asked?.id === me.id && " You are signed in with this token."}</p>
      <p class="acts">
        <button type="button" class="danger" onClick=${revoke}>Revoke</button>
        <button type="button" onClick=${() => dialog.current.close()}>Cancel</button>
      </p>
    </dialog>
    <${NewToken} me=${me} names=${names} done=${loaded.reload} />`;
}
