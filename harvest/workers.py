"""Scanning several bulk files at once, each in a process of its own, the results read in file order by one writer.

A worker hands on small batches through a pipe and waits while the pipe is full, so however far it is ahead it holds no
more than one batch. Processes are spawned, not forked: the same on every system, and no open database is inherited.
"""

from __future__ import annotations

import multiprocessing
import signal
from collections import deque
from collections.abc import Callable, Iterator, Set
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from pathlib import Path
from typing import Any, Protocol

from harvest.scan import Ended, Matcher, Message, scan
from harvest.topics import Topics, read_topics

__all__ = ["DEPTH", "Scanners", "Scanning", "Task", "WorkerDied"]

# Files given to a worker at a time: while the writer reads the first, it scans the second.
DEPTH = 2


@dataclass(frozen=True, slots=True)
class Task:
    """A file to scan."""

    path: Path
    name: str


@dataclass(frozen=True, slots=True)
class _Failed:
    """A worker's own error, which is a fault of the program and not of the file's."""

    reason: str


class WorkerDied(Exception):
    """The process that scanned the oldest file is gone, or failed; why, in words."""


class Scanning(Protocol):
    """What scans bulk files for the writer: processes of this machine (`Scanners`), or a cluster."""

    pending: deque[Task]

    @property
    def full(self) -> bool:
        """Whether results should be read before another file is submitted."""

    @property
    def matcher(self) -> Matcher:
        """A matcher for this process."""

    def submit(self, task: Task) -> None:
        """Have a file scanned."""

    def results(self) -> Iterator[Message]:
        """What the oldest file holds, to its `Ended`; the file then counts as read. Raises WorkerDied."""

    def again(self) -> None:
        """Have the oldest file scanned anew."""

    def without(self) -> None:
        """Give up the oldest file."""


def work(pipe: Connection, topics: tuple[str, str], held: frozenset[int]) -> None:
    """What a worker process does: scan the files it is told of, until the pipe closes."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the writer ends its workers itself
    matcher = Matcher(read_topics(*topics))
    with suppress(EOFError, BrokenPipeError, ConnectionResetError):
        while True:
            task: Task = pipe.recv()
            try:
                for message in scan(task.path, task.name, matcher, held):
                    pipe.send(message)
            except (BrokenPipeError, ConnectionResetError):
                raise
            except Exception as error:  # told to the writer, which names the file
                pipe.send(_Failed(f"{type(error).__name__}: {error}"))


@dataclass(slots=True)
class _Worker:
    process: SpawnProcess
    pipe: Any  # Connection; its type differs between systems
    tasks: deque[Task]


class Scanners:
    """Files given with `submit` are scanned by `workers` processes; `results` are the oldest file's.

    With one worker there is no process: the file is scanned as its results are read. `held` is read anew for each
    process that is started. A context manager that ends the processes.
    """

    def __init__(self, topics: Topics, held: Set[int], workers: int, target: Callable[..., None] = work) -> None:
        self.pending: deque[Task] = deque()
        self._topics = topics
        self._held = held
        self._count = workers
        self._target = target
        self._matcher: Matcher | None = None
        self._workers: list[_Worker] = []
        self._of: deque[_Worker] = deque()

    def __enter__(self) -> Scanners:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the processes, whatever they are doing."""
        for worker in self._workers:
            _end(worker)
        self._workers.clear()

    @property
    def full(self) -> bool:
        """Whether results should be read before another file is submitted."""
        return len(self.pending) >= (self._count * DEPTH if self._count > 1 else 1)

    @property
    def pids(self) -> list[int]:
        """The worker processes, for those who watch them."""
        return [worker.process.pid for worker in self._workers if worker.process.pid is not None]

    @property
    def matcher(self) -> Matcher:
        """A matcher for this process."""
        self._matcher = self._matcher or Matcher(self._topics)
        return self._matcher

    def submit(self, task: Task) -> None:
        """Have a file scanned."""
        self.pending.append(task)
        if self._count > 1:
            worker = self._free()
            worker.tasks.append(task)
            self._of.append(worker)
            with suppress(OSError):  # it died meanwhile: noticed when its results are read
                worker.pipe.send(task)

    def results(self) -> Iterator[Message]:
        """What the oldest file holds, to its `Ended`; the file then counts as read. Raises WorkerDied."""
        task = self.pending[0]
        if self._count <= 1:
            yield from scan(task.path, task.name, self.matcher, self._held)
        else:
            yield from self._received(self._of[0])
        self.drop()

    def drop(self) -> None:
        """Give up the oldest file, or be done with it."""
        task = self.pending.popleft()
        if self._of:
            worker = self._of.popleft()
            if worker.tasks and worker.tasks[0] is task:
                worker.tasks.popleft()

    def again(self) -> None:
        """Start the oldest file's worker anew, with all that it had to do."""
        self._restart(self._of[0])

    def without(self) -> None:
        """Start the oldest file's worker anew without that file, which is given up."""
        worker = self._of[0]
        self.drop()
        self._restart(worker)

    def _received(self, worker: _Worker) -> Iterator[Message]:
        while True:
            try:
                message = worker.pipe.recv()
            except (EOFError, OSError):
                worker.process.join(5)
                raise WorkerDied(_ending(worker.process.exitcode)) from None
            if isinstance(message, _Failed):
                raise WorkerDied(message.reason)
            yield message
            if isinstance(message, Ended):
                return

    def _free(self) -> _Worker:
        if len(self._workers) < self._count:
            self._workers.append(self._start())
            return self._workers[-1]
        return min(self._workers, key=lambda worker: len(worker.tasks))

    def _start(self) -> _Worker:
        context = multiprocessing.get_context("spawn")
        here, there = context.Pipe()
        process = context.Process(
            target=self._target,
            args=(there, (self._topics.text, self._topics.source), frozenset(self._held)),
            daemon=True,
        )
        with _no_interrupt():
            process.start()
        there.close()  # so that its end is noticed here
        return _Worker(process, here, deque())

    def _restart(self, worker: _Worker) -> None:
        _end(worker)
        fresh = self._start()
        worker.process, worker.pipe = fresh.process, fresh.pipe
        for task in worker.tasks:
            with suppress(OSError):
                worker.pipe.send(task)


@contextmanager
def _no_interrupt() -> Iterator[None]:
    """A process started within ignores Ctrl-C from its first moment: no traceback of its own while it is loading."""
    try:
        before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    except ValueError:  # not in the main thread, where signals cannot be set
        yield
        return
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _end(worker: _Worker) -> None:
    worker.pipe.close()
    worker.process.terminate()
    worker.process.join(10)
    if worker.process.is_alive():
        worker.process.kill()
        worker.process.join(10)
    worker.process.close()


def _ending(code: int | None) -> str:
    if code is not None and code < 0:
        return f"its worker process was ended by {signal.Signals(-code).name}"
    return f"its worker process ended (exit status {code})"
