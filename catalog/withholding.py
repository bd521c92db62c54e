"""What a public copy of the catalog carries of abstracts, in which publishers may hold rights: `build --abstracts`.

Tags are the same in every copy: records are read whole, and what is not to be carried is taken out at the end, before
`VACUUM INTO` writes the file, so that no free page keeps it. docs/rights.md says what is left and why.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from catalog.tagging.document import Document, read_texts

__all__ = ["ABSTRACTS", "CUT", "LIMITS", "Abstracts", "Limits", "withhold"]

Abstracts = Literal["full", "excerpt", "none"]
ABSTRACTS: tuple[str, ...] = get_args(Abstracts)
# Stands where something was left out of a text, and for a quote that is not carried.
CUT = "[…]"


@dataclass(frozen=True, slots=True)
class Limits:
    """How much of an abstract a copy carries, in characters.

    `excerpt`: the longest piece, which is also no more than a third of the abstract (0: no piece). `quote`: the longest
    quote that does not lie in that piece. `share`: the largest part of an abstract that piece and quotes cover
    together.
    """

    excerpt: int
    quote: int
    share: float


LIMITS = {"excerpt": Limits(300, 200, 1 / 2), "none": Limits(0, 120, 1 / 3)}
_LARGEST_PIECE = 1 / 3
# Fields whose quotes are carried first, where not all can be.
_FIRST = ("level", "design", "included", "lowest_design", "jbjs", "timing", "direction", "harms", "basis", "comparator")
# Every quote from an abstract: table, column, where it begins and ends, which rows, the most important first.
_QUOTES = (
    ("tags", "quote", "start", "end", "source IN ('abstract', 'model')"),
    ("prompts", "quote", "start", "end", "source = 'abstract' AND quote IS NOT NULL"),
    ("spin", "conclusion", "conclusion_start", "conclusion_end", "conclusion_source = 'abstract'"),
    ("spin", "results", "results_start", "results_end", "1"),
    ("results", "text", "start", "end", "1"),
    ("trials", "quote", "start", "end", "source = 'abstract'"),
)
_Section = tuple[str | None, str | None, str]  # label, category, text


def withhold(conn: sqlite3.Connection, carried: Literal["excerpt", "none"]) -> None:
    """Take out of a finished draft what it is not to carry, and index the rest anew; takes no transaction.

    Abstracts stay findable by their words: the index keeps which words an abstract has, in the order of the alphabet
    and each once, so that no sentence can be put together again from it.
    """
    _keep_words(conn)
    conn.execute("BEGIN")
    for pmid, title, abstract in conn.execute(
        "SELECT pmid, title, abstract FROM articles WHERE abstract IS NOT NULL ORDER BY pmid"
    ).fetchall():
        _withhold_one(conn, pmid, title, abstract, LIMITS[carried])
    conn.execute("UPDATE articles SET other_abstracts = NULL")
    conn.execute("COMMIT")
    conn.execute("INSERT INTO articles_fts(articles_fts) VALUES ('delete-all')")
    conn.execute(
        "INSERT INTO articles_fts(rowid, title, abstract, authors, journal, subjects, abstract_words)"
        " SELECT t.pmid, t.title, t.abstract, t.authors, t.journal, t.subjects, w.words"
        " FROM articles_text t LEFT JOIN temp.abstract_words w ON w.pmid = t.pmid ORDER BY t.pmid"
    )
    conn.execute("INSERT INTO articles_fts(articles_fts) VALUES ('optimize')")
    conn.execute("DROP TABLE temp.abstract_words")


def _keep_words(conn: sqlite3.Connection) -> None:
    """Each abstract's words as the index reads them, each once, in the order of the alphabet."""
    conn.executescript(
        """
        CREATE VIRTUAL TABLE temp.abstracts_read USING fts5(text, content='', detail=none,
            tokenize='unicode61 remove_diacritics 2');
        INSERT INTO abstracts_read(rowid, text) SELECT pmid, abstract FROM articles WHERE abstract IS NOT NULL;
        CREATE VIRTUAL TABLE temp.abstracts_terms USING fts5vocab('temp', 'abstracts_read', 'instance');
        CREATE TABLE temp.abstract_words (pmid INTEGER PRIMARY KEY, words TEXT);
        INSERT INTO abstract_words
            SELECT doc, group_concat(term, ' ') FROM (SELECT DISTINCT doc, term FROM abstracts_terms ORDER BY doc, term)
            GROUP BY doc;
        DROP TABLE temp.abstracts_terms;
        DROP TABLE temp.abstracts_read;
        """
    )


def _withhold_one(conn: sqlite3.Connection, pmid: int, title: str | None, abstract: str, limits: Limits) -> None:
    sections: list[_Section] = conn.execute(
        "SELECT label, category, text FROM sections WHERE pmid = ? ORDER BY position", (pmid,)
    ).fetchall()
    document = read_texts(title, sections)
    span = _excerpt(document, int(min(limits.excerpt, len(abstract) * _LARGEST_PIECE)))
    place = _placed(sections, *span) if span else None
    kept = _Kept(len(abstract), limits)
    conn.execute("DELETE FROM sections WHERE pmid = ?", (pmid,))
    if place and span:
        kept.piece(*span)
        label, category, text, shift = place
        conn.execute("INSERT INTO sections VALUES (?, 1, ?, ?, ?)", (pmid, label, category, text))
        whole = f"{label}: {text}" if label else text
        conn.execute("UPDATE articles SET abstract = ?, abstract_shift = ? WHERE pmid = ?", (whole, shift, pmid))
    else:
        conn.execute("UPDATE articles SET abstract = NULL WHERE pmid = ?", (pmid,))
    for table, column, row, start, end, quote in _quotes(conn, pmid):
        said = kept.quote(quote, start, end)
        if said != quote:
            conn.execute(f"UPDATE {table} SET {column} = ? WHERE rowid = ?", (said, row))  # noqa: S608 - names are ours
    longest = limits.quote
    conn.execute(
        "UPDATE trial_families SET quote = substr(quote, 1, ?) || '…' WHERE pmid = ? AND length(quote) > ?",
        (longest - 1, pmid, longest),
    )


def _quotes(conn: sqlite3.Connection, pmid: int) -> Iterator[tuple[str, str, int, int, int, str]]:
    """(table, column, row, start, end, quote) of every quote from a paper's abstract, the most important first."""
    for table, column, start, end, which in _QUOTES:
        rows = conn.execute(
            f"SELECT rowid, {start}, {end}, {column}{', field, chosen' if table == 'tags' else ''}"  # noqa: S608
            f" FROM {table} WHERE pmid = ? AND {start} IS NOT NULL AND {which} ORDER BY rowid",
            (pmid,),
        ).fetchall()
        if table == "tags":
            rows.sort(key=lambda row: (not row[5], _FIRST.index(row[4]) if row[4] in _FIRST else len(_FIRST), row[0]))
        yield from ((table, column, *row[:4]) for row in rows)


class _Kept:
    """What of one abstract is carried so far."""

    def __init__(self, length: int, limits: Limits):
        self._carried = bytearray(length)
        self._limits = limits
        self._left = int(length * limits.share)
        self._piece = (0, 0)

    def piece(self, start: int, end: int) -> None:
        """Carry the piece."""
        self._piece = start, end
        self._carry(start, end)

    def quote(self, quote: str, start: int, end: int) -> str:
        """The quote as it is carried: whole, cut, or `CUT` where it would be too much."""
        if self._piece[0] <= start and end <= self._piece[1]:
            return quote
        said = _cut(quote, self._limits.quote)
        return said if self._carry(start, start + len(said)) else CUT

    def _carry(self, start: int, end: int) -> bool:
        fresh = self._carried[start:end].count(0)
        if fresh > self._left:
            return False
        self._left -= fresh
        self._carried[start:end] = b"\1" * len(self._carried[start:end])
        return True


def _cut(text: str, longest: int) -> str:
    """The text, or its beginning to the last whole word that fits with an ellipsis."""
    if len(text) <= longest:
        return text
    return text[: longest - 1].rsplit(" ", 1)[0] + "…"


def _excerpt(document: Document, longest: int) -> tuple[int, int] | None:
    """Where the conclusion stands, as far as it fits: whole sentences from the first on, else its beginning.

    Where no sentence reads as a conclusion, the last sentence. None where nothing may be carried.
    """
    every = [sentence for sentence in document.sentences if sentence.field == "abstract"]
    if not every or longest <= 0:
        return None
    concluding = [sentence for sentence in every if sentence.zone == "conclusions"] or every[-1:]
    first = concluding[0]
    start, end = first.start, first.end
    if end - start > longest:
        end = start + len(document.abstract[start : start + longest].rsplit(" ", 1)[0])
        return (start, end) if end > start else None
    following = every[every.index(first) + 1 :]
    for sentence in following:
        if sentence not in concluding or sentence.label != first.label or sentence.end - start > longest:
            break
        end = sentence.end
    return start, end


def _placed(sections: Sequence[_Section], start: int, end: int) -> tuple[str | None, str | None, str, int] | None:
    """(label, category, text, shift) of the section that a piece of the abstract is of, cut down to the piece.

    `shift` is how much further from the abstract's beginning a character stands in PubMed's text than in this one.
    """
    at = 0
    for label, category, text in sections:
        lead = len(label) + 2 if label else 0
        body, after = at + lead, at + lead + len(text)
        if body <= start < after:
            end = min(end, after)
            before = f"{CUT} " if start > body + len(CUT) else ""
            begin = start if before else body
            piece = before + text[begin - body : end - body] + (f" {CUT}" if end < after else "")
            return label, category, piece, begin - lead - len(before)
        at = after + 1
    return None
