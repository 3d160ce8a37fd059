"""Runs the bash and Python blocks of a guide verbatim, in their order, against a running server:
tests/guides.py URL FOLDER GUIDE...

FOLDER is the one that the server was started in: the guides find the admin token there, in data/admin-token.
Every curl must succeed, and what a Python block prints must be the text block that follows it.
"""

import os
import re
import subprocess
import sys

DEFAULT = "http://127.0.0.1:8000"
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
# Fails where an answer is no success, and says what was answered.
CURL = 'curl() { command curl --silent --show-error --fail-with-body "$@" || { echo "failed: curl $*" >&2; exit 1; }; }\n'


def run(command, text, folder, environment):
    done = subprocess.run(command, input=text, cwd=folder, env=environment, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"{text}\n{done.stdout}\n{done.stderr}")
    return done.stdout


def main():
    url, folder, guides = sys.argv[1], sys.argv[2], sys.argv[3:]
    with open(os.path.join(folder, "data", "admin-token")) as file:
        token = file.read().strip()
    environment = dict(os.environ, SERVER=url, TOKEN=token)
    count = 0
    for guide in guides:
        with open(guide) as file:
            blocks = [(kind, text.replace(DEFAULT, url)) for kind, text in BLOCK.findall(file.read())]
        shell = "set -euo pipefail\n" + CURL
        for index, (kind, text) in enumerate(blocks):
            if kind == "bash":
                shell += text
            elif kind == "python":
                # What the shell blocks before it made is there by then.
                run(["bash"], shell, folder, environment)
                shell = "set -euo pipefail\n" + CURL
                printed = run([sys.executable, "-"], text, folder, environment)
                expected = next((text for kind, text in blocks[index + 1 :] if kind == "text"), None)
                if printed != expected:
                    sys.exit(f"{guide}: expected\n{expected}\nprinted\n{printed}")
            else:
                continue
            count += 1
        run(["bash"], shell, folder, environment)
    print(f"guides: {count} blocks passed")


main()
