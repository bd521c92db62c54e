"""The first page: which treatments have been studied, at which level."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from catalog.site.facts import Facts, Name
from catalog.site.filters import Filters
from catalog.site.query import Query
from catalog.site.search import Paper, papers
from catalog.site.shelf import UNTAGGED, positions

__all__ = ["Cell", "Home", "Line", "load_home"]

NEWEST = 5
# Counts from which a cell is a shade darker.
_SHADES = (1, 3, 10, 30)


@dataclass(frozen=True, slots=True)
class Cell:
    """A count, how dark it is shown (0 to 4), and the list it counts."""

    name: Name
    count: int
    shade: int
    address: str


@dataclass(frozen=True, slots=True)
class Line:
    """A treatment with its studies by level."""

    name: Name
    total: Cell
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class Home:
    """The first page's data.

    The map counts each study once (a trial with all its papers, or a single paper) and leaves retracted papers out, as
    the lists it links to do.
    """

    lines: tuple[Line, ...]
    studies: Cell  # all that the map could count
    counted: int  # papers that are not retracted
    retracted: int
    untagged: Cell
    newest: tuple[Paper, ...]
    newest_address: str
    retracted_address: str


def load_home(conn: sqlite3.Connection, facts: Facts) -> Home:
    """Count the map and read the newest papers."""
    shelf = facts.shelf
    standing = shelf.everything & ~shelf.having("status", ["retracted"])
    studies = standing & shelf.once

    def cell(name: Name, **chosen: str) -> Cell:
        papers_here = studies
        for facet, value in chosen.items():
            papers_here &= shelf.having(facet, [value])
        count = papers_here.bit_count()
        values = {facet: (value,) for facet, value in chosen.items()}
        filters = Filters(Query(""), values, without_retracted=True, once=True)
        return Cell(name, count, sum(count >= least for least in _SHADES), filters.address())

    lines = [
        Line(
            name,
            cell(name, intervention=name.id),
            tuple(cell(level, intervention=name.id, level=level.id) for level in facts.names["level"].values()),
        )
        for name in facts.names["intervention"].values()
        if name.id != UNTAGGED
    ]
    newest = [shelf.pmids[place] for place in positions(standing, 0, NEWEST)]
    return Home(
        tuple(lines),
        cell(Name("", "", "", "")),
        standing.bit_count(),
        facts.retracted,
        cell(facts.names["intervention"][UNTAGGED], intervention=UNTAGGED),
        papers(conn, shelf, newest),
        Filters(Query(""), {}, without_retracted=True).address(),
        Filters(Query(""), {"status": ("retracted",)}).address(),
    )
