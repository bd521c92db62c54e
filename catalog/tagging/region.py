"""Which region of the body a paper is about; every word of a site is data in `rules/region.yml`."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache

from catalog.tagging.document import Document, Sentence, Zone
from catalog.tagging.tables import table
from catalog.tagging.tags import Tag

__all__ = ["REGIONS", "decide_region"]

REGIONS = ("lumbar", "cervical_thoracic", "other_site", "unstated")
# Where a site is looked for, first to last, and the rule that finds it there.
_PLACES: tuple[tuple[str, frozenset[Zone]], ...] = (
    ("region.title", frozenset({"title"})),
    ("region.aim", frozenset({"objective"})),
    ("region.body", frozenset({"methods", "results", "other"})),
    ("region.rest", frozenset({"background", "conclusions"})),
)
# How much text around a word may make it part of a phrase that names no site.
_AROUND = 30


def decide_region(document: Document) -> tuple[str | None, tuple[Tag, ...]]:
    """(region, proof); None where no word of title or abstract names a site."""
    for rule, zones in _PLACES:
        sentences = [sentence for sentence in document.sentences if sentence.zone in zones]
        lumbar = _first(document, sentences, "lumbar")
        if lumbar:
            return "lumbar", (_tag(document, "lumbar", rule, lumbar),)
        neck = _first(document, sentences, "cervical_thoracic")
        spine = neck or _first(document, sentences, "spine")
        if spine:
            return _of_spine(document, rule, "cervical_thoracic" if neck else "unstated", spine)
        other = _first(document, sentences, "other_site")
        if other:
            return "other_site", (_tag(document, "other_site", rule, other),)
    return None, ()


_Place = tuple[Sentence, int, int]


def _of_spine(document: Document, rule: str, region: str, named: _Place) -> tuple[str, tuple[Tag, ...]]:
    """Discs or spine, or a neck, named first: what the rest of the text says of the lower back decides."""
    own = _tag(document, region, rule, named)
    aims = [s for s in document.sentences if s.zone in ("title", "objective", "methods")]
    rest = document.sentences if region == "unstated" else aims
    lumbar = _first(document, rest, "lumbar")
    if lumbar:
        return "lumbar", (_tag(document, "lumbar", "region.named_elsewhere", lumbar), _lost(own))
    neck = _first(document, rest, "cervical_thoracic") if region == "unstated" else None
    if neck:
        return "cervical_thoracic", (_tag(document, "cervical_thoracic", "region.named_elsewhere", neck), _lost(own))
    return region, (own,)


def _first(document: Document, sentences: Iterable[Sentence], site: str) -> _Place | None:
    """The first word of a site in the sentences, in reading order."""
    pattern, not_in = _sites()[site], _not_in()
    for sentence in sentences:
        text = document.text(sentence.field)
        for hit in pattern.finditer(text, sentence.start, sentence.end):
            start, end = hit.span()
            near = not_in.finditer(text, max(sentence.start, start - _AROUND), min(sentence.end, end + _AROUND))
            if not any(phrase.start() < end and start < phrase.end() for phrase in near):
                return sentence, start, end
    return None


@cache
def _sites() -> dict[str, re.Pattern[str]]:
    return {site: re.compile("|".join(words), re.IGNORECASE) for site, words in table("region")["sites"].items()}


@cache
def _not_in() -> re.Pattern[str]:
    return re.compile(table("region")["not_in"], re.IGNORECASE)


def _tag(document: Document, region: str, rule: str, place: _Place) -> Tag:
    sentence, start, end = place
    quote = document.text(sentence.field)[start:end]
    return Tag("region", region, rule, sentence.field, start, end, quote, chosen=True)


def _lost(tag: Tag) -> Tag:
    return Tag(tag.field, tag.value, tag.rule, tag.source, tag.start, tag.end, tag.quote, chosen=False)
