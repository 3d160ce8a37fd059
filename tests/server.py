"""Starts programs for the tests of other people's tools, and waits for conditions."""

import atexit
import json
import os
import re
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
GUIDES = ROOT / "assets" / "docs"
TOKEN = "the-admin-of-these-tests"
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def free_port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def blocks(guide, section, language):
    """Returns the blocks of a language in a section of a guide."""
    text = (GUIDES / f"{guide}.md").read_text()
    found = re.search(rf"^##+ {re.escape(section)}\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)
    assert found, f"{guide}.md has no section {section}"
    return [block for kind, block in BLOCK.findall(found[1]) if kind == language]


def until(condition, what, seconds=60):
    """Waits for the condition and returns its value."""
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        assert time.monotonic() < end, f"after {seconds} s still not: {what}"
        time.sleep(0.1)


def start(command, **options):
    """Starts a program, which ends with this one."""
    process = subprocess.Popen([str(word) for word in command], **options)
    atexit.register(lambda: process.poll() is None and process.kill())
    return process


def stop(process):
    process.terminate()
    process.wait()


def run(*command, **options):
    """Runs a program to its end and returns what it printed. Shows it if the program fails."""
    done = subprocess.run([str(word) for word in command], text=True, capture_output=True, check=False, **options)
    assert done.returncode == 0, f"{command} failed\n{done.stdout}{done.stderr}"
    return done.stdout


class Server:
    """The executable on a folder, by default a new one."""

    def __init__(self, executable, *words, folder=None, listen="127.0.0.1:0", **environment):
        self.temporary = None if folder else tempfile.TemporaryDirectory()
        self.folder = Path(folder or self.temporary.name)
        command = [executable, *words, "--listen", listen, "--data-dir", self.folder, "--log-level", "warn"]
        variables = {"PREDICTION_API_ADMIN_TOKEN": TOKEN, **environment}
        self.process = start(command, env={**os.environ, **variables}, stdout=subprocess.PIPE, text=True)
        for line in self.process.stdout:
            if "Swagger UI" in line:
                self.url = line.split()[-1].removesuffix("/swagger")
            if "Ctrl-C" in line:
                return
        raise AssertionError("the server ended")

    def stop(self):
        stop(self.process)

    def request(self, method, path, body=None, headers=None, token=TOKEN):
        """Returns the status, the headers and the text of the response."""
        headers = {"Authorization": f"Bearer {token}", **(headers or {})}
        if body is not None and not isinstance(body, bytes):
            body, headers["Content-Type"] = json.dumps(body).encode(), "application/json"
        request = urllib.request.Request(self.url + path, body, headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=60) as response:
                return response.status, response.headers, response.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.headers, error.read().decode()

    def call(self, method, path, body=None):
        """Returns the JSON of a success."""
        status, _, text = self.request(method, f"/api/v1{path}", body)
        assert status < 300, f"{method} {path}: {status} {text}"
        return json.loads(text) if text else None

    def set_up(self, name, inputs=(), bindings=(), **more):
        """Sets up a job that predicts a flow, and returns it."""
        outputs = [{"role": "out", "metric": "flow", "unit": "l/s"}]
        return self.call(
            "POST",
            "/jobs/setup",
            {
                "organisation_id": "10000000-0000-0000-0000-000000000001",
                "source": {"name": f"model of {name}"},
                "source_version": {"version": "1.0.0", "input_roles": list(inputs), "output_roles": outputs},
                "job": {"name": name, **more},
                "role_bindings": list(bindings),
            },
        )
