"""What a dossier says of harms, whatever the level: who states events, each serious one with its words, and a bound.

The bound is the rule of three: where none of n people had an event, the upper limit of a one-sided 95 % interval is
about 3/n (Hanley JA, Lippman-Hand A. If nothing goes wrong, is everything all right? JAMA 1983;249:1743-5); below 30
people, where the rule is coarse, the exact 1 - 0.05^(1/n).
"""

from __future__ import annotations

import json
import sqlite3
from dataclasses import dataclass

from catalog.listing import STATED, UNKNOWN, Listing

__all__ = ["HARMS", "Bound", "Harms", "Serious", "harms_of", "upper_bound"]

# Values of the codebook in the order readers need them.
HARMS = ("serious", "none_serious", "called_safe", "not_reported", UNKNOWN)
# Designs that report on people themselves; reviews and guidelines tell of the same people again.
_PRIMARY = (
    "rct",
    "nonrandomised_controlled",
    "historical_control",
    "single_arm",
    "case_control",
    "case_report",
    "cross_sectional",
    "unclear",
    "other",
)
_REVIEWS = ("systematic_review", "narrative_review", "guideline")
# Designs in which people are treated and followed, so that those without an event count; cases are chosen for one.
_FOLLOWED = ("rct", "nonrandomised_controlled", "historical_control", "single_arm")
_ALL_TREATED = "single_arm"
SMALL = 30  # people; below, 3/n is too coarse


@dataclass(frozen=True, slots=True)
class Serious:
    """A paper that reports a serious event, and its words (None: a curator or no text says it)."""

    pmid: int
    counted: bool  # False: another paper of a counted trial, or one that is not counted
    quote: str | None
    source: str | None


@dataclass(frozen=True)
class Bound:
    """Nobody of `people` in `studies` had a serious event: the upper bound, from 0 to 1, at 95 % confidence.

    `controls`: some of the people were in control groups, so that for the treated the bound is this or more.
    """

    people: int
    studies: Listing
    upper: float
    controls: bool


@dataclass(frozen=True)
class Harms:
    """Harms of one treatment: studies and reviews by what they say, every serious event, a bound where there is one.

    `bound` is None where a serious event is known (then none in some says nothing of all), or where no study that
    stated events says how many people it had.
    """

    studies: Listing
    by_value: tuple[tuple[str, Listing], ...]  # studies, in the order of HARMS; values without one are left out
    reviews: Listing
    reviews_by_value: tuple[tuple[str, Listing], ...]
    serious: tuple[Serious, ...]  # newest first
    bound: Bound | None

    def of(self, value: str) -> Listing:
        """The studies that say one thing of harms."""
        return self.studies.narrowed(harms=value)


def harms_of(conn: sqlite3.Connection, listing: Listing) -> Harms:
    """The harms among the rows of a dossier.

    Args:
        conn: the catalog, for the words of serious events and the other papers of counted trials.
        listing: all rows of a dossier that count.

    Raises:
        sqlite3.Error: the catalog cannot be read.
    """
    studies, reviews = listing.narrowed(design=_PRIMARY), listing.narrowed(design=_REVIEWS)
    serious = _serious(conn, listing)
    return Harms(
        studies,
        _by_value(studies),
        reviews,
        _by_value(reviews),
        serious,
        None if serious else _bound(studies),
    )


def upper_bound(people: int) -> float:
    """The 95 % upper bound of a risk, from 0 to 1, where none of `people` (1 or more) had the event."""
    return 3 / people if people >= SMALL else 1 - 0.05 ** (1 / people)


def _by_value(listing: Listing) -> tuple[tuple[str, Listing], ...]:
    found = [(value, listing.narrowed(harms=value)) for value in HARMS]
    return tuple((value, held) for value, held in found if held.rows)


def _bound(studies: Listing) -> Bound | None:
    known = studies.narrowed(design=_FOLLOWED, harms="none_serious", participants=STATED)
    people = sum(row.participants or 0 for row in known.rows)
    if not people:
        return None
    controls = any(row.design != _ALL_TREATED for row in known.rows)
    return Bound(people, known, upper_bound(people), controls)


def _serious(conn: sqlite3.Connection, listing: Listing) -> tuple[Serious, ...]:
    """Serious events of what counts, and of other papers of its trials."""
    counted = {row.pmid for row in listing.rows}
    families = conn.execute(
        "SELECT f.pmid FROM trial_families f WHERE f.represents = 0 AND f.family IN (SELECT value FROM json_each(?))",
        (json.dumps([row.study for row in listing.rows]),),
    )
    others = [pmid for (pmid,) in families]
    rows = conn.execute(
        "SELECT a.pmid, t.quote, t.source FROM articles a LEFT JOIN tags t"
        " ON t.rowid = (SELECT min(x.rowid) FROM tags x WHERE x.pmid = a.pmid AND x.field = 'harms'"
        " AND x.value = 'serious' AND x.chosen = 1)"
        " WHERE a.harms = 'serious' AND a.status != 'retracted' AND a.pmid IN (SELECT value FROM json_each(?))"
        " ORDER BY a.year DESC NULLS LAST, a.published DESC, a.pmid DESC",
        (json.dumps(sorted({*counted, *others})),),
    )
    return tuple(Serious(pmid, pmid in counted, quote, source) for pmid, quote, source in rows)
