"""A checked text as JSON and as lines for a terminal."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from typing import Any

from catalog.about import limits_line
from catalog.check.asserting import Asserts, Said
from catalog.check.checking import CheckedClaim, CheckedText
from catalog.check.evidence import Beside, Product
from catalog.check.notes import by_product, said_of
from catalog.listing import UNKNOWN
from catalog.sentences import plain, word

__all__ = ["KINDS", "STANDING", "as_json", "as_text", "summary"]

KINDS = {
    "evidence_strength": "strength of evidence",
    "comparison": "comparison",
    "safety": "safety",
    "efficacy": "effect",
    "mechanism": "mechanism",
    "natural_course": "natural course",
}
# What stands on every answer beside the limits.
STANDING = "Counts of what is held, by rule; nobody has judged whether a claim is true."
LISTED = 10  # papers listed of a cell
_WIDTH = 110


def as_json(checked: CheckedText) -> dict[str, Any]:
    """The report as one JSON document."""
    return {
        "ok": True,
        "sample": checked.dated.sample,
        "searched": checked.dated.searched,
        "limits": limits_line(checked.dated),
        "standing": STANDING,
        "read_as": checked.text.kind,
        "encoding": checked.text.encoding,
        "unreadable_characters": checked.text.unreadable,
        "sentences": checked.reading.sentences,
        "claims": [_claim(found) for found in checked.claims],
        "not_understood": [sentence.text for sentence in checked.reading.not_understood],
        "other_languages": [
            {"text": found.sentence.text, "language": found.language} for found in checked.reading.foreign
        ],
    }


def _claim(found: CheckedClaim) -> dict[str, Any]:
    claim = found.claim
    return {
        "text": claim.sentence.text,
        "sentence": claim.sentence.number,
        "under": claim.sentence.headings[-1] if claim.sentence.headings else None,
        "kind": claim.kind,
        "kinds": list(claim.kinds),
        "scope": "outside" if claim.outside else "inside",
        "outside": claim.outside,
        "asserts": _asserts(claim.asserts),
        "interventions": list(claim.interventions),
        "interventions_from": claim.interventions_from,
        "conditions": list(claim.conditions),
        "conditions_from": claim.conditions_from,
        "standing_claims": [
            {"id": other.id, "statement": other.statement, "address": f"/claims/{other.id}"} for other in found.standing
        ],
        "evidence": _beside(found.beside),
        "notes": [{"rule": note.rule, "intervention": note.product, "text": note.text} for note in found.notes],
    }


def _asserts(asserts: Asserts) -> dict[str, Any]:
    return {
        "level": asserts.level.value if asserts.level else None,
        "level_words": asserts.level.words if asserts.level else None,
        "strength": [{"kind": said.value, "words": said.words} for said in asserts.strength],
        "certainty": asserts.certainty.value,
        "certainty_words": asserts.certainty.words or None,
        "negated": asserts.negated is not None,
        "negated_words": asserts.negated.words if asserts.negated else None,
        "relation": asserts.relation.value if asserts.relation else None,
        "comparators": [{"comparator": said.value, "words": said.words} for said in asserts.comparators],
        "outcomes": list(asserts.outcomes),
        "population": asserts.population,
        "broad": asserts.broad,
        "absolute": asserts.absolute,
        "share": asserts.share,
        "lasting": asserts.lasting,
        "followup_months": asserts.followup_months,
    }


def _beside(beside: Beside | None) -> dict[str, Any]:
    if beside is None:
        return {}
    return {
        "conditions": list(beside.conditions),
        "products": [_product(product) for product in beside.products],
    }


def _product(product: Product) -> dict[str, Any]:
    return {
        "intervention": product.intervention,
        "named": product.named,
        "studies": product.listing.number,
        "in_people": product.people.number,
        "levels": {rung.level: rung.listing.number for rung in product.rungs},
        "conclusions": [
            {
                "level": rung.level,
                "against": split.against,
                "direction": None if direction == UNKNOWN else direction,
                "count": held.number,
                "pmids": [row.pmid for row in held.rows[:LISTED]],
            }
            for rung in product.rungs
            for split in rung.splits
            for direction, held in split.directions
        ],
        "harms": {value: held.number for value, held in product.harms.by_value},
        "compared_with_what_it_names": [row.pmid for row in product.compared.rows] if product.compared else None,
        "cites_retracted": [row.pmid for row in product.leaning.rows],
        "retracted": [paper.pmid for paper in product.dossier.retracted],
    }


def summary(checked: CheckedText) -> str:
    """One line of counts."""
    reading = checked.reading
    return (
        f"{_number(reading.sentences, 'sentence')} read; {_number(len(checked.inside), 'claim')} found,"
        f" {len(checked.outside):,} more outside this catalog's scope;"
        f" {len(reading.not_understood):,} not understood; {len(reading.foreign):,} in another language."
    )


def as_text(checked: CheckedText) -> Iterator[str]:
    """Lines for a terminal."""
    yield limits_line(checked.dated)
    yield STANDING
    yield summary(checked)
    if checked.text.unreadable:
        yield f"{checked.text.unreadable:,} characters could not be read; they stand as �."
    shown: dict[tuple[str, tuple[str, ...]], int] = {}
    for number, found in enumerate(checked.inside, 1):
        yield ""
        yield from _wrapped(f"{number}. “{found.claim.sentence.text}”", "   ")
        yield from _wrapped(f"   {described(found, checked)}", "   ")
        for card in found.standing:
            yield from _wrapped(f"   standing claim on this: “{card.statement}” (/claims/{card.id})", "     ")
        for note in by_product(found.notes, None):
            yield from _wrapped(f"   - {note.text}", "     ")
        if found.beside:
            for product in found.beside.products:
                yield from _product_lines(found, product, checked, shown, number)
    if checked.outside:
        yield from ("", "Outside this catalog (not assessed, not endorsed):")
        for found in checked.outside:
            yield from _wrapped(f" · “{found.claim.sentence.text}”", "   ")
            yield from _wrapped(f"   {found.notes[0].text}", "   ")
    if checked.reading.not_understood:
        yield from ("", "Not understood: these speak of a treatment, and no rule tells whether they claim something:")
        for sentence in checked.reading.not_understood:
            yield from _wrapped(f" · “{sentence.text}”", "   ")
    if checked.reading.foreign:
        yield from ("", "Not read, in another language:")
        for other in checked.reading.foreign:
            yield from _wrapped(f" · {other.language}: “{other.sentence.text}”", "   ")


def _product_lines(
    found: CheckedClaim,
    product: Product,
    checked: CheckedText,
    shown: dict[tuple[str, tuple[str, ...]], int],
    number: int,
) -> Iterator[str]:
    """A product's counts, by level and conclusion where they were not shown before, and the notes on it."""
    key = product.intervention, product.dossier.question.conditions
    before = shown.setdefault(key, number)
    lead = "   " + ("" if product.named else "apart: ") + checked.names.interventions[product.intervention]
    again = "" if before == number or not product.listing.rows else f", as under {before}"
    yield from _wrapped(f"{lead}: {counts(product, checked)}{again}", "     ")
    if before == number:
        for rung in product.rungs:
            if rung.level != "none":
                line = plain(said_of(rung.listing))
                yield from _wrapped(f"     {checked.names.level(rung.level)}: {line}", "       ")
    for note in by_product(found.notes, product.intervention):
        yield from _wrapped(f"     - {note.text}", "       ")


def described(found: CheckedClaim, checked: CheckedText) -> str:
    """What a claim is about and what it asserts, in one line."""
    claim, names, asserts = found.claim, checked.names, found.claim.asserts
    about = " and ".join(names.treatment(i) for i in claim.interventions)
    if claim.group:
        about = f"“{claim.group}”, read as {about}"
    on = ", ".join(names.conditions.get(c, c).lower() for c in claim.conditions)
    parts = [", ".join(KINDS[kind] for kind in claim.kinds)]
    parts.append(f"about {about}" + _from(claim.interventions_from))
    if on:
        parts.append(f"on {on}" + _from(claim.conditions_from))
    said = [
        f"level {asserts.level.value} (“{asserts.level.words}”)" if asserts.level else None,
        *(f"“{s.words}”" for s in asserts.strength if s.value in ("proven", "substantial")),
        {
            "hedged": f"hedged (“{asserts.certainty.words}”)",
            "uncertain": f"uncertain (“{asserts.certainty.words}”)",
        }.get(asserts.certainty.value, "without a hedge"),
        f"negated (“{asserts.negated.words}”)" if asserts.negated else None,
        _compares(asserts.comparators),
    ]
    parts.append("asserts: " + ", ".join(part for part in said if part))
    return " · ".join(parts)


def _from(source: str | None) -> str:
    return {"before": " (from the sentence before)", "heading": " (from the heading)", "page": " (from the page)"}.get(
        source or "", ""
    )


def _compares(comparators: tuple[Said, ...]) -> str | None:
    if not comparators:
        return None
    return "compares with " + " and ".join(dict.fromkeys(word("comparators", said.value) for said in comparators))


def counts(product: Product, checked: CheckedText) -> str:
    """How many studies of a product, by level."""
    if not product.listing.rows:
        return "no study held"
    held = [f"{checked.names.level(rung.level)}: {rung.listing.number:,}" for rung in product.rungs]
    return f"{_number(product.listing.number, 'study', 'studies')} ({'; '.join(held)})"


def _number(n: int, one: str, many: str | None = None) -> str:
    return f"{n:,} {one if n == 1 else many or one + 's'}"


def _wrapped(text: str, indent: str) -> list[str]:
    return textwrap.wrap(text, _WIDTH, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)
