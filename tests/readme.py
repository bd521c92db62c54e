"""README's two commands, read from README itself, so that what is checked is what a newcomer types.

`python tests/readme.py up` prints the first, `python tests/readme.py tests` the second.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

__all__ = ["command"]

README = Path(__file__).resolve().parents[1] / "README.md"


def command(which: str) -> str:
    """The shell command under README's heading for it: `up` or `tests`. Raises SystemExit where there is none."""
    blocks = re.findall(r"^```sh\n(.*?)^```", README.read_text("utf-8"), re.MULTILINE | re.DOTALL)
    mark = {"up": "catalog up", "tests": "pytest"}[which]
    for block in blocks:
        if mark in block and "requirements" in block:
            return str(block).strip()
    raise SystemExit(f"README.md has no command that ends in `{mark}`")


if __name__ == "__main__":
    sys.stdout.write(command(sys.argv[1]) + "\n")
