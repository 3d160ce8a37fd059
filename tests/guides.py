"""Runs every block of the guides verbatim, in its order, each guide on a fresh server of its own, and holds what is
answered against what the guide shows: tests/guides.py EXECUTABLE [--fill] [GUIDE...]

A bash block is typed into a shell in the folder that the server was started in. What it prints must be the json, text,
csv or http block behind it; a block that prints nothing has none. A python block is saved under the name that the
sentence before it gives. An sh block, which starts a server, is not run. What a server makes up anew (its own ids,
stamps and secrets) may differ, but an id that comes twice must do so in both. `...` stands for more of the same.

The worker of the guides is also run on a demo, where it must compute what is there already.

The blocks of a guide for a programming language are one program, which runs on a demo. Its first write meets a locked
database, so that it must retry on 503. These guides need requests and pandas beside this Python, node, and Rscript
with httr2.

--fill writes what was answered into empty blocks, for whoever writes a guide.
"""

import json
import math
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from pathlib import Path

GUIDES = Path(__file__).resolve().parent.parent / "assets" / "docs"
DEFAULT = "http://127.0.0.1:8000"
# These are about the demo, and run on one.
ON_DEMO = {"demo", "getting-predictions", "accuracy", "alerts"}
# These have a receiver on this machine, which their server must be allowed to call.
WITH_RECEIVER = {"health", "messages"}
# The guides whose blocks of one language are one program: the language, the program's file, its interpreter, and what
# prints a separator.
PROGRAMS = {
    "python": ("python", "program.py", sys.executable, 'print("\\x1e")'),
    "python-client": ("python", "program.py", sys.executable, 'print("\\x1e")'),
    "javascript": ("javascript", "program.mjs", "node", 'console.log("\\x1e");'),
    "r": ("r", "program.R", "Rscript", 'cat("\\x1e\\n")'),
}
# Python imports the client from its package, and JavaScript the module from the folder of the program.
CLIENT = next((GUIDES.parent / "clients").glob("*.whl"))
MODULE = GUIDES.parent / "clients" / "prediction-api.mjs"
SEPARATOR = "\x1e\n"
# The demo's season ends with the last night, so its dates are others each day.
DATE = re.compile(r"\d{4}-\d\d-\d\d(?:[ T]\d\d:\d\d(?::\d\d)?(?:\+00:00|Z)?)?")
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
ANSWERS = ("json", "text", "csv", "http")
FILE = re.compile(r"`(\w+\.py)`")
# A server's own ids have the version 7, its stamps microseconds; those of the guides have not.
MADE_UP = re.compile(
    r"(?P<id>[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12})"
    r"|(?P<stamp>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{1,6}Z)"
    r"|(?P<moment>[A-Z][a-z]{2} \d{1,2} [A-Z][a-z]{2} \d{4} \d\d:\d\d UTC)"
    r"|(?P<secret>p[af]_[0-9a-f]{64})"
    r'|(?P<etag>"[0-9a-f]{32}")'
    r"|(?P<key>whsec_[0-9A-Za-z+/]{43}=)"
)
# Fails where an answer is no success, unless its status is shown, and says what was answered.
CURL = """
curl() {
  case " $* " in *" -i "*) command curl --silent --show-error "$@";;
  *) command curl --silent --show-error --fail-with-body "$@" || { echo "failed: curl $*" >&2; exit 1; };; esac
}
set -euo pipefail
"""


class Server:
    """The executable on a fresh folder."""

    def __init__(self, executable, is_demo, has_receiver=False):
        environment = dict(os.environ)
        if has_receiver:
            environment["PREDICTION_API_WEBHOOKS__ALLOW_PRIVATE_ADDRESSES"] = "true"
            environment["PREDICTION_API_PUBLIC_URL"] = "https://farm.example"
        self.folder = tempfile.TemporaryDirectory()
        self.log = open(os.path.join(self.folder.name, "log"), "w+")
        # The guides name the dates of 2013.
        command = [executable] + (["demo", "--as-recorded"] if is_demo else []) + ["--listen", "127.0.0.1:0"]
        self.process = subprocess.Popen(
            command, cwd=self.folder.name, stdout=subprocess.PIPE, stderr=self.log, text=True, env=environment
        )
        self.greeting = ""
        while "Ctrl-C" not in self.greeting:
            line = self.process.stdout.readline()
            if not line:
                self.log.seek(0)
                sys.exit(f"the server ended: {self.greeting}{self.log.read()}")
            self.greeting += line
        self.url = re.search(r"Swagger UI +(http://\S+)/swagger", self.greeting)[1]

    def stop(self):
        self.process.terminate()
        self.process.wait()
        self.log.close()
        self.folder.cleanup()

    def has_refused(self):
        """Whether a request was refused with 503."""
        return '"status":503' in Path(self.folder.name, "log").read_text()


class Locked:
    """The database of a demo, locked until the server has refused a request with 503."""

    def __init__(self, server):
        path = Path(server.folder.name, "demo-data", "prediction-api.db")
        self.server, self.ended = server, threading.Event()
        self.database = sqlite3.connect(path, timeout=60, isolation_level=None, check_same_thread=False)

    def __enter__(self):
        self.database.execute("BEGIN IMMEDIATE")
        self.thread = threading.Thread(target=self.release)
        self.thread.start()

    def release(self):
        while not self.server.has_refused() and not self.ended.wait(0.1):
            pass
        self.database.execute("ROLLBACK")

    def __exit__(self, *_):
        self.ended.set()
        self.thread.join()
        self.database.close()


class Shell:
    """A shell whose variables outlive a block."""

    def __init__(self, folder, executable):
        self.folder, self.groups = folder, []
        path = os.path.dirname(executable) + os.pathsep + os.environ["PATH"]
        self.environment = {"PATH": path, "HOME": folder, "LANG": "C.UTF-8"}

    def run(self, text):
        script = f"set -a\n{CURL}{text}\nenv -0 >.environment\n"
        pipes = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
        done = subprocess.Popen(
            ["bash"], cwd=self.folder, env=self.environment, text=True, start_new_session=True, **pipes
        )
        self.groups.append(done.pid)
        stdout, stderr = done.communicate(script)
        if done.returncode != 0:
            raise Fault(f"{stdout}\n{stderr}")
        kept = Path(self.folder, ".environment").read_bytes().decode().split("\0")
        # Exported functions are no variables of the guide's.
        self.environment = dict(pair.split("=", 1) for pair in kept if "=" in pair and not pair.startswith("BASH_FUNC"))
        return stdout

    def end(self):
        """Ends what the blocks left in the background."""
        for group in self.groups:
            try:
                os.killpg(group, signal.SIGTERM)
            except ProcessLookupError:
                pass


class Fault(Exception):
    pass


class Names:
    """Which made up thing of the guide is which of the server's."""

    def __init__(self):
        self.known = {}

    def same(self, expected, actual):
        kinds = [MADE_UP.fullmatch(text) for text in (expected, actual)]
        if not all(kinds) or kinds[0].lastgroup != kinds[1].lastgroup:
            return expected == actual
        if kinds[0].lastgroup in ("stamp", "moment"):
            return True
        return self.known.setdefault(expected, actual) == actual


def documents(text):
    """The JSON documents of a text, one behind the other."""
    decoder, found, text = json.JSONDecoder(), [], text.strip()
    while text:
        document, end = decoder.raw_decode(text)
        found.append(document)
        text = text[end:].strip()
    return found


def with_more(text):
    """JSON with `...` as a member or an element, which stands for more."""
    text = re.sub(r"(\{[^{}\[\]]*?)(?<!\")\.\.\.(?!\")", r'\1"...": 0', text)
    return re.sub(r'(?<!")\.\.\.(?!")', '"..."', text)


def differs(expected, actual, names, at=""):
    """Where the answer is not what the guide shows; none if it is."""
    if isinstance(expected, dict) and isinstance(actual, dict):
        wanted = {key for key in expected if key != "..."}
        if wanted - set(actual) or ("..." not in expected and set(actual) - wanted):
            return f"{at or 'the answer'} has the members {sorted(actual)}"
        return next(filter(None, (differs(expected[key], actual[key], names, f"{at}/{key}") for key in wanted)), None)
    if isinstance(expected, list) and isinstance(actual, list):
        whole = "..." not in expected
        wanted = expected if whole else expected[: expected.index("...")]
        if len(actual) < len(wanted) or (whole and len(actual) > len(wanted)):
            return f"{at or 'the answer'} has {len(actual)} elements"
        pairs = enumerate(zip(wanted, actual))
        return next(filter(None, (differs(a, b, names, f"{at}/{n}") for n, (a, b) in pairs)), None)
    # How long ago something was, how long it took, and which request it is, differ each time.
    if at.endswith(("/age_seconds", "/milliseconds", "/request_id")) and type(expected) is type(actual):
        return None
    both = isinstance(expected, str) and isinstance(actual, str)
    if (names.same(expected, actual) if both else expected == actual and type(expected) is type(actual)):
        return None
    return f"{at or 'the answer'} is {actual!r}"


def differs_as_text(expected, actual, names):
    """The same for lines; a line `...` stands for any more."""
    wanted, got = expected.splitlines(), actual.splitlines()
    for number, line in enumerate(wanted):
        if line.strip() == "...":
            return None
        if number >= len(got):
            return f"line {number + 1} is not there"
        pieces = [MADE_UP.split(text) for text in (line, got[number])]
        made_up = [[found[0] for found in MADE_UP.finditer(text)] for text in (line, got[number])]
        plain = [MADE_UP.sub("~", text) for text in (line, got[number])]
        if plain[0] != plain[1] or not all(names.same(a, b) for a, b in zip(*made_up)):
            return f"line {number + 1} is {got[number]!r}"
    return None if len(got) == len(wanted) else f"it has {len(got)} lines"


def differs_as_http(expected, actual, names):
    """The same for an answer with its head, of which the guide may show a part."""
    (wanted, _, body), (got, _, actual_body) = (text.replace("\r", "").partition("\n\n") for text in (expected, actual))
    lines = got.splitlines()
    for line in wanted.splitlines():
        if not any(differs_as_text(line, other, names) is None for other in lines):
            return f"the head has no {line!r}: {lines}"
    return differs_as_json(body, actual_body, names) if body.strip() else None


def differs_nearly(expected, actual):
    """The same for what a program prints: dates are others each day, and numbers may differ a little, because a window
    has an hour more or less when the clocks change."""
    wanted, got = ([DATE.sub("DATE", line).split() for line in text.splitlines()] for text in (expected, actual))
    for number, words in enumerate(wanted):
        if words == ["..."]:
            return None
        others = got[number] if number < len(got) else []
        if len(words) != len(others) or not all(map(nearly, words, others)):
            return f"line {number + 1} is {' '.join(others)!r}"
    return None if len(got) == len(wanted) else f"it has {len(got)} lines"


def nearly(word, other):
    try:
        return math.isclose(float(word), float(other), rel_tol=0.05, abs_tol=0.5)
    except ValueError:
        return word == other


def differs_as_json(expected, actual, names):
    wanted, got = documents(with_more(expected)), documents(actual)
    return differs(wanted, got, names) if len(wanted) > 1 or len(got) > 1 else differs(wanted[0], got[0], names)


COMPARISONS = {"json": differs_as_json, "text": differs_as_text, "csv": differs_as_text, "http": differs_as_http}


def pretty(value, indent=0):
    """JSON in lines, where what is short stays in one."""
    if not isinstance(value, (dict, list)) or not value:
        return json.dumps(value, ensure_ascii=False)
    is_object = isinstance(value, dict)
    opening, closing = "{}" if is_object else "[]"
    parts = [f"{json.dumps(key)}: {pretty(each, indent + 2)}" for key, each in value.items()] if is_object else [
        pretty(each, indent + 2) for each in value
    ]
    line = (" " if is_object else "").join([opening, ", ".join(parts), closing])
    if "\n" not in line and indent + len(line) <= 100:
        return line
    pad = " " * (indent + 2)
    return opening + "\n" + ",\n".join(pad + part for part in parts) + "\n" + " " * indent + closing


def shown(kind, answer):
    """An answer as a guide shows it."""
    if kind == "json":
        return "".join(pretty(each) + "\n" for each in documents(answer))
    return answer.replace("\r", "").rstrip("\n") + "\n"


def try_guide(path, executable, fill):
    """Runs a guide's blocks; answers how many."""
    text = path.read_text()
    blocks = [(found[1], found[2], found.start(), found.span(2)) for found in BLOCK.finditer(text)]
    if not any(kind in ("bash", "python") for kind, *_ in blocks):
        return 0
    server = Server(executable, path.stem in ON_DEMO, path.stem in WITH_RECEIVER)
    shell, names, count, filled = Shell(server.folder.name, executable), Names(), 0, []
    try:
        for number, (kind, block, start, _) in enumerate(blocks):
            here = f"{path}:{text.count(chr(10), 0, start) + 1}"
            if kind == "python":
                name = FILE.findall(text[:start])
                if not name:
                    raise Fault(f"{here}: nothing says under which name to save it")
                Path(server.folder.name, name[-1]).write_text(block.replace(DEFAULT, server.url))
                count += 1
            if kind != "bash":
                continue
            count += 1
            try:
                answer = shell.run(block.replace(DEFAULT, server.url)).replace(server.url, DEFAULT)
            except Fault as fault:
                raise Fault(f"{here}: failed\n{block}\n{fault}") from None
            after, expected, _, span = blocks[number + 1] if number + 1 < len(blocks) else ("", "", 0, None)
            is_shown = after in ANSWERS
            if not answer.strip() and not is_shown:
                continue
            if is_shown and not expected and fill:
                filled.append((span, shown(after, answer)))
                continue
            wrong = COMPARISONS[after](expected, answer, names) if is_shown else "the guide does not show it"
            if wrong:
                raise Fault(f"{here}: {wrong}\n{block}\nanswered\n{answer}")
    finally:
        shell.end()
        server.stop()
        write(path, text, filled)
    return count


def try_program(path, executable, fill):
    """Runs the blocks of a guide as one program; answers how many."""
    language, file, interpreter, separator = PROGRAMS[path.stem]
    text, filled = path.read_text(), []
    blocks = [(found[1], found[2], found.start(), found.span(2)) for found in BLOCK.finditer(text)]
    code = [block for kind, block, *_ in blocks if kind == language]
    server = Server(executable, True)
    try:
        program = "".join(f"{block}{separator}\n" for block in code).replace(DEFAULT, server.url)
        Path(server.folder.name, file).write_text(program)
        shutil.copy(MODULE, server.folder.name)
        with Locked(server):
            done = subprocess.run(
                [interpreter, file],
                cwd=server.folder.name,
                env={**os.environ, "PYTHONPATH": str(CLIENT)},
                capture_output=True,
                text=True,
                timeout=300,
            )
        printed = done.stdout.replace(server.url, DEFAULT).split(SEPARATOR)
        at = -1
        for number, (kind, block, start, _) in enumerate(blocks):
            if kind != language:
                continue
            at += 1
            here = f"{path}:{text.count(chr(10), 0, start) + 1}"
            if at == len(printed) - 1:
                raise Fault(f"{here}: failed\n{block}\n{printed[at]}{done.stderr}")
            after, expected, _, span = blocks[number + 1] if number + 1 < len(blocks) else ("", "", 0, None)
            if after != "text":
                if printed[at].strip():
                    raise Fault(f"{here}: the guide does not show it\n{printed[at]}")
            elif not expected and fill:
                filled.append((span, shown(after, printed[at])))
            else:
                wrong = differs_nearly(expected, printed[at])
                if wrong:
                    raise Fault(f"{here}: {wrong}\n{block}\nprinted\n{printed[at]}")
        if not server.has_refused():
            raise Fault(f"{path}: the program has not met a 503")
    finally:
        server.stop()
        write(path, text, filled)
    return len(code)


def write(path, text, filled):
    """Writes answers to their places in a guide."""
    for (begin, end), answer in reversed(filled):
        text = text[:begin] + answer + text[end:]
    if filled:
        path.write_text(text)


def try_worker_on_demo(executable):
    """Runs the guides' worker on a demo: all that it predicts must be there, and be equal."""
    code = next(text for kind, text in BLOCK.findall((GUIDES / "worker.md").read_text()) if kind == "python")
    server = Server(executable, True)
    try:
        token = Path(server.folder.name, "demo-data", "admin-token").read_text().strip()
        script = Path(server.folder.name, "mildew_worker.py")
        script.write_text(code.replace(DEFAULT, server.url))
        command = f"WORKER_TOKEN={token} {sys.executable} {script.name}"
        printed = Shell(server.folder.name, executable).run(command)
    finally:
        server.stop()
    counts = "{'stored': 0, 'revised': 0, 'unchanged': 856}"
    expected = "".join(f"Mildew risk {station} {counts}\n" for station in ("EWR", "JFK", "LGA"))
    if printed != expected:
        raise Fault(f"the worker predicts other than the demo:\n{printed}")


def main():
    executable, *rest = sys.argv[1:]
    executable = os.path.abspath(executable)
    fill = "--fill" in rest
    guides = [Path(name) for name in rest if name != "--fill"] or sorted(GUIDES.rglob("*.md"))
    total, faults = 0, []
    for guide in guides:
        try:
            total += (try_program if guide.stem in PROGRAMS else try_guide)(guide, executable, fill)
        except Fault as fault:
            faults.append(str(fault))
    try:
        try_worker_on_demo(executable)
    except Fault as fault:
        faults.append(str(fault))
    if faults:
        print("\n\n".join(faults))
    print(f"guides: {total} blocks passed, {len(faults)} failed; the worker was also run on a demo")
    sys.exit(bool(faults))


main()
