"""Which part of the body a paper is about; every word of one is the vocabulary's (`region:` of the topics file)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import Literal

from catalog.tagging.branches import Branch, Branches, spans
from catalog.tagging.document import Document, Sentence, Zone
from catalog.tagging.index import Index
from catalog.tagging.literals import branches_of
from catalog.tagging.tags import Tag
from harvest.region import ELSEWHERE, UNSTATED, Region

__all__ = ["decide_region"]

# Where a site is looked for, first to last, and the rule that finds it there.
_PLACES: tuple[tuple[str, frozenset[Zone]], ...] = (
    ("region.title", frozenset({"title"})),
    ("region.aim", frozenset({"objective"})),
    ("region.body", frozenset({"methods", "results", "other"})),
    ("region.rest", frozenset({"background", "conclusions"})),
)
_Tells = Literal["here", "beside", "broad", "elsewhere"]
# How much text around a word may make it part of a phrase that names no site.
_AROUND = 30


@dataclass(frozen=True)
class _Sites:
    """A region's words, by what they tell (`_Tells`), and the phrases in which they tell nothing."""

    words: Index[_Tells]
    not_in: Branches | None


def decide_region(document: Document, region: Region | None) -> tuple[str | None, tuple[Tag, ...]]:
    """(region, proof); None where no word of title or abstract names a part of the body, or none is asked for."""
    if region is None:
        return None, ()
    sites = _sites(region)
    for rule, zones in _PLACES:
        sentences = [sentence for sentence in document.sentences if sentence.zone in zones]
        here = _first(document, sentences, "here", sites)
        if here:
            return region.id, (_tag(document, region.id, rule, here),)
        beside = _first(document, sentences, "beside", sites)
        wider = beside or _first(document, sentences, "broad", sites)
        if wider:
            named = region.beside[0] if beside and region.beside else UNSTATED
            return _of_wider(document, region, rule, named, wider)
        other = _first(document, sentences, "elsewhere", sites)
        if other:
            return ELSEWHERE, (_tag(document, ELSEWHERE, rule, other),)
    return None, ()


_Place = tuple[Sentence, int, int]


def _of_wider(document: Document, region: Region, rule: str, named: str, place: _Place) -> tuple[str, tuple[Tag, ...]]:
    """The wider words, or a neighbour, named first: what the rest of the text says of the place decides."""
    sites = _sites(region)
    own = _tag(document, named, rule, place)
    aims = [s for s in document.sentences if s.zone in ("title", "objective", "methods")]
    rest = document.sentences if named == UNSTATED else aims
    here = _first(document, rest, "here", sites)
    if here:
        return region.id, (_tag(document, region.id, "region.named_elsewhere", here), _lost(own))
    beside = _first(document, rest, "beside", sites) if named == UNSTATED else None
    if beside and region.beside:
        return region.beside[0], (_tag(document, region.beside[0], "region.named_elsewhere", beside), _lost(own))
    return named, (own,)


def _first(document: Document, sentences: Iterable[Sentence], tells: _Tells, sites: _Sites) -> _Place | None:
    """The first word in the sentences that tells this, in reading order."""
    for sentence in sentences:
        scan = document.scan(sentence.field)
        named = sites.words.read(scan).within(sentence.start, sentence.end)
        words = [branch for told, branch in named if told == tells]
        for start, end in spans(words, scan, sentence.start, sentence.end):
            if sites.not_in is None:
                return sentence, start, end
            near = sites.not_in.matches(scan, max(sentence.start, start - _AROUND), min(sentence.end, end + _AROUND))
            if not any(phrase.start() < end and start < phrase.end() for phrase in near):
                return sentence, start, end
    return None


@cache
def _sites(region: Region) -> _Sites:
    words: dict[_Tells, tuple[str, ...]] = {
        "here": region.words,
        "beside": region.beside[2] if region.beside else (),
        "broad": region.broad,
        "elsewhere": region.elsewhere,
    }
    return _Sites(
        Index.of(
            (tells, Branch(part, re.IGNORECASE))
            for tells, patterns in words.items()
            for pattern in patterns
            for part in branches_of(pattern)
        ),
        Branches("|".join(region.not_in)) if region.not_in else None,
    )


def _tag(document: Document, region: str, rule: str, place: _Place) -> Tag:
    sentence, start, end = place
    quote = document.text(sentence.field)[start:end]
    return Tag("region", region, rule, sentence.field, start, end, quote, chosen=True)


def _lost(tag: Tag) -> Tag:
    return Tag(tag.field, tag.value, tag.rule, tag.source, tag.start, tag.end, tag.quote, chosen=False)
