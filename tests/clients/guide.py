"""Reads the guide "Generated clients", so that the tests run what it says.

guide.py SECTION URL: prints the commands of a section, for the server at the URL.
guide.py --check: fails if an example of the guide is not part of the program that the tests run, or if the guide "What
works with what" has a version that no test installs.
"""

import re
import sys
import textwrap
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
GUIDE = (ROOT / "assets" / "docs" / "generated-clients.md").read_text()
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
# The program that uses the client of each section.
PROGRAMS = {
    "Python, by openapi-python-client": "openapi_python_client.py",
    "TypeScript, by openapi-typescript and openapi-fetch": "openapi_fetch.ts",
    "Python, by openapi-generator": "openapi_generator.py",
    "TypeScript, by openapi-generator": "openapi_generator.ts",
    "Go, by openapi-generator": "openapi_generator.go",
    "Rust, by openapi-generator": "openapi_generator.rs",
}


def sections():
    """Returns the blocks of each section: pairs of a language and a text."""
    _, *parts = re.split(r"^## ", GUIDE, flags=re.MULTILINE)
    return {part.split("\n", 1)[0]: BLOCK.findall(part) for part in parts}


def commands(section, url):
    return "".join(text for language, text in sections()[section] if language == "sh").replace(
        "http://127.0.0.1:8000", url
    )


def check():
    found, count = sections(), 0
    for section, program in PROGRAMS.items():
        code = textwrap.dedent((HERE / program).read_text())
        for language, text in found[section]:
            if language != "sh":
                count += 1
                if text not in code:
                    sys.exit(f"{program} does not contain this example of the section {section}:\n{text}")
    tried = set(re.findall(r"\d+\.\d+\.\d+", (ROOT / "assets" / "docs" / "works-with.md").read_text()))
    installed = set(re.findall(r"(?<=[=@])\d+\.\d+\.\d+", GUIDE + (ROOT / ".ci" / "run").read_text()))
    if tried - installed:
        sys.exit(f"works-with.md has versions that no test installs: {tried - installed}")
    print(f"generated-clients.md: {count} examples are parts of the programs that use the clients")


if sys.argv[1:] == ["--check"]:
    check()
else:
    print(commands(*sys.argv[1:3]))
