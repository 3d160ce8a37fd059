"""Builds the wheel. The same sources give the same bytes on every machine.

``python build.py`` writes the wheel that the server serves. ``python build.py --check`` fails if the checked-in wheel
is not that of the sources. pip uses the module as the build backend of the package.
"""

from __future__ import annotations

import base64
import hashlib
import io
import sys
import zipfile
from pathlib import Path
from typing import Any

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
SERVED = ROOT / "assets" / "clients"
LICENCES = ("LICENSE-APACHE", "LICENSE-MIT")
#: The earliest time that a zip file can have.
TIME = (1980, 1, 1, 0, 0, 0)


def build_wheel(
    wheel_directory: str, config_settings: dict[str, Any] | None = None, metadata_directory: str | None = None
) -> str:
    """Writes the wheel into a folder and returns its name (PEP 517)."""
    name, content = wheel()
    Path(wheel_directory).mkdir(parents=True, exist_ok=True)
    (Path(wheel_directory) / name).write_bytes(content)
    return name


def wheel() -> tuple[str, bytes]:
    """Returns the name and the content of the wheel."""
    project = tomllib.loads((HERE / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    stem = f"{project['name'].replace('-', '_')}-{project['version']}"
    info = f"{stem}.dist-info"
    package = HERE / "src" / "prediction_api_client"
    if f'VERSION = "{project["version"]}"' not in (package / "version.py").read_text(encoding="utf-8"):
        sys.exit("version.py and pyproject.toml have different versions")
    files = {f"{package.name}/{path.name}": text(path) for path in package.iterdir() if path.is_file()}
    files[f"{info}/METADATA"] = metadata(project)
    files[f"{info}/WHEEL"] = b"Wheel-Version: 1.0\nGenerator: build.py\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    files.update({f"{info}/licenses/{name}": text(ROOT / name) for name in LICENCES})
    record = "".join(f"{name},{digest(content)},{len(content)}\n" for name, content in sorted(files.items()))
    record += f"{info}/RECORD,,\n"
    # The format recommends that the files of .dist-info come last, and RECORD at the end.
    ordered = sorted(files.items(), key=lambda file: (file[0].startswith(info), file[0]))
    target = io.BytesIO()
    # Compressed bytes depend on the version of zlib, so that the files are stored as they are.
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
        for name, content in [*ordered, (f"{info}/RECORD", record.encode())]:
            entry = zipfile.ZipInfo(name, TIME)
            entry.create_system = 3
            entry.external_attr = 0o100644 << 16
            archive.writestr(entry, content)
    return f"{stem}-py3-none-any.whl", target.getvalue()


def metadata(project: dict[str, Any]) -> bytes:
    """Returns METADATA with the README as the description."""
    lines = [
        "Metadata-Version: 2.4",
        f"Name: {project['name']}",
        f"Version: {project['version']}",
        f"Summary: {project['description']}",
        f"Keywords: {','.join(project['keywords'])}",
        f"License-Expression: {project['license']}",
        *(f"License-File: {name}" for name in LICENCES),
        *(f"Classifier: {each}" for each in project["classifiers"]),
        f"Requires-Python: {project['requires-python']}",
    ]
    for extra, needs in project["optional-dependencies"].items():
        lines.append(f"Provides-Extra: {extra}")
        lines += [f"Requires-Dist: {need}; extra == '{extra}'" for need in needs]
    lines += ["Description-Content-Type: text/markdown", "", ""]
    return "\n".join(lines).encode() + text(HERE / project["readme"])


def text(path: Path) -> bytes:
    """Returns the content of a text file with the line ends of Unix, as Git on Windows may have changed them."""
    return path.read_bytes().replace(b"\r\n", b"\n")


def digest(content: bytes) -> str:
    """Returns the digest of a file as RECORD has it."""
    return "sha256=" + base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()


def main() -> None:
    name, content = wheel()
    path = SERVED / name
    if sys.argv[1:] == ["--check"]:
        others = [each.name for each in SERVED.glob("*.whl") if each.name != name]
        if not path.is_file() or path.read_bytes() != content or others:
            sys.exit(f"{path} is not the wheel of the sources: run python clients/python/build.py")
    elif sys.argv[1:]:
        sys.exit("usage: build.py [--check]")
    else:
        print(SERVED / build_wheel(str(SERVED)))


if __name__ == "__main__":
    main()
