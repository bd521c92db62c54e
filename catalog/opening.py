"""Opening `catalog.db`: for reading only, with one clear line where it is missing or not ours."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from catalog.errors import WrongUse

__all__ = ["open_catalog"]

# Columns of `about` that catalogs of older programs lack.
_NEWEST = "abstracts, vocabulary, region, place"


def open_catalog(path: Path) -> sqlite3.Connection:
    """A read-only connection to a catalog. Raises WrongUse: missing, or not a catalog."""
    if not path.is_file():
        raise WrongUse(f"{path}: no such catalog; `catalog build` makes it from a harvest, `catalog up` does both")
    conn = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)
    try:
        conn.execute("SELECT title, sample FROM about").fetchone()
        conn.execute("SELECT pmid FROM articles LIMIT 1").fetchone()
    except sqlite3.Error as error:
        conn.close()
        raise WrongUse(f"{path}: is not a catalog ({error}); give the file that `catalog build` wrote") from error
    try:
        conn.execute(f"SELECT {_NEWEST} FROM about").fetchone()  # noqa: S608 - ours
    except sqlite3.Error as error:
        conn.close()
        raise WrongUse(
            f"{path}: is not a catalog of this version ({error}); build it again: `catalog build`"
        ) from error
    return conn
