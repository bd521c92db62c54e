"""Key results: the clauses that give an effect on pain or function in numbers, quoted and never recomputed."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import Literal

from catalog.tagging.branches import Branch, Branches
from catalog.tagging.document import Document, Sentence
from catalog.tagging.findings import at_outset, clauses
from catalog.tagging.index import Index
from catalog.tagging.literals import branches_of
from catalog.tagging.rules import load
from catalog.tagging.scan import Scan
from catalog.tagging.tables import table
from catalog.tagging.tags import Result

__all__ = ["read_results"]

# Designs that report no result of their own on people.
_SILENT = frozenset({"protocol", "opinion", "in_vitro", "animal", "cross_sectional", "guideline", "other"})
# The rule of shares of people.
_SHARES = "results.responders"
_ZONES = frozenset({"results", "conclusions", "other"})


@dataclass(frozen=True, slots=True)
class _Measure:
    id: str | None
    outcome: Literal["pain", "function", "success"]


@cache
def _measures() -> Index[_Measure]:
    return Index.of(
        (_Measure(entry["id"], entry["outcome"]), Branch(part, re.IGNORECASE))
        for entry in table("outcomes")["measures"]
        for part in branches_of(entry["pattern"])
    )


@cache
def _effects() -> tuple[tuple[str, Branches], ...]:
    return tuple((rule.id, rule.pattern) for rule in load("results") if rule.pattern is not None)


@cache
def _cue(name: str) -> re.Pattern[str]:
    return re.compile(table("results")[name], re.IGNORECASE)


def _times(text: str, start: int, end: int) -> list[str]:
    """Every time named between two places, as written, each once."""
    return list(
        dict.fromkeys(
            time.group()
            for time in _cue("timepoint").finditer(text, start, end)
            if not _cue("no_timepoint").search(text[max(start, time.start() - 40) : time.start()])
        )
    )


def read_results(document: Document, design: str) -> tuple[Result, ...]:
    """Every key result in reading order; a clause with two scales gives two."""
    if design in _SILENT or not document.abstract:
        return ()
    zones = _ZONES if any(s.zone in _ZONES for s in document.sentences) else frozenset({"methods", "background"})
    found: list[Result] = []
    for sentence in document.sentences:
        if sentence.field == "abstract" and sentence.zone in zones:
            found += _of_sentence(document.scan("abstract"), sentence)
    return tuple(found)


def _of_sentence(scan: Scan, sentence: Sentence) -> list[Result]:
    text = scan.text
    if not _DIGIT.search(text, sentence.start, sentence.end):
        return []
    measures = _measures().read(scan)
    if not measures.tells(sentence.start, sentence.end):
        return []
    found: list[Result] = []
    for start, end in clauses(scan, sentence):
        named: dict[tuple[str, str | None], _Measure] = {}
        for measure, branch in measures.within(start, end):
            if (measure.outcome, measure.id) not in named and branch.search(scan, start, end):
                named[measure.outcome, measure.id] = measure
        scaled = {outcome for outcome, scale in named if scale is not None}
        named = {key: m for key, m in named.items() if m.id is not None or m.outcome not in scaled}
        effects = {rule for rule, pattern in _effects() if pattern.stands(scan, start, end)} if named else ()
        if effects == {_SHARES} and not _cue("changed").search(text, start, end):
            named = {key: m for key, m in named.items() if m.id is not None or m.outcome == "success"}
        if not named or not effects:
            continue
        if _cue("no_result").search(text, start, end) or at_outset(scan, start, end):
            continue
        end = start + len(text[start:end].rstrip(" ,"))
        times = _times(text, start, end)
        if not times:  # of the sentence, where it names one only
            times = _times(text, sentence.start, sentence.end)
            times = times if len(times) == 1 else []
        time = "; ".join(times) or None
        found += [Result(m.outcome, m.id, time, text[start:end], start, end) for m in named.values()]
    return found


_DIGIT = re.compile(r"\d")
