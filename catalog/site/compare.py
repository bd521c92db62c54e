"""Papers side by side: which ones an address asks for, and what the catalog says of each that a comparison needs."""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from catalog.evidence import verdict_of
from catalog.site.facts import Facts
from catalog.site.fields import FACETS
from catalog.site.filters import Filters, read_filters
from catalog.site.outlinks import pmid_of
from catalog.site.search import listed_pmids
from catalog.site.shelf import TESTED, Family
from catalog.site.words import plain

__all__ = ["MOST", "PARAMETERS", "Compared", "Comparison", "Part", "read_comparison"]

MOST = 40  # papers side by side; a page of more is too large for a slow line
# What an address may hold besides PMIDs: a list's own parameters, but for its page.
PARAMETERS = ("q", *FACETS, "retracted", "studies", "evidence", "sort")
_LONGEST_SAID = 20  # letters repeated of what is no PMID
_MOST_SAID = 5  # notes on PMIDs


@dataclass(frozen=True, slots=True)
class Part:
    """A treatment in a paper, the role it plays, and what is concluded for it (None: the paper does not say)."""

    intervention: str
    role: str
    direction: str | None

    @property
    def tested(self) -> bool:
        """Whether it is under test."""
        return self.role == TESTED


@dataclass(frozen=True, slots=True)
class Compared:
    """A paper as it stands in a comparison; what is not known is None."""

    pmid: int
    title: str
    first_author: str | None
    authors: str | None
    year: int | None
    journal: str | None
    doi: str | None
    level: str
    design: str
    included: str | None
    participants: int | None
    studies: int | None
    comparator: str | None
    versus: str | None
    basis: str | None
    direction: str | None
    followup_months: float | None
    harms: str | None
    certainty: str | None
    region: str | None
    status: str
    parts: tuple[Part, ...]
    conditions: tuple[str, ...]
    words: str | None  # those that decided the direction
    by_hand: bool  # a person gave its design or level
    family: Family | None
    cites_retracted: bool
    elsewhere: bool  # about another part of the body, so that it counts nowhere

    @property
    def retracted(self) -> bool:
        """Whether it counts nowhere."""
        return self.status == "retracted"

    @property
    def verdict(self) -> str:
        """How the paper's own conclusion is drawn."""
        return verdict_of(self.direction, self.versus, self.basis)

    def verdict_for(self, part: Part) -> str:
        """How its conclusion for one of its treatments is drawn."""
        return verdict_of(part.direction, self.versus, self.basis)


@dataclass(frozen=True, slots=True)
class Comparison:
    """Papers in the order asked for: PMIDs as given, or the first of a list.

    `filters` is the list's question; None where PMIDs were given. `total` is how many papers were asked for.
    """

    papers: tuple[Compared, ...]
    total: int
    filters: Filters | None
    pairs: tuple[tuple[str, str], ...]  # names and values of the address
    notes: tuple[str, ...]


def read_comparison(conn: sqlite3.Connection, facts: Facts, args: Mapping[str, Sequence[str]]) -> Comparison:
    """The papers an address asks for: `pmid` (several, or joined by commas), else a list's own parameters.

    What is not understood or not held is left out, and said in `notes`, a line each.

    Raises:
        sqlite3.Error: the catalog cannot be read, or the time limit set on the connection is over.
    """
    pmids, notes = _given(args.get("pmid", ()), facts)
    wanted = {name: args[name] for name in PARAMETERS if name in args}
    if pmids or "pmid" in args or not wanted:
        if pmids and wanted:
            notes.append("The papers are those chosen by PMID; the search in the address was left out.")
        total = len(pmids)
        if total > MOST:
            notes.append(f"Only {MOST} papers stand side by side: the first of the {total:,} chosen.")
        pmids = pmids[:MOST]
        pairs = (("pmid", ",".join(map(str, pmids))),) if pmids else ()
        return Comparison(_read(conn, facts, pmids), total, None, pairs, tuple(notes))
    filters = read_filters(wanted, facts)
    total, pmids = listed_pmids(conn, facts, filters, MOST)
    notes += filters.notes
    if total > MOST:
        notes.append(f"Only {MOST} papers stand side by side: the first of the {total:,} on the list.")
    return Comparison(_read(conn, facts, pmids), total, filters, tuple(filters.pairs()), tuple(notes))


def _given(values: Sequence[str], facts: Facts) -> tuple[list[int], list[str]]:
    """(PMIDs of the catalog, each once, in the order given; what was wrong, a line each)."""
    pmids: dict[int, None] = {}
    notes: list[str] = []
    missing: list[str] = []
    for part in (part for value in values for part in re.split(r"[\s,;]+", value) if part):
        pmid = pmid_of(part)
        if pmid is None:
            said = plain(part[:_LONGEST_SAID]) + ("…" if len(part) > _LONGEST_SAID else "")
            notes.append(f"“{said}” is no PMID and was left out.")
        elif pmid in facts.shelf.places:
            pmids[pmid] = None
        else:
            missing.append(str(pmid))
    if missing:
        named = ", ".join(missing[:5]) + (f" and {len(missing) - 5} more" if len(missing) > 5 else "")
        notes.insert(0, f"Not in this catalog, and left out: PMID {named}.")
    return list(pmids), list(dict.fromkeys(notes))[:_MOST_SAID]


_ARTICLES = """
SELECT pmid, coalesce(title, vernacular_title, '[no title]') AS title, first_author, authors, year,
    coalesce(journal_abbreviation, journal) AS journal, doi, level, design, included, participants, studies, comparator,
    versus, basis, direction, followup_months, harms, certainty, region, status
FROM articles WHERE pmid IN (SELECT value FROM json_each(?))
"""
_PARTS = """
SELECT i.pmid, i.intervention, i.role, i.direction FROM article_interventions i
JOIN interventions n ON n.id = i.intervention WHERE i.pmid IN (SELECT value FROM json_each(?)) ORDER BY n.position
"""
_CONDITIONS = """
SELECT c.pmid, c.condition FROM article_conditions c JOIN conditions n ON n.id = c.condition
WHERE c.pmid IN (SELECT value FROM json_each(?)) ORDER BY n.position
"""
_WORDS = """
SELECT pmid, quote FROM tags WHERE field = 'direction' AND chosen = 1 AND source != 'curator'
AND pmid IN (SELECT value FROM json_each(?)) ORDER BY rowid DESC
"""
_BY_HAND = """
SELECT DISTINCT pmid FROM tags WHERE field IN ('design', 'level') AND chosen = 1 AND source = 'curator'
AND pmid IN (SELECT value FROM json_each(?))
"""


def _read(conn: sqlite3.Connection, facts: Facts, pmids: Sequence[int]) -> tuple[Compared, ...]:
    among = (json.dumps(list(pmids)),)
    cursor = conn.execute(_ARTICLES, among)
    names = [column[0] for column in cursor.description]
    rows: dict[int, dict[str, Any]] = {row[0]: dict(zip(names, row, strict=True)) for row in cursor}
    parts: dict[int, list[Part]] = {}
    for pmid, *part in conn.execute(_PARTS, among):
        parts.setdefault(pmid, []).append(Part(*part))
    conditions: dict[int, list[str]] = {}
    for pmid, condition in conn.execute(_CONDITIONS, among):
        conditions.setdefault(pmid, []).append(condition)
    words = dict(conn.execute(_WORDS, among).fetchall())  # the first one stays
    by_hand = {pmid for (pmid,) in conn.execute(_BY_HAND, among)}
    found = []
    for pmid in pmids:
        row = rows[pmid]
        for name in ("title", "first_author", "authors", "journal"):
            row[name] = row[name] and plain(row[name])
        found.append(
            Compared(
                **row,
                parts=tuple(parts.get(pmid, ())),
                conditions=tuple(conditions.get(pmid, ())),
                words=plain(words[pmid]) if pmid in words else None,
                by_hand=pmid in by_hand,
                elsewhere=row["region"] in facts.uncounted,
                family=facts.shelf.families.get(pmid),
                cites_retracted=pmid in facts.shelf.citing_retracted,
            )
        )
    return tuple(found)
