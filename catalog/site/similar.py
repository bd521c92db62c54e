"""Papers like a paper: the same treatment and condition, the strongest designs first; found on the shelf."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import dataclass

from catalog.site.facts import Facts
from catalog.site.shelf import positions
from catalog.site.words import plain

__all__ = ["MOST", "Similar", "similar_papers"]

MOST = 5
_SILENT = ("opinion", "protocol")  # they report nothing


@dataclass(frozen=True, slots=True)
class Similar:
    """A paper like another, and what they share in words."""

    pmid: int
    title: str
    year: int | None
    level: str
    design: str
    status: str
    shares: str


def similar_papers(
    conn: sqlite3.Connection,
    facts: Facts,
    pmid: int,
    interventions: tuple[str, ...],
    conditions: tuple[str, ...],
    *,
    preclinical: bool = False,
) -> tuple[Similar, ...]:
    """A few papers with a treatment of this one, best first.

    All its treatments and a condition of it come before a treatment and a condition, and these before a treatment
    alone; in each, the levels in order; in a level, newest first. Left out: itself, its own study, all but one paper of
    any other study, what is retracted, letters and protocols. A paper without treatment has none.

    Args:
        conn: the catalog.
        facts: its shelf.
        pmid: the paper.
        interventions: its treatments.
        conditions: its conditions.
        preclinical: it is of animals or cells; papers on people are offered no such papers.
    """
    shelf = facts.shelf
    if not interventions:
        return ()
    family = shelf.families.get(pmid)
    shut = shelf.having("status", ["retracted"]) | shelf.having("design", _SILENT)
    if not preclinical:
        shut |= shelf.having("level", ["5"])
    open_to = shelf.once & ~shut & ~shelf.of(family.members if family else [pmid])
    any_treatment = shelf.having("intervention", interventions) & open_to
    all_treatments = any_treatment
    for name in interventions:
        all_treatments &= shelf.having("intervention", [name])
    any_condition = shelf.having("condition", conditions)
    several = len(interventions) > 1
    steps = [
        (all_treatments & any_condition, "the same treatments and condition" if several else "treatment and condition"),
        (any_treatment & any_condition, "a treatment and condition"),
        (any_treatment, "a treatment" if several else "the treatment only"),
    ]
    found: dict[int, str] = {}
    for papers, shares in steps:
        for level in facts.names["level"]:
            if len(found) == MOST:
                break
            group = papers & shelf.having("level", [level])
            for place in positions(group, 0, MOST):
                if len(found) < MOST:
                    found.setdefault(shelf.pmids[place], shares)
    rows = {
        row[0]: row[1:]
        for row in conn.execute(
            "SELECT pmid, coalesce(title, vernacular_title, '[no title]'), year, level, design, status FROM articles"
            " WHERE pmid IN (SELECT value FROM json_each(?))",
            (json.dumps(list(found)),),
        )
    }
    return tuple(
        Similar(other, plain(title), year, level, design, status, shares)
        for other, shares in found.items()
        for title, year, level, design, status in (rows[other],)
    )
