"""Rows into the tables of a draft: in batches, authors numbered in the order in which they are first met."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterable, Iterator
from typing import Any

from catalog.curation import Reviewed
from catalog.tagged import Done
from harvest.progress import Progress

__all__ = ["insert", "write_records"]

# Records whose rows are held at once.
_BATCH = 500


def write_records(
    conn: sqlite3.Connection, records: Iterable[Done], set_aside: list[tuple[int, str]], progress: Progress
) -> tuple[int, list[Reviewed]]:
    """Write each record's rows; (articles written, what became of the corrections that are about one of them)."""
    corrected: list[Reviewed] = []
    authors: dict[bytes, int] = {}
    articles = 0
    pending: dict[str, list[tuple[Any, ...]]] = {}
    for done in records:
        if done.fault is not None:
            set_aside.append((done.pmid, done.fault))
            continue
        corrected += done.reviewed
        for name, row in done.rows:
            if name in ("article_authors", "article_editors"):
                key = _short(row[2])
                if key not in authors:
                    authors[key] = len(authors) + 1
                    pending.setdefault("authors", []).append((authors[key], *row[2]))
                row = (*row[:2], authors[key], *row[3:])
            pending.setdefault(name, []).append(row)
        articles += 1
        progress.advance()
        if articles % _BATCH == 0:
            _flush(conn, pending)
    _flush(conn, pending)
    return articles, corrected


def _short(name: tuple[str | None, ...]) -> bytes:
    """A name as 16 bytes: a million names are held at once, and would take three times the memory written out."""
    return hashlib.blake2b(repr(name).encode("utf-8", "surrogatepass"), digest_size=16).digest()


def _flush(conn: sqlite3.Connection, pending: dict[str, list[tuple[Any, ...]]]) -> None:
    for name, rows in pending.items():
        insert(conn, name, rows)
    pending.clear()


def insert(conn: sqlite3.Connection, name: str, rows: Iterable[tuple[Any, ...]]) -> None:
    """Insert rows, each with a value for every column of the table."""
    iterator: Iterator[tuple[Any, ...]] = iter(rows)
    first = next(iterator, None)
    if first is None:
        return
    statement = f"INSERT INTO {name} VALUES ({','.join('?' * len(first))})"  # noqa: S608 - names are ours
    conn.execute(statement, first)
    conn.executemany(statement, iterator)
