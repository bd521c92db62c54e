"""A file that a command is given: its bytes, or stdin's, within a limit."""

from __future__ import annotations

import sys
from pathlib import Path

from catalog.errors import WrongUse

__all__ = ["read_file"]


def read_file(path: Path, most: int) -> bytes:
    """The bytes of a file, or of stdin where the path is "-". Raises WrongUse: missing, a folder, too large."""
    try:
        if str(path) == "-":
            data = sys.stdin.buffer.read(most + 1)
        else:
            if path.is_dir():
                raise WrongUse(f"{path}: is a folder; give a file")
            with path.open("rb") as file:
                data = file.read(most + 1)
    except OSError as error:
        raise WrongUse(f"{path}: cannot be read ({error.strerror})") from error
    if len(data) > most:
        raise WrongUse(f"{path}: larger than {most:,} bytes, which is the most that is read; check it in parts")
    return data
