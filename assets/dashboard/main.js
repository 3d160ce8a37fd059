// The dashboard: who is signed in, and which view is shown.
import { html, render, useCallback, useEffect, useRef, useState } from "./lib/html.js";
import { API, call } from "./lib/api.js";
import { IS_DEMO } from "./lib/demo.js";
import { link, useRoute } from "./lib/route.js";
import { onRefused, sharedToken, signOut, token } from "./lib/session.js";
import { Footer } from "./parts/footer.js";
import { Header } from "./parts/header.js";
import { Heading } from "./parts/heading.js";
import { ProblemNote } from "./parts/problem.js";
import { text as headerText } from "./texts/header.js";
import { text as problemText } from "./texts/problems.js";
import { text as shareText } from "./texts/share.js";
import { text as signInText } from "./texts/sign_in.js";
import { Alerts } from "./views/alerts.js";
import { Assistant } from "./views/assistant.js";
import { Audit } from "./views/audit.js";
import { Backup } from "./views/backup.js";
import { DemoStart } from "./views/demo_start.js";
import { Feeds } from "./views/feeds.js";
import { JobView } from "./views/job.js";
import { LineageView } from "./views/lineage.js";
import { LocationView } from "./views/location.js";
import { Locations } from "./views/locations.js";
import { Organisations } from "./views/organisations.js";
import { Overview } from "./views/overview.js";
import { SensorView } from "./views/sensor.js";
import { Sensors } from "./views/sensors.js";
import { SetUp } from "./views/set_up.js";
import { Shared } from "./views/shared.js";
import { SignIn } from "./views/sign_in.js";
import { SourceView } from "./views/source.js";
import { Sources } from "./views/sources.js";
import { Space } from "./views/space.js";
import { Tokens } from "./views/tokens.js";
import { Webhooks } from "./views/webhooks.js";

const VIEWS = {
  ...(IS_DEMO && { demo: (rest) => html`<${DemoStart} ...${rest} />` }),
  jobs: ({ parts: [id], ...rest }) => (id ? html`<${JobView} key=${id} id=${id} ...${rest} />` : html`<${Overview} ...${rest} />`),
  sources: ({ parts: [id], ...rest }) => (id ? html`<${SourceView} key=${id} id=${id} ...${rest} />` : html`<${Sources} ...${rest} />`),
  alerts: (rest) => html`<${Alerts} ...${rest} />`,
  organisations: (rest) => html`<${Organisations} ...${rest} />`,
  locations: ({ parts: [id], ...rest }) => (id ? html`<${LocationView} key=${id} id=${id} ...${rest} />` : html`<${Locations} ...${rest} />`),
  sensors: ({ parts: [id], ...rest }) => (id ? html`<${SensorView} key=${id} id=${id} ...${rest} />` : html`<${Sensors} ...${rest} />`),
  feeds: (rest) => html`<${Feeds} ...${rest} />`,
  tokens: (rest) => html`<${Tokens} ...${rest} />`,
  webhooks: (rest) => html`<${Webhooks} ...${rest} />`,
  audit: (rest) => html`<${Audit} ...${rest} />`,
  space: (rest) => html`<${Space} ...${rest} />`,
  backup: (rest) => html`<${Backup} ...${rest} />`,
  lineage: (rest) => html`<${LineageView} ...${rest} />`,
  "first-run": (rest) => html`<${Assistant} ...${rest} />`,
  "set-up": (rest) => html`<${SetUp} ...${rest} />`,
};

function App() {
  const { parts, parameters } = useRoute();
  const [me, setMe] = useState(undefined);
  const [reason, setReason] = useState("");
  const [problem, setProblem] = useState(null);

  const isAsking = useRef(false);
  const ask = useCallback(async () => {
    if (isAsking.current) return;
    isAsking.current = true;
    setProblem(null);
    try {
      // A demo returns its visitor to callers without a token; other servers respond with 401.
      setMe((await call(`${API}/whoami`, { secret: token() ?? "" })).body);
      setReason("");
    } catch (problem) {
      if (problem.status !== 401) return setProblem(problem);
      if (sharedToken()) setReason(shareText.invalid_lead);
      else {
        if (token()) setReason(signInText.over);
        signOut();
      }
      setMe(null);
    } finally {
      isAsking.current = false;
    }
  }, []);

  // A shared link has a token of its own.
  useEffect(() => void ask(), [ask, parameters.share]);
  useEffect(() => onRefused(ask), [ask]);

  const [view = IS_DEMO ? "demo" : "jobs", ...rest] = parts;
  useFocus(`${view}/${rest.join("/")}`);

  const isShared = parameters.share !== undefined;
  const isAlone = isShared || me?.limited_to || (me && view === "jobs" && parameters.kiosk !== undefined);
  let shown;
  if (problem) shown = html`<${Heading}>${headerText.brand}<//><${ProblemNote} problem=${problem} retry=${ask} />`;
  else if (me === undefined) shown = html`<p class="quiet" role="status">${problemText.loading}</p>`;
  else if (me === null && isShared) shown = html`<${Heading}>${shareText.invalid}<//><p>${reason}</p>`;
  else if (me?.limited_to || isAlone) shown = html`<${Shared} parts=${view === "jobs" ? rest : [view]} parameters=${parameters} me=${me} />`;
  else if (me === null || view === "sign-in") shown = html`<${SignIn} me=${me} reason=${reason} done=${ask} />`;
  else if (!Object.hasOwn(VIEWS, view)) shown = html`<${Heading}>${headerText.notFound}<//><p><a href=${link("jobs")}>${headerText.allJobs}</a></p>`;
  else shown = VIEWS[view]({ parts: rest, parameters, me });

  const leave = async () => {
    // The token of a sign-in link is for this session only.
    if (me.name === "sign-in link") await call(`${API}/tokens/${me.id}`, { method: "DELETE" }).catch(() => {});
    signOut();
    ask();
  };
  return html`
    ${!isAlone && html`<${Header} me=${me} view=${view} leave=${leave} />`}
    <main id="content" tabindex="-1" class=${isAlone ? "kiosk" : undefined}>${shown}</main>
    ${me && !isAlone && html`<${Footer} />`}`;
}

// Another view starts at its top and takes the focus.
function useFocus(place) {
  const before = useRef(place);
  useEffect(() => {
    if (before.current === place) return;
    before.current = place;
    scrollTo(0, 0);
    document.getElementById("content")?.focus({ preventScroll: true });
  }, [place]);
}

document.querySelector(".skip").addEventListener("click", (event) => {
  event.preventDefault();
  document.getElementById("content").focus();
});

const app = document.getElementById("app");
app.replaceChildren();
render(html`<${App} />`, app);
