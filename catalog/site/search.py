"""A list of papers: matched, counted, ordered, and one page of it read."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from catalog.site.advice import Advice, meant_facets, meant_words
from catalog.site.facets import Facet, facets, selected
from catalog.site.facts import Facts
from catalog.site.fields import FACETS
from catalog.site.filters import Filters, year_name
from catalog.site.matching import Match, match
from catalog.site.ordering import in_order
from catalog.site.shelf import Family, Shelf
from catalog.site.words import plain

__all__ = [
    "PAGE_SIZE",
    "Chip",
    "Paper",
    "Piece",
    "Results",
    "Way",
    "described",
    "listed",
    "listed_pmids",
    "papers",
    "search",
]

PAGE_SIZE = 20
SNIPPET_WORDS = 40  # FTS5 allows 64
FIRST_LINES = 260  # characters of the abstract where nothing was searched for
# What some papers are tagged with, in the vocabulary's order.
_TAGGED = {
    "intervention": "SELECT a.pmid, n.id FROM article_interventions a JOIN interventions n ON n.id = a.intervention"
    " WHERE a.pmid IN (SELECT value FROM json_each(?)) ORDER BY n.position",
    "condition": "SELECT a.pmid, n.id FROM article_conditions a JOIN conditions n ON n.id = a.condition"
    " WHERE a.pmid IN (SELECT value FROM json_each(?)) ORDER BY n.position",
}
# Around a hit in FTS5's answers; control characters are taken from the texts, so these stand only around hits.
_OPEN, _CLOSE = "\x02", "\x03"


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of text; `hit` where it is what was searched for."""

    text: str
    hit: bool = False


@dataclass(frozen=True, slots=True)
class Paper:
    """A paper on a list."""

    pmid: int
    title: tuple[Piece, ...]
    lines: tuple[Piece, ...]  # none where this copy carries nothing of its abstract
    has_abstract: bool  # PubMed has one
    level: str
    design: str
    status: str
    year: int | None
    journal: str | None
    authors: str | None
    interventions: tuple[str, ...]
    conditions: tuple[str, ...]
    certainty: str | None  # what a review or guideline states itself
    family: Family | None  # papers that are one study with it
    cites_retracted: bool

    @property
    def plain_title(self) -> str:
        """The title without marks."""
        return "".join(piece.text for piece in self.title)


@dataclass(frozen=True, slots=True)
class Chip:
    """A filter in force: what it says, and the address of the list without it."""

    name: str
    address: str


@dataclass(frozen=True, slots=True)
class Way:
    """A way out of an empty list: what to leave out, how many papers that gives, and its address."""

    name: str
    count: int
    address: str


@dataclass(frozen=True, slots=True)
class Results:
    """A page of a list, and all that stands around it."""

    filters: Filters
    total: int
    retracted: int  # among the total
    further: int  # papers beyond one a study: among the total, or left out where each study is listed once
    other_way: Filters  # the list with each study once where this one has every paper, and the other way round
    pages: int
    papers: tuple[Paper, ...]
    facets: tuple[Facet, ...]
    chips: tuple[Chip, ...]
    ways: tuple[Way, ...]
    notes: tuple[str, ...]
    matched: Match  # how the query was understood
    literally: str | None  # the list's address with nothing else searched for than what was typed
    meant: tuple[Advice, ...]  # what may have been meant instead


def search(conn: sqlite3.Connection, facts: Facts, filters: Filters) -> Results:
    """Find, count and read one page.

    Raises:
        sqlite3.Error: the catalog cannot be read, or the time limit set on the connection is over.
    """
    shelf = facts.shelf
    matched = match(conn, facts, filters.query)
    listed = matched.papers & selected(filters, facts)
    every = matched.papers & selected(filters.each_study(once=False), facts)
    total = listed.bit_count()
    pages = max(1, -(-total // PAGE_SIZE))
    notes = list(dict.fromkeys((*filters.notes, *matched.notes)))
    if filters.page > pages:
        notes.append(f"There is no page {filters.page:,}; this is the last one.")
    filters = replace(filters, page=min(filters.page, pages))
    start = (filters.page - 1) * PAGE_SIZE
    pmids = in_order(facts, listed, matched, filters.sort, start, start + PAGE_SIZE)
    return Results(
        filters,
        total,
        (listed & shelf.having("status", ["retracted"])).bit_count(),
        (every & ~shelf.once).bit_count(),
        filters.each_study(once=not filters.once),
        pages,
        papers(conn, shelf, pmids, matched.expression),
        facets(filters, facts, matched.papers),
        _chips(filters, facts),
        _ways(conn, facts, filters, matched.papers) if not total else (),
        tuple(notes),
        matched,
        filters.asking(filters.query.literal(matched.unsearched)).address() if matched.also else None,
        meant_facets(conn, facts, filters) + (() if total else meant_words(conn, facts, filters)),
    )


def listed(conn: sqlite3.Connection, facts: Facts, filters: Filters) -> int:
    """The set of papers of a whole list. Raises sqlite3.Error as `search` does."""
    return match(conn, facts, filters.query).papers & selected(filters, facts)


def described(filters: Filters, facts: Facts) -> list[str]:
    """What a list is narrowed to, in words, one thing each."""
    return [chip.name for chip in _chips(filters, facts)]


def listed_pmids(conn: sqlite3.Connection, facts: Facts, filters: Filters, most: int) -> tuple[int, list[int]]:
    """(how many papers a list has, the PMIDs of its first ones in order, whatever the page).

    Raises:
        sqlite3.Error: the catalog cannot be read, or the time limit set on the connection is over.
    """
    matched = match(conn, facts, filters.query)
    found = matched.papers & selected(filters, facts)
    return found.bit_count(), in_order(facts, found, matched, filters.sort, 0, most)


def papers(
    conn: sqlite3.Connection, shelf: Shelf, pmids: Sequence[int], expression: str | None = None
) -> tuple[Paper, ...]:
    """Papers in the order given, with the words of the FTS5 expression marked."""
    if not pmids:
        return ()
    among = json.dumps(list(pmids))
    rows: dict[int, Any] = {
        row[0]: row
        for row in conn.execute(
            "SELECT pmid, title, vernacular_title, substr(abstract, 1, ?), level, design, status, year,"
            " coalesce(journal_abbreviation, journal), authors, certainty, has_abstract FROM articles"
            " WHERE pmid IN (SELECT value FROM json_each(?))",
            (FIRST_LINES + 80, among),
        )
    }
    marked: dict[int, tuple[str | None, str | None]] = {}
    if expression:
        for row in conn.execute(
            "SELECT rowid, highlight(articles_fts, 0, ?, ?), snippet(articles_fts, 1, ?, ?, '…', ?)"
            " FROM articles_fts WHERE articles_fts MATCH ? AND rowid IN (SELECT value FROM json_each(?))",
            (_OPEN, _CLOSE, _OPEN, _CLOSE, SNIPPET_WORDS, expression, among),
        ):
            marked[row[0]] = (row[1], row[2])
    tagged = {name: _tagged(conn, sql, among) for name, sql in _TAGGED.items()}
    found = []
    for pmid in pmids:
        _, title, vernacular, abstract, level, design, status, year, journal, authors, certainty, has = rows[pmid]
        marked_title, lines = marked.get(pmid, (None, None))
        found.append(
            Paper(
                pmid,
                _pieces(marked_title or title or vernacular or "[no title]"),
                _pieces(lines or _first_lines(abstract)),
                bool(has),
                level,
                design,
                status,
                year,
                journal,
                authors,
                tuple(tagged["intervention"].get(pmid, ())),
                tuple(tagged["condition"].get(pmid, ())),
                certainty,
                shelf.families.get(pmid),
                pmid in shelf.citing_retracted,
            )
        )
    return tuple(found)


def _tagged(conn: sqlite3.Connection, sql: str, among: str) -> dict[int, list[str]]:
    found: dict[int, list[str]] = {}
    for pmid, value in conn.execute(sql, (among,)):
        found.setdefault(pmid, []).append(value)
    return found


def _first_lines(abstract: str | None) -> str:
    """The abstract's beginning, cut at a word."""
    if not abstract:
        return ""
    text = " ".join(abstract.split())
    return text if len(text) <= FIRST_LINES else text[:FIRST_LINES].rsplit(" ", 1)[0] + "…"


def _pieces(text: str) -> tuple[Piece, ...]:
    """FTS5's marked text in pieces."""
    pieces = []
    hit = False
    at = 0
    for here, char in enumerate(text):
        if char in (_OPEN, _CLOSE):
            if here > at:
                pieces.append(Piece(plain(text[at:here]), hit))
            hit = char == _OPEN
            at = here + 1
    if at < len(text):
        pieces.append(Piece(plain(text[at:]), hit))
    return tuple(pieces)


def _chips(filters: Filters, facts: Facts) -> tuple[Chip, ...]:
    chips = []
    if filters.query.text:
        chips.append(Chip(f"“{filters.query.text}”", filters.asking("").address()))
    for facet in FACETS:
        for value in filters.chosen.get(facet, ()):
            name = year_name(value) if facet == "year" else facts.name(facet, value).name
            chips.append(Chip(name, filters.dropping(facet, value).address()))
    if filters.without_retracted:
        chips.append(Chip("Retracted papers left out", replace(filters, without_retracted=False, page=1).address()))
    if filters.once:
        chips.append(Chip("Each study once", filters.each_study(once=False).address()))
    if filters.counted:
        chips.append(Chip("Counted as evidence", filters.counting(counted=False).address()))
    return tuple(chips)


def _ways(conn: sqlite3.Connection, facts: Facts, filters: Filters, matched: int) -> tuple[Way, ...]:
    """What to leave out of a question that finds nothing, one thing at a time, best first."""
    narrowed = selected(filters, facts)
    tries = [(f"any {FACETS[facet].lower()}", filters.dropping(facet)) for facet in filters.chosen]
    if filters.without_retracted:
        tries.append(("with retracted papers", replace(filters, without_retracted=False, page=1)))
    if filters.once:
        tries.append(("with every paper of a study", filters.each_study(once=False)))
    if filters.counted:
        tries.append(("with what does not count as evidence", filters.counting(counted=False)))
    ways = [Way(name, (matched & selected(left, facts)).bit_count(), left.address()) for name, left in tries]
    if filters.query:
        ways.append(Way("without the words searched for", narrowed.bit_count(), filters.asking("").address()))
        if tries:
            bare = replace(filters, chosen={}, without_retracted=False, once=False, counted=False, page=1)
            ways.append(Way("without any filter", matched.bit_count(), bare.address()))
        for left_out, text in filters.query.shorter():
            asked = filters.asking(text)
            found = match(conn, facts, asked.query)
            ways.append(Way(f"without {left_out}", (found.papers & narrowed).bit_count(), asked.address()))
    helpful = {way.name: way for way in ways if way.count}
    return tuple(sorted(helpful.values(), key=lambda way: (way.name == "without the words searched for", way.count)))
