"""Whether a `pubmed.db` is whole: every hash, every link, SQLite's own pages. Only reads."""

from __future__ import annotations

import hashlib
import re
import sqlite3
import zlib
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from harvest.database import explain, open_reading
from harvest.errors import HarvestError, WrongUse
from harvest.record import pmid_of
from harvest.versions import unpacked

__all__ = ["Verified", "verify"]

# SQLite lists at most so many faults of its pages.
_FAULTS = 20
_TIMES = frozenset(
    {"at", "last_at", "started", "finished", "first_seen", "last_seen", "version_seen", "replaced_at", "resolved_at"}
)
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")


@dataclass(frozen=True, slots=True)
class Verified:
    """What was checked, and a line for everything that is not as it was written, with the remedy."""

    db: str
    records: int
    versions: int
    problems: tuple[str, ...]

    @property
    def exit_status(self) -> int:
        """0 whole, 1 damaged."""
        return 1 if self.problems else 0


def verify(db: Path) -> Verified:
    """Check a store. Raises WrongUse where it is none; damage of any kind is a problem, not an error."""
    if not db.is_file():
        raise WrongUse(f"{db}: no such file; `harvest pubmed` or `harvest files` makes it")
    counts = {"records": 0, "record_versions": 0}
    problems: list[str] = []
    try:
        conn = open_reading(db)
    except sqlite3.Error as error:
        error_line = explain(error, db)
        if isinstance(error_line, WrongUse):
            raise error_line from error
        return Verified(str(db), 0, 0, (str(error_line),))
    with closing(conn):
        for check in (_pages, _links, _columns, _texts, _set_aside):
            problems += _told(check(conn), db)
        for table in counts:
            problems += _told(_hashes(conn, table, counts), db)
    return Verified(str(db), counts["records"], counts["record_versions"], tuple(dict.fromkeys(problems)))


def _told(found: Iterator[str], db: Path) -> Iterator[str]:
    """The lines, each with the file's name; pages that cannot be read at all end a check with a line of its own."""
    try:
        for line in found:
            yield f"{db}: {line}"
    except (sqlite3.Error, HarvestError) as error:
        yield str(explain(error, db) if isinstance(error, sqlite3.Error) else error)


def _pages(conn: sqlite3.Connection) -> Iterator[str]:
    for (line,) in conn.execute(f"PRAGMA integrity_check({_FAULTS})"):
        if line != "ok":
            said = " ".join(str(line).split())
            yield f"damaged pages ({said}); save what can be saved with `.recover` of the sqlite3 shell, harvest again"


def _links(conn: sqlite3.Connection) -> Iterator[str]:
    for table, _rowid, parent, _key in conn.execute("PRAGMA foreign_key_check"):
        yield f"a row of {table} points to a row that {parent} does not have"


def _columns(conn: sqlite3.Connection) -> Iterator[str]:
    """Every text can be read, every time is one; the records' own bytes are checked by their hashes."""
    tables = [name for (name,) in conn.execute("SELECT name FROM sqlite_master WHERE type='table'")]
    for table in tables:
        columns = [(name, kind) for _, name, kind, *_ in conn.execute(f'PRAGMA table_info("{table}")')]
        for name, kind in columns:
            if kind == "BLOB":
                continue
            rows = conn.execute(f'SELECT "{name}" FROM "{table}" WHERE "{name}" IS NOT NULL')  # noqa: S608 - ours
            wrong = sum(1 for (value,) in rows if name in _TIMES and not _TIME.fullmatch(str(value)))
            if wrong:
                yield f"{wrong} of {table}.{name} are no times; the records are checked by themselves"


def _texts(conn: sqlite3.Connection) -> Iterator[str]:
    for table in ("search_texts", "topics_files"):
        for sha256, text in conn.execute(f"SELECT sha256, text FROM {table}"):  # noqa: S608 - names of ours
            if hashlib.sha256(str(text).encode("utf-8", "surrogatepass")).hexdigest() != sha256:
                yield f"a text of {table} ({str(sha256)[:12]}) does not fit its hash; the next search keeps it anew"


def _set_aside(conn: sqlite3.Connection) -> Iterator[str]:
    for number, raw, sha256 in conn.execute("SELECT id, raw, sha256 FROM set_aside WHERE raw IS NOT NULL"):
        if _hash(raw) != sha256:
            yield f"what was set aside as number {number} does not fit its hash; its source has it still"


def _hashes(conn: sqlite3.Connection, table: str, counts: dict[str, int]) -> Iterator[str]:
    for pmid, packed, sha256 in conn.execute(f"SELECT pmid, xml, sha256 FROM {table}"):  # noqa: S608 - names of ours
        counts[table] += 1
        raw = unpacked(packed) if isinstance(packed, bytes) else b""
        inside = pmid_of(raw)
        if hashlib.sha256(raw).hexdigest() == sha256 and inside in (pmid, None):
            continue
        if table == "records":
            yield f"the record of PMID {pmid} does not fit its hash; `harvest pubmed --full` fetches it again"
        else:
            yield f"an earlier version of PMID {pmid} does not fit its hash; only a copy of the file has it still"


def _hash(packed: object) -> str:
    try:
        return hashlib.sha256(zlib.decompress(packed)).hexdigest() if isinstance(packed, bytes) else ""
    except zlib.error:
        return ""
