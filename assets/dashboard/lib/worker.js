// A small worker in Python for one job, which posts a first prediction.
import { API } from "./api.js";
import { numbersOf } from "./spread.js";

const NAME = "worker.py";

/** The part of the program for outputs that declare quantiles or members. */
const SPREAD = `

def spread(target, values):
    """Says how sure the model is. This one claims to be sure: all numbers are the values."""
    if target.get("quantiles"):
        return {"values": values, "quantiles": {str(level): values for level in target["quantiles"]}}
    return {"values": values, "members": [values, values]} if target.get("members") else {"values": values}
`;
const POSTED = `**spread(each, predict(each["role"], readings, times))`;

/**
 * The program: it repeats the last day of the first sensor for each output, so that there is something to replace. It posts a value for
 * each `minutes`, and reads the inputs from `since` (in milliseconds) on.
 */
export function program(job, minutes, since) {
  const quoted = JSON.stringify;
  const isSpread = job.job_targets.some((target) => numbersOf(target) > 0);
  return `# Posts a prediction for the job ${job.name.replaceAll(/\s+/g, " ")}. Needs Python 3.9 and nothing else.
import json, os, sys
from datetime import datetime, timedelta, timezone
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import Request, urlopen

API = ${quoted(location.origin + API)}
JOB = ${quoted(job.id)}
VERSION = ${quoted(job.source_version_id)}
SINCE = ${quoted(new Date(since).toISOString())}
STEP, STEPS = timedelta(minutes=${minutes}), ${Math.max(12, Math.min(96, Math.round(1440 / minutes)))}


def call(method, path, body=None, **query):
    url = API + path + ("?" + urlencode(query) if query else "")
    headers = {"Authorization": "Bearer " + os.environ["WORKER_TOKEN"], "Content-Type": "application/json"}
    data = None if body is None else json.dumps(body).encode()
    try:
        with urlopen(Request(url, data, headers, method=method), timeout=30) as answer:
            return json.load(answer)
    except HTTPError as error:
        sys.exit(f"{method} {path}: {error.code} {error.read().decode()}")


def parse(text):
    return datetime.strptime(text[:19], "%Y-%m-%dT%H:%M:%S").replace(tzinfo=timezone.utc)


def written(time):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ")


def predict(role, readings, times):
    """Your model goes here. This one expects what was measured 24 hours before."""
    def value(time):
        before = [value for at, value in readings if at <= time - timedelta(days=1)]
        return before[-1] if before else readings[0][1] if readings else 0.0
    return [value(time) for time in times]
${isSpread ? SPREAD : ""}

job = call("GET", "/jobs/" + JOB)
now = datetime.now(timezone.utc)
window = {"from": SINCE, "to": written(now + timedelta(days=1))}
inputs = call("GET", "/jobs/" + JOB + "/inputs", **window)["inputs"]
columns = next((each["readings"] for each in inputs if each.get("readings")), {"times": [], "values": []})
readings = [(parse(time), value) for time, value in zip(columns["times"], columns["values"])]
# The prediction begins after the newest reading. A model in production begins now.
start = readings[-1][0] if readings else now.replace(minute=0, second=0, microsecond=0)
times = [start + STEP * (1 + index) for index in range(STEPS)]
series = [
    {"role": each["role"], "valid_times": [written(time) for time in times], ${isSpread ? POSTED : `"values": predict(each["role"], readings, times)`}}
    for each in job["job_targets"]
]
print(call("POST", "/predictions", {"job_id": JOB, "source_version_id": VERSION, "series": series}))
`;
}

/** The command that saves and runs the program in a shell, and the command that runs it in Windows' PowerShell. */
export const shell = (program, secret) => `cat > ${NAME} <<'END'\n${program}END\nWORKER_TOKEN=${secret} python3 ${NAME}`;
export const powershell = (secret) => `$env:WORKER_TOKEN = "${secret}"; python ${NAME}`;

/** Saves the program as a file. */
export function save(program) {
  const url = URL.createObjectURL(new Blob([program], { type: "text/x-python" }));
  Object.assign(document.createElement("a"), { href: url, download: NAME }).click();
  setTimeout(() => URL.revokeObjectURL(url), 1000);
}
