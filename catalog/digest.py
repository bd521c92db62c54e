"""The catalog's digest: one hash over what it says, whichever day and by whichever route it was harvested."""

from __future__ import annotations

import hashlib
import sqlite3
from contextlib import closing
from pathlib import Path

from catalog.opening import open_catalog

__all__ = ["digest"]

# Where and when records came from is not what they say.
PROVENANCE = frozenset({"runs", "searches", "search_hits", "changes"})
# These follow from the others, by the tokenizer of the SQLite at hand.
DERIVED = frozenset({"words", "shelf"})
PROVENANCE_COLUMNS = frozenset({("articles", "in_catalog_since")})


def digest(path: Path) -> str:
    """SHA-256, hex, over every table but the provenance, rows sorted by all their columns.

    Full-text shadow tables and statistics follow from the others and are left out. Raises WrongUse, one line.
    """
    found = hashlib.sha256()
    with closing(open_catalog(path)) as conn:
        for name in _tables(conn):
            columns = [c for c in _columns(conn, name) if (name, c) not in PROVENANCE_COLUMNS]
            listed = ", ".join(f'"{column}"' for column in columns)
            found.update(f"{name}({listed})\n".encode())
            for row in conn.execute(f'SELECT {listed} FROM "{name}" ORDER BY {listed}'):  # noqa: S608 - names of ours
                found.update(repr(row).encode())
                found.update(b"\n")
    return found.hexdigest()


def _tables(conn: sqlite3.Connection) -> list[str]:
    rows = conn.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")
    left_out = PROVENANCE | DERIVED
    return [name for (name,) in rows if name not in left_out and not name.startswith(("sqlite_", "articles_fts"))]


def _columns(conn: sqlite3.Connection, name: str) -> list[str]:
    return [row[1] for row in conn.execute(f'PRAGMA table_info("{name}")')]
