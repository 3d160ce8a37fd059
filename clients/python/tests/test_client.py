"""Drives a real server: ``python tests/test_client.py URL TOKEN``, with an admin token.

Without arguments, PREDICTION_API_URL and PREDICTION_API_TOKEN name the server. Each test makes an organisation of its
own. The tests of pandas are skipped if it is not installed.
"""

from __future__ import annotations

import os
import sys
import unittest
from pathlib import Path

HERE = Path(__file__).resolve().parent


def main() -> None:
    arguments = sys.argv[1:]
    if arguments and arguments[0].startswith("http"):
        os.environ["PREDICTION_API_URL"], os.environ["PREDICTION_API_TOKEN"] = arguments[:2]
        arguments = arguments[2:]
    if not os.environ.get("PREDICTION_API_URL") or not os.environ.get("PREDICTION_API_TOKEN"):
        sys.exit("usage: test_client.py URL TOKEN [TEST]")
    sys.path[:0] = [str(HERE), str(HERE.parent / "src")]
    names = [path.stem for path in sorted(HERE.glob("*_test.py"))]
    unittest.main(module=None, argv=[sys.argv[0], *(arguments or names)])


if __name__ == "__main__":
    main()
