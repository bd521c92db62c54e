"""The evidence beside a claim: for each product it may mean what the catalog holds, counted as claim cards count.

Every number is a `Listing` of catalog/listing.py, so that it leads to the list that holds exactly its studies.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from catalog.card import Rung
from catalog.check.noting import noting
from catalog.check.reading import Claim
from catalog.dossier import CLINICAL, Dossier, Question, gather
from catalog.harmsheet import Harms, harms_of
from catalog.listing import COMPARED, LEANS, Listing, Papers, listing_of, splits
from harvest.topics import Topics

__all__ = ["Beside", "EvidenceReader", "Product", "wide_of"]

_LEVELS = (*CLINICAL, "5", "none")
_REVIEW = "systematic_review"
_ASKED = ("condition", "intervention")


def wide_of(topics: Topics) -> dict[str, tuple[str, ...]]:
    """Of each condition that covers others, itself and those: a claim on it looks at all of them."""
    return {c.id: (c.id, *c.covers) for c in topics.conditions if c.covers}


@dataclass(frozen=True)
class Product:
    """What is held of one product on some conditions. `named`: the claim's own; else looked at beside it, apart.

    `rungs` are the levels with a study; `compared` the studies of levels 1 to 3 that stand against what the claim
    compares with (None: it names nothing); `on` the studies in people by condition, the most first; `elsewhere` those
    on other conditions, where none is held on these.
    """

    intervention: str
    named: bool
    dossier: Dossier
    listing: Listing
    people: Listing
    rungs: tuple[Rung, ...]
    compared: Listing | None
    harms: Harms
    on: tuple[tuple[str, Listing], ...]
    elsewhere: Listing | None
    retracted: Papers
    leaning: Listing


@dataclass(frozen=True)
class Beside:
    """The evidence beside one claim. `conditions` are those looked at."""

    conditions: tuple[str, ...]
    products: tuple[Product, ...]


class EvidenceReader:
    """Gathers for claim after claim; each product and set of conditions is read and counted once."""

    def __init__(self, conn: sqlite3.Connection, wide: Mapping[str, tuple[str, ...]]):
        """`wide`: what a claim on a condition as a whole looks at (`wide_of`)."""
        self._conn = conn
        self._wide = wide
        self._held: dict[tuple[str, tuple[str, ...]], Product] = {}
        self._known = {row[0] for row in conn.execute("SELECT id FROM interventions")}
        self._conditions = tuple(row[0] for row in conn.execute("SELECT id FROM conditions ORDER BY position"))

    def beside(self, claim: Claim) -> Beside:
        """The evidence beside a claim that is in scope. Raises sqlite3.Error."""
        conditions = self._looked_at(claim.conditions)
        named = [name for name in claim.interventions if name in self._known]
        apart = [
            other
            for name in named
            for other in noting().apart.get(name, ())
            if other in self._known and other not in named
        ]
        compared = tuple(dict.fromkeys(said.value for said in claim.asserts.comparators))
        products = [(name, True) for name in named] + [(name, False) for name in dict.fromkeys(apart)]
        found = []
        for name, own in products:
            product = replace(self._read(name, conditions), named=own)
            if compared:
                against = product.listing.narrowed(level=("1", "2", "3"), versus=COMPARED, comparator=compared)
                product = replace(product, compared=against)
            found.append(product)
        return Beside(conditions, tuple(found))

    def _looked_at(self, conditions: Iterable[str]) -> tuple[str, ...]:
        wide = {other for condition in conditions for other in self._wide.get(condition, (condition,))}
        if not wide:
            wide = {other for group in self._wide.values() for other in group}
        return tuple(condition for condition in self._conditions if condition in wide)

    def _read(self, name: str, conditions: tuple[str, ...]) -> Product:
        key = name, conditions
        if key not in self._held:
            self._held[key] = self._count(gather(self._conn, Question((name,), conditions))[0])
        return self._held[key]

    def _count(self, dossier: Dossier) -> Product:
        listing = listing_of(dossier)
        people = listing.narrowed(level=CLINICAL)
        levels = [(level, listing.narrowed(level=level)) for level in _LEVELS]
        rungs = tuple(
            Rung(level, held, splits(held), held.narrowed(design=_REVIEW) if level == "4" else None)
            for level, held in levels
            if held.rows
        )
        base = dict(listing.slice)
        fallen: dict[str, tuple[str, ...]] = {name: base[name] for name in _ASKED if name in base}
        fallen |= {"role": ("experimental",), "status": ("retracted",)}
        return Product(
            dossier.intervention,
            True,
            dossier,
            listing,
            people,
            rungs,
            None,
            harms_of(self._conn, listing),
            self._by_condition(dossier, people),
            None if listing.rows else self._elsewhere(dossier),
            Papers(len(dossier.retracted), tuple(fallen.items())),
            listing.narrowed(leans=LEANS),
        )

    def _by_condition(self, dossier: Dossier, people: Listing) -> tuple[tuple[str, Listing], ...]:
        """Studies in people by each condition they are tagged with."""
        tagged: dict[str, set[int]] = {}
        rows = self._conn.execute(
            "SELECT condition, pmid FROM article_conditions WHERE pmid IN (SELECT value FROM json_each(?))",
            (json.dumps([row.pmid for row in people.rows]),),
        )
        for condition, pmid in rows:
            tagged.setdefault(condition, set()).add(pmid)
        found = [
            (
                condition,
                Listing(
                    tuple(row for row in people.rows if row.pmid in tagged[condition]),
                    tuple((dict(people.slice) | {"condition": (condition,)}).items()),
                ),
            )
            for condition in self._conditions
            if condition in tagged and condition in dossier.question.conditions
        ]
        return tuple(sorted(found, key=lambda item: -item[1].number))

    def _elsewhere(self, dossier: Dossier) -> Listing | None:
        every = {other for group in self._wide.values() for other in group}
        conditions = tuple(condition for condition in self._conditions if condition in every)
        if set(conditions) <= set(dossier.question.conditions):
            return None
        people = self._read(dossier.intervention, conditions).people
        return people if people.rows else None
