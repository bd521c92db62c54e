"""Which papers match a query, and how well: the full-text index for words, the shelf's sets for everything else.

All of a query that is text goes to the index as one expression; the papers it finds become a set of the shelf, and
fields, numbers and exclusions are sets too. Up to `RANKED` papers are ordered by bm25. More than that, as a word of the
subject finds in a large catalog, bm25 hardly tells apart, and comparing them takes long: they stand in three tiers (all
words in the title; in title, MeSH and keywords; elsewhere), and the page says so.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass

from catalog.site.facets import year_set
from catalog.site.facts import Facts
from catalog.site.fields import FACETS
from catalog.site.identifiers import Identifiers
from catalog.site.query import Either, Every, Node, Not, Query, Text, Value
from catalog.site.values import typed_values
from catalog.site.wording import Also, Wording, is_text

__all__ = ["RANKED", "Match", "match"]

RANKED = 2_000  # papers that are compared one by one
# How much a hit in each column of articles_fts weighs: title, abstract, authors, journal, subjects, abstract's words.
_RANK = "bm25(articles_fts, 12.0, 3.0, 4.0, 1.0, 5.0, 3.0)"
# Papers whose scores fall in one of so many steps from the best are equally relevant; their level decides.
STEPS = 12


@dataclass(frozen=True, slots=True)
class Match:
    """What a query finds; neither `ranked` nor `tiers` where it asks for no word."""

    papers: int
    ranked: tuple[int, ...]  # places on the shelf, best first, then by level, then newest
    tiers: tuple[int, ...]  # sets of papers, best first, where too many match to be compared
    expression: str | None  # what to mark in titles and abstracts
    also: tuple[Also, ...]
    unsearched: tuple[str, ...]
    missing: Identifiers  # papers asked for by number that the catalog does not hold
    notes: tuple[str, ...]


def match(conn: sqlite3.Connection, facts: Facts, query: Query) -> Match:
    """Match a query; what it found lately is remembered.

    Raises:
        sqlite3.Error: the catalog cannot be read, or the time limit set on the connection is over.
    """
    found = facts.matches.get(query.text)
    if found is None:
        found = _Matcher(conn, facts).match(query)
        facts.matches.put(query.text, found)
    return found


class _Matcher:
    """Answers one query."""

    def __init__(self, conn: sqlite3.Connection, facts: Facts):
        self._conn = conn
        self._facts = facts
        self._wording = Wording(conn, facts.vocabulary)
        self._missing = Identifiers()
        self._notes: list[str] = []

    def match(self, query: Query) -> Match:
        nodes = query.node.nodes
        texts = [node for node in nodes if is_text(node)]
        expression = self._wording.every(texts) if texts else None
        worded = papers = self._facts.shelf.everything if expression is None else self._found(expression)
        others = [node for node in nodes if not is_text(node)]
        for node in others:
            papers &= self._set(node)
        if any(_only_texts(node) for node in others):
            expression = self._marks(nodes)
            worded = self._found(expression) if expression else 0
        ranked, tiers = self._compared(expression, worded, papers) if query.ranks and expression else ((), ())
        return Match(
            papers,
            ranked,
            tiers,
            expression,
            tuple(self._wording.also),
            tuple(self._wording.unsearched),
            self._missing,
            tuple(dict.fromkeys((*self._notes, *self._wording.notes))),
        )

    def _set(self, node: Node, *, plainly: bool = False) -> int:
        shelf = self._facts.shelf
        if is_text(node):
            expression = self._wording.every([node], plainly=plainly)
            return shelf.everything if expression is None else self._found(expression)
        if isinstance(node, Every):
            found = shelf.everything
            for inner in node.nodes:
                found &= self._set(inner, plainly=plainly)
            return found
        if isinstance(node, Either):
            found = 0
            for inner in node.nodes:
                found |= self._set(inner, plainly=plainly)
            return found
        if isinstance(node, Not):
            return shelf.everything & ~self._set(node.node, plainly=True)
        if isinstance(node, Identifiers):
            return self._named(node)
        assert isinstance(node, Value)  # noqa: S101 - every other kind is above
        return self._journal(node) if node.field == "journal" else self._valued(node)

    def _found(self, expression: str) -> int:
        """The papers an expression of the index finds. Row by row instead of as one text would take thrice as long."""
        listed = self._conn.execute(
            "SELECT group_concat(rowid) FROM articles_fts WHERE articles_fts MATCH ?", (expression,)
        ).fetchone()[0]
        return self._facts.shelf.of(json.loads(f"[{listed}]")) if listed else 0

    def _valued(self, value: Value) -> int:
        values = typed_values(self._facts, value.field, value.value)
        if not values:
            title = FACETS[value.field]
            self._notes.append(f"{title} “{value.value[:40]}” is not known here and was left out.")
        if value.field == "year":
            found = 0
            for years in values:
                found |= year_set(years, self._facts)
            return found
        return self._facts.shelf.having(value.field, values)

    def _journal(self, value: Value) -> int:
        """Quoted, the journal of that name or abbreviation, if there is one; else journals that have these words."""
        words = self._facts.vocabulary.canonical(value.value)
        called = [
            (name, short, [self._facts.vocabulary.canonical(text or "") for text in (name, short)])
            for name, short in self._facts.journals(self._conn)
        ]
        chosen = [(name, short) for name, short, ways in called if words in ways] if value.literal else []
        if not chosen:
            chosen = [(name, short) for name, short, ways in called if any(_begun(words, way) for way in ways)]
        if not chosen:
            self._notes.append(f"No journal here is called “{value.value[:40]}”.")
        listed = self._conn.execute(
            "SELECT group_concat(a.pmid) FROM json_each(?) j CROSS JOIN articles a INDEXED BY articles_by_journal"
            " ON a.journal IS json_extract(j.value, '$[0]')"
            " AND a.journal_abbreviation IS json_extract(j.value, '$[1]')",
            (json.dumps(chosen),),
        ).fetchone()[0]
        return self._facts.shelf.of(json.loads(f"[{listed}]")) if listed else 0

    def _named(self, asked: Identifiers) -> int:
        places = self._facts.shelf.places
        pmids = {pmid: pmid for pmid in asked.pmids if pmid in places}
        dois = dict(self._look_up("SELECT lower(doi), pmid FROM articles WHERE doi COLLATE NOCASE IN", asked.dois))
        pmcids = dict(self._look_up("SELECT pmcid, pmid FROM articles WHERE pmcid IN", asked.pmcids))
        self._missing = self._missing.with_also(
            Identifiers(
                tuple(pmid for pmid in asked.pmids if pmid not in pmids),
                tuple(doi for doi in asked.dois if doi not in dois),
                tuple(pmcid for pmcid in asked.pmcids if pmcid not in pmcids),
            )
        )
        return self._facts.shelf.of([*pmids.values(), *dois.values(), *pmcids.values()])

    def _look_up(self, sql: str, wanted: Sequence[str]) -> list[tuple[str, int]]:
        among = f"{sql} (SELECT value FROM json_each(?))"  # noqa: S608 - ours
        return self._conn.execute(among, (json.dumps(list(wanted)),)).fetchall()

    def _marks(self, nodes: Sequence[Node]) -> str | None:
        """The expression of every word that may make a paper match, wherever in the query it stands."""
        wanted = [text for text in map(_only_texts, nodes) if text is not None]
        # Nothing of it is new, so nothing is noted twice.
        return Wording(self._conn, self._facts.vocabulary).every(wanted) if wanted else None

    def _compared(self, expression: str, worded: int, papers: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """(places by relevance, or tiers). `worded`: all papers the expression finds, `papers`: those of the answer."""
        shelf = self._facts.shelf
        if worded.bit_count() > RANKED:
            titled = papers & self._found(f"{{title}} : ({expression})")
            about = papers & self._found(f"{{title subjects}} : ({expression})")
            return (), (titled, about & ~titled, papers & ~about & ~titled)
        rows = self._conn.execute(
            f"SELECT rowid, {_RANK} FROM articles_fts WHERE articles_fts MATCH ?",  # noqa: S608 - ours
            (expression,),
        ).fetchall()
        best = min((score for _, score in rows), default=0.0)
        level = shelf.ranks("level", list(self._facts.names["level"]))
        found = sorted(
            (int(STEPS * (1 - score / best)) if best else 0, level(place), place)
            for pmid, score in rows
            if (place := shelf.places.get(pmid)) is not None
        )
        return tuple(place for _, _, place in found), ()


def _only_texts(node: Node) -> Node | None:
    """A part without all that is no text or is excluded; None where nothing is left."""
    if isinstance(node, Text):
        return node
    if isinstance(node, Every | Either):
        kept = tuple(text for text in map(_only_texts, node.nodes) if text is not None)
        return None if not kept else kept[0] if len(kept) == 1 else type(node)(kept)
    return None


def _begun(words: tuple[str, ...], name: tuple[str, ...]) -> bool:
    """Whether every word begins a word of the name."""
    return bool(words) and all(any(part.startswith(word) for part in name) for word in words)
