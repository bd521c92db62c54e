"""Newer evidence of a higher level on the same treatment and condition, from the table `evidence`."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import NamedTuple

__all__ = ["Newer", "NewerReader", "Study"]

SHOWN = 3
# Level of papers from the strongest; '5' is preclinical, 'none' (opinions, narrative reviews) has no level.
_ORDER = ("1", "2", "3", "4", "5", "none")


class Study(NamedTuple):
    """A study that counts, by the paper that stands for it."""

    level: str
    year: int
    pmid: int
    title: str
    study: int


class Newer(NamedTuple):
    """How many studies, and the first of them: the highest level, then the newest."""

    total: int
    first: tuple[Study, ...]
    interventions: tuple[str, ...]
    conditions: tuple[str, ...]


class NewerReader:
    """Reads each treatment and condition once, however many references ask for it."""

    def __init__(self, conn: sqlite3.Connection):
        self._conn = conn
        self._held: dict[tuple[str, str], list[Study]] = {}

    def than(
        self, pmid: int, level: str, year: int | None, interventions: Sequence[str], conditions: Sequence[str]
    ) -> Newer | None:
        """What is newer than a paper and of a higher level, in people; None where that cannot be said or is nothing."""
        if year is None or not interventions or not conditions:
            return None
        rank = _ORDER.index(level)
        own = self._conn.execute(
            "SELECT coalesce((SELECT family FROM trial_families WHERE pmid = ?1), ?1)", (pmid,)
        ).fetchone()[0]
        found = {
            study
            for intervention in interventions
            for condition in conditions
            for study in self._studies(intervention, condition)
            if study.year > year and _ORDER.index(study.level) < rank and study.study != own
        }
        ordered = sorted(found, key=lambda s: (s.level, -s.year, -s.pmid))
        return Newer(len(ordered), tuple(ordered[:SHOWN]), tuple(interventions), tuple(conditions)) if ordered else None

    def _studies(self, intervention: str, condition: str) -> list[Study]:
        """Studies in people of levels 1 to 4."""
        key = intervention, condition
        if key not in self._held:
            rows = self._conn.execute(
                "SELECT e.level, e.year, e.pmid, coalesce(a.title, a.vernacular_title, '[no title]'), e.study"
                " FROM evidence e JOIN article_conditions c ON c.pmid = e.pmid AND c.condition = ?"
                " JOIN articles a ON a.pmid = e.pmid"
                " WHERE e.intervention = ? AND e.level IN ('1', '2', '3', '4') AND e.year IS NOT NULL",
                (condition, intervention),
            )
            self._held[key] = [Study(*row) for row in rows]
        return self._held[key]
