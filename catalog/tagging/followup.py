"""The longest follow-up a paper states, in months; a protocol's is the planned one."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cache

from catalog.tagging.document import Document, TextField
from catalog.tagging.quantities import REACH, Number, compiled, numbers, plain, rules_asked
from catalog.tagging.tables import table
from catalog.tagging.tags import Tag

__all__ = ["decide_followup"]

_FIELDS: tuple[TextField, ...] = ("title", "abstract")
# The last letters of a unit, "and", "or", "to", or what parts a list: they stand before the number in "months 3 and 6".
_BEFORE_NUMBER = frozenset("skhyrdo,0123456789")
# In months: longer than anyone follows a patient, or than a programme lasts, is a misreading.
LONGEST = {"followup": 600.0, "course": 24.0}
# Durations that lost, kept for the reader to see.
MOST_LOST = 4
_REVIEWS = frozenset({"systematic_review"})
# In a review only what says so itself counts: its other durations are those of its search or of single studies.
_OF_REVIEWS = frozenset({"followup.explicit", "followup.followed", "followup.after", "followup.at"})


def decide_followup(document: Document, design: str) -> tuple[float | None, tuple[Tag, ...]]:
    """(months, proofs): the longest follow-up stated, to one decimal; None where none is, or the design has none.

    Where no follow-up is stated, the length of a programme of treatment stands for it: its end is the last that was
    measured. Proofs list the longest first.
    """
    if design not in _asked("designs"):
        return None, ()
    found = _read(document, design, background=False) or _read(document, design, background=True)
    for tier in ("followup", "course"):
        within = sorted((item for item in found if item[0] == tier), key=lambda item: -item[1])
        if within and (tier == "followup" or design in _asked("course_designs")):
            _, months, tag = within[0]
            proof = replace(tag, chosen=True)
            lost = [other for _, _, other in within[1:] if other.value != tag.value][:MOST_LOST]
            return round(months, 1), (proof, *lost)
    return None, ()


def _read(document: Document, design: str, *, background: bool) -> list[tuple[str, float, Tag]]:
    """(tier, months, tag) of every duration of follow-up or of a programme; of the introduction where asked."""
    found: list[tuple[str, float, Tag]] = []
    for field in _FIELDS:
        text = plain(document.text(field))
        for number in numbers(text):
            duration = _duration(text, number)
            if duration is None:
                continue
            months, start, end = duration
            rule = _rule(document, field, number, design, background=background)
            if rule is None or not 0 < months <= LONGEST.get(rule[0], 0):
                continue
            if design in _REVIEWS and rule[1] not in _OF_REVIEWS:
                continue
            quote = document.text(field)[start:end]
            tag = Tag("followup_months", _shown(months), rule[1], field, start, end, quote, chosen=False)
            found.append((rule[0], months, tag))
    return found


@cache
def _asked(key: str) -> frozenset[str]:
    return frozenset(table("followup")[key])


def _shown(months: float) -> str:
    """As the labels write it: 12, 1.5."""
    return f"{round(months, 1):g}"


@cache
def _units() -> tuple[re.Pattern[str], tuple[float, ...]]:
    """(pattern of the rest of a duration, its unit in one of the groups; months of each group)."""
    data = table("quantities")["units"]
    words = table("followup")["words"]
    choice = "|".join(f"({entry['any']})" for entry in data)
    more = words["more"]
    spread = r"(?:\s?\(?(?:±|\+/?-) ?\d+(?:\.\d+)?\)?)?"
    pattern = rf"{more}(?:st|nd|rd|th)?{spread}[-\u2010\u2013 \u00a0]?(?:{choice})(?!\w)"
    return re.compile(pattern, re.IGNORECASE), tuple(float(entry["months"]) for entry in data)


@cache
def _names() -> tuple[str, ...]:
    return tuple(entry["unit"] for entry in table("quantities")["units"])


def _duration(text: str, number: Number) -> tuple[float, int, int] | None:
    """(months, start, end) of the duration a number begins or is listed in; None where it is none."""
    pattern, months = _units()
    hit = pattern.match(text, number.end)
    if hit and hit.lastindex:
        return number.value * months[hit.lastindex - 1], number.start, hit.end()
    if text[number.start - 2 : number.start - 1].lower() not in _BEFORE_NUMBER:
        return None
    lead = text[max(0, number.start - REACH // 2) : number.start]
    unit = compiled("followup", "lead_unit").search(lead)
    if unit and not compiled("followup", "no_figure").match(text, number.end):
        word = unit["unit"].lower()
        each = next(each for name, each in zip(_names(), months, strict=True) if word.startswith(name))
        return number.value * each, number.start - len(lead) + unit.start(), number.end
    return None


def _rule(
    document: Document, field: TextField, number: Number, design: str, *, background: bool
) -> tuple[str, str] | None:
    """(tier, rule) of the first rule that fits a duration; None where nothing says what it is."""
    text = plain(document.text(field))
    sentence = document.sentence_at(field, number.start)
    zone = "methods" if background and sentence.zone == "background" and design not in _REVIEWS else sentence.zone
    for rule in rules_asked("followup", zone, design):
        if rule.fits(text, number, sentence.start, sentence.end):
            return rule.tier, rule.id
    return None
