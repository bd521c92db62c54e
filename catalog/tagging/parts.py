"""Parts of a paper, told by headings, or where there are none by cues and order (rules: rules/parts.yml)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Literal, NamedTuple

from catalog.tagging.branches import Branch, Branches
from catalog.tagging.index import Index, Reading
from catalog.tagging.literals import branches_of
from catalog.tagging.scan import Scan
from catalog.tagging.tables import table

__all__ = ["ZONES", "Heading", "Zone", "headings_in", "part_of", "parts_of"]

Zone = Literal["title", "background", "objective", "methods", "results", "conclusions", "other"]
ZONES: tuple[Zone, ...] = ("title", "background", "objective", "methods", "results", "conclusions", "other")
_CATEGORIES: dict[str, Zone] = {
    "BACKGROUND": "background",
    "OBJECTIVE": "objective",
    "METHODS": "methods",
    "RESULTS": "results",
    "CONCLUSIONS": "conclusions",
}
# An abstract of so many sentences or fewer, without headings, speaks of the study itself from the start.
SHORT_ABSTRACT = 4
_ORDER: dict[Zone, int] = {"background": 0, "other": 0, "objective": 1, "methods": 2, "results": 3, "conclusions": 4}
Span = tuple[int, int]


class Heading(NamedTuple):
    """A heading written into running text, and where what it heads begins."""

    label: str
    start: int
    end: int


# A heading written into running text: "Methods: ...", "STUDY DESIGN. ..."; which words may be one stands in parts.yml.
_HEADING = re.compile(
    r"(?P<label>(?:[A-Z][A-Za-z/&,-]*|and|of|or)(?: (?:[A-Za-z/&-]+)){0,5}?)(?P<mark>\s?:|\.)\s(?=\S)"
)
# What stands just before one, but at the beginning of a text.
_BEFORE_HEADING = re.compile(r"[.?!;)\]] |\n")


def headings_in(text: str, start: int, end: int) -> list[Heading]:
    """The headings written into a text between two places."""
    found: list[Heading] = []
    reached = start
    # what stands before a heading may stand before `start`
    befores = (before.end() for before in _BEFORE_HEADING.finditer(text, max(0, start - 2), end))
    for place in (0, *befores) if start == 0 else befores:
        if place < reached:
            continue
        hit = _HEADING.match(text, place, end)
        if hit is None:
            continue
        reached = hit.end()
        label = hit["label"]
        if (hit["mark"] != "." or label.isupper() or label[0].isupper()) and _inline().fullmatch(label):
            found.append(Heading(label, place, reached))
    return found


@cache
def _inline() -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{label})" for label in table("parts")["inline"]), re.IGNORECASE)


@lru_cache(maxsize=4096)
def part_of(label: str | None, category: str | None) -> Zone | None:
    """The part a section belongs to by its heading; None where it must be inferred."""
    if label:
        for zone, pattern in _headings():
            if pattern.search(label):
                return zone
    if category and category in _CATEGORIES:
        return _CATEGORIES[category]
    return "other" if label else None


@cache
def _headings() -> tuple[tuple[Zone, re.Pattern[str]], ...]:
    return tuple(
        (entry["part"], re.compile("|".join(entry["any"]), re.IGNORECASE)) for entry in table("parts")["headings"]
    )


class _Cue(NamedTuple):
    """A cue for a part; `opening`: only at the beginning of a sentence."""

    zone: Zone
    opening: bool


@cache
def _cues() -> Index[_Cue]:
    return Index.of(
        (_Cue(entry["part"], part[0] == "^"), Branch(part.removeprefix("^"), re.IGNORECASE))
        for entry in table("parts")["cues"]
        for pattern in entry["any"]
        for part in branches_of(pattern)
    )


@cache
def _closing() -> Branches:
    return Branches(table("parts")["closing"])


def parts_of(scan: Scan, sentences: Sequence[Span], zone: Zone | None) -> list[Zone]:
    """The part of each sentence of a section whose heading says `zone`; None: there is no heading."""
    if zone is not None and zone != "background":
        return [zone] * len(sentences)
    cues = _Sentences(scan, _cues().read(scan))
    if zone == "background":  # it often ends with the study's own aim
        return ["objective" if cues.tell_aim(sentence) else zone for sentence in sentences]
    return _inferred(cues, sentences)


@dataclass(frozen=True, slots=True)
class _Sentences:
    """A text and its cues."""

    scan: Scan
    cues: Reading[_Cue]

    def told(self, sentence: Span) -> Zone | None:
        """The part that the first cue of a sentence tells."""
        for cue, branch in self.cues.within(*sentence):
            if self._stands(cue, branch, sentence):
                return cue.zone
        return None

    def tell_aim(self, sentence: Span) -> bool:
        """Whether a sentence tells the study's aim."""
        return any(
            cue.zone == "objective" and self._stands(cue, branch, sentence)
            for cue, branch in self.cues.within(*sentence)
        )

    def _stands(self, cue: _Cue, branch: Branch, sentence: Span) -> bool:
        if cue.opening:
            return branch.begins(self.scan, *sentence)
        return branch.search(self.scan, *sentence) is not None

    def closes(self, sentence: Span) -> bool:
        """Whether the last sentence of an abstract judges rather than tells what was found."""
        start, end = sentence
        if any(c.isdigit() for c in self.scan.text[start:end]):
            return False
        return _closing().stands(self.scan, start, end)


def _inferred(cues: _Sentences, sentences: Sequence[Span]) -> list[Zone]:
    """Parts of an abstract without headings, by cues; parts never go back, but for methods cited after an aim."""
    zones: list[Zone] = []
    # a few sentences have no room for background
    current: Zone = "background" if len(sentences) > SHORT_ABSTRACT else "other"
    last = len(sentences) - 1
    for i, sentence in enumerate(sentences):
        cue = cues.told(sentence)
        if (
            cue == "conclusions"
            and i < last
            and i < len(sentences) * 0.55
            and not cues.scan.low.startswith("in conclusion", sentence[0])
        ):
            cue = "objective" if cues.tell_aim(sentence) else None
        if cue == "results" and _ORDER[current] < _ORDER["methods"] and i <= len(sentences) * 0.25:
            cue = None  # a figure in the opening sentences is background: prevalence, burden
        if cue is not None and (
            _ORDER[cue] > _ORDER[current] or (cue == "methods" and current == "results" and i < len(sentences) * 0.5)
        ):
            current = cue
        zones.append(current)
    open_ended = len(sentences) >= SHORT_ABSTRACT - 1 and current in ("other", "methods", "results")
    if open_ended and cues.closes(sentences[last]):
        zones[last] = "conclusions"
    return zones
