"""Opening `pubmed.db`: whose file it is, who may write, and what SQLite's errors mean for a person."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from sqlite_utils import Database

from harvest.errors import HarvestError, WrongUse
from harvest.schema import APPLICATION_ID, migrations

__all__ = ["explain", "lock", "open_reading", "open_writing"]

# How long a reader or writer waits for another's commit, in seconds.
BUSY = 30.0


def explain(error: sqlite3.Error | OSError, path: Path) -> HarvestError:
    """What a database or disk error means for the person at the keyboard, in one line."""
    said = " ".join(str(error).split())  # a damaged schema is told with its own lines
    said = said if len(said) <= 160 else said[:159] + "…"
    if "not a database" in said:
        return WrongUse(f"{path}: is not an SQLite database; give another --db, or move the file away")
    if "malformed" in said or "not decode" in said:
        return HarvestError(
            f"{path}: the database is damaged ({said}); save what can be saved with"
            f" `sqlite3 {path.name} .recover | sqlite3 recovered.db`, or move it away and harvest again"
        )
    if "full" in said or "No space" in said:
        return HarvestError(f"{path}: the disk is full; make room and run again (what was kept stays kept)")
    if "readonly" in said or "unable to open" in said or isinstance(error, PermissionError):
        return WrongUse(f"{path}: cannot be opened or written ({said}); check the permissions, or give another --db")
    if "locked" in said:
        return HarvestError(f"{path}: another program keeps the database locked; close it and run again")
    return HarvestError(f"{path}: the database gave an error ({said}); what was kept stays kept")


def lock(path: Path, wait: float) -> sqlite3.Connection:
    """The right to write `path`: an exclusive lock on an empty database beside it, which ends with the process.

    SQLite's locks work on every system and go when a process is killed. Raises WrongUse after `wait` seconds.
    """
    try:
        conn = sqlite3.connect(path.with_name(path.name + ".lock"), timeout=wait, isolation_level=None)
    except sqlite3.Error as error:
        raise explain(error, path) from error
    try:
        conn.execute("BEGIN EXCLUSIVE")
    except sqlite3.Error as error:
        conn.close()
        if "locked" in str(error):
            raise WrongUse(f"{path}: another harvest is writing it; wait for that one, or give another --db") from error
        raise explain(error, path) from error
    return conn


def open_writing(path: Path) -> sqlite3.Connection:
    """A connection with the tables up to date; made if missing. Raises sqlite3.Error, WrongUse."""
    conn = sqlite3.connect(path, timeout=BUSY, isolation_level=None)
    try:
        check_ours(conn, path)
        # WAL: readers (a build, `harvest status`) and the one writer do not stop each other; a commit is one append.
        # FULL: each commit is synced before it counts, so neither a SIGKILL nor a power cut takes back what was
        # reported as kept; with a batch of records a commit that costs little. fullfsync is what macOS needs for it.
        conn.execute(f"PRAGMA application_id={APPLICATION_ID}")
        conn.execute("PRAGMA journal_mode=WAL")
        conn.execute("PRAGMA synchronous=FULL")
        conn.execute("PRAGMA fullfsync=1")
        conn.execute("PRAGMA checkpoint_fullfsync=1")
        conn.execute("PRAGMA foreign_keys=ON")
        db = Database(conn, execute_plugins=False)
        with db.atomic():  # in one transaction: the library makes the list of migrations and its index one by one
            migrations.ensure_migrations_table(db)
        migrations.apply(db)
    except BaseException:
        conn.close()
        raise
    return conn


def open_reading(path: Path) -> sqlite3.Connection:
    """A read-only connection; a harvest may be writing meanwhile. Raises sqlite3.Error, WrongUse."""
    uri = path.resolve().as_uri()
    conn = sqlite3.connect(f"{uri}?mode=ro", uri=True, timeout=BUSY, isolation_level=None)
    try:
        try:
            conn.execute("SELECT 1 FROM sqlite_master").fetchone()
        except sqlite3.OperationalError:
            # A database in WAL mode on a read-only disk: readable as it is, provided no writer left anything pending.
            if path.with_name(path.name + "-wal").exists():
                raise
            conn.close()
            conn = sqlite3.connect(f"{uri}?immutable=1", uri=True, isolation_level=None)
        tables = check_ours(conn, path)
        _check_filled(tables, path)
    except BaseException:
        conn.close()
        raise
    return conn


def check_ours(conn: sqlite3.Connection, path: Path) -> set[str]:
    """The names of the tables. Raises WrongUse for another program's database, or a newer harvester's."""
    tables = {name for (name,) in conn.execute("SELECT name FROM sqlite_master WHERE type='table'")}
    (mark,) = conn.execute("PRAGMA application_id").fetchone()
    if tables and mark != APPLICATION_ID:
        raise WrongUse(f"{path}: is a database of another program; give another --db")
    applied = {migration.name for migration in migrations.applied(Database(conn, execute_plugins=False))}
    if applied - _known():
        raise WrongUse(f"{path}: was written by a newer version of this harvester; upgrade it")
    return tables


def _check_filled(tables: set[str], path: Path) -> None:
    if "records" not in tables:
        raise WrongUse(f"{path}: holds no harvest yet; `harvest pubmed` or `harvest files` fills it")


def _known() -> set[str]:
    empty = Database(memory=True, execute_plugins=False)
    try:
        return {migration.name for migration in migrations.pending(empty)}
    finally:
        empty.close()
