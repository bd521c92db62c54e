"""The first page: the evidence map, and what stands beside it."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from catalog.site.evidence_map import EvidenceMap, load_map
from catalog.site.facets import selected
from catalog.site.facts import Facts, Name
from catalog.site.filters import Filters
from catalog.site.query import Query
from catalog.site.search import Paper, papers
from catalog.site.shelf import UNTAGGED, positions

__all__ = ["Home", "load_home"]

NEWEST = 5
# Levels of studies in people that have one.
_LEVELS = ("1", "2", "3", "4")


@dataclass(frozen=True, slots=True)
class Home:
    """The first page's data; `conditions` are those the map can be narrowed to, with their number of studies."""

    map: EvidenceMap
    conditions: tuple[tuple[Name, int], ...]
    newest: tuple[Paper, ...]
    newest_address: str
    notes: tuple[str, ...]


def load_home(conn: sqlite3.Connection, facts: Facts, asked: Filters) -> Home:
    """Count the map and read the newest evidence.

    Args:
        conn: the catalog.
        facts: what is known of it.
        asked: the address's filters, of which only the condition counts, and the first one chosen.
    """
    chosen = [c for c in asked.chosen.get("condition", ()) if c != UNTAGGED]
    condition = chosen[0] if chosen else None
    evidence = Filters(Query(""), {}, counted=True)
    conditions = tuple(
        (name, count)
        for name in facts.names["condition"].values()
        if name.id != UNTAGGED
        and ((count := selected(evidence.only("condition", name.id), facts).bit_count()) or name.id == condition)
    )
    newest = evidence if condition is None else evidence.only("condition", condition)
    for level in _LEVELS:
        newest = newest.adding("level", level)
    pmids = [facts.shelf.pmids[place] for place in positions(selected(newest, facts), 0, NEWEST)]
    return Home(
        load_map(facts, condition),
        conditions,
        papers(conn, facts.shelf, pmids),
        newest.address(),
        asked.notes,
    )
