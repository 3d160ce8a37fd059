// The dashboard: who is signed in, and which view is shown.
import { html, render, useCallback, useEffect, useRef, useState } from "./lib/html.js";
import { API, call } from "./lib/api.js";
import { IS_DEMO } from "./lib/demo.js";
import { link, useRoute } from "./lib/route.js";
import { onRefused, signOut, token } from "./lib/session.js";
import { Footer } from "./parts/footer.js";
import { Header } from "./parts/header.js";
import { Heading } from "./parts/heading.js";
import { ProblemNote } from "./parts/problem.js";
import { DemoStart } from "./views/demo_start.js";
import { JobView } from "./views/job.js";
import { LineageView } from "./views/lineage.js";
import { Overview } from "./views/overview.js";
import { Places } from "./views/places.js";
import { SetUp } from "./views/set_up.js";
import { SignIn } from "./views/sign_in.js";
import { SourceView } from "./views/source.js";
import { Sources } from "./views/sources.js";
import { Tokens } from "./views/tokens.js";

const VIEWS = {
  ...(IS_DEMO && { demo: (rest) => html`<${DemoStart} ...${rest} />` }),
  jobs: ({ parts: [id], ...rest }) => (id ? html`<${JobView} key=${id} id=${id} ...${rest} />` : html`<${Overview} ...${rest} />`),
  sources: ({ parts: [id], ...rest }) => (id ? html`<${SourceView} key=${id} id=${id} ...${rest} />` : html`<${Sources} ...${rest} />`),
  places: (rest) => html`<${Places} ...${rest} />`,
  tokens: (rest) => html`<${Tokens} ...${rest} />`,
  lineage: (rest) => html`<${LineageView} ...${rest} />`,
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
      if (token()) setReason("The token of this session is no longer valid. It may have expired, or been revoked.");
      signOut();
      setMe(null);
    } finally {
      isAsking.current = false;
    }
  }, []);

  useEffect(() => void ask(), [ask]);
  useEffect(() => onRefused(ask), [ask]);

  const [view = IS_DEMO ? "demo" : "jobs", ...rest] = parts;
  useFocus(`${view}/${rest.join("/")}`);

  let shown;
  if (problem) shown = html`<${Heading}>Prediction API<//><${ProblemNote} problem=${problem} retry=${ask} />`;
  else if (me === undefined) shown = html`<p class="quiet" role="status">Loading …</p>`;
  else if (me === null || view === "sign-in") shown = html`<${SignIn} me=${me} reason=${reason} done=${ask} />`;
  else if (!Object.hasOwn(VIEWS, view)) shown = html`<${Heading}>Page not found<//><p><a href=${link("jobs")}>All jobs</a></p>`;
  else shown = VIEWS[view]({ parts: rest, parameters, me });

  const leave = () => {
    signOut();
    ask();
  };
  return html`
    <${Header} me=${me} view=${view} leave=${leave} />
    <main id="content" tabindex="-1">${shown}</main>
    ${me && html`<${Footer} />`}`;
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
