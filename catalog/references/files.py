"""A reference list from bytes or text to a checked list: what the command and the page share."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from catalog.about import dated
from catalog.check.texts import decoded
from catalog.errors import WrongUse
from catalog.handed import read_file
from catalog.opening import open_catalog
from catalog.references.formats import read_references
from catalog.references.match import check_references
from catalog.references.report import ReferenceReport

__all__ = ["MOST_BYTES", "MOST_REFERENCES", "check_bytes", "check_file", "check_text"]

MOST_BYTES = 2_000_000
MOST_REFERENCES = 2_000


def check_file(path: Path, db: Path) -> ReferenceReport:
    """Check a file ("-" reads stdin) against a catalog. Raises WrongUse, one line."""
    data = read_file(path, MOST_BYTES)
    with closing(open_catalog(db)) as conn:
        return check_bytes(conn, data, str(path))


def check_bytes(
    conn: sqlite3.Connection, data: bytes, name: str, *, tick: Callable[[], None] | None = None
) -> ReferenceReport:
    """Check a file's bytes. Raises WrongUse where they are too many or no text; sqlite3.Error."""
    if len(data) > MOST_BYTES:
        raise WrongUse(f"{name}: {len(data):,} bytes; at most {MOST_BYTES:,} are read. Check it in parts")
    text, _ = decoded(data, name)
    return check_text(conn, text, name, tick=tick)


def check_text(
    conn: sqlite3.Connection, text: str, name: str, *, tick: Callable[[], None] | None = None
) -> ReferenceReport:
    """Check a text. Raises WrongUse where it holds nothing to read, or too much; sqlite3.Error."""
    form, entries, troubles = read_references(text)
    if not entries and not troubles:
        raise WrongUse(
            f"{name}: no reference found; give .bib, .ris, .nbib, CSL-JSON, or pasted references, PMIDs, DOIs"
        )
    if len(entries) > MOST_REFERENCES:
        raise WrongUse(
            f"{name}: {len(entries):,} references; at most {MOST_REFERENCES:,} are looked up. Check it in parts"
        )
    checked = check_references(conn, entries, tick=tick)
    levels = dict(conn.execute("SELECT id, name FROM levels").fetchall())
    designs = dict(conn.execute("SELECT id, name FROM designs").fetchall())
    return ReferenceReport(form, tuple(checked), tuple(troubles), text.count("\ufffd"), dated(conn), levels, designs)
