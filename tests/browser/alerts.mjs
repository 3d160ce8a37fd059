// Alerts as a manager uses them: the dry run beside the form, the list, the states and transitions, the threshold and the raised
// stretch in the chart, the bell in the list of jobs; and as others read them.
// Usage: node alerts.mjs URL ADMIN_TOKEN [FOLDER], on a demo with the recorded dates; see browser.mjs.
import assert from "node:assert/strict";
import { SIZES, admin, call, look, open, run, signIn, url } from "./browser.mjs";

const JOB = "0b5d6f0e-6d1c-4e0b-9a53-2f4c1d7a9e51";
const ORGANISATION = "0b5d6f0e-6d1c-4e0b-9a53-2f4c1d7a9e00";
const NAME = "Mildew at Newark";
const HOUR = 3_600_000;
const now = Math.floor(Date.now() / HOUR) * HOUR;
const at = (hours) => new Date(now + hours * HOUR).toISOString();
/** The window of the chart around the values that the tests post. */
const WINDOW = `from=${at(-24)}&to=${at(96)}`;
const ALARM = [0xa3, 0x20, 0x1d];

const dialog = (page) => page.getByRole("dialog");
const said = (page) => dialog(page).getByRole("region", { name: "In the past" }).getByRole("status");
const still = (page) => page.waitForFunction(() => document.querySelector(".readout .valid") && !document.querySelector(".frame.loading"));
const changes = (page) => dialog(page).getByRole("group", { name: "Transitions in the past" }).getByRole("listitem").allInnerTexts();

async function enter(hash, options = {}) {
  const page = await open("#/sign-in", { ...options, expected: [401, ...(options.expected ?? [])] });
  await signIn(page, admin);
  await page.getByRole("heading", { name: "Jobs", exact: true }).waitFor();
  await page.goto(`${url}/${hash}`);
  return page;
}

/** The pixels of the chart's canvas that are drawn in the colour of alerts, and those that are shaded by it. */
const marked = (page) => page.locator(".canvas canvas").evaluate((canvas, [red, green, blue]) => {
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  const found = { line: 0, shade: 0 };
  for (let index = 0; index < data.length; index += 4) {
    const [r, g, b, a] = data.slice(index, index + 4);
    if (r === red && g === green && b === blue && a === 255) found.line += 1;
    // A shade over nothing else has its colour, but for rounding.
    if (a > 30 && a < 50 && Math.abs(r - red) < 8 && Math.abs(g - green) < 8 && Math.abs(b - blue) < 8) found.shade += 1;
  }
  return found;
}, ALARM);

/** Posts an issue of now with values 24, 48 and 72 hours ahead. */
async function predict(issue, values, job_id = JOB, role = "mildew_risk") {
  const predictions = values.map((value, day) => ({ role, valid_time: at((day + 1) * 24), value }));
  await call("POST", "/api/v1/predictions", { job_id, issue_time: new Date(now - HOUR + issue * 60_000).toISOString(), predictions });
}

const tests = {};

tests["an alert is tried on the season while its form is filled in, created, raised, edited and deleted"] = async () => {
  const page = await enter("#/alerts", { expected: [422] });
  await page.getByRole("heading", { name: "No alerts yet" }).waitFor();
  await look(page, "no alerts");
  await page.getByRole("button", { name: "Create an alert" }).click();
  await said(page).getByText("Choose the job").waitFor();
  const field = (name) => dialog(page).getByLabel(name, { exact: true });
  await field("Name").fill(NAME);
  await field("Job").selectOption({ label: "Mildew risk EWR" });
  assert.equal(await field("Metric").inputValue(), "mildew_risk");
  await field("Threshold").fill("60");
  await field("Clear threshold").fill("50");
  await field("Within").fill("3");
  await dialog(page).getByLabel("Unit of: Within").selectOption("days");
  await said(page).getByText("It would have been raised 9 times, with 18 messages.").waitFor();
  const nine = await changes(page);
  assert.equal(nine.length, 18);
  assert.match(nine[0], /^\+\s*10 Apr 2013\s*raised\s*peak 80/);
  assert.match(nine[1], /^−\s*11 Apr 2013\s*cleared/);
  await field("Issues in a row").fill("2");
  await said(page).getByText("It would have been raised 4 times, with 8 messages.").waitFor();
  assert.deepEqual((await changes(page)).map((change) => /\d+ \w+ 2013/.exec(change)[0]), [
    "22 May 2013", "27 May 2013", "1 Jun 2013", "19 Sept 2013", "21 Sept 2013", "30 Sept 2013", "2 Oct 2013", "13 Oct 2013",
  ]);
  await look(page, "alert form");

  // A rule that makes no sense is said at its field before anything is saved.
  await field("Clear threshold").fill("70");
  await dialog(page).getByText("Clear threshold must be on the safe side of the threshold").waitFor();
  await said(page).getByText("Correct the marked fields.").waitFor();
  await look(page, "alert form with a violation");
  await field("Clear threshold").fill("50");
  await dialog(page).getByRole("button", { name: "Add a level" }).click();
  const level = dialog(page).getByRole("group", { name: "Level 1" });
  await level.getByLabel("Name of the level").fill("high");
  await level.getByLabel("From").fill("60");
  await said(page).getByText("It would have been raised 4 times").waitFor();
  await dialog(page).getByRole("button", { name: "Create the alert" }).click();
  await page.getByText(`${NAME} is created.`).waitFor();
  const row = page.getByRole("row", { name: NAME });
  await row.getByText("mildew risk ≥ 60 within 3 days, cleared below 50, 2 issues in a row, levels high 60").waitFor();
  await row.getByRole("link", { name: "Mildew risk EWR" }).waitFor();
  await row.getByText("unknown").waitFor();
  await look(page, "alerts");

  // The chart shows the threshold, and nothing as raised.
  await page.goto(`${url}/#/jobs/${JOB}?from=2013-05-14T00:00:00.000Z&to=2013-05-31T00:00:00.000Z`);
  await still(page);
  const legend = page.getByRole("list", { name: "Legend" });
  await legend.getByText(`${NAME} ≥ 60`, { exact: true }).waitFor();
  const calm = await marked(page);
  assert.ok(calm.line > 300 && calm.shade === 0, JSON.stringify(calm));

  // Two issues raise it.
  await predict(1, [30, 65, 80]);
  await predict(2, [30, 65, 80]);
  await page.goto(`${url}/#/jobs`);
  const bell = page.locator(".job").getByRole("link", { name: `high alert ${NAME} is raised` });
  await bell.waitFor();
  await look(page, "jobs with a bell");
  await page.getByRole("button", { name: "Compact" }).click();
  await look(page, "compact jobs with a bell");
  await bell.click();
  await page.getByRole("heading", { name: "Mildew risk EWR" }).waitFor();
  // There, the bell leads to the alert.
  await page.getByRole("main").getByRole("link", { name: `high alert ${NAME} is raised` }).click();
  await row.getByText("raised, high").waitFor();
  await page.goto(`${url}/#/jobs/${JOB}?${WINDOW}`);
  await still(page);
  await legend.getByText(`${NAME} ≥ 60, raised (high): `).waitFor();
  await look(page, "chart of a raised alert");
  // What was known earlier did not raise it.
  await page.getByRole("button", { name: "One issue earlier" }).click();
  await page.getByRole("heading", { name: "Known on" }).waitFor();
  await legend.getByText(`${NAME} ≥ 60`, { exact: true }).waitFor();

  await page.goto(`${url}/#/alerts`);
  await row.getByText("raised, high").waitFor();
  await row.getByRole("button", { name: `States and transitions of ${NAME}` }).click();
  const states = dialog(page).getByRole("table", { name: "States" });
  await states.getByText("80 points").waitFor();
  await dialog(page).getByRole("table", { name: "Transitions" }).getByText("+ raised, high").waitFor();
  await look(page, "states of an alert");
  await dialog(page).getByRole("button", { name: "Close" }).click();

  await page.getByRole("button", { name: `Edit ${NAME}` }).click();
  await said(page).getByText("It would be raised now.").waitFor();
  assert.equal(await field("Within").inputValue(), "3");
  await look(page, "alert is edited");
  await field("Threshold").fill("101");
  await level.getByLabel("From").fill("101");
  await field("Clear threshold").fill("100.5");
  await said(page).getByText("It would never have been raised.").waitFor();
  await dialog(page).getByRole("button", { name: "Save" }).click();
  await page.getByText(`${NAME} is saved.`).waitFor();
  await row.getByText("mildew risk ≥ 101").waitFor();
  await row.getByText("clear", { exact: true }).waitFor();
  await page.getByLabel("Search", { exact: true }).fill("raised");
  await page.getByText("No alerts match the search.").waitFor();
  await page.getByRole("button", { name: "Clear the search" }).click();

  await page.getByRole("button", { name: `Delete ${NAME}` }).click();
  await dialog(page).getByText("Its states and transitions are deleted, too.").waitFor();
  await look(page, "alert is deleted");
  await dialog(page).getByRole("button", { name: "Delete" }).click();
  await page.getByRole("heading", { name: "No alerts yet" }).waitFor();
};

tests["older dry runs are given up while one types"] = async () => {
  const page = await enter("#/alerts");
  const trials = [];
  page.on("request", (request) => request.url().endsWith("/alerts/try") && trials.push(request.postDataJSON().value));
  await page.getByRole("button", { name: "Create an alert" }).click();
  await dialog(page).getByLabel("Job", { exact: true }).selectOption({ label: "Mildew risk EWR" });
  await dialog(page).getByLabel("Threshold", { exact: true }).pressSequentially("60.5", { delay: 30 });
  await said(page).getByText("It would have been raised").waitFor();
  assert.deepEqual(trials, [60.5]);
};

tests["the list of jobs and the page of a job need one request more, and two with alerts"] = async () => {
  const asked = async (hash, ready) => {
    const page = await open("#/sources");
    await page.getByRole("heading", { name: "Sources" }).waitFor();
    const found = [];
    page.on("request", (request) => request.url().includes("/api/v1/") && found.push(new URL(request.url()).pathname));
    await page.goto(`${url}/${hash}`);
    await ready(page);
    return found;
  };
  const jobs = await asked("#/jobs", (page) => page.getByText("Mildew risk EWR").waitFor());
  assert.equal(jobs.filter((path) => path.includes("alert")).length, 1);
  assert.deepEqual((await asked(`#/jobs/${JOB}`, still)).filter((path) => path.includes("alert")), ["/api/v1/alerts"]);
  const { id } = await call("POST", "/api/v1/alerts", { name: "Watched", job_id: JOB, metric: "mildew_risk", when: "gt", value: 60, within: "P3D" });
  assert.deepEqual((await asked(`#/jobs/${JOB}`, still)).filter((path) => path.includes("alert")), ["/api/v1/alerts", "/api/v1/alert_states"]);
  await call("DELETE", `/api/v1/alerts/${id}`);
};

tests["everyone reads alerts of jobs and of sources, in light and dark, on a phone and on a desktop"] = async () => {
  const version = { version: "1.0.0", input_roles: [], output_roles: [{ role: "frost", metric: "night_frost", unit: "°C" }] };
  const setup = { organisation_id: ORGANISATION, source: { name: "frost", expected_interval_minutes: 1440 }, source_version: version, role_bindings: [] };
  const jobs = [];
  for (const name of ["Frost, north", "Frost, south", "Frost, west", "Frost, east", "Frost, hill"]) jobs.push(await call("POST", "/api/v1/jobs/setup", { ...setup, job: { name } }));
  const alerts = [
    await call("POST", "/api/v1/alerts", {
      name: "Frost anywhere", organisation_id: ORGANISATION, source: "frost", metric: "night_frost", when: "lt", value: 0, within: "P2D", lasting: "PT6H", active: false,
    }),
    await call("POST", "/api/v1/alerts", {
      name: "Hard frost", organisation_id: ORGANISATION, source: "frost", metric: "night_frost", when: "le", clear: 1, within: "P3D",
      levels: [{ name: "light", value: 0 }, { name: "hard", value: -5 }],
    }),
  ];
  await call("POST", "/api/v1/alerts", { name: "Cold nights", job_id: jobs[0].id, metric: "night_frost", when: "le", value: 3, within: "P3D" });
  for (const [index, job] of jobs.entries()) await predict(1, index === 4 ? [5, 5, 6] : [2, -1 - index * 2, 4], job.id, "frost");

  for (const [size, viewport] of Object.entries(SIZES)) {
    for (const colorScheme of ["light", "dark"]) {
      const page = await open("#/alerts", { viewport, colorScheme });
      const row = page.getByRole("row", { name: "Hard frost" });
      await row.getByText("night frost ≤ 0 within 3 days, cleared above 1, levels light 0, hard -5").waitFor();
      await row.getByText("raised, hard").first().waitFor();
      await row.getByText("and 1 more").waitFor();
      await row.getByText("clear", { exact: true }).waitFor();
      await page.getByText("inactive: not judged").waitFor();
      assert.equal(await page.getByRole("button", { name: /Create|Edit|Delete/ }).count(), 0);
      await look(page, `alerts ${size} ${colorScheme}`);
      await row.getByRole("button", { name: "States and transitions of Hard frost" }).click();
      await dialog(page).getByText("+ raised, light").first().waitFor();
      await look(page, `alert states ${size} ${colorScheme}`);
      await page.goto(`${url}/#/jobs?q=frost`);
      await page.getByRole("link", { name: /^2 alerts .* are raised$/ }).waitFor();
      await page.getByRole("link", { name: "hard alert Hard frost is raised" }).first().waitFor();
      await look(page, `bells ${size} ${colorScheme}`);
      await page.goto(`${url}/#/jobs/${jobs[0].id}?${WINDOW}`);
      await still(page);
      await page.getByText("Hard frost ≤ 0, raised (light): ").waitFor();
      const { line, shade } = await marked(page);
      if (colorScheme === "light") assert.ok(line > 150 && shade > 500, JSON.stringify({ size, line, shade }));
      await look(page, `chart with alerts ${size} ${colorScheme}`);

      const manager = await enter("#/alerts", { viewport, colorScheme });
      await manager.getByRole("button", { name: "Edit Hard frost" }).click();
      await dialog(manager).getByText("every job of frost").waitFor();
      await said(manager).getByText("It would have been raised 4 times").waitFor();
      await dialog(manager).getByLabel("Send a message when the level is").waitFor();
      await look(manager, `alert form ${size} ${colorScheme}`);
      await dialog(manager).getByRole("button", { name: "Cancel" }).click();
    }
  }
  for (const alert of alerts) await call("DELETE", `/api/v1/alerts/${alert.id}`);
};

tests["an alert is created by keyboard only, and a conflict is said"] = async () => {
  const page = await enter("#/alerts");
  const focused = (name) => page.waitForFunction((name) => {
    const { activeElement: element } = document;
    return (element.labels?.[0]?.innerText ?? element.getAttribute("aria-label") ?? element.innerText) === name;
  }, name);
  await page.getByRole("button", { name: "Create an alert" }).focus();
  await page.keyboard.press("Enter");
  await focused("Name");
  await page.keyboard.type("Typed");
  await page.keyboard.press("Tab");
  await focused("Job");
  await page.keyboard.type("Mildew risk LGA");
  await page.keyboard.press("Tab");
  await focused("Metric");
  await page.keyboard.press("Tab");
  await page.keyboard.press("Tab");
  await focused("Threshold");
  await page.keyboard.type("60");
  await said(page).getByText("It would have been raised").waitFor();
  await page.keyboard.press("Enter");
  await page.getByText("Typed is created.").waitFor();
  const { id } = (await call("GET", "/api/v1/alerts?name=Typed"))[0];

  const other = await enter("#/alerts", { expected: [412] });
  await other.getByRole("button", { name: "Edit Typed" }).click();
  await dialog(other).getByLabel("Threshold", { exact: true }).fill("55");
  await call("PUT", `/api/v1/alerts/${id}`, { value: 58 });
  await dialog(other).getByRole("button", { name: "Save" }).click();
  await dialog(other).getByText("Somebody else changed this").waitFor();
  await dialog(other).getByRole("button", { name: "Load the new state" }).click();
  await other.waitForFunction(() => [...document.querySelectorAll("dialog input")].some(({ value }) => value === "58"));
  await dialog(other).getByRole("button", { name: "Cancel" }).click();
  await call("DELETE", `/api/v1/alerts/${id}`);
};

tests["a webhook can have messages of alerts only"] = async () => {
  const page = await enter("#/webhooks");
  await page.getByRole("button", { name: "Create a webhook" }).click();
  await dialog(page).getByLabel("Name", { exact: true }).fill("growers");
  await dialog(page).getByLabel("Address", { exact: true }).fill("https://hooks.example.org/growers");
  for (const event of ["a job is late", "a job is down", "a worker reports a failed run", "a job has recovered", "a job gets another version"]) {
    await dialog(page).getByLabel(event).uncheck();
  }
  await dialog(page).getByRole("button", { name: "Create a webhook" }).click();
  await dialog(page).getByRole("button", { name: "I have copied the secret" }).click();
  await page.getByText("an alert is raised, the level of a raised alert changes, an alert is cleared").waitFor();
  const [webhook] = await call("GET", "/api/v1/webhooks");
  assert.deepEqual(webhook.events, ["alert.raised", "alert.changed", "alert.cleared"]);
  await call("DELETE", `/api/v1/webhooks/${webhook.id}`);
};

await run("alerts", tests);
