"""`catalog serve`: the site over one catalog file, following it when a build puts a new one in its place.

A rename under a running Datasette would mix old and new answers: its threads open the file when they first need it. So
each state of the file gets a Datasette of its own whose threads are all connected before the first request; a small
dispatcher sends requests to the newest and lets the older one finish what it began.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import os
import signal
import socket
import sqlite3
import sys
import threading
from collections.abc import Awaitable, Callable, Iterator, MutableMapping
from concurrent.futures import Future
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any

import uvicorn
import yaml
from datasette.app import Datasette
from datasette.database import Database, connections

from catalog.errors import CatalogError, WrongUse
from catalog.lane import Lane
from catalog.opening import open_catalog
from catalog.site.guard import is_long, path_of
from catalog.site.metadata import metadata_path
from catalog.site.reading import DATABASE, NoCatalog, TooSlow, reader_of
from harvest.errors import HarvestError

__all__ = ["Dispatcher", "open_datasette", "serve"]

# How often the file is looked at, and how long an older Datasette may take to finish, in seconds.
LOOK_EVERY = 1.0
DRAIN_WITHIN = 30.0
STOP_WITHIN = 5
THREADS = 3
SWITCH_EVERY = 0.001  # seconds a thread that computes keeps the others waiting; Python's own is five times that
# The header that says which catalog an answer is of: the beginning of what `sha256sum catalog.db` prints.
GENERATION = b"x-catalog-generation"
SHOWN = 16
SETTINGS: dict[str, Any] = {
    "sql_time_limit_ms": 2_000,
    "max_returned_rows": 1_000,
    "num_sql_threads": THREADS,
    "suggest_facets": False,  # guesses at every column, on every table page
    "allow_download": True,  # the data are public, and one file is the whole catalog
    "max_csv_mb": 100,
    "truncate_cells_html": 500,
}
Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]
Identity = tuple[int, int, int]


def serve(path: Path, host: str, port: int, *, on_ready: Callable[[str], None] | None = None, workers: int = 1) -> None:
    """Serve the site until told to stop (SIGTERM, Ctrl-C); returns then.

    Args:
        path: the catalog file; whatever its name, its database is called `catalog`.
        host: the address to listen on.
        port: the port; 0 takes a free one.
        on_ready: called once with the site's address, when it answers.
        workers: processes that answer; each reads the catalog for itself. More than one needs Linux or another system
            that shares a port among processes.

    Raises:
        WrongUse: no such catalog, not a catalog, or the address cannot be listened on.
        CatalogError: the site does not answer.
    """
    open_catalog(path).close()
    with contextlib.ExitStack() as stack:
        listener = stack.enter_context(closing(_listen(host, port, shared=workers > 1)))
        stack.enter_context(contextlib.suppress(KeyboardInterrupt))
        stack.enter_context(_stopping_quietly())
        stack.enter_context(_helpers(path, host, listener.getsockname()[1], workers - 1))
        asyncio.run(_run(path, lambda: listener, host, on_ready))


@contextlib.contextmanager
def _helpers(path: Path, host: str, port: int, count: int) -> Iterator[None]:
    """More processes that answer at the port, ended when this one ends, however it does."""
    children: list[int] = []
    parent = os.getpid()
    for _ in range(count):
        pid = os.fork()
        if pid == 0:
            try:
                with contextlib.suppress(KeyboardInterrupt):
                    asyncio.run(_run(path, lambda: _listen(host, port, shared=True), host, None, parent=parent))
            finally:
                os._exit(0)  # nothing of what this process was to do after serving is a helper's
        children.append(pid)
    try:
        yield
    finally:
        for pid in children:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGTERM)
        for pid in children:
            with contextlib.suppress(ChildProcessError):
                os.waitpid(pid, 0)


async def _outlived(server: uvicorn.Server, parent: int) -> None:
    """Stop a helper whose first process is gone."""
    while os.getppid() == parent:
        await asyncio.sleep(LOOK_EVERY)
    server.should_exit = True


async def _run(
    path: Path,
    listening: Callable[[], socket.socket],
    host: str,
    on_ready: Callable[[str], None] | None,
    *,
    parent: int | None = None,
) -> None:
    sys.setswitchinterval(SWITCH_EVERY)
    dispatcher = Dispatcher(path)
    await dispatcher.open()
    listener = listening()  # a helper takes no request before it can answer
    config = uvicorn.Config(
        dispatcher,
        lifespan="off",
        log_level="error",
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=STOP_WITHIN,
    )
    server = _Server(config)
    following = asyncio.create_task(dispatcher.follow())
    announcing = asyncio.create_task(_announce(server, listener, host, on_ready))
    watching = asyncio.create_task(_outlived(server, parent)) if parent is not None else None
    try:
        await server.serve(sockets=[listener])
        if announcing.done() and (error := announcing.exception()):
            raise error
    finally:
        tasks = [task for task in (following, announcing, watching) if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await dispatcher.close()


class _Server(uvicorn.Server):
    """A signal ends it in peace: uvicorn's own would raise the signal again afterwards."""

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        self.force_exit = self.should_exit
        self.should_exit = True


async def _announce(
    server: uvicorn.Server, listener: socket.socket, host: str, on_ready: Callable[[str], None] | None
) -> None:
    """Say where the site is, once its first page has been answered there."""
    port = listener.getsockname()[1]
    shown = f"[{host}]" if ":" in host else host
    try:
        while not server.started:
            await asyncio.sleep(0.02)
        await _expect_page(host, port, f"http://{shown}:{port}/")
        if on_ready:
            on_ready(f"http://{shown}:{port}/")
    except BaseException:
        server.should_exit = True
        raise


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


@dataclass
class _Edition:
    """One state of the file, with the Datasettes that read it: one for readers' pages, one for data pages."""

    identity: Identity
    generation: str  # SHA-256 of the file, hex: replicas of one file say the same
    datasettes: tuple[Datasette, ...]
    app: App
    busy: int = 0
    idle: asyncio.Event = field(default_factory=asyncio.Event)


class Dispatcher:
    """An ASGI app that hands each request to the Datasette of the newest catalog."""

    def __init__(self, path: Path):
        self._path = path
        self._lane = Lane("data pages")
        self._current: _Edition | None = None
        self._refused: Identity | None = None
        self._draining: set[asyncio.Task[None]] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, as ASGI asks."""
        edition = self._current
        if edition is None:
            raise RuntimeError("open() comes first")
        edition.busy += 1
        generation = (GENERATION, edition.generation[:SHOWN].encode())

        async def saying(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                message = {**message, "headers": [*message.get("headers", []), generation]}
            await send(message)

        try:
            await edition.app(scope, receive, saying)
        finally:
            edition.busy -= 1
            if not edition.busy:
                edition.idle.set()

    async def open(self) -> None:
        """Open the file as it is now. Raises WrongUse where it is no catalog."""
        self._current = await _open_edition(self._path, self._lane)

    async def follow(self) -> None:
        """Look at the file once a second for as long as the site runs."""
        while True:
            await asyncio.sleep(LOOK_EVERY)
            await self.look()

    async def look(self) -> None:
        """Open the file anew if it is another one than before; the old answers until the new can."""
        identity = _identity(self._path)
        if identity is None or (self._current and identity == self._current.identity) or identity == self._refused:
            return
        try:
            fresh = await _open_edition(self._path, self._lane)
        except HarvestError as error:
            self._refused = identity
            print(f"{error}; the site goes on with the catalog it had", file=sys.stderr, flush=True)
            return
        old, self._current = self._current, fresh
        if old is not None:
            task = asyncio.create_task(_drain(old))
            self._draining.add(task)
            task.add_done_callback(self._draining.discard)

    async def close(self) -> None:
        """Let go of every file."""
        for task in list(self._draining):
            task.cancel()
        await asyncio.gather(*self._draining, return_exceptions=True)
        if self._current is not None:
            await asyncio.to_thread(_release, *self._current.datasettes)
            self._current = None
        self._lane.close()


async def _open_edition(path: Path, lane: Lane) -> _Edition:
    """Datasettes whose every thread reads the same file, ready to answer: one here, one for data pages in the lane."""
    for _ in range(5):
        identity = _identity(path)
        pages, data = await asyncio.gather(*(asyncio.to_thread(open_datasette, path) for _ in range(2)))
        try:
            await asyncio.gather(*(asyncio.to_thread(_connect_threads, datasette) for datasette in (pages, data)))
            await pages.invoke_startup()
            reader_of(data).adopt(await reader_of(pages).facts())
            await lane.run(data.invoke_startup())
            generation = await asyncio.to_thread(_sha256, path)
            # Datasette would read the whole file for it, on the event loop, when the first page shows it.
            for datasette in (pages, data):
                datasette.get_database(DATABASE).cached_hash = generation
            app = _parted(pages.app(), lane.app(data.app()))
            edition = _Edition(identity, generation, (pages, data), app) if identity else None
        except (OSError, sqlite3.Error, NoCatalog, TooSlow) as error:
            await asyncio.to_thread(_release, pages, data)
            raise WrongUse(f"{path}: cannot be read ({error}); write it again with `catalog build`") from error
        if edition and identity == _identity(path):
            return edition
        await asyncio.to_thread(_release, pages, data)  # swapped meanwhile: some threads may hold the old file
    raise CatalogError(f"{path}: changes faster than it can be opened; wait for the build to end, then start again")


def _parted(pages: App, data: App) -> App:
    """The app of readers' pages, but for what takes long."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        chosen = data if scope["type"] == "http" and is_long(path_of(scope)) else pages
        await chosen(scope, receive, send)

    return app


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


async def _drain(edition: _Edition) -> None:
    try:
        if edition.busy:
            edition.idle.clear()
            await asyncio.wait_for(edition.idle.wait(), DRAIN_WITHIN)
    except TimeoutError:
        pass
    finally:
        await asyncio.to_thread(_release, *edition.datasettes)


class _CatalogDatabase(Database):  # type: ignore[misc]  # Datasette has no types
    """The catalog opened as never changing. Datasette's own way breaks on a path with `#`, `?` or `%`."""

    def connect(self, write: bool = False) -> sqlite3.Connection:
        if write:
            raise RuntimeError("a catalog is only read")
        address = f"{Path(self.path).resolve().as_uri()}?immutable=1"
        conn = sqlite3.connect(address, uri=True, check_same_thread=False)
        self._all_file_connections.append(conn)
        return conn


def open_datasette(path: Path) -> Datasette:
    """A Datasette over a catalog file, with this project's metadata and settings; the database is called `catalog`.

    Raises:
        WrongUse: the file is no catalog.
    """
    with closing(open_catalog(path)) as conn:
        title, description = conn.execute("SELECT title, description FROM about").fetchone()
    metadata = yaml.safe_load(metadata_path().read_text("utf-8"))
    metadata |= {"title": title, "description": description}
    datasette = Datasette(metadata=metadata, settings=SETTINGS)
    for name in [name for name in datasette.databases if name == "_memory"]:
        datasette.remove_database(name)
    datasette.add_database(_CatalogDatabase(datasette, path=str(path), is_mutable=False), name=DATABASE)
    return datasette


def _connect_threads(datasette: Datasette) -> None:
    """Have every thread of the pool open its connection now: each waits until all have one."""
    database = datasette.get_database(DATABASE)
    together = threading.Barrier(THREADS, timeout=30)

    def connect() -> None:
        conn = database.connect()
        datasette._prepare_connection(conn, DATABASE)
        conn.execute("SELECT count(*) FROM sqlite_master").fetchone()
        setattr(connections, DATABASE, conn)  # where Datasette looks for this thread's connection
        together.wait()

    started: list[Future[None]] = [datasette.executor.submit(connect) for _ in range(THREADS)]
    for connected in started:
        connected.result()


def _release(*datasettes: Datasette) -> None:
    """Stop Datasettes' threads and close their files."""
    for datasette in datasettes:
        datasette.executor.shutdown(wait=True)
        datasette.get_database(DATABASE).close()
        internal = datasette.databases.get("_internal")
        if internal is not None and internal._write_thread is not None:
            _stop_writer(internal)


def _stop_writer(database: Any) -> None:
    """End the thread that writes Datasette's notes in memory; by itself it would wait for work for ever."""

    class Last:
        @staticmethod
        def fn(conn: sqlite3.Connection) -> None:
            conn.close()
            raise SystemExit

    database._write_queue.put(Last)


def _identity(path: Path) -> Identity | None:
    """What tells one state of the file from another; None where there is no file at the moment."""
    try:
        state = path.stat()
    except OSError:
        return None
    return state.st_ino, state.st_mtime_ns, state.st_size


def _listen(host: str, port: int, *, shared: bool = False) -> socket.socket:
    """A listening socket, `shared` with other processes of ours. Raises WrongUse, one line."""
    if shared and not (hasattr(socket, "SO_REUSEPORT") and hasattr(os, "fork")):
        raise WrongUse("--workers: this system shares no port among processes; leave it out")
    if not 0 <= port <= 65_535:  # some systems would take the remainder
        raise WrongUse(f"--port {port}: a port is a number from 0 to 65535")
    try:
        found = socket.getaddrinfo(host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (OSError, UnicodeError) as error:
        raise WrongUse(f"--host {host} --port {port}: no address to listen on ({error})") from error
    family, kind, protocol, _, address = found[0]
    listener = socket.socket(family, kind, protocol)
    try:
        if os.name != "nt":  # there it would let two servers share a port
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if shared:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        listener.bind(address)
        listener.listen(128)
    except OSError as error:
        listener.close()
        reason = "something else listens there" if error.errno in _IN_USE else error.strerror
        raise WrongUse(f"--port {port}: {reason}; choose another, such as --port {_another(port)}") from error
    return listener


_IN_USE = (98, 48, 10048)  # EADDRINUSE on Linux, macOS and Windows


def _another(port: int) -> int:
    return port + 1 if port < 65535 else port - 1


@contextlib.contextmanager
def _stopping_quietly() -> Any:
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
