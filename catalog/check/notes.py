"""Alignment notes: how what a claim asserts stands to what the catalog holds, by rule, in words of rules/notes.yml.

Each note states counts; none says that a claim is true or false.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from catalog.cardtext import Names, comparators, directions, percent
from catalog.check.evidence import Beside, Product
from catalog.check.noting import noted, noting
from catalog.check.reading import Claim
from catalog.listing import UNKNOWN, Listing, splits
from catalog.sentences import Sentence, compose, fill, joined, plain, word

__all__ = ["Note", "by_product", "notes_of", "outside_note", "said_of"]

# Conclusions in which the treated are compared with others.
_BETWEEN = ("sham", "sham_and_active", "active", "control")
_CONTROLLED = ("1", "2", "3")
_WORDS_OF_PROOF = ("proven", "substantial")
_GUIDED = ("ultrasound", "fluoroscop", "x-ray", "image-guid", "image guid", "imaging")
_PLACED = ("precis", "accura", "exact")
# Patients of a particular kind, not only those with the condition.
_SPECIAL = (
    *("athlet", "older", "elder", "young", "pregnan", "women", "men "),
    *("veteran", "over ", "under ", "aged", "active"),
)
_EFFECT = ("efficacy", "comparison", "evidence_strength")
_LONG = 6  # months a text speaks of before it is held against follow-up
_FEW = 3  # conditions that are named one by one


class Note(NamedTuple):
    """A note: its rule in notes.yml, the product it is about (None: the claim), what it says."""

    rule: str
    product: str | None
    sentence: Sentence

    @property
    def text(self) -> str:
        """What it says, without its links."""
        return plain(self.sentence)


def outside_note(claim: Claim) -> Note:
    """The one note of a claim that is outside the catalog's scope. Raises ValueError for one that is not."""
    if claim.outside is None:
        raise ValueError("the claim is in scope")
    others = ", ".join(f"“{word}”" for word in claim.others) or "not named"
    return Note(claim.outside, None, fill(noting().outside[claim.outside], others=others))


def notes_of(claim: Claim, beside: Beside, names: Names) -> tuple[Note, ...]:
    """Every note on a claim in scope: on the claim, then on each product."""
    found = list(_on_the_claim(claim))
    for product in beside.products:
        found += _on_a_product(claim, product, names)
    return tuple(dict.fromkeys(found))


def said_of(listing: Listing) -> Sentence:
    """What studies conclude, by what they stand against: "2 in favour of the treatment (against sham or placebo)"."""
    each = [
        (*fill("{n#} {says}", n=held, says=says), *fill(" ({stands})", stands=_stands(split.against)))
        for split in splits(listing)
        for says, held in directions(split)
    ]
    return joined(each)


def _stands(against: str) -> str:
    if against == "nothing":
        return "before and after only"
    text = word("against", against)
    return text[:1].lower() + text[1:]


def _listed(listing: Listing) -> Sentence | str:
    return fill(": {list}", list=said_of(listing)) if listing.rows else ""


def _on_the_claim(claim: Claim) -> Iterator[Note]:
    asserts, lowered = claim.asserts, claim.sentence.text.lower()
    if claim.group:
        yield Note("broad_product", None, noted("broad_product", word=claim.group))
    population = asserts.population
    if population and not asserts.broad and any(kind in f"{population.lower()} " for kind in _SPECIAL):
        yield Note("population", None, noted("population", word=population))
    if asserts.share:
        yield Note("share", None, noted("share", word=asserts.share))
    if "structure" in asserts.outcomes and claim.kind != "mechanism":
        yield Note("structure", None, noted("structure"))
    if any(words in lowered for words in _GUIDED) and any(words in lowered for words in _PLACED):
        yield Note("guidance", None, noted("guidance"))
    if "fda" in lowered or "approved" in lowered:
        yield Note("approval", None, noted("approval"))


def _on_a_product(claim: Claim, product: Product, names: Names) -> Iterator[Note]:
    name = product.intervention
    parts = [_held(product, names)]
    if product.listing.rows:
        parts += [_assertions(claim, product, names), _comparison(product, names)]
        if product.named:
            parts += [_breadth(claim, product, names), _mechanism(claim, product, names)]
        if "safety" in claim.kinds:
            parts.append(_harms(product, names))
    for part in parts:
        yield from (Note(rule, name, sentence) for rule, sentence in part)
    if product.leaning.rows:
        yield Note("leaning", name, compose("leaning", n=product.leaning))
    if product.retracted.number:
        yield Note("retracted", name, compose("retracted", n=product.retracted))


Said = Iterator[tuple[str, Sentence]]


def _held(product: Product, names: Names) -> Said:
    treatment = names.treatment(product.intervention)
    if not product.listing.rows:
        asked = product.dossier.question.conditions
        few = ", ".join(names.conditions[condition].lower() for condition in asked)
        conditions = few if len(asked) <= _FEW else "any condition"
        yield "no_evidence", noted("no_evidence", treatment=treatment, conditions=conditions)
        if product.elsewhere:
            yield "other_conditions", noted("other_conditions", treatment=treatment, n=product.elsewhere)


def _assertions(claim: Claim, product: Product, names: Names) -> Said:
    """A level, words of proof, a denial."""
    asserts, treatment = claim.asserts, names.treatment(product.intervention)
    held = [rung.level for rung in product.rungs if rung.level != "none"]
    best = names.level(held[0]) if held else "none"
    if asserts.level:
        level = asserts.level.value
        at = product.listing.narrowed(level=level)
        means = names.levels[level][1]
        values = {"level": names.level(level), "means": means[:1].lower() + means[1:], "best": best}
        yield "level_asserted", noted("level_asserted", treatment=treatment, n=at, list=_listed(at), **values)
        if at.rows and product.compared is not None:
            compared = product.compared.narrowed(level=level)
            yield "level_compares", noted("level_compares", n=compared, comparators=comparators(_asked(product)))
    proof = next((said.words for said in asserts.strength if said.value in _WORDS_OF_PROOF), None)
    if proof and not asserts.negated and asserts.certainty.value != "uncertain":
        controlled = product.listing.narrowed(level=_CONTROLLED)
        if not product.people.rows:
            yield "proof_none", noted("proof_none", word=proof, treatment=treatment)
        elif not controlled.rows:
            yield "proof_weak", noted("proof_weak", word=proof, treatment=treatment, best=best)
        else:
            favour = sum(
                held.number
                for split in splits(controlled)
                for direction, held in split.directions
                if split.against in _BETWEEN and direction == "favours"
            )
            yield "proof_compared", noted("proof_compared", word=proof, treatment=treatment, n=controlled, m=favour)
    if asserts.negated and claim.kind in _EFFECT:
        people = product.people
        yield "denies", noted("denies", treatment=treatment, n=people, list=_listed(people))


def _asked(product: Product) -> tuple[str, ...]:
    return dict(product.compared.slice)["comparator"] if product.compared else ()


def _comparison(product: Product, names: Names) -> Said:
    compared = product.compared
    if compared is None:
        return
    values = {"treatment": names.treatment(product.intervention), "comparators": comparators(_asked(product))}
    if not compared.rows:
        yield "compares_none", noted("compares_none", **values)
        return
    yield "compares", noted("compares", n=compared, list=_listed(compared), **values)
    if compared.narrowed(versus="active", direction="no_difference").rows:
        yield "no_difference_active", noted("no_difference_active")


def _breadth(claim: Claim, product: Product, names: Names) -> Said:
    """For whom, on what and how long: broader than what is held."""
    asserts, people = claim.asserts, product.people
    treatment = names.treatment(product.intervention)
    if not people.rows:
        return
    if asserts.broad:
        each = [compose("settling_each", n=held, treatment=names.conditions[on].lower()) for on, held in product.on]
        values = {"word": asserts.broad, "treatment": treatment}
        yield "broad_condition", noted("broad_condition", n=people, list=joined(each, "and"), **values)
    if claim.kind not in _EFFECT or asserts.negated:
        return
    improving = people.narrowed(direction="favours")
    if improving.rows and all(split.against == "nothing" for split in splits(improving)):
        yield "within_only", noted("within_only", n=improving, treatment=treatment)
    controlled = people.narrowed(level=("2", "3"))
    if asserts.absolute and controlled.rows:
        largest = max((row.participants or 0 for row in controlled.rows), default=0)
        said = f"{largest:,} participants" if largest else "a number of participants that is not stated"
        yield "broad_population", noted("broad_population", word=asserts.absolute, treatment=treatment, largest=said)
    long = asserts.lasting or (asserts.followup if (asserts.followup_months or 0) >= _LONG else None)
    if long:
        which = "a controlled study" if controlled.rows else "a study in people"
        longest = max((row.followup_months or 0 for row in (controlled.rows or people.rows)), default=0)
        if longest:
            yield "followup", noted("followup", word=long, which=which, longest=f"{longest:g} months")
        else:
            yield "followup_unknown", noted("followup_unknown", word=long, which=which.removeprefix("a "))


def _harms(product: Product, names: Names) -> Said:
    harms, treatment = product.harms, names.treatment(product.intervention)
    serious = harms.of("serious")
    if serious.rows:
        yield "harms_serious", compose("serious", n=serious)
    if harms.bound:
        values = {"treatment": treatment, "upper": percent(harms.bound.upper)}
        people = compose("people", n=harms.bound.people)
        yield "harms_bound", noted("harms_bound", people=people, n=harms.bound.studies, **values)
    silent = harms.studies.narrowed(harms=("called_safe", "not_reported", UNKNOWN))
    if silent.rows:
        yield "harms_silent", noted("harms_silent", n=silent, treatment=treatment)


def _mechanism(claim: Claim, product: Product, names: Names) -> Said:
    if claim.kind != "mechanism":
        return
    preclinical, treatment = product.listing.narrowed(level="5"), names.treatment(product.intervention)
    if not preclinical.rows:
        yield "mechanism_none", noted("mechanism_none", treatment=treatment)
    elif not product.people.rows:
        yield "mechanism_preclinical", noted("mechanism_preclinical", treatment=treatment, n=preclinical)
    else:
        yield "mechanism", noted("mechanism", treatment=treatment, n=preclinical)


def by_product(notes: Iterable[Note], product: str | None) -> list[Note]:
    """The notes on one product, or on the claim itself."""
    return [note for note in notes if note.product == product]
