// The backup of the whole server: download, age of the last one, and how to make them by a timer.
import { html, useState } from "../lib/html.js";
import { address, call, download, get } from "../lib/api.js";
import { BASE } from "../lib/base.js";
import { useLoaded } from "../lib/load.js";
import { may } from "../lib/session.js";
import { size } from "../lib/size.js";
import { moment, relative, useZone } from "../lib/time.js";
import { text } from "../texts/backup.js";
import { Command } from "../parts/copy.js";
import { Heading } from "../parts/heading.js";
import { Pending, ProblemNote } from "../parts/problem.js";

const OLD = 7 * 86_400_000;

export function Backup({ me }) {
  useZone();
  const isAdmin = may(me, "admin");
  const loaded = useLoaded(async (signal) => {
    if (!isAdmin) return null;
    const [space, ready] = await Promise.all([get("/admin/space", {}, signal), call(`${BASE}/readyz`, { signal })]);
    return { last: space.last_backup_at, isFile: ready.body.engine === "sqlite" };
  }, [isAdmin]);
  if (!isAdmin) return html`<${Heading}>${text.title}<//><p>${text.refused(me.role)}</p>`;
  if (!loaded.value) return html`<${Heading}>${text.title}<//><${Pending} loaded=${loaded} />`;
  const guide = html`<p><a href=${`${BASE}/docs/operating`}>${text.guide}</a></p>`;
  if (!loaded.value.isFile) {
    return html`<${Heading}>${text.title}<//><p>${text.postgres}</p><${Command} text=${text.postgres_command} />${guide}`;
  }
  const { last } = loaded.value;
  return html`
    <${Heading}>${text.title}<//>
    <p class="lead-in">${text.lead} ${text.secret}</p>
    <p><strong>${text.last}:</strong> ${last ? html`${moment(last)} <span class="quiet">(${text.age(relative(last))})</span>` : text.none}</p>
    ${last && Date.now() - Date.parse(last) > OLD && html`<p class="wrong">${text.old}</p>`}
    <${Download} done=${loaded.reload} />
    <h2>${text.timer}</h2>
    <p>${text.timer_lead}</p>
    <${Command} text=${text.command} />
    <h2>${text.restore}</h2>
    <p>${text.restore_lead}</p>
    <${Command} text=${text.restore_command} />
    ${guide}`;
}

function Download({ done }) {
  const [state, setState] = useState({});
  const load = async () => {
    setState({ isBusy: true });
    try {
      const file = await download(address("/admin/backup"));
      const url = URL.createObjectURL(file);
      const name = `prediction-api-${new Date().toISOString().slice(0, 19).replaceAll(/[-:]/g, "")}Z.db`;
      Object.assign(document.createElement("a"), { href: url, download: name }).click();
      setTimeout(() => URL.revokeObjectURL(url), 60_000);
      setState({ result: text.done(size(file.size)) });
    } catch (problem) {
      setState({ problem });
    }
    done();
  };
  return html`
    <p><button type="button" class="primary" disabled=${state.isBusy} onClick=${load}>${text.download}</button></p>
    <p role="status">${state.isBusy ? text.busy : state.result}</p>
    <${ProblemNote} problem=${state.problem} />`;
}
