"""A record's text as the rules read it: sentences, each with the part of the paper it stands in.

What a study says about itself stands in its title, aim, methods and results; its background and its calls for further
work speak of other studies. Where an abstract has no sections, the parts are inferred from cues and order.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from harvest.record import Record

__all__ = ["ZONES", "Document", "Sentence", "TextField", "Zone", "read"]

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


# Section headings as journals write them; the first that fits decides. NlmCategory is used where a heading is not known.
_HEADINGS: tuple[tuple[Zone, re.Pattern[str]], ...] = tuple(
    (zone, re.compile(pattern, re.IGNORECASE))
    for zone, pattern in (
        ("conclusions", r"conclu|discussion|interpretation|implication|significance|relevance|take.?home|limitation"),
        (
            "methods",
            r"method|design|setting|patient|participant|subject|population|intervention|measure|material|data (source|extraction|synthesis)"
            r"|search|procedure|sample|selection|eligib|analys|trial registration|registration|type of|level of evidence"
            r"|evidence acquisition|recruit|treatment|technique|main outcome|primary outcome|ethics",
        ),
        ("results", r"result|finding|outcomes?$|case|observations?$|report of"),
        ("objective", r"objective|aim|purpose|goal|question|hypothes|rationale and obj"),
        ("background", r"background|introduction|context|rationale|summary of background|importance|problem"),
    )
)
_CATEGORIES: dict[str, Zone] = {
    "BACKGROUND": "background",
    "OBJECTIVE": "objective",
    "METHODS": "methods",
    "RESULTS": "results",
    "CONCLUSIONS": "conclusions",
}
# A heading written into running text: "Methods: ...", "STUDY DESIGN. ...", "Results. ..."
_INLINE = re.compile(
    r"(?:(?<=[.?!;)\]] )|(?<=\n)|^)(?P<label>(?:[A-Z][A-Za-z/&,-]*|and|of|or)(?: (?:[A-Za-z/&-]+)){0,5}?)(?P<mark>\s?:|\.)\s(?=\S)",
)
_INLINE_LABEL = re.compile(
    r"(?:summary of )?(?:backgrounds?(?: data| context)?|introduction|context|rationale|objectives?|aims?|aims? of the study|purposes?|goals?|study design"
    r"|design|research design|setting|study design and setting|design and setting|methods?|materials? and methods?|patients?(?: and methods?)?|subjects?(?: and methods?)?"
    r"|methods and (?:materials|analysis|design|findings)|participants?|patient sample|interventions?|outcome measures?|main outcome measures?|data sources?|study selection"
    r"|data extraction|evidence acquisition|evidence synthesis|results?|findings|main results|results and discussion|case (?:report|presentation|description|summary)"
    r"|conclusions?|concluding remarks|discussion|interpretation|clinical (?:relevance|significance)|level of evidence|trial registration|ethics and dissemination"
    r"|background and (?:objectives?|aims?|purpose)|introduction and (?:objectives?|aims?)|objectives? and methods?|purpose of (?:the )?study|search strategy|selection criteria)",
    re.IGNORECASE,
)
# Ends of sentences: a stop, then white space, then something that can begin one. Not after common short forms.
_STOP = re.compile(r"(?:(?<=[.?!])|(?<=[.?!][)\]\"”’]))\s+(?=[A-Z0-9(\[\"“‘<>=±≥≤α-ω])|\n")
_SHORT = re.compile(
    r"(?:\b(?:vs|e\.g|i\.e|cf|approx|resp|ca|fig|no|dr|mr|mrs|prof|st|inc|ltd|al|etc|viz|min|max|sp|spp|var|ref|vol|pp)|\b[A-Za-z])\.$",
    re.IGNORECASE,
)

_CUES: tuple[tuple[Zone, re.Pattern[str]], ...] = (
    (
        "conclusions",
        re.compile(
            r"^(?:in conclusion|in summary|to conclude|overall,|taken together|collectively|conclusions?\b|these (?:results|findings|data)|our (?:results|findings|data)"
            r"|this (?:study|review|trial|case|report|article|meta-analysis|work) (?:suggests?|shows?|demonstrate[sd]?|indicate[sd]?|highlights?|supports?|provides?|confirms?)"
            r"|the (?:results|findings|data|present results|present study|evidence) (?:of (?:this|the|our) \w+ )?(?:suggests?|indicates?|support|demonstrate|show)|we conclude|thus,|therefore,|hence,|further (?:studies|research|trials)"
            r"|more (?:studies|research)|future (?:studies|research|trials)|larger )"
            r"|\b(?:we conclude|may be (?:a|an) (?:effective|useful|promising|safe|viable)|seems? to be (?:a|an|safe|effective)|(?:is|are) (?:needed|warranted|required)\b)",
            re.IGNORECASE,
        ),
    ),
    (
        "objective",
        re.compile(
            r"\b(?:aim(?:ed|s)?|purpose|objective|goal) (?:of|was|is|to|were)\b|\b(?:we|this (?:study|trial|article|review|paper|report)|the (?:present|current) (?:study|trial|review)) (?:aim|sought|evaluate|investigate|assess|examine|compare|review|report|present|describe|explore|test|determine|hypothesi|conduct|perform)"
            r"|\b(?:was|were) (?:to|designed to|conducted to|undertaken to|performed to)\b|^to (?:evaluate|assess|determine|compare|investigate|examine|study|analy|report|describe|review)",
            re.IGNORECASE,
        ),
    ),
    (
        "results",
        re.compile(
            r"\bp\s?[<=>≤]|\b\d+(?:\.\d+)?\s?%|\bsignificant(?:ly)?\b|\bdecreas(?:ed|e)\b|\bimproved\b|\bincreased\b|\b95\s?% ci\b|\bno (?:complications|adverse|serious)|\bshowed\b|\brevealed\b|\bwere found\b|\bresulted in\b|\bwas (?:higher|lower|greater|observed|found)\b|\bthere (?:was|were)\b",
            re.IGNORECASE,
        ),
    ),
    (
        "methods",
        re.compile(
            r"\b(?:were|was) (?:\w+ )?(?:random|enrolled|included|recruited|treated|divided|assigned|allocated|performed|injected|measured|assessed|evaluated|conducted|searched|collected|analy[sz]ed|followed|cultured|isolated|obtained|selected|reviewed|used|administered|carried|retrieved|extracted|harvested|identified|prepared|transplanted)"
            r"|\bwe (?:searched|enrolled|randomi|conducted|performed|included|recruited|retrospectively|prospectively|treated|injected|used|collected|identified)|\b(?:pubmed|medline|embase|cochrane library)\b|\bunderwent\b|\breceived\b|\bwill be\b",
            re.IGNORECASE,
        ),
    ),
)
_ORDER: dict[Zone, int] = {"background": 0, "objective": 1, "methods": 2, "results": 3, "conclusions": 4}


def read(record: Record) -> Document:
    """A record's document. A record without abstract gives a document of its title alone, or of nothing."""
    title = record.title or ""
    abstract = record.abstract or ""
    sentences: list[Sentence] = []
    if title:
        sentences.append(Sentence("title", 0, len(title), "title", None))
    labelled = [section for section in record.sections if section.label or section.category not in (None, "UNASSIGNED")]
    at = 0
    for section in record.sections:
        lead = len(section.label) + 2 if section.label else 0
        start, end = at, at + lead + len(section.text)
        zone = _zone_of(section.label, section.category)
        sentences += _section(abstract, start + lead, end, zone, section.label)
        at = end + 1
    return Document(record, title, abstract, tuple(sentences), bool(labelled))


def _zone_of(label: str | None, category: str | None) -> Zone | None:
    """The part a section belongs to by its heading; None where it must be inferred."""
    if label:
        for zone, pattern in _HEADINGS:
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
        if _INLINE_LABEL.fullmatch(m["label"]) and (m["mark"].strip() == ":" or m["label"].isupper() or m["label"][0].isupper())
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
        spans = _split(text, part_start, part_end)
        zones = [part_zone] * len(spans) if part_zone else _infer([text[a:b] for a, b in spans])
        found += [
            Sentence("abstract", a, b, z or "other", part_label) for (a, b), z in zip(spans, zones, strict=True)
        ]
    return found


def _split(text: str, start: int, end: int) -> list[tuple[int, int]]:
    """(start, end) of each sentence between two places, white space trimmed."""
    cuts = [start]
    for stop in _STOP.finditer(text, start, end):
        if not _SHORT.search(text, max(start, stop.start() - 12), stop.start()):
            cuts.append(stop.end())
    cuts.append(end)
    spans = []
    for a, b in zip(cuts, cuts[1:], strict=False):
        piece = text[a:b]
        if piece.strip():
            spans.append((a + len(piece) - len(piece.lstrip()), b - len(piece) + len(piece.rstrip())))
    return spans


def _infer(sentences: list[str]) -> list[Zone | None]:
    """Parts of an abstract without headings, by cues; parts never go back, but for methods cited after an aim."""
    zones: list[Zone | None] = []
    current: Zone = "background"
    last = len(sentences) - 1
    for i, sentence in enumerate(sentences):
        cue = _cue(sentence)
        if cue == "conclusions" and i < last and i < len(sentences) * 0.55 and not sentence.lower().startswith("in conclusion"):
            cue = "objective" if _CUES[1][1].search(sentence) else None
        if cue == "results" and _ORDER[current] < _ORDER["methods"] and i <= len(sentences) * 0.25:
            cue = None  # a figure in the opening sentences is background: prevalence, burden
        if cue is not None and (_ORDER[cue] > _ORDER[current] or (cue == "methods" and current == "results" and i < len(sentences) * 0.5)):
            current = cue
        zones.append(current)
    return zones


def _cue(sentence: str) -> Zone | None:
    for zone, pattern in _CUES:
        if pattern.search(sentence):
            return zone
    return None
