"""Which part of the body a paper is about; every word of one is the vocabulary's (`region:` of the topics file)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

from catalog.tagging.document import Document, Sentence, Zone
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
# How much text around a word may make it part of a phrase that names no site.
_AROUND = 30


@dataclass(frozen=True)
class _Sites:
    """The patterns of a region's words; None where it has none."""

    here: re.Pattern[str] | None
    beside: re.Pattern[str] | None
    broad: re.Pattern[str] | None
    elsewhere: re.Pattern[str] | None
    not_in: re.Pattern[str] | None


def decide_region(document: Document, region: Region | None) -> tuple[str | None, tuple[Tag, ...]]:
    """(region, proof); None where no word of title or abstract names a part of the body, or none is asked for."""
    if region is None:
        return None, ()
    sites = _sites(region)
    for rule, zones in _PLACES:
        sentences = [sentence for sentence in document.sentences if sentence.zone in zones]
        here = _first(document, sentences, sites.here, sites)
        if here:
            return region.id, (_tag(document, region.id, rule, here),)
        beside = _first(document, sentences, sites.beside, sites)
        wider = beside or _first(document, sentences, sites.broad, sites)
        if wider:
            named = region.beside[0] if beside and region.beside else UNSTATED
            return _of_wider(document, region, rule, named, wider)
        other = _first(document, sentences, sites.elsewhere, sites)
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
    here = _first(document, rest, sites.here, sites)
    if here:
        return region.id, (_tag(document, region.id, "region.named_elsewhere", here), _lost(own))
    beside = _first(document, rest, sites.beside, sites) if named == UNSTATED else None
    if beside and region.beside:
        return region.beside[0], (_tag(document, region.beside[0], "region.named_elsewhere", beside), _lost(own))
    return named, (own,)


def _first(
    document: Document, sentences: Iterable[Sentence], pattern: re.Pattern[str] | None, sites: _Sites
) -> _Place | None:
    """The first word of a pattern in the sentences, in reading order."""
    if pattern is None:
        return None
    for sentence in sentences:
        text = document.text(sentence.field)
        for hit in pattern.finditer(text, sentence.start, sentence.end):
            start, end = hit.span()
            if sites.not_in is None:
                return sentence, start, end
            near = sites.not_in.finditer(text, max(sentence.start, start - _AROUND), min(sentence.end, end + _AROUND))
            if not any(phrase.start() < end and start < phrase.end() for phrase in near):
                return sentence, start, end
    return None


@cache
def _sites(region: Region) -> _Sites:
    beside = region.beside[2] if region.beside else ()
    return _Sites(*(_any(words) for words in (region.words, beside, region.broad, region.elsewhere, region.not_in)))


def _any(words: tuple[str, ...]) -> re.Pattern[str] | None:
    return re.compile("|".join(words), re.IGNORECASE) if words else None


def _tag(document: Document, region: str, rule: str, place: _Place) -> Tag:
    sentence, start, end = place
    quote = document.text(sentence.field)[start:end]
    return Tag("region", region, rule, sentence.field, start, end, quote, chosen=True)


def _lost(tag: Tag) -> Tag:
    return Tag(tag.field, tag.value, tag.rule, tag.source, tag.start, tag.end, tag.quote, chosen=False)
