"""What the processes of one `catalog serve` know of each other: a board in shared memory, one column a process.

Each process writes its own column alone, so nothing is locked; any of them can read all, so that one request for
metrics tells of all. (prometheus_client's way for several processes needs a folder to write to, which a container
that may not write has not, and forgets the gauges of a process that ended.)
"""

from __future__ import annotations

import asyncio
import hashlib
import mmap
import os
import time
from collections.abc import Iterator, Mapping
from enum import IntEnum
from itertools import count, product
from pathlib import Path
from types import MappingProxyType
from typing import TypeVar

from catalog.serving.kinds import KINDS

__all__ = ["BUCKETS", "REASONS", "STATUSES", "Board", "Column", "State", "status_name"]

# Every status the site gives; what it does not is counted as the last.
STATUSES = (
    *("200", "206", "300", "301", "302", "304", "400", "403", "404", "405", "406", "408", "413", "414", "415", "416"),
    *("429", "500", "503", "other"),
)
# Why a request was refused before or instead of being answered (site/guard.py, site/handed_pages.py, dispatch.py).
REASONS = ("address_too_long", "address_not_ascii", "method", "closed", "busy", "rate", "not_ready")
BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)  # seconds, upper bounds
_WORD = 8
_HASH = 32
_HASHED_WITHIN = 60.0  # seconds: then whoever was to tell a file's hash is taken to have died
K = TypeVar("K")


def _sha256(path: Path) -> bytes:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").digest()


class State(IntEnum):
    """What a process is doing."""

    UNUSED = 0
    STARTING = 1
    SERVING = 2
    STOPPING = 3
    ENDED = 4


_place = count()
_REQUESTS = MappingProxyType({key: next(_place) for key in product(KINDS, STATUSES)})
_LATENCY = MappingProxyType({key: next(_place) for key in product(KINDS, range(len(BUCKETS) + 1))})
_SECONDS = MappingProxyType({kind: next(_place) for kind in KINDS})
_REFUSED = MappingProxyType({reason: next(_place) for reason in REASONS})
_PLAIN_NAMES = (
    *("state", "pid", "since", "loaded", "articles", "in_flight"),
    *("remembered", "sent", "swaps", "swaps_refused", "cut"),
)
_PLAIN = MappingProxyType({name: next(_place) for name in _PLAIN_NAMES})
_WORDS = next(_place)
_COLUMN = _WORDS * _WORD + 2 * _HASH


def status_name(status: int) -> str:
    """The status as it is counted."""
    name = str(status)
    return name if name in STATUSES else STATUSES[-1]


class Column:
    """What one process says of itself. Counts go on where a process that died left them."""

    def __init__(self, memory: memoryview):
        self._words = memory[: _WORDS * _WORD].cast("d")  # aligned: another process sees the old number or the new
        self._bytes = memory[_WORDS * _WORD :]

    def begin(self, now: float) -> None:
        """A process takes the column."""
        self["state"], self["pid"], self["since"], self["in_flight"] = State.STARTING, os.getpid(), now, 0
        self._bytes[:] = bytes(2 * _HASH)

    def __getitem__(self, name: str) -> float:
        return self._words[_PLAIN[name]]

    def __setitem__(self, name: str, value: float) -> None:
        self._words[_PLAIN[name]] = value

    @property
    def state(self) -> State:
        """What the process is doing."""
        return State(int(self["state"]))

    @state.setter
    def state(self, state: State) -> None:
        self["state"] = state

    @property
    def generation(self) -> str:
        """The SHA-256, hex, of the file it answers from; '' before there is one."""
        return self._hash(0)

    @generation.setter
    def generation(self, sha256: str) -> None:
        self._bytes[:_HASH] = bytes.fromhex(sha256)

    @property
    def prepared(self) -> str:
        """The SHA-256, hex, of the file it could answer from at once."""
        return self._hash(_HASH)

    @prepared.setter
    def prepared(self, sha256: str) -> None:
        self._bytes[_HASH:] = bytes.fromhex(sha256)

    def _hash(self, start: int) -> str:
        held = bytes(self._bytes[start : start + _HASH])
        return held.hex() if any(held) else ""

    def answered(self, kind: str, status: int, seconds: float) -> None:
        """Count an answer."""
        self._words[_REQUESTS[kind, status_name(status)]] += 1
        bucket = next((n for n, most in enumerate(BUCKETS) if seconds <= most), len(BUCKETS))
        self._words[_LATENCY[kind, bucket]] += 1
        self._words[_SECONDS[kind]] += seconds

    def refused(self, reason: str) -> None:
        """Count a request that was refused."""
        self._words[_REFUSED[reason]] += 1

    @property
    def resident(self) -> int | None:
        """Bytes of memory the process holds; None where the system does not tell."""
        try:
            pages = Path(f"/proc/{int(self['pid'])}/statm").read_text().split()[1]
        except OSError:
            return None
        return int(pages) * mmap.PAGESIZE


class Board:
    """The columns of all processes."""

    def __init__(self, processes: int):
        memory = memoryview(mmap.mmap(-1, processes * _COLUMN + 2 * _HASH))
        self.columns = tuple(Column(memory[n * _COLUMN : (n + 1) * _COLUMN]) for n in range(processes))
        self._hashed = memory[processes * _COLUMN :]  # a file's state, and its SHA-256 once that is known

    async def hash_of(self, path: Path, identity: tuple[int, ...]) -> str:
        """The SHA-256, hex, of a file in a state of it; of one process that is asked at a time, for all."""
        state = hashlib.sha256(repr(identity).encode()).digest()
        until = time.monotonic() + _HASHED_WITHIN
        while self._hashed[:_HASH] == state and time.monotonic() < until:
            if any(found := bytes(self._hashed[_HASH:])):
                return found.hex()
            await asyncio.sleep(0.01)
        self._hashed[:] = state + bytes(_HASH)  # two may do so at the same moment: then both read the file
        made = await asyncio.to_thread(_sha256, path)
        self._hashed[:] = state + made
        return made.hex()

    def total(self, name: str) -> float:
        """The sum of a plain number over all processes."""
        return sum(column[name] for column in self.columns)

    def requests(self) -> Iterator[tuple[str, str, float]]:
        """(kind, status, how many), those that occurred."""
        yield from ((kind, status, n) for (kind, status), n in self._sums(_REQUESTS) if n)

    def latencies(self) -> Iterator[tuple[str, list[float], float]]:
        """(kind, how many in each bucket and above the last, seconds in all), those that occurred."""
        counts = dict(self._sums(_LATENCY))
        for kind, seconds in self._sums(_SECONDS):
            buckets = [counts[kind, n] for n in range(len(BUCKETS) + 1)]
            if any(buckets):
                yield kind, buckets, seconds

    def refusals(self) -> Iterator[tuple[str, float]]:
        """(reason, how many), all reasons."""
        yield from self._sums(_REFUSED)

    def _sums(self, places: Mapping[K, int]) -> Iterator[tuple[K, float]]:
        for key, place in places.items():
            yield key, sum(column._words[place] for column in self.columns)
