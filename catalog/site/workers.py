"""Work that takes seconds, off the event loop and the readers' threads: one at a time, few waiting, limited in time.

Each client may ask so often a minute (in memory, for as long as the site runs); each piece of work has a deadline, and
reads the catalog through a connection of its own: one handed over when the catalog was opened, or else a new one.
"""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from datasette.utils import sqlite_timelimit

from catalog.opening import open_catalog
from catalog.site.belongings import belonging
from catalog.site.reading import DATABASE, NoCatalog

if TYPE_CHECKING:  # Datasette loads its plugins while it is itself being imported
    from datasette.app import Datasette

__all__ = ["Busy", "OutOfTime", "Workers", "workers_of"]

WITHIN = 10.0  # seconds a piece of work may take
MOST_WAITING = 6
A_MINUTE = 30  # requests a client may make a minute, and at once
MOST_CLIENTS = 10_000  # remembered; the longest silent is forgotten first
T = TypeVar("T")


class Busy(Exception):
    """Too many requests, of one client or of all; `after` seconds from now there is room."""

    def __init__(self, status: int, after: int, message: str):
        super().__init__(message)
        self.status, self.after = status, after


class OutOfTime(Exception):
    """The work took longer than is allowed."""


class Workers:
    """The worker of one Datasette, and who asked how often."""

    def __init__(self, datasette: Datasette):
        settings = datasette.plugin_config("lbp-evidence-catalog") or {}
        self._datasette = datasette
        self._rate = max(1, int(settings.get("checks_per_minute", A_MINUTE)))
        self._executor = ThreadPoolExecutor(1, thread_name_prefix="check")
        self._waiting = 0
        self._clients: OrderedDict[str, tuple[float, float]] = OrderedDict()
        self._conn: sqlite3.Connection | None = None

    def read_from(self, conn: sqlite3.Connection) -> None:
        """Read through this connection from now on; whoever opened it closes it, after `close`."""
        self._conn = conn

    def close(self) -> None:
        """Let the work at hand end; take no more."""
        self._executor.shutdown(wait=True)

    def admit(self, client: str) -> None:
        """Count a request of a client. Raises Busy where it asked too often."""
        now = time.monotonic()
        left, last = self._clients.pop(client, (float(self._rate), now))
        left = min(float(self._rate), left + (now - last) * self._rate / 60)
        allowed = left >= 1
        self._clients[client] = (left - 1 if allowed else left, now)
        while len(self._clients) > MOST_CLIENTS:
            self._clients.popitem(last=False)
        if not allowed:
            after = max(1, round((1 - left) * 60 / self._rate))
            raise Busy(429, after, f"That is more than {self._rate} a minute. Ask again in {after} s.")

    async def run(self, work: Callable[[sqlite3.Connection, Callable[[], None]], T]) -> T:
        """What a piece of work returns; it gets a connection and a function to call often, which ends it in time.

        Raises:
            Busy: too many are waiting.
            OutOfTime: it took too long.
            NoCatalog: there is nothing to read.
        """
        if self._waiting >= MOST_WAITING:
            raise Busy(503, 5, "Others are being answered. Ask again in 5 s.")
        source = self._conn or self._path()
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._executor, _limited, work, source)
        finally:
            self._waiting -= 1

    def _path(self) -> Path:
        try:
            path = self._datasette.get_database(DATABASE).path
        except KeyError:
            path = None
        if not path:
            raise NoCatalog("No database called “catalog” is open. Start the site with `catalog serve`.")
        return Path(path)


def _limited(work: Callable[[sqlite3.Connection, Callable[[], None]], T], source: sqlite3.Connection | Path) -> T:
    until = time.monotonic() + WITHIN

    def tick() -> None:
        if time.monotonic() > until:
            raise OutOfTime

    try:
        opened = closing(open_catalog(source)) if isinstance(source, Path) else nullcontext(source)
        with opened as conn, sqlite_timelimit(conn, round(WITHIN * 1000)):
            return work(conn, tick)
    except sqlite3.OperationalError as error:
        if "interrupted" in str(error):
            raise OutOfTime from error
        raise


def workers_of(datasette: Datasette) -> Workers:
    """The one worker of a Datasette."""
    return belonging(datasette, Workers, lambda: Workers(datasette))
