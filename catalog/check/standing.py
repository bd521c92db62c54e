"""Which standing claims of the catalog (claims.yml) are on what a sentence claims, so that their cards can be opened.

By rule, and never by likeness of words: the same kind, treatments, comparator and condition. A sentence that denies
an effect or a difference has none.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from catalog.check.noting import noting
from catalog.check.reading import Claim
from catalog.claims import Claim as StandingClaim
from catalog.dossier import names_any

__all__ = ["standing_claims"]

# Kinds whose claims compare nothing, whatever else their sentence compares.
_APART = ("mechanism", "safety")


def standing_claims(
    claim: Claim, standing: Iterable[StandingClaim], wide: Mapping[str, tuple[str, ...]]
) -> tuple[StandingClaim, ...]:
    """The standing claims on what a claim of a text says.

    Those on exactly its treatments; where there is none, those that hold all of them (a card counts each by itself).
    Those on the fewest conditions come first, else the order of the file.

    Args:
        claim: a claim of a text.
        standing: the catalog's.
        wide: the conditions that cover others (`catalog.check.evidence.wide_of`): of the subject as a whole.
    """
    asserts = claim.asserts
    if claim.outside or asserts.negated or (asserts.relation and asserts.relation.value == "not_better"):
        return ()
    said = set(claim.interventions)
    for product in claim.interventions:
        said -= set(noting().made_of.get(product, ()))
    fitting = [other for other in standing if said and said <= set(other.interventions) and _fits(claim, other, wide)]
    exact = [other for other in fitting if set(other.interventions) == said]
    return tuple(sorted(exact or fitting, key=lambda other: len(other.conditions) or 100))


def _fits(claim: Claim, other: StandingClaim, wide: Mapping[str, tuple[str, ...]]) -> bool:
    return (
        _same_kind(claim, other)
        and _compares_alike(claim, other)
        and _on_the_same(claim, other, wide)
        and (not other.words or names_any(other.words, claim.sentence.text))
    )


def _same_kind(claim: Claim, other: StandingClaim) -> bool:
    """Its leading kind; healing and repair, which lead as a mechanism, are an effect on structure too."""
    leading = next((kind for kind in claim.kinds if kind != "evidence_strength"), None)
    heals = leading == "mechanism" and other.outcome == "structure"
    return other.kind == leading or (heals and other.kind in claim.kinds)


def _compares_alike(claim: Claim, other: StandingClaim) -> bool:
    """A shared comparator where one of them compares; a mechanism or a safety claim stands for itself."""
    compared = {said.value for said in claim.asserts.comparators}
    if other.kind in _APART:
        return True
    return bool(compared & set(other.comparator)) if compared or other.comparator else True


def _on_the_same(claim: Claim, other: StandingClaim, wide: Mapping[str, tuple[str, ...]]) -> bool:
    """A shared condition; one that names none speaks of the subject as a whole, or of what is operated on."""
    if other.kind == "comparison" and "surgery" in other.comparator and claim.conditions_from != "sentence":
        return True
    named = set(claim.conditions) or set(wide)
    return not (named and other.conditions) or bool(named & set(other.conditions))
