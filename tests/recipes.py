"""Runs the recipes of the guide "Recipes": tests/recipes.py EXECUTABLE NODE_RED

Needs PyYAML, Jinja2 and kubernetes-validate beside this Python, systemd-analyze, nginx, openssl and caddy. Open-Meteo
is a server of this test, which responds as its documentation shows. Home Assistant is not run: its templates are
rendered by Jinja2, which it uses too, and the requests are sent as it sends them.
"""

import http.server
import json
import os
import re
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from datetime import datetime, timedelta, timezone
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import jinja2
import yaml

from recipes_deploy import kubernetes, proxies, systemd
from server import GUIDES, TOKEN, Server, blocks, free_port, run, start, stop, until

FILES = GUIDES / "recipes"
DEFAULT = "http://127.0.0.1:8000"
HOUR = timedelta(hours=1)


def hour():
    """Returns the beginning of this hour."""
    return datetime.now(timezone.utc).replace(minute=0, second=0, microsecond=0)


def shell(text, **environment):
    return run("bash", "-euo", "pipefail", "-c", text, env={**os.environ, **environment})


def job_and_sensor(server):
    """Returns a job whose predictions are valid now, and a sensor of its organisation."""
    job = server.set_up("Temperature")
    points = [
        {"role": "out", "valid_time": (hour() + number * HOUR).isoformat(), "value": 20 + number}
        for number in range(-2, 3)
    ]
    server.call(
        "POST",
        "/predictions",
        {"job_id": job["id"], "issue_time": (hour() - 3 * HOUR).isoformat(), "predictions": points},
    )
    sensor = {"name": "Outdoor", "metric": "temperature", "organisation_id": job["organisation_id"]}
    return job, server.call("POST", "/sensors", sensor)


class Secrets(yaml.SafeLoader):
    """Reads the YAML of Home Assistant, whose secrets are in another file."""


def home_assistant(server):
    secrets, configuration = blocks("recipes", "Home Assistant", "yaml")
    secrets = yaml.safe_load(secrets.replace("pa_...", TOKEN))
    Secrets.add_constructor("!secret", lambda loader, node: secrets[loader.construct_scalar(node)])
    job, sensor = job_and_sensor(server)
    values = {DEFAULT: server.url, "JOB": job["id"], "SENSOR": sensor["id"], "metric=temperature": "metric=flow"}
    for name, value in values.items():
        configuration = configuration.replace(name, value)
    configuration = yaml.load(configuration, Secrets)

    class State:
        state, last_updated = "18.5", hour()

    class States:
        class sensor:
            outdoor_temperature = State

        def __call__(self, entity):
            return {"sensor.outdoor_temperature": State.state}[entity]

    environment = jinja2.Environment(undefined=jinja2.StrictUndefined)
    known = {"now": datetime.now, "states": States(), "has_value": lambda entity: States()(entity) is not None}

    def render(template, **more):
        return environment.from_string(template).render(**known, **more)

    (rest,) = configuration["rest"]
    headers = {name.title(): value for name, value in rest["headers"].items()}

    def read():
        request = urllib.request.Request(render(rest["resource_template"]), headers=headers)
        with urllib.request.urlopen(request) as response:
            return json.load(response)

    (shown,) = rest["sensor"]
    answer = read()
    assert render(shown["value_template"], value_json=answer) == "20.0", answer
    assert rest["sensor"][0]["json_attributes_path"] == "$[0]" and set(shown["json_attributes"]) <= set(answer[0]), (
        answer
    )
    assert render(shown["value_template"], value_json=[]) == "None"

    (command,) = configuration["rest_command"].values()
    (automation,) = configuration["automation"]
    assert render(automation["condition"]) == "True"
    (action,) = automation["action"]
    assert action["service"] == "rest_command." + next(iter(configuration["rest_command"]))
    data = {name: render(value) for name, value in action["data"].items()}
    for result in ("stored", "unchanged"):
        body = render(command["payload"], **data).encode()
        sent = {
            **{name.title(): value for name, value in command["headers"].items()},
            "Content-Type": command["content_type"],
        }
        with urllib.request.urlopen(
            urllib.request.Request(command["url"], body, sent, method=command["method"])
        ) as response:
            assert json.load(response)[result] == 1
    (reading,) = server.call("GET", f"/sensors/{sensor['id']}/readings")
    assert reading["value"] == 18.5 and datetime.fromisoformat(reading["time"].replace("Z", "+00:00")) == hour(), (
        reading
    )


def node_red(server, executable):
    job, sensor = job_and_sensor(server)
    nodes = json.loads((FILES / "node-red.json").read_text())
    variables = {"PREDICTION_API_URL": server.url, "JOB": job["id"], "SENSOR": sensor["id"]}
    (tab,) = [node for node in nodes if node["type"] == "tab"]
    assert [each["name"] for each in tab["env"]] == list(variables)
    for each in tab["env"]:
        each["value"] = variables[each["name"]]
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "flows.json").write_text(json.dumps(nodes))
        log = open(Path(folder, "log"), "w+")
        process = start(
            [executable, "--userDir", folder, "--port", free_port(), Path(folder, "flows.json")],
            stdout=log,
            stderr=subprocess.STDOUT,
            env={**os.environ, "PREDICTION_API_TOKEN": TOKEN, "NO_COLOR": "1"},
        )

        def printed(*texts):
            text = Path(folder, "log").read_text()
            assert "[error]" not in text and process.poll() is None, text
            return all(each in text for each in texts)

        until(lambda: printed("[debug:prediction]", "[debug:counts]"), "Node-RED has run the flow")
        stop(process)
        text = Path(folder, "log").read_text()
        log.close()
    for expected in ("metric: 'flow'", "value: 20", "unit: 'l/s'", "stored: 1"):
        assert expected in text, f"{expected} is not in\n{text}"
    (reading,) = server.call("GET", f"/sensors/{sensor['id']}/readings")
    assert reading["value"] == 21.5, reading


class OpenMeteo(http.server.BaseHTTPRequestHandler):
    """Answers as https://open-meteo.com/en/docs shows, with a gap."""

    asked = []

    def do_GET(self):
        address = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(address.query).items()}
        self.asked.append(query)
        names = query["hourly"].split(",")
        first = int(hour().timestamp())
        units = {"temperature_2m": "°C", "relative_humidity_2m": "%", "wind_speed_10m": "m/s"}
        hourly = {name: [10.0 + number for number in range(48)] for name in names}
        hourly["temperature_2m"][47] = None
        body = json.dumps(
            {
                "latitude": 52.52,
                "longitude": 13.419998,
                "generationtime_ms": 0.05,
                "utc_offset_seconds": 0,
                "timezone": "GMT",
                "timezone_abbreviation": "GMT",
                "elevation": 38.0,
                "hourly_units": {"time": "unixtime", **{name: units[name] for name in names}},
                "hourly": {"time": [first + 3600 * number for number in range(48)], **hourly},
            }
        ).encode()
        is_right = (
            address.path == "/v1/forecast" and query["timeformat"] == "unixtime" and query["wind_speed_unit"] == "ms"
        )
        self.send_response(200 if is_right else 400)
        self.send_header("Content-Type", "application/json; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def open_meteo(server, folder):
    weather = http.server.ThreadingHTTPServer(("127.0.0.1", 0), OpenMeteo)
    threading.Thread(target=weather.serve_forever, daemon=True).start()
    install, set_up, place, by_hand = blocks("recipes", "Forecasts of Open-Meteo", "sh")
    home = Path(folder, "open-meteo")

    def moved(command):
        """Returns the command for this server, with the worker in a folder of this test."""
        assert "/opt/open-meteo/" in command and DEFAULT in command, command
        return command.replace(DEFAULT, server.url).replace("/opt/open-meteo", str(home))

    shell(moved(install))
    for block in (set_up, place):
        answer = shell(
            block.replace("curl ", "curl --silent --show-error --fail-with-body ").replace(DEFAULT, server.url),
            TOKEN=TOKEN,
        )
        json.loads(answer)
    environment = {
        "OPEN_METEO_URL": f"http://127.0.0.1:{weather.server_port}/v1/forecast",
        "TOKEN": TOKEN,
    }
    shell(moved(by_hand), **environment)
    (query,) = OpenMeteo.asked
    assert (float(query["latitude"]), float(query["longitude"])) == (52.52, 13.41), query
    (job,) = server.call("GET", "/jobs?name=Weather%20at%20the%20farm")
    assert job["health"]["state"] == "on_time", job
    first, last = (int((hour() + number * HOUR).timestamp() * 1000) for number in (0, 72))
    window = f"job_id={job['id']}&metric=all&from={first}&to={last}&limit=all"
    series = {each["metric"]: each for each in server.call("GET", f"/predictions?{window}&shape=series")}
    assert {metric: len(each["values"]) for metric, each in series.items()} == {
        "temperature": 47,
        "relative_humidity": 48,
        "wind_speed": 48,
    }
    assert series["wind_speed"]["values"][:2] == [10.0, 11.0] and series["wind_speed"]["unit"] == "m/s"

    # The line of cron runs the same program.
    (line,) = blocks("recipes", "Run a worker by cron", "sh")
    fields, command = re.fullmatch(r"((?:[\d*/,-]+ ){5})(.*)\n", line).groups()
    assert "%" not in command, "cron ends a command at %"
    secret = Path(folder, "token")
    secret.write_text(TOKEN)
    command = moved(command)
    for old, new in (("/etc/open-meteo-token", secret), ("/tmp/open-meteo.lock", Path(folder, "lock"))):
        assert old in command
        command = command.replace(old, str(new))
    run("sh", "-c", command, env={**os.environ, **environment})
    assert len(OpenMeteo.asked) == 2

    # A place without a forecast is a failed run, and a failed command.
    OpenMeteo.do_GET = lambda handler: handler.send_error(500)
    failed = subprocess.run(
        [home / "venv" / "bin" / "python", home / "open_meteo_worker.py"],
        env={**os.environ, **environment, "PREDICTION_API_URL": server.url, "WORKER_TOKEN": TOKEN},
        capture_output=True,
        text=True,
        check=False,
    )
    assert failed.returncode == 1 and "HTTP Error 500" in failed.stderr, failed
    assert server.call("GET", f"/jobs/{job['id']}")["health"]["state"] == "failed"
    weather.shutdown()


def main():
    executable, flows = (os.path.abspath(word) for word in sys.argv[1:3])
    with tempfile.TemporaryDirectory() as folder:

        def try_on_server(recipe, *more):
            server = Server(executable)
            recipe(server, *more)
            server.stop()

        recipes = {
            "Home Assistant": lambda: try_on_server(home_assistant),
            "Node-RED": lambda: try_on_server(node_red, flows),
            "Open-Meteo, cron": lambda: try_on_server(open_meteo, folder),
            "systemd": lambda: systemd(folder),
            "Kubernetes": lambda: kubernetes(executable, folder),
            "nginx, Caddy": lambda: proxies(executable, folder),
        }
        for name, recipe in recipes.items():
            began = time.monotonic()
            recipe()
            print(f"recipes: {name}, {time.monotonic() - began:.0f} s")


main()
