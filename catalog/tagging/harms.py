"""Harms to the treated: serious events wherever they stand, none or minor ones, or only "safe" (codebook: harms)."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from catalog.tagging.arms import Arms
from catalog.tagging.document import Document, Sentence, TextField
from catalog.tagging.rules import Rule, index_of
from catalog.tagging.scan import Signs
from catalog.tagging.tables import table
from catalog.tagging.tags import Tag

__all__ = ["Harmed", "decide_harms"]

# The strongest that is found wins.
_ORDER = ("serious", "none_serious", "called_safe")
# Announced, or not about people treated here.
_SILENT = frozenset({"protocol", "in_vitro", "animal", "opinion", "guideline"})
# People observed: asked only where something of the vocabulary was given to them.
_OBSERVED = "cross_sectional"


# The rule of events by name; so many letters of each of its words are looked for in the title.
_NAMED = "harms.serious_named"
STEM = 6
_WORD = re.compile(r"[A-Za-z]{4,}")


@dataclass(frozen=True, slots=True)
class Harmed:
    """What a record says of harms, and its tags: the clauses that say it, and those that lost."""

    value: str
    tags: tuple[Tag, ...]


@cache
def _gate() -> Signs:
    return Signs(table("harms")["gate"])


@cache
def _cue(name: str) -> re.Pattern[str]:
    return re.compile(table("harms")[name], re.IGNORECASE)


def decide_harms(document: Document, design: str, arms: Arms) -> Harmed:
    """What a record says of harms; `not_reported` where it says nothing.

    Args:
        document: its text.
        design: the codebook's design; a case report is about its event wherever the abstract tells it.
        arms: who is treated: an event in the controls only is no harm of the treatment.
    """
    if design in _SILENT or (design == _OBSERVED and not arms.ours):
        return Harmed("not_reported", ())
    found = list(_found(document, design, arms))
    value = next((value for value in _ORDER if any(v == value for v, *_ in found)), "not_reported")
    tags = tuple(
        Tag("harms", v, rule, s.field, a, b, document.text(s.field)[a:b], v == value) for v, rule, s, a, b in found
    )
    return Harmed(value, tags)


_Found = tuple[str, str, Sentence, int, int]


def _found(document: Document, design: str, arms: Arms) -> Iterator[_Found]:
    fields: tuple[TextField, ...] = ("title", "abstract")
    gates = {field: document.scan(field).places_of(_gate()) for field in fields}
    readings = {field: index_of("harms").read(document.scan(field)) for field, places in gates.items() if places}
    for place, sentence in enumerate(document.sentences):
        gate = gates[sentence.field]
        at = bisect_left(gate, sentence.start)
        if at == len(gate) or gate[at] >= sentence.end:
            continue
        scan, reading = document.scan(sentence.field), readings[sentence.field]
        for start, end in _clauses(scan.text, sentence):
            told: set[str] = set()
            denied: dict[str, None] = {}
            for rule, branch in reading.within(start, end):
                if rule.id in told or sentence.zone not in rule.zones:
                    continue
                for match in branch.matches(scan, start, end):
                    if rule.unless and rule.unless.stands(scan, start, end):
                        break
                    value = _judged(document, design, arms, place, (start, end), rule, match)
                    if value == rule.value:
                        told.add(rule.id)
                        yield value, rule.id, sentence, start, end
                        break
                    if value is not None:  # another event of the clause may have happened
                        denied[rule.id] = None
            for rule_id in denied:
                if rule_id not in told:
                    yield "none_serious", rule_id, sentence, start, end


def _clauses(text: str, sentence: Sentence) -> Iterator[tuple[int, int]]:
    at = sentence.start
    for mark in _cue("cut").finditer(text, at, sentence.end):
        if mark.start() > at:
            yield at, mark.start()
        at = mark.end()
    if sentence.end > at:
        yield at, sentence.end


def _judged(
    document: Document,
    design: str,
    arms: Arms,
    place: int,
    clause: tuple[int, int],
    rule: Rule,
    match: re.Match[str],
) -> str | None:
    """What a match says where it stands: its rule's value, `none_serious` for an event that is denied, or nothing."""
    sentence = document.sentences[place]
    text = document.text(sentence.field)
    if rule.value != "serious":
        if sentence.zone == "background" and document.has("results"):
            return None
        told = sentence.zone != "methods" or _cue("told").search(match.group())
        return rule.value if told else None
    start, end = clause
    own_case = design == "case_report"
    before, after = text[start : match.start()], text[match.end() : end]
    if _cue("past").search(before):
        return None
    counted = list(_cue("counts").finditer(before))
    near = before[counted[-1].start() :] if counted else before[-90:]
    if _cue("denied").search(near) or _cue("denied_after").search(after):
        return "none_serious" if sentence.zone in ("results", "conclusions", "other") else None
    if _cue("supposed").search(before) or _cue("supposed_after").search(after):
        return None
    if _cue("treated").search(before) and not _cue("then").match(after):
        return None
    if own_case and not arms.ours and not _brought_about(document):
        return None
    if sentence.zone == "title":
        return rule.value if own_case or _followed(text, before) else None
    if not own_case and rule.id == _NAMED and _is_topic(document, match):
        return None
    if not _happened(sentence, text, clause, match, own_case=own_case):
        return None
    if _cue("unrelated").search(_with_next(document, place)):
        return "none_serious"
    if not own_case and _in_controls(arms, sentence, text, start, end):
        return None
    return rule.value


def _in_controls(arms: Arms, sentence: Sentence, text: str, start: int, end: int) -> bool:
    """Whether a clause tells of the control group and of no other."""
    mentions = arms.mentions(sentence.field, text, start, end)
    if {m.side for m in mentions} != {"control"} or not _cue("of_group").search(text, start, end):
        return False
    groups = _cue("other_group").finditer(text, start, end)
    return all(any(m.start < group.end() and group.start() < m.end for m in mentions) for group in groups)


def _brought_about(document: Document) -> bool:
    return any(_cue("brought_about").search(text) for text in (document.title, document.abstract))


def _followed(title: str, before: str) -> bool:
    """Whether a title says that the event named in it came of the treatment."""
    return bool(_cue("followed").search(title)) and not (
        _cue("treated_title").search(before) or _cue("treated_before").search(before)
    )


def _is_topic(document: Document, match: re.Match[str]) -> bool:
    """Whether the title names the event as what is treated or studied, not as what came of it."""
    title = document.scan("title").low
    stems = [word[:STEM].lower() for word in _WORD.findall(match.group())]
    places = [title.find(stem) for stem in stems]
    return bool(places) and min(places) >= 0 and not _followed(document.title, document.title[: min(places)])


def _happened(sentence: Sentence, text: str, clause: tuple[int, int], match: re.Match[str], *, own_case: bool) -> bool:
    """Whether an event is said to have happened, in this study: its background speaks of others."""
    start, end = clause
    elsewhere = sentence.zone in ("background", "objective")
    if elsewhere and not (own_case and _cue("told_of_case").search(text, start, end)):
        return False
    if own_case:
        return True
    told_plainly = sentence.zone != "methods" or _cue("plainly").search(text, sentence.start, sentence.end)
    if not told_plainly:
        return False
    beside = text[max(start, match.start() - 12) : match.start()] + text[match.end() : min(end, match.end() + 12)]
    return (
        any(c.isdigit() for c in beside)
        or bool(_cue("happened").search(text, start, end))
        or (sentence.zone in ("results", "other") and bool(_cue("counted").search(text[start : match.start()])))
    )


def _with_next(document: Document, place: int) -> str:
    """A sentence, and the next where that speaks of the same event ("It was judged unrelated")."""
    sentence = document.sentences[place]
    text = document.text(sentence.field)
    nearby = text[sentence.start : sentence.end]
    following = document.sentences[place + 1] if place + 1 < len(document.sentences) else None
    if following is not None and following.field == sentence.field:
        tail = text[following.start : following.end]
        if _cue("points_back").match(tail):
            return f"{nearby} {tail}"
    return nearby
