"""Several processes at one port, and one that looks after them: starts them, replaces one that died, stops them all."""

from __future__ import annotations

import asyncio
import contextlib
import os
import selectors
import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from catalog.errors import CatalogError
from catalog.serving.board import Board, State
from catalog.serving.listening import listen
from catalog.serving.logs import Log
from catalog.serving.options import Options
from catalog.serving.process import run
from harvest.errors import HarvestError

__all__ = ["run_processes"]

# Seconds: a process that lived shorter is started again only after a pause; the pause; what a stop may take beyond the
# time that answers are given.
_SHORT_LIFE = 10.0
_PAUSE = 2.0
_SPARE = 15.0


@dataclass
class _Child:
    worker: int
    pid: int
    said: int  # the end of a pipe: "ready", or why not; it ends with the process
    started: float
    ready: bool = False
    text: bytes = b""


class _Keeper:
    """Keeps `options.workers` processes running."""

    def __init__(self, path: Path, host: str, port: int, options: Options):
        self._path, self._host, self._port, self._options = path, host, port, options
        self._board = Board(options.workers)
        self._log = Log(options.log, None)
        self._children: dict[int, _Child] = {}  # by worker
        self._selector = selectors.DefaultSelector()
        self._due: dict[int, float] = {}  # when a worker is started again
        self._stop_by: float | None = None

    def keep(self, on_ready: Callable[[], None]) -> None:
        """Run until told to stop. Raises HarvestError where a process could not even begin."""
        with self._signals():
            for worker in range(self._options.workers):
                self._start(worker)
            announced = False
            while self._children or (self._due and self._stop_by is None):
                self._listen(0.5)
                if not announced and all(child.ready for child in self._children.values()) and not self._due:
                    announced = True
                    on_ready()
                now = time.monotonic()
                for worker in [worker for worker, due in self._due.items() if due <= now and self._stop_by is None]:
                    del self._due[worker]
                    self._start(worker)
                if self._stop_by is not None and now > self._stop_by:
                    self._send(signal.SIGKILL)

    def end(self) -> None:
        """End what is left."""
        self._send(signal.SIGKILL)
        for child in self._children.values():
            with contextlib.suppress(ChildProcessError):
                os.waitpid(child.pid, 0)

    @contextlib.contextmanager
    def _signals(self) -> Iterator[None]:
        before = {sig: signal.signal(sig, self._told) for sig in (signal.SIGTERM, signal.SIGINT)}
        try:
            yield
        finally:
            for sig, handler in before.items():
                signal.signal(sig, handler)

    def _told(self, sig: int, frame: FrameType | None) -> None:
        """Stop all at once; told again, do not wait."""
        self._send(signal.SIGTERM if self._stop_by is None else signal.SIGKILL)
        if self._stop_by is None:
            self._stop_by = time.monotonic() + self._options.stop_delay + self._options.stop_within + _SPARE

    def _send(self, sig: signal.Signals) -> None:
        for child in self._children.values():
            with contextlib.suppress(ProcessLookupError):
                os.kill(child.pid, sig)

    def _start(self, worker: int) -> None:
        heard, said = os.pipe()
        parent = os.getpid()
        # Until the new process listens to signals, one sent to it waits.
        signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGTERM, signal.SIGINT))
        pid = os.fork()
        if pid == 0:
            os.close(heard)
            self._work(worker, said, parent)
        os.close(said)
        self._children[worker] = _Child(worker, pid, heard, time.monotonic())
        self._selector.register(heard, selectors.EVENT_READ, worker)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, (signal.SIGTERM, signal.SIGINT))

    def _work(self, worker: int, said: int, parent: int) -> None:
        """What a started process does; nothing of what its parent was to do after serving is for it to do."""
        status = 0
        try:
            signal.signal(signal.SIGTERM, signal.default_int_handler)
            signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the parent, which tells
            signal.pthread_sigmask(signal.SIG_UNBLOCK, (signal.SIGTERM, signal.SIGINT))
            listener = listen(self._host, self._port, shared=True)
            asyncio.run(
                run(
                    self._path,
                    listener,
                    self._host,
                    self._options,
                    self._board,
                    worker=worker,
                    on_ready=lambda _: _tell(said, "ready"),
                    parent=parent,
                )
            )
        except KeyboardInterrupt:
            pass
        except HarvestError as error:
            _tell(said, str(error))
            status = error.exit_status
        except BaseException as error:
            _tell(said, f"a process ended ({error!r})")
            status = 1
        finally:
            os._exit(status)

    def _listen(self, within: float) -> None:
        for key, _ in self._selector.select(within):
            child = self._children[key.data]
            heard = os.read(child.said, 10_000)
            child.text += heard
            child.ready = child.ready or child.text == b"ready\n"
            if not heard:
                self._gone(child)

    def _gone(self, child: _Child) -> None:
        """A process has ended: as told, before it began, or by an accident, after which another takes its place."""
        self._selector.unregister(child.said)
        os.close(child.said)
        _, status = os.waitpid(child.pid, 0)
        del self._children[child.worker]
        self._board.columns[child.worker].state = State.ENDED
        self._board.columns[child.worker]["in_flight"] = 0
        if self._stop_by is not None:
            return
        text = child.text.removeprefix(b"ready\n").decode("utf-8", "replace").strip()
        first = not child.ready and self._board.columns[child.worker]["loaded"] == 0
        if first:
            raise CatalogError(text or f"{self._path}: a process that was to serve it ended before it could")
        code = os.waitstatus_to_exitcode(status)
        self._log.warn(
            "died",
            f"A process of the site ended by accident (status {code}{f': {text}' if text else ''}); another takes its"
            " place.",
            status=code,
            died=child.worker,
        )
        brief = time.monotonic() - child.started < _SHORT_LIFE
        self._due[child.worker] = time.monotonic() + (_PAUSE if brief else 0)


def _tell(pipe: int, text: str) -> None:
    with contextlib.suppress(OSError):
        os.write(pipe, f"{text}\n".encode())


def run_processes(path: Path, host: str, port: int, options: Options, on_ready: Callable[[], None]) -> None:
    """Serve by `options.workers` processes until told to stop. Raises HarvestError where they cannot begin."""
    keeper = _Keeper(path, host, port, options)
    try:
        keeper.keep(on_ready)
    finally:
        keeper.end()
