"""A claim's card: what the catalog holds on it, by product, level, comparison and direction. It never rules."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass

from catalog.claims import Claim
from catalog.dossier import CLINICAL, Dossier, gather_claim
from catalog.harmsheet import Harms, harms_of
from catalog.listing import COMPARED, LEANS, UNKNOWN, Listing, Papers, Split, listing_of, splits
from catalog.overlap import Overlap, overlap_of
from catalog.tagging.tables import table

__all__ = ["CERTAINTIES", "Card", "News", "Product", "Rung", "load_card", "product_of"]

# What reviews and guidelines say of their certainty, in display order.
CERTAINTIES = ("high", "moderate", "low", "very_low", UNKNOWN)
_GRADING = ("systematic_review", "guideline")
_REVIEW = "systematic_review"
_ASKED = ("claim", "condition", "intervention")
_STATED = ("serious", "none_serious")


@dataclass(frozen=True)
class Rung:
    """The studies of one level by what they stand against.

    `uncontrolled` are the systematic reviews of level 4, which include studies without a control group or do not say;
    None at other levels, where the house rule allows none.
    """

    level: str
    listing: Listing
    splits: tuple[Split, ...]
    uncontrolled: Listing | None


@dataclass(frozen=True)
class Product:
    """What is held on one treatment.

    `as_claimed` are the studies in people that compare as the claim does, `compared` the same by level; None where the
    claim compares nothing.
    """

    intervention: str
    dossier: Dossier
    listing: Listing  # all that counts
    people: Listing  # levels 1 to 4
    rungs: tuple[Rung, ...]  # levels 1 to 4, empty ones too
    as_claimed: Listing | None
    compared: tuple[Rung, ...] | None  # levels 1 to 4 with a study
    preclinical: Listing
    unlevelled: tuple[tuple[str, Listing], ...]  # without a level, by design
    reviews: Listing  # systematic, whatever their level
    harms: Harms
    certainty: tuple[tuple[str, Listing], ...]  # of reviews and guidelines; those that state none last
    overlap: Overlap
    retracted: Papers
    leaning: Listing  # of what counts, the reviews and guidelines known to cite a retracted paper
    settling: Listing | None  # of the kind that could settle the claim; None: no study could be told by its tags

    def rung(self, level: str) -> Rung:
        """The studies of one level, 1 to 4."""
        return next(rung for rung in self.rungs if rung.level == level)


@dataclass(frozen=True)
class News:
    """What the latest harvest brought: its day, how the one before ended (UTC), and the studies that are new since."""

    since: str
    latest: str
    new: tuple[int, ...]  # PMIDs that count, newest paper first
    fallen: int  # papers of the claim retracted since


@dataclass(frozen=True)
class Card:
    """A claim with its own products and those apart. `state` names exactly what was counted; no `news`: not known."""

    claim: Claim
    products: tuple[Product, ...]
    apart: tuple[Product, ...]
    news: News | None
    state: str

    @property
    def every(self) -> tuple[Product, ...]:
        """Its own products, then those apart."""
        return (*self.products, *self.apart)


def load_card(conn: sqlite3.Connection, claim: Claim) -> Card:
    """Gather and count everything on a standing claim. Raises sqlite3.Error."""
    every = tuple(product_of(conn, dossier, claim) for dossier in gather_claim(conn, claim))
    count = len(claim.interventions)
    return Card(claim, every[:count], every[count:], _news(conn, every), _state(claim, every))


def product_of(conn: sqlite3.Connection, dossier: Dossier, claim: Claim | None = None) -> Product:
    """Count one dossier; of a standing claim, or of a question asked at will. Raises sqlite3.Error."""
    listing = listing_of(dossier, claim.id if claim else None)
    people = listing.narrowed(level=CLINICAL)
    asked = dossier.question.comparator
    as_claimed = people.narrowed(versus=COMPARED, comparator=asked) if asked else None
    graded = listing.narrowed(design=_GRADING)
    rest = listing.narrowed(level="none")
    base = dict(listing.slice)
    fallen: dict[str, tuple[str, ...]] = {name: base[name] for name in _ASKED if name in base}
    fallen |= {"role": ("experimental",), "status": ("retracted",)}
    return Product(
        dossier.intervention,
        dossier,
        listing,
        people,
        _rungs(people),
        as_claimed,
        _held(_rungs(as_claimed)) if as_claimed else None,
        listing.narrowed(level="5"),
        tuple((design, held) for design in table("designs") if (held := rest.narrowed(design=design)).rows),
        listing.narrowed(design=_REVIEW),
        harms_of(conn, listing),
        tuple((value, held) for value in CERTAINTIES if (held := graded.narrowed(certainty=value)).rows),
        overlap_of(conn, listing.rows),
        Papers(len(dossier.retracted), tuple(fallen.items())),
        listing.narrowed(leans=LEANS),
        _settling(claim, listing) if claim else None,
    )


def _rungs(people: Listing) -> tuple[Rung, ...]:
    found = []
    for level in CLINICAL:
        held = people.narrowed(level=level)
        uncontrolled = held.narrowed(design=_REVIEW) if level == "4" else None
        found.append(Rung(level, held, splits(held), uncontrolled))
    return tuple(found)


def _held(rungs: Iterable[Rung]) -> tuple[Rung, ...]:
    return tuple(rung for rung in rungs if rung.listing.rows)


def _settling(claim: Claim, listing: Listing) -> Listing | None:
    """The studies of the designs that could settle the claim, at the levels those start at, compared as it asks."""
    if not claim.designs:
        return None
    narrowed: dict[str, tuple[str, ...]] = {"design": claim.designs}
    if claim.kind == "safety":
        narrowed["harms"] = _STATED
    else:
        levels = table("levels")
        starts = {
            levels["systematic_review"]["rct_only"]["level"]
            if design == _REVIEW
            else levels["designs"][design]["level"]
            for design in claim.designs
        }
        narrowed["level"] = tuple(level for level in levels["names"] if level in starts)
    if claim.versus:
        narrowed["versus"] = claim.versus
    if claim.comparator:
        narrowed |= {"versus": COMPARED, "comparator": claim.comparator}
    return listing.narrowed(**narrowed)


def _news(conn: sqlite3.Connection, products: Iterable[Product]) -> News | None:
    """What came since the harvest before the latest that changed anything; None where that was the first."""
    (latest,) = conn.execute(
        "SELECT max(at) FROM (SELECT max(at) AS at FROM changes UNION ALL SELECT max(in_catalog_since) FROM articles)"
    ).fetchone()
    (since,) = conn.execute(
        "SELECT max(coalesce(finished, started)) FROM runs WHERE coalesce(finished, started) < ?", (latest,)
    ).fetchone()
    if since is None:
        return None
    new: dict[int, int] = {}
    fallen: set[int] = set()
    for product in products:
        new |= {row.pmid: row.year or 0 for row in product.listing.rows if row.since and row.since > since}
        fallen |= {paper.pmid for paper in product.dossier.retracted}
    fell = {
        pmid
        for (pmid,) in conn.execute(
            "SELECT DISTINCT pmid FROM changes WHERE field = 'status' AND after = 'retracted' AND at > ?", (since,)
        )
    }
    return News(since, latest, tuple(sorted(new, key=lambda pmid: (-new[pmid], -pmid))), len(fell & fallen))


def _state(claim: Claim, products: Iterable[Product]) -> str:
    """A short name for exactly what a card counts: the claim and every row, whenever they were harvested."""
    digest = hashlib.sha256(repr(claim).encode())
    for product in products:
        dossier = product.dossier
        for row in dossier.rows:
            values = (row.study, row.pmid, row.level, row.design, row.included, row.direction, row.basis, row.leans)
            more = (row.comparator, row.versus, row.participants, row.harms, row.certainty, row.followup_months)
            digest.update(repr((dossier.intervention, *values, *more)).encode())
        digest.update(repr(dossier.retracted).encode())
    return digest.hexdigest()[:12]
