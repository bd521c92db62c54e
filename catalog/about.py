"""What every answer of a check says of its source: PubMed abstracts only, when searched, and what that means."""

from __future__ import annotations

import sqlite3
from typing import NamedTuple

__all__ = ["Dated", "dated", "limits_line"]


class Dated(NamedTuple):
    """The day PubMed was last searched in full (YYYY-MM-DD; None: not known), and whether the records are invented."""

    searched: str | None
    sample: bool


def dated(conn: sqlite3.Connection) -> Dated:
    """Read it from a catalog. Raises sqlite3.Error."""
    sample = bool(conn.execute("SELECT sample FROM about").fetchone()[0])
    row = conn.execute(
        "SELECT substr(coalesce(finished, started), 1, 10) FROM runs"
        " WHERE state = 'complete' AND ' ' || command || ' ' LIKE '% pubmed %' ORDER BY id DESC LIMIT 1"
    ).fetchone()
    return Dated(None if sample or row is None else row[0], sample)


def limits_line(found: Dated) -> str:
    """The one sentence that stands on every output."""
    source = "Invented records, not PubMed" if found.sample else "PubMed abstracts only"
    when = f"searched {found.searched}" if found.searched else "date of search not known"
    return f"{source}, {when}; absence here is not evidence of absence; not medical advice."
