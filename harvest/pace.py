"""Never more requests a second than NCBI allows, counted over every process of this user on this machine.

Source of the limits: NCBI E-utilities, "Usage Guidelines and Requirements": 3 requests a second, 10 with an API key.
"""

from __future__ import annotations

import hashlib
import os
import sqlite3
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

__all__ = ["WITHOUT_KEY", "WITH_KEY", "Pace"]

WITHOUT_KEY = 3
WITH_KEY = 10
# NCBI's clock and ours do not tick together: a second is counted a little longer than it is.
WINDOW = 1.05


class Pace:
    """Turns to send a request: at most `per_second` in any second, shared through a small file in the user's cache.

    A request counts until a second after its answer came, since only then it has surely arrived. The file keeps times
    of the monotonic clock, under a hash of host and key; where it cannot be kept, turns are counted in this process.
    """

    def __init__(
        self,
        host: str,
        api_key: str | None = None,
        *,
        per_second: int | None = None,
        folder: Path | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.per_second = per_second or (WITH_KEY if api_key else WITHOUT_KEY)
        # The key itself is written nowhere, and its hash only together with the host's.
        self._who = hashlib.sha256(f"{host}\0{api_key or ''}".encode()).hexdigest()
        self._sleep = sleep
        self._own = threading.Lock()
        self._conn = _open(folder or _cache_folder())

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Waits for the next free turn; the request is sent within."""
        number = self._take()
        try:
            yield
        finally:
            self._answered(number)

    def close(self) -> None:
        """Close the shared file."""
        self._conn.close()

    def _take(self) -> int:
        while True:
            with self._own, self._shared() as conn:
                now = time.monotonic()
                # Times ahead of the clock are from before the machine started anew.
                conn.execute("DELETE FROM turns WHERE at < ? OR at > ?", (now - 2 * WINDOW, now))
                row = conn.execute(
                    "SELECT at FROM turns WHERE who=? ORDER BY at DESC LIMIT 1 OFFSET ?",
                    (self._who, self.per_second - 1),
                ).fetchone()
                wait = 0.0 if row is None else row[0] + WINDOW - now
                if wait <= 0:
                    taken = conn.execute(
                        "INSERT INTO turns(who, at) VALUES (?, ?) RETURNING number", (self._who, now)
                    ).fetchone()
                    return int(taken[0])
            self._sleep(wait)

    def _answered(self, number: int) -> None:
        with self._own, self._shared() as conn:
            conn.execute("REPLACE INTO turns(number, who, at) VALUES (?, ?, ?)", (number, self._who, time.monotonic()))

    @contextmanager
    def _shared(self) -> Iterator[sqlite3.Connection]:
        try:
            self._conn.execute("BEGIN IMMEDIATE")
        except sqlite3.Error:  # the disk is full, the file is gone or damaged: go on by ourselves
            self._conn.close()
            self._conn = _memory()
            self._conn.execute("BEGIN IMMEDIATE")
        try:
            yield self._conn
        finally:
            self._conn.execute("COMMIT")


def _cache_folder() -> Path:
    base = os.environ.get("XDG_CACHE_HOME") or os.environ.get("LOCALAPPDATA")
    try:
        return (Path(base) if base else Path.home() / ".cache") / "lbp-evidence-catalog"
    except RuntimeError:  # no home folder
        return Path(tempfile.gettempdir()) / f"lbp-evidence-catalog-{os.getpid()}"


def _open(folder: Path) -> sqlite3.Connection:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        conn = sqlite3.connect(folder / "pace.db", timeout=30, isolation_level=None, check_same_thread=False)
    except (OSError, sqlite3.Error):
        return _memory()
    try:
        # What is written here matters for a second: no journal on disk, no waiting for the disk.
        conn.execute("PRAGMA journal_mode=MEMORY")
        conn.execute("PRAGMA synchronous=OFF")
        _tables(conn)
    except sqlite3.Error:
        conn.close()
        return _memory()
    return conn


def _memory() -> sqlite3.Connection:
    conn = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
    _tables(conn)
    return conn


def _tables(conn: sqlite3.Connection) -> None:
    # AUTOINCREMENT: a number is never given twice, so a late answer cannot overwrite another's turn.
    conn.execute(
        "CREATE TABLE IF NOT EXISTS turns"
        "(number INTEGER PRIMARY KEY AUTOINCREMENT, who TEXT NOT NULL, at REAL NOT NULL)"
    )
