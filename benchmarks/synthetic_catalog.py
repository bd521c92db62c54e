"""A large catalog of invented records, quickly: some built as any catalog is, the rest copied from them in SQL.

A few hundred invented records (the bundled sample and those of tests/ncbi) go through the real build. Their rows are
then copied under new PMIDs, table by table, so that every tag, family and notice of a copy is sound. What would make
copies too much alike for searching is varied: each copy has a year of its own (recent ones hold more), authors out of
40,000 invented names, and words out of 60,000 invented ones behind its title and abstract, drawn by Zipf's law as words
of a language are. So the words of the subject ("pain") stand in most records, as in a catalog of one subject they do,
and rare ones in a few. What the build makes last (the full-text index, and all that is computed from the tables) the
build's own functions make here.
"""

# ruff: noqa: S311, S608 - its random numbers are no secrets, its SQL is made of the schema's own names
from __future__ import annotations

import random
import sqlite3
from bisect import bisect
from collections.abc import Iterator
from contextlib import closing
from itertools import accumulate, islice
from pathlib import Path
from typing import Any

from catalog.build import write_catalog
from catalog.lexicon import index_texts
from catalog.sample import sample_records
from catalog.shelving import write_shelf
from harvest.rows import StoredRecord
from harvest.topics import load_topics
from tests.ncbi.synthetic import synthetic_records
from tests.site_fixtures import kept_records

__all__ = ["invented_words", "write_synthetic_catalog"]

BASE = 400  # records that go through the real build
STRIDE = 1_000  # between the PMIDs of one copy and the next
LATEST = 2026
# Columns that hold PMIDs of records, or are numbered by one.
_PMIDS = frozenset({"pmid", "notice_pmid", "cited_pmid", "family", "thread", "study"})
_NAMES, _WORDS = 40_000, 60_000
_MORE_IN_TITLE, _MORE_IN_ABSTRACT = 3, 80
_START = ["b", "d", "f", "g", "k", "l", "m", "n", "p", "r", "s", "t", "v", "z", "br", "dr", "gr", "pl", "tr", "st"]
_END = ["a", "e", "i", "o", "u", "ai", "ou", "en", "ar"]


def invented_words(count: int = _WORDS, seed: int = 1) -> list[str]:
    """Invented words, the most frequent first; the same on every machine."""
    rng = random.Random(seed)
    syllables = [start + end for start in _START for end in _END]
    found: dict[str, None] = {}
    while len(found) < count:
        found["".join(rng.choices(syllables, k=rng.choice((2, 3, 3, 4))))] = None
    return list(found)


class _Zipf:
    """Draws from a list, the n-th entry as often as 1/n says."""

    def __init__(self, entries: list[str]):
        self._entries = entries
        self._sums = list(accumulate(1 / (rank + 2) for rank in range(len(entries))))

    def some(self, rng: random.Random, count: int) -> list[str]:
        top = self._sums[-1]
        return [self._entries[bisect(self._sums, rng.random() * top)] for _ in range(count)]

    def place(self, rng: random.Random) -> int:
        return bisect(self._sums, rng.random() * self._sums[-1])


def write_synthetic_catalog(path: Path, records: int) -> int:
    """Write a catalog of about so many invented records; returns how many it holds.

    Args:
        path: the file to make.
        records: how many; the nearest multiple of `BASE`, at least one.
    """
    path.unlink(missing_ok=True)
    write_catalog(path, _base(), load_topics())
    copies = max(round(records / BASE), 1)
    with closing(sqlite3.connect(path, isolation_level=None)) as conn:
        conn.execute("PRAGMA journal_mode=OFF")
        conn.execute("PRAGMA synchronous=OFF")
        conn.execute("PRAGMA cache_size=-200000")
        indexes = conn.execute(
            "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL"
        ).fetchall()
        for name, _ in indexes:
            conn.execute(f"DROP INDEX {name}")
        conn.execute("BEGIN")
        for table, columns in _tables(conn):
            _copy(conn, table, columns, copies)
        _vary(conn)
        conn.execute("COMMIT")
        for _, sql in indexes:
            conn.execute(sql)
        conn.execute("DELETE FROM words")
        index_texts(conn)
        conn.execute("DELETE FROM shelf")
        write_shelf(conn)
        conn.execute("ANALYZE")
        return int(conn.execute("SELECT count(*) FROM articles").fetchone()[0])


def _base() -> Iterator[StoredRecord]:
    sample = list(sample_records())
    yield from sample
    yield from kept_records(list(islice(synthetic_records(BASE), len(sample), None)))


def _tables(conn: sqlite3.Connection) -> Iterator[tuple[str, list[str]]]:
    """Tables that speak of records, and their columns."""
    for (name,) in conn.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name").fetchall():
        columns = [row[1] for row in conn.execute(f'PRAGMA table_info("{name}")')]
        if "pmid" in columns and not name.startswith(("articles_fts", "sqlite_", "curation")):
            yield name, columns


def _copy(conn: sqlite3.Connection, table: str, columns: list[str], copies: int) -> None:
    moved = ", ".join(f"{c} + k.copy * {STRIDE}" if c in _PMIDS else f'"{c}"' for c in columns)
    names = ", ".join(f'"{c}"' for c in columns)
    numbers = f"WITH RECURSIVE k(copy) AS (SELECT 1 UNION ALL SELECT copy + 1 FROM k WHERE copy < {copies - 1})"
    if copies > 1:
        conn.execute(f'{numbers} INSERT INTO "{table}" ({names}) SELECT {moved} FROM k CROSS JOIN "{table}"')


def _vary(conn: sqlite3.Connection) -> None:
    """Words, years and authors of the copies."""
    rng = random.Random(2)
    words, names = _Zipf(invented_words()), [n.capitalize() for n in invented_words(_NAMES, 3)]
    drawn = _Zipf(names)
    conn.execute("DELETE FROM article_authors")
    conn.execute("DELETE FROM authors")
    conn.executemany(
        "INSERT INTO authors VALUES (?, ?, ?, ?, NULL, NULL, NULL)",
        ((i, name, f"{'ABCDEFGHIJ'[i % 10]}da", "ABCDEFGHIJ"[i % 10]) for i, name in enumerate(names, 1)),
    )
    changed: list[tuple[Any, ...]] = []
    wrote: list[tuple[int, int, int]] = []
    rows = conn.execute("SELECT pmid, title, abstract FROM articles ORDER BY pmid").fetchall()
    for pmid, title, abstract in rows:
        year = LATEST - int(rng.expovariate(1 / 9)) % 70
        day = f"{year}-{rng.randint(1, 12):02d}-{rng.randint(1, 28):02d}"
        places = list(dict.fromkeys(drawn.place(rng) for _ in range(rng.randint(2, 7))))
        authors = [f"{names[at]} {'ABCDEFGHIJ'[(at + 1) % 10]}" for at in places]
        title = f"{title or 'Untitled.'} {' '.join(words.some(rng, _MORE_IN_TITLE))}"
        if abstract:
            abstract = f"{abstract} {' '.join(words.some(rng, _MORE_IN_ABSTRACT))}."
        changed.append((title, abstract, year, day, ", ".join(authors), authors[0], f"10.5555/copy.{pmid}", pmid))
        wrote += [(pmid, position, at + 1) for position, at in enumerate(places, 1)]
    conn.executemany(
        "UPDATE articles SET title = ?, abstract = ?, year = ?, published = ?, authors = ?, first_author = ?, doi = ?"
        " WHERE pmid = ?",
        changed,
    )
    conn.executemany("INSERT INTO article_authors VALUES (?, ?, ?, NULL)", wrote)
