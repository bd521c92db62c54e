"""Readers that ask a running site for pages: wrk (Debian's package `wrk`) with readers.lua."""

# ruff: noqa: S603 - it starts wrk with arguments of its own
from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

__all__ = ["Answered", "Asked", "Readers", "started"]

_SCRIPT = Path(__file__).with_name("readers.lua")
_PATIENCE = 30  # seconds until wrk counts an answer as not come


@dataclass(frozen=True, slots=True)
class Asked:
    """One request a reader may make."""

    path: str
    method: str = "GET"
    headers: tuple[tuple[str, str], ...] = ()
    body: str = ""

    def line(self) -> str:
        """As readers.lua reads it."""
        more = "|".join(f"{name}: {value}" for name, value in self.headers)
        return "\t".join((self.method, self.path, more, self.body))


@dataclass(frozen=True, slots=True)
class Answered:
    """What all readers of one run met; times in milliseconds, as each reader waited."""

    requests: int
    seconds: float
    p50: float
    p95: float
    p99: float
    longest: float
    connect: int
    read: int
    write: int
    timeout: int
    statuses: dict[str, int] = field(default_factory=dict)
    first: int = 0
    second: int = 0
    mixed: int = 0
    neither: int = 0
    unlike: int = 0

    @property
    def failed(self) -> int:
        """Answers that did not come, or not as 2xx or 3xx."""
        wrong = sum(count for status, count in self.statuses.items() if status[0] not in "23")
        return wrong + self.connect + self.read + self.write + self.timeout

    @property
    def rate(self) -> float:
        """Answers a second."""
        return self.requests / self.seconds


class Readers:
    """Readers under way."""

    def __init__(self, process: subprocess.Popen[str], requests: Path):
        self._process = process
        self._requests = requests

    def wait(self) -> Answered:
        """What they met, when their time is over. Raises SystemExit where wrk fails."""
        out, _ = self._process.communicate()
        self._requests.unlink()
        found = [line for line in out.splitlines() if line.startswith("RESULT ")]
        if self._process.returncode or not found:
            raise SystemExit(f"wrk failed: {out}")
        return Answered(**json.loads(found[-1].removeprefix("RESULT ")))


def started(
    url: str,
    asked: Sequence[Asked],
    *,
    readers: int,
    seconds: float,
    pause: float = 0,
    seed: int = 1,
    editions: tuple[str, str] | None = None,
) -> Readers:
    """Let so many readers ask, each over one connection kept open.

    Args:
        url: the site's address.
        asked: the requests, drawn from equally; put one in twice to have it asked for twice as often.
        readers: how many at once.
        seconds: how long.
        pause: mean seconds between an answer and the next request, exponentially spread; 0: none.
        seed: of the drawing.
        editions: a word of each of two editions of a catalog, to count what is of which.

    Raises:
        SystemExit: wrk is not installed.
    """
    wrk = shutil.which("wrk")
    if wrk is None:
        raise SystemExit("wrk is needed: install it (Debian: apt-get install wrk)")
    with tempfile.NamedTemporaryFile("w", suffix=".requests", delete=False, encoding="utf-8") as file:
        file.writelines(f"{one.line()}\n" for one in asked)
    threads = min(2, readers)
    command = [wrk, f"-t{threads}", f"-c{readers}", f"-d{round(seconds)}s", "--timeout", f"{_PATIENCE}s"]
    command += ["-s", str(_SCRIPT), url, "--", file.name, str(round(1000 * pause)), str(seed), *(editions or ())]
    return Readers(subprocess.Popen(command, stdout=subprocess.PIPE, text=True), Path(file.name))
