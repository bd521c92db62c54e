"""How many people a study is about: randomised, else enrolled, else analysed; one integer or nothing."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import cache

from catalog.tagging.document import Document, Sentence, TextField
from catalog.tagging.quantities import (
    REACH,
    Number,
    clause,
    compiled,
    number_rules,
    numbers,
    plain,
    rules_asked,
    small,
    sum_rules,
)
from catalog.tagging.tables import table
from catalog.tagging.tags import Tag

__all__ = ["decide_participants"]

# Which count is the one asked for: the first tier that has any.
_TIERS = ("randomised", "enrolled", "arms", "stated", "analysed", "fraction")
_FIELDS: tuple[TextField, ...] = ("title", "abstract")
# Tiers in which the largest number is the whole.
_FIRM = ("randomised", "enrolled")
# Designs whose groups are counted apart, and the rules that add those up.
_PAIRED = frozenset({"case_control", "historical_control"})
_PAIRS = frozenset({"participants.sum_controls", "participants.sum_compared"})
_ARMED = frozenset({"rct", "nonrandomised_controlled", "historical_control"})
# The codebook's limits: a case report has one to four patients. More arms than this are subgroups.
MOST_CASES = 4
MOST_ARMS = 5
# Arms of one trial are seldom more uneven.
MOST_UNEVEN = 5
# Numbers that lost, kept for the reader to see.
MOST_LOST = 3


@dataclass(frozen=True, slots=True)
class _Count:
    """A number of people: the rule that took it so, where, and whether it is only one arm's."""

    value: int
    rule: str
    tier: str
    field: TextField
    start: int
    end: int
    sentence: Sentence
    part: bool


def decide_participants(document: Document, design: str) -> tuple[int | None, tuple[Tag, ...]]:
    """(people, proofs). None for designs that have none of their own, and where the text gives no number.

    Proofs are the numbers read as people; the one that decided is chosen.
    """
    if design not in _designs():
        return None, ()
    if design == "case_report":
        cases = _cases(document)
        if cases:
            return _settled(document, cases[0], cases)
    for background in (False, True):  # an introduction speaks of other studies, unless nothing else has a number
        value, tags = _read(document, design, background=background)
        if value is not None:
            return value, tags
    return None, ()


def _read(document: Document, design: str, *, background: bool) -> tuple[int | None, tuple[Tag, ...]]:
    """What is decided with or without the introduction."""
    counts = [c for field in _FIELDS for c in _counts(document, field, design, background=background)]
    whole = [count for count in counts if not count.part]
    most = max((count.value for count in counts if count.part), default=0)
    others = max((count.value for count in counts if count.rule == "participants.n_stated"), default=0)
    whole = [count for count in whole if count.rule != "participants.n_of_people" or count.value >= others]
    whole = [count for count in whole if count.value >= most]  # what is less than one arm is an arm
    if design in _PAIRED or not any(count.tier in _FIRM for count in whole):
        whole += _sums(document, counts, design)
    if design in _PAIRED:
        paired = [count for count in whole if count.rule in _PAIRS]
        whole = paired or [count for count in whole if design != "case_control" or count.tier in (*_FIRM, "arms")]
    for tier in _TIERS:
        within = [count for count in whole if count.tier == tier]
        if within:
            return _settled(document, _best(tier, within), whole)
    return None, ()


@cache
def _designs() -> frozenset[str]:
    return frozenset(table("participants")["designs"])


def _settled(document: Document, best: _Count, counts: list[_Count]) -> tuple[int, tuple[Tag, ...]]:
    """The value with its proof first, then numbers that lost to it."""
    lost = [count for count in counts if count.value != best.value][:MOST_LOST]
    return best.value, (_tag(document, best, chosen=True), *(_tag(document, count, chosen=False) for count in lost))


def _tag(document: Document, count: _Count, *, chosen: bool) -> Tag:
    quote = document.text(count.field)[count.start : count.end]
    return Tag("participants", str(count.value), count.rule, count.field, count.start, count.end, quote, chosen)


def _best(tier: str, within: list[_Count]) -> _Count:
    """The largest of those randomised or enrolled (smaller ones are arms, or people who remained); else the first."""
    return max(within, key=lambda count: (count.value, -count.start)) if tier in _FIRM else within[0]


def _counts(document: Document, field: TextField, design: str, *, background: bool) -> list[_Count]:
    """Every number of people in a field that a rule takes for one, with the first rule that does."""
    text = plain(document.text(field))
    found: list[_Count] = []
    for number in numbers(text):
        if not number.counts or text[number.end : number.end + 1] in _NOT_PEOPLE:
            continue
        if number.end < len(text) and text[number.end] not in " \u00a0" and text[number.end] not in "),;:=":
            continue
        people = compiled("participants", "counted").match(text, number.end)
        if people and number.value > 1 and not _PLURAL.search(people.group()):
            people = None
        if people is None and (number.year or not _may_count(text, number)):
            continue
        sentence = document.sentence_at(field, number.start)
        if sentence.zone == "background" and not background:
            continue
        zone = "methods" if sentence.zone == "background" else sentence.zone
        start, end = clause(text, number.start, sentence.start, sentence.end)
        if people and people.end() > end:
            people = None
        for rule in rules_asked("participants", zone, design):
            if (rule.counted and people is None) or rule.tier == "case":
                continue
            if rule.fits(text, number, start, end, people is not None):
                stop = people.end() if people else number.end
                part = _is_part(text, number, sentence, end, design)
                found.append(_Count(int(number.value), rule.id, rule.tier, field, number.start, stop, sentence, part))
                break
    return found


# "three individual sessions" are no people.
_PLURAL = re.compile(r"(?:s|women|men|people|children|adults|nulliparae)$", re.IGNORECASE)
_NOT_PEOPLE = frozenset("%.°")
_MARKED = ("=", "= ", "/", "/ ", ":", ": ")


def _may_count(text: str, number: Number) -> bool:
    """Whether a number that no people follow may still count some: "60 were randomised", "n = 60", "3/22"."""
    if text.endswith(_MARKED, 0, number.start):
        return True
    return compiled("participants", "bare").match(text, number.end) is not None


def _is_part(text: str, number: Number, sentence: Sentence, end: int, design: str) -> bool:
    """Whether a number is that of one arm: it goes to one treatment, or stands for each group."""
    lead = text[max(sentence.start, number.start - REACH) : number.start]
    if compiled("participants", "each").match(text, number.end, end) or _cohorts(lead):
        return True
    if design not in _ARMED or compiled("participants", "crossed").search(text, sentence.start, sentence.end):
        return False
    arm = compiled("participants", "arm").match(text, number.end, end)
    return bool(arm) and not compiled("participants", "whole").search(text, number.end, end)


def _cohorts(lead: str) -> bool:
    """Whether "three cohorts of" leads to a number."""
    hits = list(compiled("participants", "cohorts_of").finditer(lead))
    return bool(hits) and hits[-1].end() == len(lead)


def _sums(document: Document, counts: list[_Count], design: str) -> list[_Count]:
    """Totals that the text gives only in parts."""
    return [*_of_patterns(document, design), *_of_n(document), *_of_parts(document, counts)]


def _of_patterns(document: Document, design: str) -> list[_Count]:
    found = []
    for field in _FIELDS:
        text = plain(document.text(field))
        at = {number.start: number for number in numbers(text)}
        for rule in sum_rules():
            if rule.designs and design not in rule.designs:
                continue
            for hit in rule.hits(text):
                sentence = document.sentence_at(field, hit.start())
                late = sentence.zone == "results" and rule.tier == "enrolled"
                if sentence.zone == "conclusions" or late or not rule.fits(hit.group()):
                    continue
                parts = [at.get(hit.start(name)) for name in ("a", "b", "c") if hit.groupdict().get(name)]
                if all(part is not None and part.whole for part in parts):
                    value = sum(int(part.value) for part in parts if part is not None)
                    found.append(_Count(value, rule.id, rule.tier, field, *hit.span(), sentence, part=False))
    return found


def _of_n(document: Document) -> list[_Count]:
    """The arms of "(n = 20) ... (n = 18)" in one sentence, added up."""
    text = plain(document.abstract)
    groups: dict[int, list[Number]] = {}
    before = compiled("participants", "n_equals")
    for number in numbers(text):
        if number.counts and before.search(text[max(0, number.start - 5) : number.start]):
            groups.setdefault(document.sentence_at("abstract", number.start).start, []).append(number)
    found = []
    for place, parts in groups.items():
        sentence = document.sentence_at("abstract", place)
        armed = compiled("participants", "n_group").search(text, sentence.start, sentence.end)
        sizes = sorted(number.value for number in parts)
        if (
            2 <= len(parts) <= MOST_ARMS
            and armed
            and sizes[-1] <= MOST_UNEVEN * sizes[0]
            and sentence.zone in ("methods", "results", "objective", "other")
        ):
            value = sum(int(number.value) for number in parts)
            span = (parts[0].start, parts[-1].end)
            if len(parts) > 2 and 2 * sizes[-1] == value:  # the whole, then its arms
                value = int(sizes[-1])
                span = next((number.start, number.end) for number in parts if number.value == value)
            found.append(_Count(value, "participants.sum_n", "arms", "abstract", *span, sentence, part=False))
    return found[:1]


def _of_parts(document: Document, counts: list[_Count]) -> list[_Count]:
    """Arms counted one by one, or "20 patients in each group" where the groups are counted."""
    parts = [count for count in counts if count.part and count.field == "abstract" and count.sentence.zone != "results"]
    if len(parts) >= 2 and len(parts) <= MOST_ARMS:
        value = sum(count.value for count in parts)
        first, last = parts[0], parts[-1]
        return [
            _Count(value, "participants.sum_parts", "arms", "abstract", first.start, last.end, first.sentence, False)
        ]
    if len(parts) == 1:
        only = parts[0]
        text = plain(document.abstract)
        groups = compiled("participants", "groups").search(text, only.sentence.start, only.sentence.end)
        own = next(number for number in numbers(text) if number.start == only.start)
        lead = text[max(only.sentence.start, only.start - REACH) : only.start]
        if groups and (compiled("participants", "each").match(text, own.end) or _cohorts(lead)):
            many = next((number for number in numbers(text) if number.start == groups.start(1)), None)
            if many is None:  # the second figure of a ratio
                return []
            span = (min(groups.start(), only.start), max(groups.end(), only.end))
            value = int(many.value) * only.value
            return [_Count(value, "participants.sum_each", "arms", "abstract", *span, only.sentence, part=False)]
    return []


def _cases(document: Document) -> list[_Count]:
    """Cases of a case report: as many as it says, else people it describes by age, else the one of its title."""
    told: list[_Count] = []
    aged: list[_Count] = []
    for field in _FIELDS:
        text = plain(document.text(field))
        for number in numbers(text):
            if not number.counts:
                continue
            sentence = document.sentence_at(field, number.start)
            for rule in number_rules("participants"):
                if rule.tier != "case":
                    continue
                if sentence.zone not in rule.zones or not rule.fits(text, number, sentence.start, sentence.end):
                    continue
                after = rule.after.match(small(text), number.end, sentence.end) if rule.after else None
                span = (number.start, after.end() if after else number.end)
                if rule.id != "participants.cases_reported":
                    aged.append(_Count(1, rule.id, "case", field, *span, sentence, part=False))
                elif number.value <= MOST_CASES:
                    told.append(_Count(int(number.value), rule.id, "enrolled", field, *span, sentence, part=False))
    if told:
        return sorted(told, key=lambda count: -count.value)
    if aged:
        return [replace(count, value=min(len(aged), MOST_CASES)) for count in aged[:1]]
    titled = compiled("participants", "case_title")
    for field in _FIELDS:
        hit = titled.search(plain(document.text(field)))
        if hit:
            sentence = document.sentence_at(field, hit.start())
            return [_Count(1, "participants.case_title", "case", field, *hit.span(), sentence, part=False)]
    return []
