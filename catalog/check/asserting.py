"""What a claim asserts: a level of evidence, proof, certainty, negation, a comparator, patients, time, a share."""

from __future__ import annotations

from dataclasses import dataclass

from catalog.check.mentions import Named
from catalog.check.wording import Wording

__all__ = ["Asserts", "Said", "asserts_of"]

_LEVELS = {
    "i": "1",
    "ii": "2",
    "iii": "3",
    "iv": "4",
    "v": "5",
    "one": "1",
    "two": "2",
    "three": "3",
    "four": "4",
    "five": "5",
    "a": "1",
}
_NUMBERS = {
    w: n
    for n, w in enumerate(
        ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"]
    )
} | {
    "eighteen": 18,
    "twenty": 20,
}
_MONTHS = {"day": 12 / 365.25, "week": 12 / 52.18, "month": 1.0, "year": 12.0}


@dataclass(frozen=True, slots=True)
class Said:
    """Something asserted, and the words that say so."""

    value: str
    words: str


@dataclass(frozen=True, slots=True)
class Asserts:
    """What a sentence asserts, each with its words; None or empty where it says nothing on it.

    `certainty` is certain, hedged or uncertain; `negated` says that it denies an effect, a proof or a difference.
    """

    level: Said | None
    strength: tuple[Said, ...]  # proven, substantial, studies, expert
    certainty: Said
    negated: Said | None
    relation: Said | None  # better, equal, alternative, not_better
    comparators: tuple[Said, ...]  # as the catalog codes them
    outcomes: tuple[str, ...]  # pain, function, structure
    population: str | None
    broad: str | None
    absolute: str | None
    share: str | None
    lasting: str | None
    followup_months: float | None
    followup: str | None


def asserts_of(text: str, named: Named, words: Wording, *, compares: bool) -> Asserts:
    """Read what a sentence asserts; a relation only where it `compares`."""
    level = next((found for pattern in words.level if (found := pattern.search(text))), None)
    single = {name: found[0] if (found := pattern.search(text)) else None for name, pattern in words.single.items()}
    months, when = _followup(text, words)
    strength = tuple(
        Said(name, found[0]) for name, pattern in words.named["strength"] if (found := pattern.search(text))
    )
    return Asserts(
        level=Said(_LEVELS.get(level["level"].lower(), level["level"]), level[0]) if level else None,
        strength=strength,
        certainty=_first(text, words, "certainty") or Said("certain", ""),
        negated=Said("negated", single["negated_effect"]) if single["negated_effect"] else None,
        relation=_first(text, words, "relation") if compares else None,
        comparators=tuple(dict.fromkeys(Said(m.id, m.text) for m in (*named.others, *named.arms) if m.id is not None))
        if compares
        else (),
        outcomes=tuple(name for name, pattern in words.named["outcomes"] if pattern.search(text)),
        population=single["population"],
        broad=next((found[0] for pattern in words.broad if (found := pattern.search(text))), None),
        absolute=single["absolute"],
        share=single["share"],
        lasting=single["lasting"],
        followup_months=months,
        followup=when,
    )


def _first(text: str, words: Wording, name: str) -> Said | None:
    for value, pattern in words.named[name]:
        found = pattern.search(text)
        if found:
            return Said(value, found[0])
    return None


def _followup(text: str, words: Wording) -> tuple[float | None, str | None]:
    """The longest time a sentence names, in months, and its words."""
    longest: tuple[float, str] | None = None
    for found in words.single["followup"].finditer(text):
        number = found["number"].lower()
        months = round((_NUMBERS[number] if number in _NUMBERS else int(number)) * _MONTHS[found["unit"].lower()], 1)
        if longest is None or months > longest[0]:
            longest = (months, found[0])
    return longest or (None, None)
