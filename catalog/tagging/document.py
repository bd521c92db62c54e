"""A record's text as the rules read it: sentences, each with the part of the paper it stands in.

What a study says about itself stands in its title, aim, methods and results; its background and its calls for further
work speak of other studies. Where an abstract has no sections, the parts are inferred from cues and order.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass
from functools import cache, cached_property
from itertools import pairwise
from typing import Literal

from catalog.tagging.scan import Scan
from catalog.tagging.tables import table
from harvest.record import Record

__all__ = ["ZONES", "Document", "Sentence", "TextField", "Zone", "read", "sentence_spans"]

TextField = Literal["title", "abstract"]
Zone = Literal["title", "background", "objective", "methods", "results", "conclusions", "other"]
ZONES: tuple[Zone, ...] = ("title", "background", "objective", "methods", "results", "conclusions", "other")


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence: code points into its field's text, and its part of the paper. `label` is its section's heading."""

    field: TextField
    start: int
    end: int
    zone: Zone
    label: str | None


@dataclass(frozen=True)
class Document:
    """Title and abstract of a record, cut into sentences in reading order."""

    record: Record
    title: str
    abstract: str
    sentences: tuple[Sentence, ...]
    structured: bool

    def text(self, field: TextField) -> str:
        """The text the spans of `field` point into."""
        return self.title if field == "title" else self.abstract

    @cached_property
    def _scans(self) -> dict[TextField, Scan]:
        return {"title": Scan(self.title), "abstract": Scan(self.abstract)}

    def scan(self, field: TextField) -> Scan:
        """The text of `field` as patterns are looked for in it."""
        return self._scans[field]

    @cached_property
    def _starts(self) -> list[int]:
        return [s.start for s in self.sentences if s.field == "abstract"]

    @cached_property
    def _abstract_sentences(self) -> list[Sentence]:
        return [s for s in self.sentences if s.field == "abstract"]

    def sentence_at(self, field: TextField, place: int) -> Sentence:
        """The sentence that holds a code point."""
        if field == "title":
            return next(s for s in self.sentences if s.field == "title")
        return self._abstract_sentences[max(0, bisect_right(self._starts, place) - 1)]

    def has(self, zone: Zone) -> bool:
        """Whether any sentence stands in that part."""
        return any(s.zone == zone for s in self.sentences)


_CATEGORIES: dict[str, Zone] = {
    "BACKGROUND": "background",
    "OBJECTIVE": "objective",
    "METHODS": "methods",
    "RESULTS": "results",
    "CONCLUSIONS": "conclusions",
}
# A heading written into running text: "Methods: ...", "STUDY DESIGN. ..."; which words may be one stands in parts.yml.
_INLINE = re.compile(
    r"(?:(?<=[.?!;)\]] )|(?<=\n)|^)(?P<label>(?:[A-Z][A-Za-z/&,-]*|and|of|or)(?: (?:[A-Za-z/&-]+)){0,5}?)"
    r"(?P<mark>\s?:|\.)\s(?=\S)",
)
# Ends of sentences: a stop, then white space, then something that can begin one. Not after common short forms.
_STOP = re.compile(
    r"(?:(?<=[.?!])|(?<=[.?!][)\]\"”’]))\s+(?=[A-Z0-9(\[\"“‘<>=±≥≤α-ω])|\n|(?<=[a-z]{3}\.)(?=[A-Z][a-z]+ [a-z])"
)
_SHORT = re.compile(
    r"(?:\b(?:vs|e\.g|i\.e|cf|approx|resp|ca|fig|no|dr|mr|mrs|prof|st|inc|ltd|al|etc|viz|min|max|sp|spp|var|ref|vol|pp)"
    r"|\b[A-Za-z])\.$",
    re.IGNORECASE,
)
# An abstract of so many sentences or fewer, without headings, speaks of the study itself from the start.
SHORT_ABSTRACT = 4
_ORDER: dict[Zone, int] = {"background": 0, "other": 0, "objective": 1, "methods": 2, "results": 3, "conclusions": 4}


@cache
def _parts(name: str) -> tuple[tuple[Zone, re.Pattern[str]], ...]:
    """(part, pattern) of the headings or cues of parts.yml, in its order."""
    return tuple((entry["part"], re.compile("|".join(entry["any"]), re.IGNORECASE)) for entry in table("parts")[name])


@cache
def _inline() -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{label})" for label in table("parts")["inline"]), re.IGNORECASE)


def read(record: Record) -> Document:
    """A record's document. A record without abstract gives a document of its title alone, or of nothing."""
    title = record.title or ""
    abstract = record.abstract or ""
    sentences: list[Sentence] = []
    if title:
        sentences.append(Sentence("title", 0, len(title), "title", None))
    labelled = [section for section in record.sections if section.label or section.category not in (None, "UNASSIGNED")]
    at = 0
    running: int | None = None  # where a run of sections without headings began: they are read as one text
    for section in record.sections:
        lead = len(section.label) + 2 if section.label else 0
        start, end = at, at + lead + len(section.text)
        zone = _zone_of(section.label, section.category)
        if zone is None:
            running = start if running is None else running
        else:
            if running is not None:
                sentences += _section(abstract, running, start - 1, None, None)
                running = None
            sentences += _section(abstract, start + lead, end, zone, section.label)
        at = end + 1
    if running is not None:
        sentences += _section(abstract, running, len(abstract), None, None)
    return Document(record, title, abstract, tuple(sentences), bool(labelled))


def _zone_of(label: str | None, category: str | None) -> Zone | None:
    """The part a section belongs to by its heading; None where it must be inferred."""
    if label:
        for zone, pattern in _parts("headings"):
            if pattern.search(label):
                return zone
    if category and category in _CATEGORIES:
        return _CATEGORIES[category]
    return "other" if label else None


def _section(text: str, start: int, end: int, zone: Zone | None, label: str | None) -> list[Sentence]:
    """The sentences of one section; headings written into the text begin a part of their own."""
    marks = [
        (m.start("label"), m.end(), m["label"])
        for m in _INLINE.finditer(text, start, end)
        if _inline().fullmatch(m["label"])
        and (m["mark"].strip() == ":" or m["label"].isupper() or m["label"][0].isupper())
    ]
    parts: list[tuple[int, int, Zone | None, str | None]] = []
    at, current, heading = start, zone, label
    for mark_start, mark_end, name in marks:
        if mark_start > at:
            parts.append((at, mark_start, current, heading))
        at, heading = mark_end, name
        current = _zone_of(name, None)
    parts.append((at, end, current, heading))
    found: list[Sentence] = []
    for part_start, part_end, part_zone, part_label in parts:
        spans = sentence_spans(text, part_start, part_end)
        sentences = [text[a:b] for a, b in spans]
        zones = [_aim_or(part_zone, sentence) for sentence in sentences] if part_zone else _infer(sentences)
        found += [Sentence("abstract", a, b, z or "other", part_label) for (a, b), z in zip(spans, zones, strict=True)]
    return found


def _aim_or(zone: Zone, sentence: str) -> Zone:
    """A background section often ends with the study's own aim."""
    return "objective" if zone == "background" and dict(_parts("cues"))["objective"].search(sentence) else zone


def sentence_spans(text: str, start: int, end: int) -> list[tuple[int, int]]:
    """(start, end) of each sentence between two places, white space trimmed."""
    cuts = [start]
    cuts += [
        stop.end()
        for stop in _STOP.finditer(text, start, end)
        if not _SHORT.search(text, max(start, stop.start() - 12), stop.start())
    ]
    cuts.append(end)
    spans = []
    for a, b in pairwise(cuts):
        piece = text[a:b]
        if piece.strip():
            spans.append((a + len(piece) - len(piece.lstrip()), b - len(piece) + len(piece.rstrip())))
    return spans


def _infer(sentences: list[str]) -> list[Zone | None]:
    """Parts of an abstract without headings, by cues; parts never go back, but for methods cited after an aim."""
    zones: list[Zone | None] = []
    # a few sentences have no room for background
    current: Zone = "background" if len(sentences) > SHORT_ABSTRACT else "other"
    last = len(sentences) - 1
    for i, sentence in enumerate(sentences):
        cue = _cue(sentence)
        if (
            cue == "conclusions"
            and i < last
            and i < len(sentences) * 0.55
            and not sentence.lower().startswith("in conclusion")
        ):
            cue = "objective" if dict(_parts("cues"))["objective"].search(sentence) else None
        if cue == "results" and _ORDER[current] < _ORDER["methods"] and i <= len(sentences) * 0.25:
            cue = None  # a figure in the opening sentences is background: prevalence, burden
        if cue is not None and (
            _ORDER[cue] > _ORDER[current] or (cue == "methods" and current == "results" and i < len(sentences) * 0.5)
        ):
            current = cue
        zones.append(current)
    if len(sentences) >= SHORT_ABSTRACT - 1 and current in ("other", "methods", "results") and _closes(sentences[last]):
        zones[last] = "conclusions"
    return zones


def _closes(sentence: str) -> bool:
    """Whether the last sentence of an abstract judges rather than tells what was found."""
    return not any(c.isdigit() for c in sentence) and bool(_closing().search(sentence))


@cache
def _closing() -> re.Pattern[str]:
    return re.compile(table("parts")["closing"], re.IGNORECASE)


def _cue(sentence: str) -> Zone | None:
    for zone, pattern in _parts("cues"):
        if pattern.search(sentence):
            return zone
    return None
