"""The product as a process, and requests to it."""

import json
import os
import time
from pathlib import Path

from .processes import PATIENCE, ROOT, Failed, Process, call, demand
from .wrk import NEW_TIME, Request

TOKEN = "the-admin-of-the-benchmark"
METRIC, ROLE = "air_temperature", "temperature"
EXECUTABLE = ROOT / "target/release/prediction-api"


def headers(token=TOKEN, body=True):
    """Returns the headers of a request."""
    content = {"Content-Type": "application/json"} if body else {}
    return {"Authorization": f"Bearer {token}", **content}


def get(path, token=TOKEN):
    """Creates a GET."""
    return Request("GET", path, headers(token, body=False))


def post(path, body):
    """Creates a POST of JSON."""
    return Request("POST", path, headers(), body if isinstance(body, str) else json.dumps(body))


class Product:
    """The server on a data folder. `start` is the time in seconds from its start until it is ready."""

    def __init__(self, stack, executable, folder, **settings):
        if not os.access(executable, os.X_OK):
            raise Failed(f"{executable} is missing: run `cargo build --release`, or name another with --executable")
        # The settings of the user's environment must not apply.
        environment = {
            "PREDICTION_API_ADMIN_TOKEN": TOKEN, "PREDICTION_API_LIMITS__REQUESTS_PER_SECOND": "0", **settings,
        }
        self.folder = Path(folder)
        log = self.folder / f"{Path(executable).name}.log"
        log.unlink(missing_ok=True)
        command = [executable, "--listen", "127.0.0.1:0", "--data-dir", folder, "--log-level", "warn"]
        begun = time.monotonic()
        self.process = Process(stack, command, folder, environment)
        while time.monotonic() < begun + PATIENCE:
            _, found, after = log.read_text().partition("Swagger UI")
            if found and "/swagger" in after:
                self.address = after.split("//")[1].split("/")[0]
                break
            self.process.demand_running()
            time.sleep(0.001)
        else:
            raise Failed(f"{executable} did not start: {log.read_text()[-1000:]}")
        while call(self.address, "GET", "/readyz")[0] != 200:
            if time.monotonic() > begun + PATIENCE:
                raise Failed(f"{executable} did not become ready")
            time.sleep(0.001)
        self.start = time.monotonic() - begun

    def call(self, method, path, body=None, token=TOKEN):
        """Returns the JSON that a request returns."""
        text = demand(self.address, method, path, headers(token), None if body is None else json.dumps(body))
        return json.loads(text)

    def stop(self):
        """Stops the server, and fails unless it ended cleanly."""
        code = self.process.stop()
        if code != 0:
            raise Failed(f"the server ended with {code}: {self.process.log.read_text()[-1000:]}")


def file_size(folder):
    """Returns the size of the database in a data folder with its log, in bytes."""
    return sum(file.stat().st_size for file in folder.glob("prediction-api.db*"))


def job_setup(organisation, name):
    """Returns the body that sets up a job of the shared model."""
    return {
        "organisation_id": organisation,
        "source": {"name": "temperature-model"},
        "source_version": {
            "version": "1.0.0", "input_roles": [],
            "output_roles": [{"role": ROLE, "metric": METRIC, "unit": "°C", "required": True}],
        },
        "job": {"name": name},
    }


def create_source(product):
    """Creates the shared model, whose predictions are stored for a hundred years, because their times have passed."""
    body = {"name": "temperature-model", "expected_interval_minutes": 1440, "retention_hours": 876_000}
    product.call("POST", "/api/v1/sources", body)


def series(job, start, values, issue_time=NEW_TIME, step="PT1H"):
    """Returns the body of a post of values as a series. The values are JSON."""
    return (
        f'{{"job_id":"{job}","issue_time":"{issue_time}","series":'
        f'[{{"role":"{ROLE}","start":"{start}","step":"{step}","values":{values}}}]}}'
    )


def read(job, start, end, more=""):
    """Returns the path of a read of up to a thousand points."""
    return f"/api/v1/predictions?job_id={job}&metric={METRIC}&from={start}&to={end}&limit=1000{more}"


def counts(answer):
    """Returns the number of points in a response, as rows or as series."""
    return sum(len(row["values"]) if "values" in row else 1 for row in json.loads(answer))
