"""A record's text as the rules read it: sentences, each with the part of the paper it stands in.

What a study says about itself stands in its title, aim, methods and results; its background and its calls for further
work speak of other studies. Where an abstract has no sections, the parts are inferred from cues and order (parts.py).
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from functools import cached_property
from typing import Literal

from catalog.tagging.parts import ZONES, Zone, headings_in, part_of, parts_of
from catalog.tagging.scan import Scan
from catalog.tagging.sentences import sentence_spans
from harvest.record import Record
from harvest.shapes import Section

__all__ = ["ZONES", "Document", "Sentence", "TextField", "Zone", "read", "read_texts", "sentence_spans"]

TextField = Literal["title", "abstract"]
# What cuts a text into its parts reads a record's title and sections; nothing else of it.
_BLANK = Record(**{f.name: () if "tuple" in str(f.type) else None for f in fields(Record)})  # type: ignore[arg-type]


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
    scans: Mapping[TextField, Scan] = field(repr=False)

    def text(self, field: TextField) -> str:
        """The text the spans of `field` point into."""
        return self.title if field == "title" else self.abstract

    def scan(self, field: TextField) -> Scan:
        """The text of `field` as patterns are looked for in it."""
        return self.scans[field]

    @cached_property
    def _of_abstract(self) -> tuple[list[int], list[Sentence]]:
        sentences = [s for s in self.sentences if s.field == "abstract"]
        return [s.start for s in sentences], sentences

    @cached_property
    def _zones(self) -> frozenset[Zone]:
        return frozenset(s.zone for s in self.sentences)

    def sentence_at(self, field: TextField, place: int) -> Sentence:
        """The sentence that holds a code point."""
        if field == "title":
            return self.sentences[0]
        starts, sentences = self._of_abstract
        return sentences[max(0, bisect_right(starts, place) - 1)]

    def has(self, zone: Zone) -> bool:
        """Whether any sentence stands in that part."""
        return zone in self._zones


def read(record: Record) -> Document:
    """A record's document. A record without abstract gives a document of its title alone, or of nothing."""
    title = record.title or ""
    abstract = record.abstract or ""
    scan = Scan(abstract)
    sentences: list[Sentence] = []
    if title:
        sentences.append(Sentence("title", 0, len(title), "title", None))
    labelled = [section for section in record.sections if section.label or section.category not in (None, "UNASSIGNED")]
    at = 0
    running: int | None = None  # where a run of sections without headings began: they are read as one text
    for section in record.sections:
        lead = len(section.label) + 2 if section.label else 0
        start, end = at, at + lead + len(section.text)
        zone = part_of(section.label, section.category)
        if zone is None:
            running = start if running is None else running
        else:
            if running is not None:
                sentences += _section(scan, running, start - 1, None, None)
                running = None
            sentences += _section(scan, start + lead, end, zone, section.label)
        at = end + 1
    if running is not None:
        sentences += _section(scan, running, len(abstract), None, None)
    scans: dict[TextField, Scan] = {"title": Scan(title), "abstract": scan}
    return Document(record, title, abstract, tuple(sentences), bool(labelled), scans)


def read_texts(title: str | None, sections: Sequence[tuple[str | None, str | None, str]]) -> Document:
    """The document of a title and an abstract's sections (label, category, text), as a catalog keeps them."""
    return read(replace(_BLANK, title=title, sections=tuple(Section(*section) for section in sections)))


def _section(scan: Scan, start: int, end: int, zone: Zone | None, label: str | None) -> list[Sentence]:
    """The sentences of one section; headings written into the text begin a part of their own."""
    parts: list[tuple[int, int, Zone | None, str | None]] = []
    at, current, heading = start, zone, label
    for found in headings_in(scan.text, start, end):
        if found.start > at:
            parts.append((at, found.start, current, heading))
        at, heading, current = found.end, found.label, part_of(found.label, None)
    parts.append((at, end, current, heading))
    sentences: list[Sentence] = []
    for part_start, part_end, part_zone, part_label in parts:
        spans = sentence_spans(scan.text, part_start, part_end)
        zones = parts_of(scan, spans, part_zone)
        sentences += [Sentence("abstract", a, b, z, part_label) for (a, b), z in zip(spans, zones, strict=True)]
    return sentences
