"""Follows the guide "Grow beyond one machine": a year of the demo moves from SQLite to PostgreSQL, two servers serve it
behind nginx with the guide's configuration, one of them is killed, and the year moves back. The same requests must get
equal answers at each place: tests/cluster.py EXECUTABLE

PostgreSQL and nginx are started on free ports, with their data in a temporary folder.
"""

import atexit
import json
import os
import re
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
GUIDE = (ROOT / "assets" / "docs" / "growing.md").read_text()
TOKEN = "the-admin-of-the-cluster"
YEAR = "from=2013-01-01T00:00:00Z&to=2014-01-01T00:00:00Z&limit=10000"


def port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def block(language, section):
    """Returns the first block of the language in a section of the guide."""
    text = GUIDE.split(f"\n## {section}\n", 1)[1]
    return re.search(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)[1]


def start(command, **options):
    """Starts a program, which ends with this one."""
    process = subprocess.Popen([str(word) for word in command], **options)
    atexit.register(lambda: process.poll() is None and process.kill())
    return process


def run(*command, **options):
    return subprocess.run([str(word) for word in command], check=True, **options)


def as_postgres():
    """Returns the words that run a command as a user whom PostgreSQL accepts."""
    return ["setpriv", "--reuid=postgres", "--clear-groups"] if os.getuid() == 0 else []


class Postgres:
    def __init__(self, folder):
        self.programs = sorted(Path("/usr/lib/postgresql").glob("*/bin"))[-1]
        self.folder, self.port = folder / "postgres", port()
        self.folder.mkdir()
        if os.getuid() == 0:
            run("chown", "postgres", self.folder)
        data = self.folder / "data"
        run(*as_postgres(), self.programs / "initdb", "-D", data, "-U", "postgres", "-A", "scram-sha-256", "-E", "UTF8",
            "--locale=C", f"--pwfile={self.password()}", stdout=subprocess.DEVNULL)
        self.process = start(
            [*as_postgres(), self.programs / "postgres", "-D", data, "-p", self.port, "-k", self.folder, "-h", "127.0.0.1"],
            stdout=subprocess.DEVNULL, stderr=open(folder / "postgres.log", "w"))
        until(lambda: self.ask("postgres", "SELECT 1") is not None)

    def password(self):
        path = self.folder / "password"
        path.write_text("superuser\n")
        if os.getuid() == 0:
            run("chown", "postgres", path)
        return path

    def ask(self, database, sql):
        asked = subprocess.run(
            [self.programs / "psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-h", "127.0.0.1", "-p", str(self.port),
             "-U", "postgres", "-d", database], input=sql, text=True, capture_output=True,
            env={**os.environ, "PGPASSWORD": "superuser"}, check=False)
        return asked.stdout if asked.returncode == 0 else None

    def run(self, database, sql):
        assert self.ask(database, sql) is not None, sql

    def stop(self):
        self.process.send_signal(signal.SIGINT)
        self.process.wait()


def until(condition, seconds=30):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not come to be so in time"
        time.sleep(0.1)


class Server:
    def __init__(self, executable, folder, environment, words=("serve",)):
        self.process = start(
            [executable, *words, "--data-dir", folder, "--listen", "127.0.0.1:0", "--log-level", "warn"],
            env={"PATH": os.environ["PATH"], "PREDICTION_API_ADMIN_TOKEN": TOKEN, **environment},
            stdout=subprocess.PIPE, text=True)
        for line in self.process.stdout:
            if "Swagger UI" in line:
                self.url = line.split()[-1].removesuffix("/swagger")
            if "Ctrl-C" in line:
                break
        assert self.process.poll() is None, "the server ended"

    def stop(self):
        self.process.terminate()
        assert self.process.wait() == 0

    def kill(self):
        self.process.kill()
        self.process.wait()


def get(url, path, secret, context=None):
    request = urllib.request.Request(url + path, headers={"Authorization": f"Bearer {secret}"})
    with urllib.request.urlopen(request, context=context) as answer:
        return answer.read()


def paths(url, secret):
    """Returns what is asked of each server. Nothing of it depends on the time at which it is asked."""
    ids = {what: [found["id"] for found in json.loads(get(url, f"/api/v1/{what}", secret))] for what in ("jobs", "sensors")}
    found = ["/organisations", "/locations", "/sensors", "/sources", "/source_versions", "/webhooks"]
    for sensor in ids["sensors"]:
        found += [f"/sensors/{sensor}/readings?{YEAR}", f"/sensors/{sensor}/readings?{YEAR}&format=csv"]
    for job in ids["jobs"]:
        predictions = f"/predictions?job_id={job}&metric=all&{YEAR}"
        found += [predictions, f"{predictions}&issues=all&shape=series", f"{predictions}&format=csv"]
        found += [f"{predictions}&as_of=2013-06-01T00:00:00Z", f"/jobs/{job}/history", f"/jobs/{job}/runs"]
        found += [f"/jobs/{job}/inputs?from=2013-05-01T00:00:00Z&to=2013-05-08T00:00:00Z&as_of=2013-05-10T00:00:00Z"]
    return found


def answers(url, secret, asked, context=None):
    return {path: get(url, "/api/v1" + path, secret, context) for path in asked}


def assert_same(before, after, where):
    for path, answer in before.items():
        assert answer == after[path], f"{where}: {path} is answered otherwise:\n{answer[:500]}\n{after[path][:500]}"


def main(executable):
    executable = str(Path(executable).resolve())
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        follow(executable, folder)


def follow(executable, folder):
    old = folder / "old"
    server = Server(executable, old, {}, ["demo", "--as-recorded"])
    secret = TOKEN
    asked = paths(server.url, secret)
    before = answers(server.url, secret, asked)
    size = sum(map(len, before.values()))
    assert size > 10_000_000, size
    server.stop()

    postgres = Postgres(folder)
    create = block("sql", "Create the database").replace(r"\password prediction_api", "ALTER ROLE prediction_api PASSWORD 'geheim';")
    postgres.run("postgres", create)
    password = folder / "database-password"
    password.write_text("geheim\n")
    url = f"postgres://prediction_api@127.0.0.1:{postgres.port}/prediction_api"

    # The guide's words, with the paths and the address of this machine.
    def words(text):
        text = re.sub(r"^systemctl .*$", "", text, flags=re.MULTILINE)
        text = text.replace("postgres://prediction_api@db.example/prediction_api?sslmode=verify-full", url)
        text = text.replace("/etc/prediction-api/database-password", str(password))
        text = text.replace("/var/lib/prediction-api", str(old)).replace("/srv/prediction-api", str(folder / "new"))
        return text.replace("prediction-api ", f"{executable} ")

    there, back = re.findall(r"^```sh\n(.*?)^```$", GUIDE.split("\n## Move the data\n")[1].split("\n## ")[0], re.M | re.S)
    run("sh", "-euc", words(there), cwd=folder)
    storage = {"PREDICTION_API_STORAGE__URL": url, "PREDICTION_API_STORAGE__PASSWORD_FILE": str(password)}
    servers = [Server(executable, folder / f"server{number}", storage) for number in (1, 2)]
    for server in servers:
        assert_same(before, answers(server.url, secret, asked), "on PostgreSQL")
        assert json.loads(get(server.url, "/readyz", secret))["engine"] == "postgresql"

    # The guide's configuration of nginx, with this machine's addresses and a certificate made for it.
    https = port()
    run("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=predictions.example",
        "-addext", "subjectAltName=DNS:predictions.example,IP:127.0.0.1", "-keyout", folder / "privkey.pem", "-out",
        folder / "fullchain.pem", stderr=subprocess.DEVNULL)
    proxy = block("nginx", "Run several servers behind a proxy")
    for number, server in enumerate(servers, 1):
        proxy = proxy.replace(f"10.0.0.1{number}:8000", server.url.removeprefix("http://"))
    proxy = proxy.replace("listen 443 ssl", f"listen 127.0.0.1:{https} ssl").replace("/etc/nginx/", f"{folder}/")
    assert "10.0.0" not in proxy
    config = folder / "nginx.conf"
    config.write_text(f"pid {folder}/nginx.pid;\nerror_log {folder}/nginx.log;\nevents {{}}\nhttp {{\naccess_log off;\n"
                      f"client_body_temp_path {folder}/body;\nproxy_temp_path {folder}/proxy;\n"
                      f"fastcgi_temp_path {folder}/f;\nuwsgi_temp_path {folder}/u;\nscgi_temp_path {folder}/s;\n{proxy}}}\n")
    nginx = start(["nginx", "-c", config, "-g", "daemon off;"], stderr=subprocess.DEVNULL)
    context = ssl.create_default_context(cafile=str(folder / "fullchain.pem"))
    there = f"https://127.0.0.1:{https}"

    def is_served():
        try:
            return get(there, "/readyz", secret, context)
        except OSError:
            return False

    until(is_served)
    assert_same(before, answers(there, secret, asked, context), "behind nginx")

    # The example for containers, with names that this machine can resolve.
    example = (ROOT / "examples" / "cluster" / "nginx.conf").read_text()
    for name in ("one", "two"):
        example = example.replace(f"server {name}:8000", "server 127.0.0.1:8000")
    tried = folder / "example.conf"
    tried.write_text(f"pid {folder}/example.pid;\nerror_log {folder}/example.log;\nevents {{}}\nhttp {{\n{example}}}\n")
    run("nginx", "-q", "-t", "-c", tried)

    # A client that sends a request again after 502, and only then, notices nothing of a server that is killed.
    def patient(number):
        for _ in range(50):
            try:
                return get(there, "/api/v1" + asked[number % len(asked)], secret, context)
            except urllib.error.HTTPError as error:
                assert error.code == 502, error
                time.sleep(0.05)
        raise AssertionError("the other server does not serve")

    with ThreadPoolExecutor(8) as threads:
        sent = [threads.submit(patient, number) for number in range(100)]
        servers[0].kill()
        sent += [threads.submit(patient, number) for number in range(100)]
        for number, one in enumerate(sent):
            assert one.result() == before[asked[number % 100 % len(asked)]], number
    nginx.terminate()
    nginx.wait()
    servers[1].stop()

    (folder / "back").mkdir()
    run("sh", "-euc", words(back), cwd=folder / "back", env={**os.environ, **storage})
    server = Server(executable, folder / "new", {})
    assert_same(before, answers(server.url, secret, asked), "back on SQLite")
    server.stop()
    first, second = ((folder / name / "everything.ndjson") for name in (".", "again"))
    second.parent.mkdir()
    run(executable, "export", "--data-dir", folder / "new", second)
    # Servers change these as time passes.
    passing = tuple(f'{{"{kind}":' for kind in ("head", "end", "token", "clock", "health", "health_change", "audit"))
    lines = [[line for line in path.read_text().splitlines() if not line.startswith(passing)] for path in (first, second)]
    assert len(lines[0]) > 79_000, len(lines[0])
    assert lines[0] == lines[1], "the two exports differ"
    distributed = distribute(executable, folder, postgres, storage, first, before, asked)
    postgres.stop()
    print(f"{len(asked)} answers of {size} bytes and {len(lines[0])} lines of an export are the same on SQLite, on PostgreSQL, "
          f"behind nginx, {distributed} and back on SQLite")


# Tables that PostgreSQL partitions by organisation accept the keys of a distributed table only, as Citus does.
PARTITIONED = """
ALTER TABLE {table} RENAME TO {table}_whole;
CREATE TABLE {table} (LIKE {table}_whole INCLUDING ALL) PARTITION BY HASH (organisation_id);
""" + "".join(f"CREATE TABLE {{table}}_{part} PARTITION OF {{table}} FOR VALUES WITH (MODULUS 4, REMAINDER {part});\n"
              for part in range(4)) + """
INSERT INTO {table} OVERRIDING SYSTEM VALUE SELECT * FROM {table}_whole;
DROP TABLE {table}_whole;
ALTER TABLE {table} OWNER TO prediction_api;
"""


def distribute(executable, folder, postgres, storage, export, before, asked):
    """Distributes the tables as the guide says, by Citus if it is installed, and compares the answers. Returns how the
    tables were distributed."""
    postgres.run("postgres", "CREATE DATABASE distributed OWNER prediction_api ENCODING 'UTF8' TEMPLATE template0")
    url = storage["PREDICTION_API_STORAGE__URL"].removesuffix("prediction_api") + "distributed"
    storage = {**storage, "PREDICTION_API_STORAGE__URL": url}
    run(executable, "import", "--data-dir", folder / "distributed", export, env={**os.environ, **storage})
    section = GUIDE.split("\n## Distribute the rows with Citus\n")[1].split("\n## ")[0]
    keys, layout = re.findall(r"^```sql\n(.*?)^```$", section, re.M | re.S)
    postgres.run("distributed", keys)
    tables = [table for table in re.findall(r"'(\w+)'", layout) if table != "organisation_id"]
    expected = "SELECT count(*) FROM pg_tables WHERE schemaname = 'public' AND tablename NOT IN ('schema', 'changes', 'clock', 'imports')"
    assert len(set(tables)) == int(postgres.ask("distributed", expected)), "the guide does not name each table"
    if postgres.ask("distributed", "CREATE EXTENSION citus") is not None:
        how = "distributed by Citus"
        postgres.run("distributed", layout)
    else:
        how = "partitioned by organisation"
        for table in ("series", "posts", "runs", "reading_series", "readings"):
            postgres.run("distributed", PARTITIONED.format(table=table))
        for table in ("series", "posts", "reading_series"):
            postgres.run("distributed", f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), (SELECT max(id) FROM {table}))")
    server = Server(executable, folder / "distributed", storage)
    assert_same(before, answers(server.url, TOKEN, asked), how)
    # Values are stored, revised and withdrawn, and readings too.
    for method, path, body in changes(server.url):
        call(server.url, method, path, body)
    run(executable, "check", env={**os.environ, **storage})
    server.stop()
    return how


def changes(url):
    """Returns requests that store, revise and withdraw rows of each distributed table."""
    [sensor, *_] = json.loads(get(url, "/api/v1/sensors", TOKEN))
    job = next(job for job in json.loads(get(url, "/api/v1/jobs", TOKEN)) if "Mildew" in job["name"])
    issue = {"job_id": job["id"], "issue_time": "2012-06-01T00:00:00Z"}
    role = json.loads(get(url, f"/api/v1/source_versions/{job['source_version_id']}", TOKEN))["output_roles"][0]
    series = {"role": role["role"], "start": "2012-06-01T00:00:00Z", "step": "PT1H", "values": [1.5, 2.5, 3.5]}
    run_of = {"run": {"id": "distributed", "code": "4f0c1d2"}}
    if role.get("stages"):
        series["stage"] = role["stages"][0]
    reading = {"sensor_id": sensor["id"], "time": "2012-06-01T00:00:00Z", "value": 1.5}
    return [
        ("POST", "/predictions", {**issue, **run_of, "series": [series]}),
        ("POST", "/predictions", {**issue, "series": [{**series, "values": [1.5, 9.5, 3.5]}]}),
        ("DELETE", f"/predictions?job_id={job['id']}&issue_time=2012-06-01T00:00:00Z", None),
        ("POST", "/readings", [reading]),
        ("POST", "/readings", [{**reading, "value": 2.5}]),
        ("DELETE", f"/sensors/{sensor['id']}/readings?from=2012-06-01T00:00:00Z&to=2012-06-02T00:00:00Z", None),
    ]


def call(url, method, path, body):
    headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"}
    request = urllib.request.Request(url + "/api/v1" + path, body and json.dumps(body).encode(), headers, method=method)
    try:
        with urllib.request.urlopen(request) as answer:
            return answer.read()
    except urllib.error.HTTPError as error:
        raise AssertionError(f"{method} {path}: {error.code} {error.read().decode()}") from error


main(sys.argv[1])
