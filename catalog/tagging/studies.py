"""How many studies a review included, by its own count."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

from catalog.tagging.document import Document, TextField
from catalog.tagging.quantities import Number, compiled, numbers, plain, rules_asked
from catalog.tagging.tables import table
from catalog.tagging.tags import Tag

__all__ = ["decide_studies"]

# Which count is the one asked for: the first tier that has any.
_TIERS = ("included", "reviewed", "found")
_FIELDS: tuple[TextField, ...] = ("abstract", "title")
# Rules whose number is the whole of which others in the sentence are parts.
_ALONE = frozenset({"studies.base", "studies.found"})
# Numbers that lost, kept for the reader to see.
MOST_LOST = 3


def decide_studies(document: Document, design: str) -> tuple[int | None, tuple[Tag, ...]]:
    """(studies, proofs) of a review; None for other designs, and where the review does not say.

    Of several numbers of the same kind the largest decides: the others are parts of it (by design, by treatment).
    """
    if design not in _designs():
        return None, ()
    found: list[tuple[str, int, Tag]] = []
    for field in _FIELDS:
        text = plain(document.text(field))
        every = [number for number in numbers(text) if number.counts]
        reached = 0
        for at, number in enumerate(every):
            if number.start < reached or text[number.end : number.end + 1] not in " \u00a0":
                continue
            sentence = document.sentence_at(field, number.start)
            for rule in rules_asked("studies", sentence.zone, design):
                if rule.fits(text, number, sentence.start, sentence.end):
                    alone = rule.id in _ALONE
                    value, reached = _with_joined(text, every[at : at + 1] if alone else every[at:], sentence.end)
                    quote = document.text(field)[number.start : reached]
                    tag = Tag("studies", str(value), rule.id, field, number.start, reached, quote, chosen=False)
                    found.append((rule.tier, value, tag))
                    break
    for tier in _TIERS:
        within = [(value, tag) for name, value, tag in found if name == tier]
        if within:
            value, tag = max(within, key=lambda item: item[0])
            lost = [other for _, number, other in found if number != value][:MOST_LOST]
            return value, (replace(tag, chosen=True), *lost)
    return None, ()


def _with_joined(text: str, following: list[Number], end: int) -> tuple[int, int]:
    """(sum, end) of a number of papers and of those joined to it: five trials and three cohort studies."""
    counted, joined = compiled("studies", "counted"), compiled("studies", "joined")
    total, reached = int(following[0].value), following[0].end
    hit = counted.match(text, reached, end)
    if hit is None:
        return total, reached
    reached = hit.end()
    for number in following[1:]:
        more = counted.match(text, number.end, end)
        if not more or not joined.fullmatch(text, reached, number.start):
            break
        total, reached = total + int(number.value), more.end()
    return total, reached


@cache
def _designs() -> frozenset[str]:
    return frozenset(table("studies")["designs"])
