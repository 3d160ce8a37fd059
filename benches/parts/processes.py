"""Processes that a measurement starts, and their end in all cases."""

import contextlib
import http.client
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

# Seconds that a server may take to start or to stop.
PATIENCE = 60


class Failed(Exception):
    """The measurement cannot go on. The text is for the user."""


def run(main):
    """Runs a command. Ends what the command started, also after Ctrl-C or SIGTERM."""
    def interrupt(*_):
        raise KeyboardInterrupt

    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, interrupt)
    try:
        with contextlib.ExitStack() as stack:
            try:
                main(stack)
            finally:
                # A second Ctrl-C must not leave processes or folders behind.
                for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
                    signal.signal(number, signal.SIG_IGN)
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        sys.exit(130)
    except Failed as failure:
        sys.exit(f"{Path(sys.argv[0]).name}: {failure}")


def say(text):
    """Prints progress, which is not a part of the result."""
    print(text, file=sys.stderr, flush=True)


def folder(stack):
    """Creates a folder on the disk of the build folder, since a folder for temporary files may lie in memory."""
    (ROOT / "target").mkdir(exist_ok=True)
    return Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-", dir=ROOT / "target")))


def free_address():
    """Returns an address whose port was free a moment ago."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return f"127.0.0.1:{free.getsockname()[1]}"


class Process:
    """A program that ends with the stack. Its output goes to a file."""

    def __init__(self, stack, command, home, environment=None):
        self.name = Path(command[0]).name
        self.log = Path(home) / f"{self.name}.log"
        with open(self.log, "ab") as log:
            # A session of its own keeps Ctrl-C from the program, so that it is stopped in order.
            self.process = subprocess.Popen(
                [str(part) for part in command], cwd=home, env=environment, stdin=subprocess.DEVNULL, stdout=log,
                stderr=log, start_new_session=True,
            )
        stack.callback(self.stop)

    def stop(self):
        """Stops the program as a supervisor would. Returns its exit code."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(PATIENCE)
        # Nothing of the session remains.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        return self.process.wait()

    def demand_running(self):
        """Fails with the end of the output if the program has ended."""
        if self.process.poll() is not None:
            raise Failed(f"{self.name} ended with {self.process.returncode}: {self.log.read_text()[-1000:]}")

    def wait_for(self, address, path):
        """Waits until a GET of the path succeeds."""
        begun = time.monotonic()
        while time.monotonic() < begun + PATIENCE:
            self.demand_running()
            with contextlib.suppress(OSError, http.client.HTTPException):
                if call(address, "GET", path)[0] < 300:
                    return
            time.sleep(0.02)
        raise Failed(f"{self.name} did not start: {self.log.read_text()[-1000:]}")

    def memory(self, kind):
        """Returns memory in MB by its name in /proc/PID/status: VmHWM is the peak of all of it, RssAnon its own now."""
        for line in Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith(f"{kind}:"):
                return int(line.split()[1]) * 1024 / 1e6
        raise Failed(f"the system does not report {kind}")

    def processor_seconds(self):
        """Returns the processor time that the program has used."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def call(address, method, path, headers=None, body=None):
    """Sends a request on a connection of its own. Returns the status and the body."""
    connection = http.client.HTTPConnection(address, timeout=PATIENCE)
    try:
        connection.request(method, path, body, headers or {})
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def demand(address, method, path, headers=None, body=None):
    """Does the same, and fails unless the request succeeds. Returns the body."""
    status, text = call(address, method, path, headers, body)
    if status >= 300:
        raise Failed(f"{method} {path}: {status} {text[:300]}")
    return text
