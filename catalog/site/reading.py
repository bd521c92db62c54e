"""Reading the database called `catalog` of a Datasette: its facts kept as long as the file stays the same."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from datasette.utils import sqlite_timelimit

from catalog.site.belongings import belonging
from catalog.site.facts import Facts, load_facts

if TYPE_CHECKING:  # Datasette loads its plugins while it is itself being imported
    from datasette.app import Datasette

__all__ = ["DATABASE", "NoCatalog", "Reader", "TooSlow", "reader_of"]

DATABASE = "catalog"
# Longest a page's SQL may take, in milliseconds; reading the facts of a large catalog may take longer, once.
PAGE_LIMIT_MS = 5_000
FACTS_LIMIT_MS = 60_000
# How often a file that others may write is looked at, in seconds.
LOOK_EVERY = 1.0
T = TypeVar("T")
Identity = tuple[int, int, int]


class NoCatalog(Exception):
    """There is no catalog to read; the message says what to do."""


class TooSlow(Exception):
    """A page's SQL took longer than is allowed."""


class Reader:
    """Reads one Datasette's catalog for the pages."""

    def __init__(self, datasette: Datasette):
        self._datasette = datasette
        self._facts: Facts | None = None
        self._identity: Identity | None = None
        self._looked = float("-inf")
        self._loading = asyncio.Lock()

    @property
    def known(self) -> Facts | None:
        """The facts as last read, without reading; None before the first page."""
        return self._facts

    async def facts(self) -> Facts:
        """The catalog's facts. Raises NoCatalog."""
        if self._facts is None or self._look():
            async with self._loading:
                identity = self._file()
                if self._facts is None or identity != self._identity:
                    self._facts = await self._execute(load_facts, FACTS_LIMIT_MS)
                    self._identity, self._looked = identity, time.monotonic()
        return self._facts

    def adopt(self, facts: Facts) -> None:
        """Take facts that another Datasette has read from the same file, which never changes."""
        self._facts, self._identity, self._looked = facts, None, time.monotonic()

    async def read(self, query: Callable[[sqlite3.Connection], T]) -> T:
        """What a function reads from the catalog, within the time limit. Raises NoCatalog or TooSlow."""
        return await self._execute(query, PAGE_LIMIT_MS)

    def _database(self) -> Any:
        try:
            return self._datasette.get_database(DATABASE)
        except KeyError:
            raise NoCatalog(
                "No database called “catalog” is open. Start the site with `catalog serve`, or with"
                " `datasette catalog.db -m metadata.yml` where the file is called catalog.db."
            ) from None

    async def _execute(self, query: Callable[[sqlite3.Connection], T], limit_ms: int) -> T:
        def limited(conn: sqlite3.Connection) -> T:
            with sqlite_timelimit(conn, limit_ms):
                return query(conn)

        try:
            found: T = await self._database().execute_fn(limited)
        except sqlite3.OperationalError as error:
            if "interrupted" in str(error):
                raise TooSlow from error
            raise NoCatalog(_not_ours(error)) from error
        except sqlite3.DatabaseError as error:
            raise NoCatalog(_not_ours(error)) from error
        return found

    def _file(self) -> Identity | None:
        """What tells one state of a writable file from another; None where it is opened as never changing."""
        database = self._database()
        if not database.is_mutable or not database.path:
            return None
        try:
            state = Path(database.path).stat()
        except OSError:
            return None
        return state.st_ino, state.st_mtime_ns, state.st_size

    def _look(self) -> bool:
        """Whether the file is another than the facts were read from; looked at no more than once a second."""
        if time.monotonic() - self._looked < LOOK_EVERY:
            return False
        self._looked = time.monotonic()
        return self._file() != self._identity


def _not_ours(error: sqlite3.Error) -> str:
    return (
        f"The database called “catalog” is not one that this version of the program wrote ({error})."
        " Write it again with `catalog build`."
    )


def reader_of(datasette: Datasette) -> Reader:
    """The one reader of a Datasette."""
    return belonging(datasette, Reader, lambda: Reader(datasette))
