"""The version of the package, which equals that in ``pyproject.toml``."""

VERSION = "0.2.0"
