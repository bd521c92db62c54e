"""One state of a catalog file, with the Datasettes that read it.

Everything an edition answers comes from the file as it was opened: each thread's connection, that of the work on texts
(site/workers.py), and the download (site/download.py) are made before its first request. Opened later, by name, they
would hold whatever a build has put there meanwhile.
"""

from __future__ import annotations

import asyncio
import inspect
import os
import sqlite3
import threading
from concurrent.futures import Future
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from datasette.app import Datasette
from datasette.database import Database, connections

from catalog.errors import CatalogError, WrongUse
from catalog.lane import Lane
from catalog.opening import open_catalog
from catalog.serving.board import Board
from catalog.serving.watching import App, Receive, Scope, Send
from catalog.site.guard import is_long, path_of
from catalog.site.metadata import metadata_path
from catalog.site.reading import DATABASE, NoCatalog, TooSlow, reader_of
from catalog.site.workers import workers_of
from harvest.yamlfile import load_yaml

__all__ = ["Edition", "Identity", "identity_of", "open_datasette", "open_edition"]

THREADS = 3
SETTINGS: dict[str, Any] = {
    "sql_time_limit_ms": 2_000,
    "max_returned_rows": 1_000,
    "num_sql_threads": THREADS,
    "suggest_facets": False,  # guesses at every column, on every table page
    "allow_download": True,  # the data are public, and one file is the whole catalog
    "max_csv_mb": 100,
    "truncate_cells_html": 500,
}
Identity = tuple[int, int, int, int]


@dataclass
class Edition:
    """One state of the file, with the Datasettes that read it: one for readers' pages, one for data pages."""

    identity: Identity
    generation: str  # SHA-256 of the file, hex: replicas of one file say the same
    articles: int
    datasettes: tuple[Datasette, ...]
    app: App
    busy: int = 0
    _idle: asyncio.Event = field(default_factory=asyncio.Event)

    def begin(self) -> None:
        """A request begins."""
        self.busy += 1
        self._idle.clear()

    def end(self) -> None:
        """A request has ended."""
        self.busy -= 1
        if not self.busy:
            self._idle.set()

    async def drained(self, within: float) -> bool:
        """Wait until no request is left; False where some still are after `within` seconds."""
        if not self.busy:
            return True
        try:
            await asyncio.wait_for(self._idle.wait(), within)
        except TimeoutError:
            return False
        return True

    async def release(self) -> None:
        """Stop the threads and close the file."""
        await asyncio.to_thread(_release, *self.datasettes)


async def open_edition(path: Path, lane: Lane, board: Board) -> Edition:
    """An edition of the file, ready to answer; its data pages are made in the lane.

    The file is hashed meanwhile, by one process for all: of 1.8 GB that takes 2 s. The hash of a part would be quicker,
    and would call two catalogs one that differ in a single level of evidence.

    Raises:
        WrongUse: it is no catalog, or cannot be read.
        CatalogError: it is replaced faster than it can be opened.
    """
    for _ in range(5):
        identity = identity_of(path)
        pages, data = await asyncio.gather(*(asyncio.to_thread(open_datasette, path) for _ in range(2)))
        edition = None
        hashing = asyncio.create_task(board.hash_of(path, identity)) if identity is not None else None
        try:
            await asyncio.gather(*(asyncio.to_thread(_connect_threads, datasette) for datasette in (pages, data)))
            await asyncio.to_thread(_hold_file, pages, path)
            await pages.invoke_startup()
            facts = await reader_of(pages).facts()
            reader_of(data).adopt(facts)
            await lane.run(data.invoke_startup())
            generation = await hashing if hashing is not None else ""
            if identity is not None and identity == identity_of(path):
                _tell_hash(generation, pages, data)
                app = _parted(pages.app(), lane.app(data.app()))
                edition = Edition(identity, generation, facts.papers, (pages, data), app)
                return edition
        except (OSError, sqlite3.Error, NoCatalog, TooSlow) as error:
            raise WrongUse(f"{path}: cannot be read ({error}); write it again with `catalog build`") from error
        finally:
            if hashing is not None:
                hashing.cancel()
            if edition is None:  # swapped meanwhile: some connections may hold the old file
                await asyncio.to_thread(_release, pages, data)
    raise CatalogError(f"{path}: changes faster than it can be opened; wait for the build to end, then start again")


def _parted(pages: App, data: App) -> App:
    """The app of readers' pages, but for what takes long."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        chosen = data if scope["type"] == "http" and is_long(path_of(scope)) else pages
        await chosen(scope, receive, send)

    return app


class _CatalogDatabase(Database):  # type: ignore[misc]  # Datasette has no types
    """The catalog opened as never changing. Datasette's own way breaks on a path with `#`, `?` or `%`."""

    file: BinaryIO | None = None  # what site/download.py sends

    def connect(self, write: bool = False) -> sqlite3.Connection:
        if write:
            raise RuntimeError("a catalog is only read")
        address = f"{Path(self.path).resolve().as_uri()}?immutable=1"
        conn = sqlite3.connect(address, uri=True, check_same_thread=False)
        # What Datasette closes at the end; the second name is 1.0's.
        opened = "_all_file_connections" if hasattr(self, "_all_file_connections") else "_all_connections"
        getattr(self, opened).append(conn)
        return conn

    async def execute(self, sql: str, *args: Any, **kwargs: Any) -> Any:
        # Datasette would write SQL that fails to stderr with its parameters: what somebody typed.
        return await super().execute(sql, *args, **{**kwargs, "log_sql_errors": False})


def open_datasette(path: Path) -> Datasette:
    """A Datasette over a catalog file, with this project's metadata and settings; the database is called `catalog`.

    Raises:
        WrongUse: the file is no catalog.
    """
    with closing(open_catalog(path)) as conn:
        title, description = conn.execute("SELECT title, description FROM about").fetchone()
    metadata = load_yaml(metadata_path().read_text("utf-8"))
    metadata |= {"title": title, "description": description}
    more = {"config": _configuration(metadata)} if "config" in inspect.signature(Datasette).parameters else {}
    datasette = Datasette(metadata=metadata, settings=SETTINGS, **more)
    for name in [name for name in datasette.databases if name == "_memory"]:
        datasette.remove_database(name)
    datasette.add_database(_CatalogDatabase(datasette, path=str(path), is_mutable=False), name=DATABASE)
    return datasette


def _configuration(metadata: dict[str, Any]) -> dict[str, Any]:
    """The canned queries, which Datasette 1.0 no longer reads from metadata."""
    databases: dict[str, Any] = metadata.get("databases", {})
    kept = {name: {"queries": known["queries"]} for name, known in databases.items() if "queries" in known}
    return {"databases": kept}


def _connect_threads(datasette: Datasette) -> None:
    """Have every thread of the pool open its connection now: each waits until all have one."""
    database = datasette.get_database(DATABASE)
    kept_as = getattr(database, "_thread_local_id", DATABASE)  # the former: Datasette 1.0
    together = threading.Barrier(THREADS, timeout=30)

    def connect() -> None:
        conn = database.connect()
        datasette._prepare_connection(conn, DATABASE)
        conn.execute("SELECT count(*) FROM sqlite_master").fetchone()
        setattr(connections, kept_as, conn)  # where Datasette looks for this thread's connection
        together.wait()

    started: list[Future[None]] = [datasette.executor.submit(connect) for _ in range(THREADS)]
    for connected in started:
        connected.result()


def _hold_file(pages: Datasette, path: Path) -> None:
    """Keep the file for downloads, and a connection for work on texts."""
    database = pages.get_database(DATABASE)
    database.file = path.open("rb")
    conn = database.connect()
    conn.execute("SELECT count(*) FROM sqlite_master").fetchone()
    workers_of(pages).read_from(conn)


def _tell_hash(generation: str, pages: Datasette, data: Datasette) -> None:
    """Datasette would look up hash and size by the file's name when a page first shows them, on the event loop."""
    size = os.fstat(pages.get_database(DATABASE).file.fileno()).st_size
    for database in (pages.get_database(DATABASE), data.get_database(DATABASE)):
        database.cached_hash, database.cached_size = generation, size


def _release(*datasettes: Datasette) -> None:
    """Stop Datasettes' threads and close their files."""
    for datasette in datasettes:
        workers_of(datasette).close()
        datasette.executor.shutdown(wait=True)
        database = datasette.get_database(DATABASE)
        if database.file is not None:
            database.file.close()
        if hasattr(datasette, "close"):  # Datasette 1.0
            datasette.close()
            continue
        database.close()
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


def identity_of(path: Path) -> Identity | None:
    """What tells one state of the file from another; None where there is no file at the moment."""
    try:
        state = path.stat()
    except OSError:
        return None
    return state.st_dev, state.st_ino, state.st_mtime_ns, state.st_size
