"""Rows of evidence and the list that holds exactly them: what a number counts and where it leads, never two things.

A slice is the list's question as `/search` reads it: parameters with their values, any of which fits. Narrowing takes
rows away and adds to the slice by one rule, so a number and its list cannot part.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from catalog.dossier import AGAINST, BETWEEN, COMPARED, DIRECTIONS, Dossier, Row

__all__ = [
    "COMPARED",
    "HERE",
    "LEANS",
    "STATED",
    "UNKNOWN",
    "Listing",
    "Papers",
    "Slice",
    "Split",
    "against_slice",
    "listing_of",
    "splits",
]

Slice = tuple[tuple[str, tuple[str, ...]], ...]
# What addresses write for a value that is not known (catalog/site/shelf.py).
UNKNOWN = "_none"
LEANS = "known"  # of leans: a retracted paper is known to be cited
STATED = "stated"  # of participants: how many is told
# A slice of this one parameter is the list of that id on the same page.
HERE = "#"
_NOT_BETWEEN = ("within", "pooled_within", "pooled_unclear", "none", UNKNOWN)


@dataclass(frozen=True)
class Listing:
    """Rows, newest first, and the slice that lists them."""

    rows: tuple[Row, ...]
    slice: Slice

    @property
    def number(self) -> int:
        """How many studies it counts."""
        return len(self.rows)

    def narrowed(self, **asked: str | tuple[str, ...]) -> Listing:
        """The rows with one of the values in each of some fields of `Row`; `UNKNOWN` is a value."""
        wanted = {name: (value,) if isinstance(value, str) else value for name, value in asked.items()}
        rows = tuple(row for row in self.rows if all(_has(row, name, values) for name, values in wanted.items()))
        kept = tuple((name, values) for name, values in self.slice if name not in wanted)
        return Listing(rows, kept + tuple(wanted.items()))

    def parameters(self) -> Mapping[str, tuple[str, ...]]:
        """The slice as a mapping."""
        return dict(self.slice)


@dataclass(frozen=True, slots=True)
class Papers:
    """How many papers a slice lists, where they are no rows of evidence."""

    number: int
    slice: Slice


@dataclass(frozen=True)
class Split:
    """The studies that stand against one thing, and each direction among them that has one."""

    against: str  # of catalog.dossier.AGAINST
    listing: Listing
    directions: tuple[tuple[str, Listing], ...]  # UNKNOWN: the tagger would not say


def listing_of(dossier: Dossier, claim: str | None = None) -> Listing:
    """Everything that counts in a dossier; of a standing claim, or else by the question's conditions."""
    narrowing: dict[str, tuple[str, ...]] = {"claim": (claim,)} if claim else {}
    if claim is None and dossier.question.conditions:
        narrowing["condition"] = dossier.question.conditions
    own = {"intervention": (dossier.intervention,), "evidence": ("counted",)}
    return Listing(dossier.rows, tuple((narrowing | own).items()))


def against_slice(against: str) -> dict[str, tuple[str, ...]]:
    """What narrows a listing to one of `AGAINST`."""
    if against == "control":
        return {"versus": (UNKNOWN,), "basis": BETWEEN}
    if against == "unclear":
        return {"versus": (UNKNOWN,), "basis": _NOT_BETWEEN}
    return {"versus": (against,)}


def splits(listing: Listing) -> tuple[Split, ...]:
    """A listing parted by what conclusions stand against, each by direction; what has no study is left out."""
    found = []
    for against in AGAINST:
        part = listing.narrowed(**against_slice(against))
        if part.rows:
            named = [(name or UNKNOWN, part.narrowed(direction=name or UNKNOWN)) for name in DIRECTIONS]
            found.append(Split(against, part, tuple((name, held) for name, held in named if held.rows)))
    return tuple(found)


def _has(row: Row, name: str, values: tuple[str, ...]) -> bool:
    held: Any = getattr(row, name)
    if name == "comparator":
        return bool(set(held or (UNKNOWN,)) & set(values))
    if name == "participants":
        return (UNKNOWN if held is None else STATED) in values
    return (UNKNOWN if held is None else held) in values
