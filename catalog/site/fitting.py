"""How much of a checked text one page shows: the first claims that fit, so that a slow line can load it.

A page is measured as it will be written: words, and addresses behind numbers. What does not fit is counted and said,
with the ways to all of it (`catalog check`, `/check.json`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape
from typing import TypeVar
from urllib.parse import urlencode

from catalog.check.checking import CheckedClaim, CheckedText
from catalog.check.notes import said_of
from catalog.check.reading import Foreign
from catalog.check.sentences import Sentence as Read
from catalog.sentences import Sentence

__all__ = ["Fitted", "fitted"]

# Bytes of a page of at most 100,000, of which head, menu, form and foot take a tenth.
CLAIMS, ASIDE = 65_000, 7_000
LONGEST = 1_000  # characters shown of one sentence
_TAGS = 300  # a claim's own markup
_Item = TypeVar("_Item")


@dataclass(frozen=True)
class Fitted:
    """What a page shows of a checked text. `first` says where counts were shown first: by claim and product."""

    claims: tuple[CheckedClaim, ...]
    outside: tuple[CheckedClaim, ...]
    not_understood: tuple[Read, ...]
    foreign: tuple[Foreign, ...]
    first: dict[tuple[str, tuple[str, ...]], int]  # treatment and conditions looked at: number of the claim
    longest: int


def fitted(checked: CheckedText) -> Fitted:
    """The first of each part that fit a page; of claims at least one."""
    first: dict[tuple[str, tuple[str, ...]], int] = {}
    claims: list[CheckedClaim] = []
    room = CLAIMS
    for number, found in enumerate(checked.inside, 1):
        room -= _size(found, first, number)
        if room < 0 and claims:
            break
        claims.append(found)
    return Fitted(
        tuple(claims),
        _first(checked.outside, lambda found: found.claim.sentence.text + found.notes[0].text),
        _first(checked.reading.not_understood, lambda sentence: sentence.text),
        _first(checked.reading.foreign, lambda found: found.sentence.text + found.language),
        {key: at for key, at in first.items() if at <= len(claims)},
        LONGEST,
    )


def _first(items: Sequence[_Item], words: Callable[[_Item], str]) -> tuple[_Item, ...]:
    kept, room = [], ASIDE
    for item in items:
        room -= 60 + _written(words(item)[: 2 * LONGEST])
        if room < 0:
            break
        kept.append(item)
    return tuple(kept)


def _size(found: CheckedClaim, first: dict[tuple[str, tuple[str, ...]], int], number: int) -> int:
    """Bytes that a claim takes; says in `first` which counts it is the first to show."""
    size = _TAGS + _written(found.claim.sentence.text[:LONGEST])
    size += sum(150 + _written(other.statement) for other in found.standing)
    size += sum(30 + _of(note.sentence) for note in found.notes)
    for product in found.beside.products if found.beside else ():
        size += 200
        if first.setdefault((product.intervention, product.dossier.question.conditions), number) == number:
            size += sum(
                200 + _of(said_of(rung.listing)) + len(escape(urlencode(rung.listing.slice, doseq=True)))
                for rung in product.rungs
            )
    return size


def _of(sentence: Sentence) -> int:
    return sum(
        _written(part.text) + (30 + len(escape(urlencode(part.slice, doseq=True))) if part.slice else 0)
        for part in sentence
    )


def _written(text: str) -> int:
    return len(escape(text).encode())
