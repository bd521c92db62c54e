"""How far a harvest is: one line on a terminal, nothing anywhere else."""

from __future__ import annotations

import sys
import time
from typing import Protocol, TextIO

__all__ = ["Progress", "Quiet", "TerminalLine", "progress_for"]

# Seconds between two drawings of the line.
SELDOM = 0.1


class Progress(Protocol):
    """What a long task tells about itself."""

    def stage(self, name: str, total: int | None = None) -> None:
        """A stage begins; `total` steps where that is known."""

    def advance(self, steps: int = 1) -> None:
        """So many steps of the stage are done."""

    def note(self, line: str) -> None:
        """Something worth a moment's attention: a retry, a wait."""

    def close(self) -> None:
        """The task has ended, however it ended."""


class Quiet:
    """Says nothing."""

    def stage(self, name: str, total: int | None = None) -> None:
        """Nothing."""

    def advance(self, steps: int = 1) -> None:
        """Nothing."""

    def note(self, line: str) -> None:
        """Nothing."""

    def close(self) -> None:
        """Nothing."""


class TerminalLine:
    """One line that is written over: "Fetching records 400 of 1,234"."""

    def __init__(self, stream: TextIO, width: int = 79) -> None:
        self._stream = stream
        self._width = width
        self._name = ""
        self._done = 0
        self._total: int | None = None
        self._shown = 0.0

    def stage(self, name: str, total: int | None = None) -> None:
        """Begin a stage."""
        self._name, self._done, self._total = name, 0, total
        self._show("")

    def advance(self, steps: int = 1) -> None:
        """Count steps."""
        self._done += steps
        if time.monotonic() - self._shown >= SELDOM:
            self._show("")

    def note(self, line: str) -> None:
        """Show a note after the count until the next step."""
        self._show(f" ({line})")

    def close(self) -> None:
        """Clear the line."""
        self._write("")

    def _show(self, note: str) -> None:
        self._shown = time.monotonic()
        count = f" {self._done:,}" if self._done or self._total is not None else ""
        of = f" of {self._total:,}" if self._total is not None else ""
        self._write(f"{self._name}{count}{of}{note}")

    def _write(self, line: str) -> None:
        self._stream.write("\r" + line[: self._width].ljust(self._width) + "\r")
        self._stream.flush()


def progress_for(stream: TextIO | None = None) -> Progress:
    """A progress line where `stream` (default: stderr) is a terminal, else silence."""
    stream = stream or sys.stderr
    return TerminalLine(stream) if stream.isatty() else Quiet()
