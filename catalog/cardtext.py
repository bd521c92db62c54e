"""The sentences of a card: what is counted, in fixed wording (sentences.yml). None of them says what to make of it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from catalog.card import News, Product, Rung
from catalog.claims import Claim
from catalog.dossier import COMPARED, DIRECTIONS
from catalog.listing import HERE, UNKNOWN, Listing, Papers, Split
from catalog.sentences import Sentence, Value, compose, joined, word

__all__ = [
    "Names",
    "announced",
    "comparators",
    "directions",
    "harms_said",
    "missing",
    "names_of",
    "news_said",
    "not_counted",
    "percent",
    "reviews_said",
    "settling_said",
    "summary",
]

LONG = 12.0  # months: a year's follow-up
_SHAM = ("sham", "sham_and_active")
_STATED = ("serious", "none_serious")
_CONTROLLED = ("rct", "nonrandomised_controlled")


@dataclass(frozen=True)
class Names:
    """What readers call the ids of a catalog: treatments, conditions, levels with their meaning, designs."""

    interventions: Mapping[str, str]
    conditions: Mapping[str, str]
    levels: Mapping[str, tuple[str, str]]
    designs: Mapping[str, str]

    def treatment(self, intervention: str) -> str:
        """A treatment inside a sentence."""
        return _inside(self.interventions.get(intervention, intervention))

    def level(self, level: str) -> str:
        """A level inside a sentence."""
        return self.levels[level][0].lower()


def names_of(conn: sqlite3.Connection) -> Names:
    """Read the names. Raises sqlite3.Error."""
    return Names(
        dict(conn.execute("SELECT id, name FROM interventions ORDER BY position").fetchall()),
        dict(conn.execute("SELECT id, name FROM conditions ORDER BY position").fetchall()),
        {
            level: (name, description)
            for level, name, description in conn.execute("SELECT id, name, description FROM levels ORDER BY position")
        },
        dict(conn.execute("SELECT id, name FROM designs ORDER BY position").fetchall()),
    )


def _inside(name: str) -> str:
    """A name without its capital, unless it is an abbreviation; of "Cells, cultured" cultured cells."""
    first, comma, rest = name.partition(", ")
    name = first[:1].lower() + first[1:] if first[1:2].islower() else first
    return f"{rest} {name}" if comma and "," not in rest else name + comma + rest


def summary(claim: Claim, product: Product, names: Names, *, judged: bool) -> tuple[Sentence, ...]:
    """What is held on one of the claim's products, in a few sentences.

    Args:
        claim: the claim.
        product: what is held on one treatment.
        names: the catalog's.
        judged: whether the catalog's directions speak of the claim's outcome.
    """
    treatment = names.treatment(product.intervention)
    if not product.listing.rows:
        return (compose("nothing", treatment=treatment),)
    held = [rung for rung in product.rungs if rung.listing.rows]
    levels = _at_levels(held, names)
    listed: Value = compose("listed", list=levels) if held else ""
    if claim.kind == "mechanism":
        said = [compose("mechanism", treatment=treatment, n=product.preclinical)]
        if held:
            said.append(compose("mechanism_people", n=product.people, levels=listed))
        return (*said, *_leaning(product))
    said = [compose("in_people", treatment=treatment, n=product.people, levels=listed)]
    if claim.asserts and product.intervention in claim.interventions:
        said.append(_asserts(claim, product, names))
    if product.as_claimed is not None:
        said += _compared(claim, product, names, judged=judged)
    elif judged:
        sham = product.people.narrowed(versus=_SHAM, design="rct")
        if sham.rows:
            said.append(compose("against_sham", n=sham, list=_concluding(sham)))
    said += _leaning(product)
    serious = product.harms.of("serious")
    if serious.rows:
        said.append(compose("serious", n=serious))
    if product.preclinical.rows:
        said.append(compose("preclinical", n=product.preclinical))
    return tuple(said)


def _leaning(product: Product) -> tuple[Sentence, ...]:
    return (compose("leaning", n=product.leaning),) if product.leaning.rows else ()


def _at_levels(rungs: Iterable[Rung], names: Names) -> Sentence:
    return joined([compose("at_level", n=rung.listing, level=names.level(rung.level)) for rung in rungs], "and")


def _concluding(listing: Listing) -> Sentence:
    """What studies that compare groups conclude."""
    each = [(name or UNKNOWN, listing.narrowed(direction=name or UNKNOWN)) for name in DIRECTIONS]
    return joined([compose("direction", n=held, says=word("directions", name)) for name, held in each if held.rows])


def _compared(claim: Claim, product: Product, names: Names, *, judged: bool) -> list[Sentence]:
    with_what = comparators(claim.comparator)
    if product.as_claimed is None or not product.compared:
        return [compose("compared_none", comparator=with_what)]
    levels = _at_levels(product.compared, names)
    said = [compose("compared", n=product.as_claimed, comparator=with_what, list=levels)]
    trials = product.as_claimed.narrowed(design="rct")
    if judged and trials.rows:
        said.append(compose("trials_as_claimed", list=_concluding(trials)))
    return said


def _asserts(claim: Claim, product: Product, names: Names) -> Sentence:
    level = claim.asserts or ""
    at_level = product.listing.narrowed(level=level)
    means = names.levels[level][1]
    values = {"level": names.level(level), "means": means[:1].lower() + means[1:]}
    if not claim.comparator or not at_level.rows:
        return compose("asserts", n=at_level, **values)
    compared = at_level.narrowed(versus=COMPARED, comparator=claim.comparator)
    return compose("asserts_compared", n=at_level, m=compared, **values)


def comparators(values: Iterable[str]) -> str:
    """Kinds of control in words, joined by "or"."""
    return word("join", "or").join(word("comparators", value) for value in values)


def directions(split: Split) -> tuple[tuple[str, Listing], ...]:
    """What the studies of a split conclude, in words: of groups compared, or of before and after."""
    kind = "within" if split.against == "nothing" else "directions"
    return tuple((word(kind, name), held) for name, held in split.directions)


def settling_said(products: Iterable[Product], names: Names) -> Sentence | None:
    """How many studies of the kind that could settle the claim are held, each product by itself; None: no such kind."""
    each = [
        compose("settling_each", n=product.settling, treatment=names.treatment(product.intervention))
        for product in products
        if product.settling is not None
    ]
    return compose("settling", list=joined(each, "and")) if each else None


def missing(claim: Claim, product: Product, names: Names) -> tuple[Sentence, ...]:
    """What the catalog does not hold on one of the claim's products, as far as tags tell."""
    treatment = names.treatment(product.intervention)
    if claim.kind == "mechanism":
        return () if product.preclinical.rows else (compose("no_preclinical", treatment=treatment),)
    trials = product.people.narrowed(design="rct")
    said: list[Sentence] = []
    if not product.rung("1").listing.rows:
        said.append(compose("no_review", treatment=treatment))
    elif claim.comparator and product.as_claimed and not product.as_claimed.narrowed(level="1").rows:
        said.append(compose("no_review_against", treatment=treatment, comparator=comparators(claim.comparator)))
    if not trials.rows:
        said.append(compose("no_trial", treatment=treatment))
    said += [
        compose("no_trial_against", treatment=treatment, comparator=word("comparators", value))
        for value in claim.comparator
        if not trials.narrowed(versus=COMPARED, comparator=value).rows
    ]
    if claim.kind == "efficacy" and trials.rows and not trials.narrowed(versus=_SHAM).rows:
        said.append(compose("no_sham_trial", treatment=treatment))
    if trials.rows and not any((row.followup_months or 0) >= LONG for row in trials.rows):
        said.append(compose("no_long_trial", treatment=treatment))
    if claim.kind == "safety" and not product.people.narrowed(design=_CONTROLLED, harms=_STATED).rows:
        said.append(compose("no_harms_stated", treatment=treatment))
    return tuple(said)


def announced(product: Product, names: Names) -> Sentence | None:
    """Studies that are announced and have no results here; None where there are none."""
    held = dict(product.unlevelled).get("protocol")
    return compose("announced", n=held, treatment=names.treatment(product.intervention)) if held else None


def harms_said(product: Product) -> tuple[Sentence, ...]:
    """Who says what of harms, and the bound for those who had none."""
    harms = product.harms
    said: list[Sentence] = []
    if harms.studies.rows:
        each = [compose("harms_each", n=held, says=word("harms", value)) for value, held in harms.by_value]
        said.append(compose("harms", n=harms.studies, list=joined(each)))
    in_reviews = harms.reviews.narrowed(harms="serious")
    if in_reviews.rows:
        said.append(compose("serious_in_reviews", n=in_reviews))
    elsewhere = sum(not event.counted for event in harms.serious)
    if elsewhere:
        said.append(compose("serious_elsewhere", n=elsewhere))
    if harms.bound is not None:
        bound = harms.bound
        people = compose("people", n=bound.people)
        name = "bound_controls" if bound.controls else "bound"
        said.append(compose(name, people=people, n=bound.studies, upper=percent(bound.upper)))
    elif harms.serious and harms.of("none_serious").rows:
        said.append(compose("bound_not"))
    elif harms.of("none_serious").rows:
        said.append(compose("bound_unknown"))
    return tuple(said)


def percent(risk: float) -> str:
    """A risk from 0 to 1 as a number of per cent with two digits that count: 11.7 is "12", 0.728 is "0.73"."""
    value = risk * 100
    return f"{value:.0f}" if value >= 10 else f"{value:.1f}" if value >= 1 else f"{value:.2g}"


def reviews_said(product: Product, here: str, most: int) -> tuple[Sentence, ...]:
    """Certainty that reviews state, what they include, and whether they share studies.

    Args:
        product: what is held on one treatment.
        here: begins the ids of its lists on the page: `HERE-known` and `HERE-sharing`.
        most: how many reviews the page lists at most; where there are more, the numbers are no links.
    """
    said: list[Sentence] = []
    if product.certainty:
        each = [compose("certainty_each", n=held, says=word("certainty", value)) for value, held in product.certainty]
        said.append(compose("certainty", list=joined(each)))
    uncontrolled = product.rung("4").uncontrolled
    if uncontrolled and uncontrolled.rows:
        said.append(compose("uncontrolled", n=uncontrolled))
    overlap = product.overlap
    if overlap.reviews > 1:
        known, sharing = len(overlap.known), len(overlap.sharing)
        if known <= most:
            k: Value = Papers(known, ((HERE, (f"{here}-known",)),))
            m: Value = Papers(sharing, ((HERE, (f"{here}-sharing",)),))
        else:
            k, m = known, sharing
        if not overlap.known:
            said.append(compose("sharing_unknown", n=product.reviews))
        elif not overlap.sharing:
            said.append(compose("sharing_none", k=k, n=product.reviews))
        else:
            said.append(compose("sharing", k=k, n=product.reviews, m=m))
    return tuple(said)


def not_counted(product: Product) -> tuple[Sentence, ...]:
    """Retracted papers."""
    return (compose("retracted", n=product.retracted),) if product.retracted.number else ()


def news_said(news: News | None, day: str, most: int) -> tuple[Sentence, ...]:
    """What the latest harvest brought.

    Args:
        news: None where the first harvest is the only one.
        day: that of the latest harvest, in words.
        most: how many new papers the page lists at most; where there are more, the number is no link.
    """
    if news is None:
        return (compose("first_harvest"),)
    count = len(news.new)
    said = [compose("new", n=Papers(count, ((HERE, ("new",)),)) if count <= most else count, day=day)]
    if news.fallen:
        said.append(compose("fallen", n=news.fallen))
    return tuple(said)
