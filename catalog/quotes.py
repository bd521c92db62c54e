"""The quote finder: for a sentence of a draft the nearest sentences of papers' own results and conclusions.

How it ranks: the full-text index gives the papers whose title, abstract and subjects fit the sentence's words best
(bm25); their results and conclusion sentences are then ranked by the words they share with the sentence, a rare word
counting for more (inverse document frequency in the catalog), divided by the square root of their length. A paper gives
one sentence. Retracted papers are never offered. Where the nearest favour a treatment, the nearest that does not is
added, and the other way round, as far as the catalog's directions tell.
"""

from __future__ import annotations

import math
import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from catalog.cite.imprint import read_imprint
from catalog.cite.reading import read_citations
from catalog.cite.styles import formatted
from catalog.tagging.document import read_texts
from harvest.words import tokens

__all__ = ["LONGEST", "RANKING", "Quote", "Quotes", "find_quotes"]

LONGEST = 1_000  # characters of a sentence that are read
NEAREST = 3
_PAPERS = 80  # papers whose sentences are looked at
_MOST_WORDS = 10  # the rarest; common ones match nearly every paper and tell little
_FEWEST_LETTERS = 3
_OWN = ("results", "conclusions")
# Designs whose results and conclusions are findings.
_NO_FINDINGS = ("opinion", "protocol", "narrative_review")
_FOR = ("favours", "non_inferior")
_OTHER = ("no_difference", "against", "insufficient", "mixed")
RANKING = (
    "Papers by the full-text index (bm25) on title, abstract and subjects; their results and conclusion sentences by"
    " the words they share with yours, rare words counting for more, long sentences for less. One sentence a paper;"
    " retracted papers are left out. If the nearest point one way, the nearest that points another is added, by the"
    " study's direction."
)


@dataclass(frozen=True, slots=True)
class Quote:
    """A sentence of a paper, exactly as its abstract has it, and the paper's level, status, direction and citation."""

    text: str
    zone: str
    pmid: int
    title: str
    level: str
    design: str
    status: str
    direction: str | None
    citation: str
    score: float
    cites_retracted: bool  # a review or guideline known to cite a retracted paper


@dataclass(frozen=True)
class Quotes:
    """The nearest sentences, and one that points the other way (None: none found)."""

    asked: str
    nearest: tuple[Quote, ...]
    other_way: Quote | None
    levels: dict[str, str]
    designs: dict[str, str]


def find_quotes(conn: sqlite3.Connection, sentence: str, *, tick: Callable[[], None] | None = None) -> Quotes:
    """Find sentences near one of a draft. Raises sqlite3.Error; what `tick` raises ends the search."""
    asked = " ".join(sentence.split())[:LONGEST]
    words = list(dict.fromkeys(t.word for t in tokens(asked) if len(t.word) >= _FEWEST_LETTERS))
    weights = _weights(conn, words)
    kept = sorted(weights, key=lambda word: -weights[word])[:_MOST_WORDS]
    names = [dict(conn.execute(f"SELECT id, name FROM {table}").fetchall()) for table in ("levels", "designs")]  # noqa: S608 - ours
    found: list[Quote] = []
    for row in _papers(conn, kept):
        if tick:
            tick()
        best = _best(row, weights)
        if best:
            found.append(best)
    found.sort(key=lambda quote: (-quote.score, quote.pmid))
    nearest = found[:NEAREST]
    other = _other_way(nearest, found[NEAREST:])
    cited = _cited(conn, [*nearest, *([other] if other else [])])
    return Quotes(asked, tuple(cited[: len(nearest)]), cited[-1] if other else None, *names)


def _weights(conn: sqlite3.Connection, words: Sequence[str]) -> dict[str, float]:
    """How much each word that the catalog has tells: the rarer, the more."""
    total = conn.execute("SELECT count(*) FROM articles").fetchone()[0]
    found: dict[str, float] = {}
    for word in words[: 2 * _MOST_WORDS]:
        held = conn.execute(
            "SELECT count(*) FROM (SELECT 1 FROM articles_fts WHERE articles_fts MATCH ? LIMIT 20000)", (f'"{word}"',)
        ).fetchone()[0]
        if held:
            found[word] = math.log(1 + total / held)
    return found


def _papers(conn: sqlite3.Connection, words: Sequence[str]) -> list[dict[str, Any]]:
    if not words:
        return []
    cursor = conn.execute(
        "SELECT a.*, EXISTS (SELECT 1 FROM leans_on_retracted l WHERE l.pmid = a.pmid) AS leans"  # noqa: S608 - ours
        " FROM (SELECT rowid, bm25(articles_fts) AS rank FROM articles_fts WHERE articles_fts MATCH ?"
        " ORDER BY rank LIMIT ?) f JOIN articles a ON a.pmid = f.rowid WHERE a.status != 'retracted'"
        f" AND a.abstract IS NOT NULL AND a.design NOT IN ({', '.join('?' * len(_NO_FINDINGS))}) ORDER BY f.rank",
        (" OR ".join(f'"{word}"' for word in words), _PAPERS, *_NO_FINDINGS),
    )
    names = [column[0] for column in cursor.description]
    rows = [dict(zip(names, row, strict=True)) for row in cursor]
    for row in rows:
        row["sections"] = conn.execute(
            "SELECT label, category, text FROM sections WHERE pmid = ? ORDER BY position", (row["pmid"],)
        ).fetchall()
    return rows


def _best(row: dict[str, Any], weights: dict[str, float]) -> Quote | None:
    """The sentence of a paper's results or conclusions that is nearest; None where it shares too little."""
    document = read_texts(row["title"], row["sections"])
    best: tuple[float, str, str] | None = None
    for sentence in document.sentences:
        # An excerpt is a piece of the conclusion, whatever it would be read as by itself.
        zone = "conclusions" if row["abstract_shift"] is not None else sentence.zone
        if sentence.field != "abstract" or zone not in _OWN:
            continue
        text = document.abstract[sentence.start : sentence.end]
        words = {token.word for token in tokens(text)}
        shared = weights.keys() & words
        if len(shared) < min(2, len(weights)):
            continue
        score = sum(weights[word] for word in shared) / math.sqrt(len(words))
        if best is None or score > best[0]:
            best = score, text, zone
    if best is None:
        return None
    return Quote(
        best[1],
        best[2],
        row["pmid"],
        row["title"] or "[no title]",
        row["level"],
        row["design"],
        row["status"],
        row["direction"],
        "",
        round(best[0], 4),
        bool(row["leans"]),
    )


def _cited(conn: sqlite3.Connection, quotes: Sequence[Quote]) -> list[Quote]:
    """The quotes with their papers' citations in Vancouver's style."""
    citations = read_citations(conn, [quote.pmid for quote in quotes], read_imprint(conn))
    texts = {citation.pmid: formatted(citation, "vancouver").text for citation in citations}
    return [replace(quote, citation=texts[quote.pmid]) for quote in quotes]


def _other_way(nearest: Sequence[Quote], rest: Sequence[Quote]) -> Quote | None:
    """The nearest of the rest that points another way than all of the nearest that point one."""
    ways = {quote.direction in _FOR for quote in nearest if quote.direction in (*_FOR, *_OTHER)}
    if len(ways) != 1:
        return None
    wanted = _OTHER if ways == {True} else _FOR
    return next((quote for quote in rest if quote.direction in wanted), None)
