"""Scanning bulk files on a Dask cluster: each file a task, the results read in file order by one writer.

The engine is `distributed` (the extra `[dask]`): it carries tasks to workers, and gives those of a worker that died to
another. What is here is the same face that `harvest.workers` has, so that the writer, and with it the store, does not
know which of the two scans. Every worker must see the files under the same path, and have this package installed.
"""

from __future__ import annotations

import logging
import re
from array import array
from collections import deque
from collections.abc import Iterator, Set
from contextlib import suppress
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from statistics import median
from time import monotonic, sleep
from typing import TYPE_CHECKING

from harvest.errors import Unreachable, WrongUse
from harvest.scan import Matcher, Message, scan
from harvest.topics import Topics, read_topics
from harvest.workers import DEPTH, Task, WorkerDied

if TYPE_CHECKING:
    from distributed import Client, Future

__all__ = ["ClusterScanners"]

# How long a scheduler is tried, in seconds.
CONNECT_WITHIN = 20
# A file that is waited for this many times as long as half of the others took is given to a second worker as well: one
# slow machine must not hold up the files behind it. Never before STRAGGLES_AFTER seconds.
STRAGGLES = 5.0
STRAGGLES_AFTER = 60.0
LOOK_EVERY = 1.0
_ADDRESS = re.compile(r"((tcp|tls)://)?[^\s/]+:\d+")


@dataclass(frozen=True, slots=True)
class _Shared:
    """What every task needs. It travels with each, so that no task waits for what a worker that died or hangs keeps."""

    topics: tuple[str, str]  # text and source
    held: bytes  # PMIDs, 8 bytes each


def scan_file(path: str, name: str, shared: _Shared) -> list[Message]:
    """The task a worker does: all that a file holds for the store, in order.

    It is the on-topic part alone (of NLM's 30,000 records a file a few dozen), and eight bytes a record left out.
    """
    matcher, held = _ready(shared)
    return list(scan(Path(path), name, matcher, held))


@lru_cache(maxsize=1)
def _ready(shared: _Shared) -> tuple[Matcher, frozenset[int]]:
    """A worker's matcher takes a good part of a second: made once a process."""
    held = array("Q")
    held.frombytes(shared.held)
    return Matcher(read_topics(*shared.topics)), frozenset(held)


@dataclass(slots=True)
class _Scan:
    """A file under way: usually one future, two where the first straggles."""

    task: Task
    futures: list[Future]
    since: float = field(default_factory=monotonic)


class ClusterScanners:
    """Files given with `submit` are scanned on the cluster; `results` are the oldest file's. A context manager.

    Raises:
        WrongUse: the extra is not installed, or the address is none.
        Unreachable: no scheduler answers there.
    """

    def __init__(self, topics: Topics, held: Set[int], address: str) -> None:
        self.pending: deque[Task] = deque()
        self._topics = topics
        self._scans: deque[_Scan] = deque()
        self._took: list[float] = []
        self._matcher: Matcher | None = None
        self._client = _connect(address)
        self._address = address
        self._shared = _Shared((topics.text, topics.source), array("Q", sorted(held)).tobytes())

    def __enter__(self) -> ClusterScanners:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Give up what is under way and leave; the cluster itself goes on."""
        for each in self._scans:
            with suppress(Exception):
                self._client.cancel(each.futures)
        self._scans.clear()
        with suppress(Exception):
            self._client.close(timeout=5)

    @property
    def full(self) -> bool:
        """Whether results should be read before another file is submitted."""
        threads: int = sum(self._client.nthreads().values())
        return len(self.pending) >= max(1, threads) * DEPTH

    @property
    def matcher(self) -> Matcher:
        """A matcher for this process."""
        self._matcher = self._matcher or Matcher(self._topics)
        return self._matcher

    def submit(self, task: Task) -> None:
        """Have a file scanned."""
        self.pending.append(task)
        self._scans.append(_Scan(task, [self._start(task)]))

    def results(self) -> Iterator[Message]:
        """What the oldest file holds, to its `Ended`; the file then counts as read. Raises WorkerDied."""
        messages = self._wait(self._scans[0])
        yield from messages
        self.without()

    def again(self) -> None:
        """Give the oldest file to the cluster anew."""
        self._must_live()
        each = self._scans[0]
        each.futures, each.since = [self._start(each.task)], monotonic()

    def without(self) -> None:
        """Give up the oldest file, or be done with it."""
        self.pending.popleft()
        each = self._scans.popleft()
        with suppress(Exception):
            self._client.cancel(each.futures)

    def _start(self, task: Task, *, besides: str | None = None) -> Future:
        """Submit a file; `besides` is the key of a try under way, whose worker is not to get it again."""
        path = str(task.path.resolve())
        others = None
        if besides is not None:
            others = [worker for worker, keys in self._client.processing().items() if besides not in keys] or None
        # Not pure: a file may change between two runs under the same name, and a second try is a second try.
        return self._client.submit(
            scan_file,
            path,
            task.name,
            self._shared,
            pure=False,
            retries=1,
            workers=others,
            allow_other_workers=bool(others),
        )

    def _wait(self, each: _Scan) -> list[Message]:
        """The messages of the first of a file's futures that is done."""
        began = monotonic()
        while True:
            self._must_live()
            for future in [future for future in each.futures if future.done()]:
                if future.status == "finished":
                    self._took.append(monotonic() - each.since)
                    found: list[Message] = future.result()
                    return found
                each.futures.remove(future)
                if not each.futures:
                    raise WorkerDied(_reason(future))
            if self._straggling(each, began):
                each.futures.append(self._start(each.task, besides=each.futures[0].key))
            _first_of(each.futures)

    def _straggling(self, each: _Scan, waited_since: float) -> bool:
        limit = max(STRAGGLES_AFTER, STRAGGLES * median(self._took) if self._took else 0.0)
        return len(each.futures) == 1 and monotonic() - waited_since > limit

    def _must_live(self) -> None:
        """Waits a while for a scheduler that does not answer. Raises Unreachable."""
        until = monotonic() + CONNECT_WITHIN
        while self._client.status != "running":
            if self._client.status != "connecting" or monotonic() > until:
                raise Unreachable(f"--dask {self._address}: the scheduler is gone; start it again, then run again")
            sleep(0.1)


def _connect(address: str) -> Client:
    if not _ADDRESS.fullmatch(address):
        raise WrongUse(f"--dask {address}: not a scheduler's address; one looks like tcp://127.0.0.1:8786")
    try:
        from distributed import Client as Connected
    except ImportError as error:
        raise WrongUse(
            "--dask needs the extra: python -m pip install 'lbp-evidence-catalog[dask]', here and on every worker"
        ) from error
    # Its import sets the levels of its own messages; what it would say is said here, in one line.
    for name in ("distributed", "distributed.client"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
    try:
        return Connected(address, timeout=CONNECT_WITHIN, name="harvest-bulk")
    except (OSError, TimeoutError) as error:
        raise Unreachable(f"--dask {address}: no scheduler answers there; start one with `dask scheduler`") from error


def _first_of(futures: list[Future]) -> None:
    """Wait until one of them is done, or a moment is over."""
    from distributed import wait
    from distributed.client import FuturesCancelledError

    with suppress(TimeoutError, FuturesCancelledError):  # the scheduler is gone: seen at the next look
        wait(futures, timeout=LOOK_EVERY, return_when="FIRST_COMPLETED")


def _reason(future: Future) -> str:
    error = future.exception() if future.status == "error" else None
    if type(error).__name__ == "KilledWorker":
        return "every worker that scanned it died"
    return f"{type(error).__name__}: {error}" if error else f"its task was {future.status}"
