"""A claim's card as its page shows it: sentences, and the papers behind the numbers, newest first."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from urllib.parse import urlencode

from catalog.card import Card, Product, Rung, load_card
from catalog.cardtext import (
    Names,
    announced,
    directions,
    harms_said,
    missing,
    news_said,
    not_counted,
    reviews_said,
    settling_said,
    summary,
)
from catalog.claims import Claim, ClaimKind, Claims, Outcome
from catalog.dossier import CLINICAL, COMPARED, Row, against
from catalog.evidence import verdict_of
from catalog.harmsheet import HARMS, Serious
from catalog.listing import HERE, LEANS, UNKNOWN, Listing, Slice, Split
from catalog.sentences import Sentence, word
from catalog.site.compare import read_comparison
from catalog.site.facets import selected
from catalog.site.facts import Facts
from catalog.site.filters import read_filters
from catalog.site.harvest_plot import Plot, harvest_plot
from catalog.site.search import Paper, papers
from catalog.site.words import day, plural

__all__ = [
    "CardPage",
    "ClaimEntry",
    "Group",
    "Held",
    "Line",
    "ShownProduct",
    "ShownRung",
    "ShownSplit",
    "address_of",
    "claim_groups",
    "load_card_page",
]

FEW = 3  # own products of which a card tells everything
FEWEST_DRAWN, MOST_DRAWN = 2, 30  # studies in a harvest plot on a card; beyond, it is at /compare
MOST_NEW = 60  # papers listed as new
MOST_LISTED = 40  # serious events, retracted papers, reviews that share studies, of one treatment
_LOWEST = {
    "uncontrolled": "includes studies without a control group",
    "unstated": "does not say whether it includes studies without a control group",
}


@dataclass(frozen=True, slots=True)
class Line:
    """A study on a card: its paper, what it concludes in words and as a mark, and what a reader must know of it."""

    paper: Paper
    row: Row
    says: str
    verdict: str | None  # None: no direction is told, as it would speak of another outcome
    marks: tuple[str, ...]
    new: bool


@dataclass(frozen=True, slots=True)
class ShownSplit:
    """What the studies of a level that stand against one thing conclude: each direction marked, in words, counted."""

    words: str
    compared: bool  # False: before and after only
    listing: Listing
    directions: tuple[tuple[str, str, Listing], ...]  # none: the catalog's directions speak of another outcome


@dataclass(frozen=True, slots=True)
class ShownRung:
    """A level with its splits, those of its reviews that cite a retracted paper, and the newest of its studies."""

    level: str
    listing: Listing
    splits: tuple[ShownSplit, ...]
    leaning: Listing
    lines: tuple[Line, ...]


@dataclass(frozen=True)
class ShownProduct:
    """A product with its sentences and papers. `anchor` begins the ids of its lists on the page."""

    product: Product
    name: str
    short: str
    anchor: str
    summary: tuple[Sentence, ...]
    missing: tuple[Sentence, ...]
    announced: Sentence | None
    harms: tuple[Sentence, ...]
    reviews: tuple[Sentence, ...]
    not_counted: tuple[Sentence, ...]
    rungs: tuple[ShownRung, ...]  # levels 1 to 4
    compared: tuple[ShownRung, ...]  # what compares as the claim does, by level
    preclinical: tuple[Line, ...]  # the newest
    serious: tuple[tuple[Serious, Paper], ...]
    known: tuple[tuple[Paper, tuple[int, ...]], ...]  # reviews partly known, with those they share a study with
    retracted: tuple[Paper, ...]


@dataclass(frozen=True)
class CardPage:
    """Everything a claim's page shows."""

    card: Card
    claim: Claim
    kind: ClaimKind
    outcome: Outcome
    products: tuple[ShownProduct, ...]
    apart: tuple[ShownProduct, ...]
    settling: Sentence | None
    news: tuple[Sentence, ...]
    new: tuple[Paper, ...]
    conditions: tuple[str, ...]  # names; none: any
    papers_address: str  # the list of all that counts for its own products
    feed_address: str
    plot: Plot | None  # the studies in people on its own products; None: too many or too few, or not judged
    compare_address: str
    related: tuple[Claim, ...]  # others on the same treatments; of a card of many, those of safety, which it leaves out

    @property
    def many(self) -> bool:
        """Whether there are so many products that each is told only in numbers."""
        return len(self.products) > FEW


@dataclass(frozen=True, slots=True)
class Held:
    """How many studies on one treatment bear on a claim: all in people; and by level, with what is in animals or cells.

    Of a comparison the levels hold only what compares as the claim does, lest all the rest seem to speak for it.
    """

    intervention: str
    people: int
    address: str
    levels: tuple[tuple[str, int, str], ...]  # level, count, address; only those with a study


@dataclass(frozen=True, slots=True)
class ClaimEntry:
    """A claim on the list of claims."""

    claim: Claim
    products: tuple[Held, ...]  # its own


@dataclass(frozen=True, slots=True)
class Group:
    """The claims of one kind."""

    kind: ClaimKind
    claims: tuple[ClaimEntry, ...]


def address_of(slice_: Slice) -> str:
    """The list that a number counts: a search, or a list on the same page."""
    if slice_ and slice_[0][0] == HERE:
        return "#" + slice_[0][1][0]
    return "/search?" + urlencode([(name, value) for name, values in slice_ for value in values])


def claim_groups(claims: Claims, facts: Facts) -> tuple[Group, ...]:
    """Every claim by kind, with the counts its card gives: from the same sets as the lists they lead to."""
    return tuple(
        Group(kind, tuple(_entry(claim, facts) for claim in claims.claims if claim.kind == kind.id))
        for kind in claims.kinds.values()
        if any(claim.kind == kind.id for claim in claims.claims)
    )


def _entry(claim: Claim, facts: Facts) -> ClaimEntry:
    found = []
    for name in claim.interventions:
        base = (("claim", (claim.id,)), ("intervention", (name,)), ("evidence", ("counted",)))
        people = (*base, ("level", CLINICAL))
        asked = (("versus", COMPARED), ("comparator", claim.comparator)) if claim.comparator else ()
        slices = [(level, (*base, *asked, ("level", (level,)))) for level in (*CLINICAL, *(() if asked else ("5",)))]
        levels = [(level, _count(slice_, facts), address_of(slice_)) for level, slice_ in slices]
        held = tuple(entry for entry in levels if entry[1])
        found.append(Held(name, _count(people, facts), address_of(people), held))
    return ClaimEntry(claim, tuple(found))


def _count(slice_: Slice, facts: Facts) -> int:
    filters = read_filters({name: list(values) for name, values in slice_}, facts)
    return selected(filters, facts).bit_count()


def load_card_page(conn: sqlite3.Connection, facts: Facts, claims: Claims, claim: Claim, names: Names) -> CardPage:
    """Read everything a claim's page shows. Raises sqlite3.Error."""
    card = load_card(conn, claim)
    news = card.news
    since = news.since if news else None
    shown = [_shown(conn, facts, claims, claim, product, names, len(card.products), since) for product in card.every]
    own = tuple(shown[: len(card.products)])
    listed = (
        ("claim", (claim.id,)),
        ("intervention", claim.interventions),
        ("evidence", ("counted",)),
    )
    return CardPage(
        card,
        claim,
        claims.kinds[claim.kind],
        claims.outcomes[claim.outcome],
        own,
        tuple(shown[len(own) :]),
        settling_said(card.products, names),
        news_said(news, str(day(news.latest)) if news else "", MOST_NEW),
        papers(conn, facts.shelf, news.new if news and len(news.new) <= MOST_NEW else ()),
        tuple(names.conditions[name] for name in claim.conditions),
        address_of(listed),
        "/search.atom?" + urlencode([("claim", claim.id)]),
        _plot(conn, facts, claim, (*listed, ("level", CLINICAL))) if claims.outcomes[claim.outcome].judged else None,
        address_of((*listed, ("level", CLINICAL))).replace("/search?", "/compare?"),
        tuple(
            other
            for other in claims.claims
            if other.id != claim.id
            and set(other.interventions) & set(claim.interventions)
            and len(other.interventions) <= FEW
            and (len(own) <= FEW or other.kind == "safety")
        ),
    )


def _plot(conn: sqlite3.Connection, facts: Facts, claim: Claim, listed: Slice) -> Plot | None:
    """The harvest plot of the claim's own products, where a page can hold it."""
    if not 0 < len(claim.interventions) <= FEW:
        return None
    found = read_comparison(conn, facts, {name: list(values) for name, values in listed})
    if not FEWEST_DRAWN <= found.total <= MOST_DRAWN:
        return None
    own = set(claim.interventions)
    drawn = [replace(p, parts=tuple(part for part in p.parts if part.intervention in own)) for p in found.papers]
    return replace(harvest_plot(drawn, facts), key="")  # no table stands under it whose rows the numbers would be


def _shown(
    conn: sqlite3.Connection,
    facts: Facts,
    claims: Claims,
    claim: Claim,
    product: Product,
    names: Names,
    own: int,
    since: str | None,
) -> ShownProduct:
    judged, safety = claims.outcomes[claim.outcome].judged, claim.kind == "safety"
    apart = product.intervention in claim.apart
    each = _a_level(own) if not apart else 0
    anchor = product.intervention
    known = product.overlap.known[:MOST_LISTED]
    sharing = dict(product.overlap.sharing)
    serious = product.harms.serious[:MOST_LISTED]
    retracted = [paper.pmid for paper in product.dossier.retracted[:MOST_LISTED]]
    listings = [rung.listing for rung in (*product.rungs, *(product.compared or ()))]
    rows = [row for listing in (*listings, product.preclinical) for row in listing.rows[:each]]
    wanted = [row.pmid for row in rows] + [event.pmid for event in serious]
    read = _by_pmid(conn, facts, [*wanted, *known, *retracted])
    lowest = _lowest(conn, [row.pmid for row in rows if row.design == "systematic_review"])

    def lines(listing: Listing) -> tuple[Line, ...]:
        return tuple(
            _line(
                read[row.pmid],
                row,
                told="harms" if safety else "direction" if judged else "against",
                lowest=lowest,
                sharing=sharing,
                since=since,
            )
            for row in listing.rows[:each]
        )

    def shown(rungs: Iterable[Rung]) -> tuple[ShownRung, ...]:
        return tuple(
            ShownRung(
                rung.level,
                rung.listing,
                _by_harm(rung) if safety else tuple(_split(split, judged=judged) for split in rung.splits),
                rung.listing.narrowed(leans=LEANS),
                lines(rung.listing),
            )
            for rung in rungs
        )

    name = facts.name("intervention", product.intervention)
    return ShownProduct(
        product,
        name.name,
        name.short,
        anchor,
        summary(claim, product, names, judged=judged),
        missing(claim, product, names),
        announced(product, names),
        harms_said(product),
        reviews_said(product, anchor, MOST_LISTED),
        not_counted(product),
        shown(product.rungs),
        shown(product.compared or ()),
        lines(product.preclinical),
        tuple((event, read[event.pmid]) for event in serious),
        tuple((read[pmid], sharing.get(pmid, ())) for pmid in known),
        tuple(read[pmid] for pmid in retracted),
    )


def _split(split: Split, *, judged: bool) -> ShownSplit:
    told = []
    for (name, held), (said, _) in zip(split.directions, directions(split), strict=True):
        row = held.rows[0]  # all of one split and direction are drawn alike
        told.append((verdict_of(None if name == UNKNOWN else name, row.versus, row.basis), said, held))
    return ShownSplit(
        word("against", split.against), split.against != "nothing", split.listing, tuple(told) if judged else ()
    )


def _by_harm(rung: Rung) -> tuple[ShownSplit, ...]:
    """The studies of a level by what they say of harms, for a claim of safety."""
    each = [(value, rung.listing.narrowed(harms=value)) for value in HARMS]
    return tuple(ShownSplit(word("harms_alone", value), True, held, ()) for value, held in each if held.rows)


def _a_level(own: int) -> int:
    """How many papers of a level are shown: a card of many products would else be too long to read."""
    return {1: 6, 2: 4, 3: 3}.get(own, 0)


def _by_pmid(conn: sqlite3.Connection, facts: Facts, pmids: Sequence[int]) -> dict[int, Paper]:
    return {paper.pmid: paper for paper in papers(conn, facts.shelf, list(dict.fromkeys(pmids)))}


def _lowest(conn: sqlite3.Connection, reviews: Sequence[int]) -> dict[int, str]:
    """The lowest design that each of some systematic reviews includes, where a tag says it."""
    return dict(
        conn.execute(
            "SELECT pmid, value FROM tags WHERE field = 'lowest_design' AND chosen = 1"
            " AND pmid IN (SELECT value FROM json_each(?)) ORDER BY pmid, rowid DESC",
            (json.dumps(list(reviews)),),
        )
    )


def _line(
    paper: Paper,
    row: Row,
    *,
    told: str,
    lowest: Mapping[int, str],
    sharing: Mapping[int, Sequence[int]],
    since: str | None,
) -> Line:
    stands = against(row)
    marks = []
    if row.design == "systematic_review" and row.level == "4":
        marks.append(_LOWEST.get(lowest.get(row.pmid, "unstated"), _LOWEST["unstated"]))
    if row.pmid in sharing:
        marks.append(f"shares studies with {plural(len(sharing[row.pmid]), 'other review')}")
    if row.certainty:
        marks.append(f"certainty it states: {word('certainty', row.certainty)}")
    verdict = verdict_of(row.direction, row.versus, row.basis) if told == "direction" and row.level != "5" else None
    said = word("against", stands)
    if row.level == "5":
        said = ""
    elif told == "harms":
        said = word("harms_alone", row.harms or UNKNOWN)
    elif told == "direction":
        kind = "within" if stands == "nothing" else "directions"
        said = f"{said}: {word(kind, row.direction or UNKNOWN)}"
    return Line(paper, row, said, verdict, tuple(marks), bool(since and row.since and row.since > since))
