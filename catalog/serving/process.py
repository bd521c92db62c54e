"""One process that answers: a web server around a dispatcher, from its start to a stop that cuts no answer."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType

import uvicorn

from catalog.errors import CatalogError
from catalog.serving.board import Board, Column, State
from catalog.serving.dispatch import Dispatcher
from catalog.serving.logs import Log
from catalog.serving.options import Options
from catalog.serving.watching import watched

__all__ = ["run", "stopping_quietly"]

_OUTLIVED_EVERY = 1.0
_KEEP_ALIVE = 75  # seconds a silent connection stays: longer than a reader's pause, and than proxies keep theirs (60)
_SWITCH_EVERY = 0.001  # seconds a thread that computes keeps the others waiting; Python's own is five times that


async def run(
    path: Path,
    listener: socket.socket,
    host: str,
    options: Options,
    board: Board,
    *,
    worker: int = 0,
    on_ready: Callable[[str], None] | None = None,
    parent: int | None = None,
) -> None:
    """Answer until told to stop.

    Args:
        path: the catalog.
        listener: where connections come from.
        host: the address as it was given, to tell it to people.
        options: how the site runs.
        board: what the processes know of each other.
        worker: this process' column on it.
        on_ready: called with the site's address once its first page has been answered.
        parent: the process that started this one, whose end is this one's end; its Ctrl-C comes as SIGTERM.

    Raises:
        HarvestError: the file cannot be opened, or the site does not answer.
    """
    sys.setswitchinterval(_SWITCH_EVERY)
    column, log = board.columns[worker], Log(options.log, worker)
    column.begin(time.time())
    dispatcher = Dispatcher(path, board, column, log, options.metrics)
    server = _Server(
        uvicorn.Config(
            watched(dispatcher, column, log),
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=max(1, round(options.stop_within)),
            forwarded_allow_ips=options.forwarded_from,
            timeout_keep_alive=_KEEP_ALIVE,
        ),
        lambda: _begin_stop(board, worker, log),
        options.stop_delay,
        only_sigterm=parent is not None,
    )
    _server_errors_to(log, column)
    opening = asyncio.create_task(_open(dispatcher, server, listener, host, on_ready))
    watching = asyncio.create_task(_outlived(server, parent)) if parent is not None else None
    try:
        await server.serve(sockets=[listener])
        if opening.done() and (error := opening.exception()):
            raise error
    finally:
        tasks = [task for task in (opening, watching) if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await dispatcher.close()
        column.state = State.ENDED
        log.event("ended", "ended")


def _begin_stop(board: Board, worker: int, log: Log) -> None:
    board.columns[worker].state = State.STOPPING
    log.event("stopping", "stopping: no new connections, answers begun are ended")


class _Server(uvicorn.Server):
    """A signal ends it in peace: uvicorn's own would raise the signal again afterwards.

    Health says 503 from the signal on; it listens for `delay` seconds more, so that whoever looks at health can send
    readers elsewhere first. A second signal does not wait.
    """

    def __init__(
        self, config: uvicorn.Config, on_stop: Callable[[], None], delay: float, *, only_sigterm: bool
    ) -> None:
        super().__init__(config)
        self._on_stop = on_stop
        self._delay = delay
        self._only_sigterm = only_sigterm
        self._until: float | None = None

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Begin to stop, or, told again, stop at once."""
        if self._only_sigterm:  # from the process that started it, as from whoever stops all of a service's processes
            if sig == signal.SIGTERM:
                self.stop()
        elif self._until is None:
            self.stop()
        else:
            self.should_exit = self.force_exit = True

    def stop(self) -> None:
        """Begin to stop."""
        if self._until is None:
            self._until = time.monotonic() + self._delay
            self._on_stop()

    async def on_tick(self, counter: int) -> bool:
        """Whether to stop listening."""
        if self._until is not None and time.monotonic() >= self._until:
            self.should_exit = True
        return await super().on_tick(counter)


def _server_errors_to(log: Log, column: Column) -> None:
    """Give the server's own words to our log: what it says of a failing app. Of answers that a stop cut, one line."""

    class ToLog(logging.Handler):
        told = False

        def emit(self, record: logging.LogRecord) -> None:
            if column.state is not State.STOPPING:
                log.warn("server", self.format(record))
            elif not self.told:  # the server tells of each with a traceback, and of its own giving up
                self.told = True
                log.warn("cut", "answers that took longer than --stop-within were cut")

    for name in ("uvicorn.error", "asyncio"):  # asyncio's warnings are of clients that left: no news
        logger = logging.getLogger(name)
        logger.handlers[:] = [ToLog()]
        logger.setLevel(logging.ERROR)
        logger.propagate = False


async def _outlived(server: _Server, parent: int) -> None:
    """Stop a process whose first process is gone."""
    while os.getppid() == parent:
        await asyncio.sleep(_OUTLIVED_EVERY)
    server.stop()


async def _open(
    dispatcher: Dispatcher,
    server: _Server,
    listener: socket.socket,
    host: str,
    on_ready: Callable[[str], None] | None,
) -> None:
    """Open the catalog, say where the site is once its first page has been answered there, then follow the file."""
    port = listener.getsockname()[1]
    shown = f"[{host}]" if ":" in host else host
    try:
        await dispatcher.open()
        while not server.started:
            await asyncio.sleep(0.02)
        await _expect_page(host, port, f"http://{shown}:{port}/")
        if on_ready:
            on_ready(f"http://{shown}:{port}/")
    except BaseException:
        server.should_exit = True
        raise
    await dispatcher.follow()


async def _expect_page(host: str, port: int, address: str) -> None:
    """Ask for the first page as a reader would. Raises CatalogError where it does not come."""
    here = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}.get(host, host)  # noqa: S104 - recognised, not chosen
    reader, writer = await asyncio.open_connection(here, port)
    writer.write(f"GET / HTTP/1.1\r\nHost: {address.split('/')[2]}\r\nConnection: close\r\n\r\n".encode())
    status = (await reader.readline()).split()
    await reader.read()
    writer.close()
    with contextlib.suppress(ConnectionError):
        await writer.wait_closed()
    if status[1:2] != [b"200"]:
        raise CatalogError(f"{address}: the site started but its first page does not answer")


@contextlib.contextmanager
def stopping_quietly() -> Iterator[None]:
    """SIGTERM before the server listens to signals ends the command as Ctrl-C does."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
