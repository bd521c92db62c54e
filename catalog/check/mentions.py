"""What a page's sentences name: the catalog's treatments and conditions, other treatments, other parts of the body."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice

from catalog.check.sentences import Sentence
from catalog.check.wording import Lay, Wording
from harvest.region import Region
from harvest.topics import Topics

__all__ = ["Mention", "Named", "name_all"]

_MOST = 40  # mentions of one kind that are kept of a sentence: more is noise


@dataclass(frozen=True, slots=True)
class Mention:
    """Words of a sentence that name something: its id (None: nothing the catalog knows), and where."""

    id: str | None
    start: int
    end: int
    text: str
    group: str | None = None  # a word for several treatments at once


@dataclass(frozen=True, slots=True)
class Named:
    """What one sentence names, in reading order."""

    interventions: tuple[Mention, ...]
    conditions: tuple[Mention, ...]
    others: tuple[Mention, ...]  # other treatments it may be about
    arms: tuple[Mention, ...]  # placebo, control groups, local anaesthetic
    elsewhere: tuple[str, ...]

    def ids(self) -> tuple[str, ...]:
        """The treatments' ids, each once."""
        return _ids(self.interventions)

    def condition_ids(self) -> tuple[str, ...]:
        """The conditions' ids, each once."""
        return _ids(self.conditions)


def _ids(mentions: Sequence[Mention]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(mention.id for mention in mentions if mention.id))


def name_all(sentences: Sequence[Sentence], topics: Topics, words: Wording) -> list[Named]:
    """What each sentence names. The vocabulary's abbreviations count where the whole text explains them."""
    whole = "\n".join(sentence.text for sentence in sentences)
    starts = [0]
    for sentence in sentences:
        starts.append(starts[-1] + len(sentence.text) + 1)
    spans: list[list[tuple[str, int, int]]] = [[] for _ in sentences]
    for concept, start, end in topics.find(whole):
        n = bisect_right(starts, start) - 1
        if n < len(sentences) and end - starts[n] <= len(sentences[n].text):
            spans[n].append((concept, start - starts[n], end - starts[n]))
    interventions = {c.id for c in topics.interventions if not c.search_only}
    conditions = {c.id for c in topics.conditions if not c.search_only}
    page = {concept for found in spans for concept, _, _ in found}
    return [
        Named(
            _about(_merged(found, interventions, words.lay, sentence.text, page), sentence.text, words),
            _merged(found, conditions, words.lay_conditions, sentence.text, page),
            _others(sentence.text, words, arm=False),
            _others(sentence.text, words, arm=True),
            _elsewhere(sentence.text, words, topics.region),
        )
        for sentence, found in zip(sentences, spans, strict=True)
    ]


def _elsewhere(text: str, words: Wording, region: Region | None) -> tuple[str, ...]:
    """Other parts of the body that a sentence names: those that are no word of the vocabulary's own."""
    own = [re.compile(p, re.IGNORECASE) for p in (*region.words, *region.broad)] if region else []
    named = dict.fromkeys(m[0].lower() for m in words.elsewhere.finditer(text))
    return tuple(name for name in named if not any(pattern.search(name) for pattern in own))


def _others(text: str, words: Wording, *, arm: bool) -> tuple[Mention, ...]:
    found = [
        Mention(other.id, m.start(), m.end(), m[0])
        for other in words.others
        if other.arm is arm
        for m in islice(other.pattern.finditer(text), _MOST)
    ]
    return tuple(sorted(found, key=lambda mention: mention.start))


def _about(mentions: tuple[Mention, ...], text: str, words: Wording) -> tuple[Mention, ...]:
    """The mentions that speak of a treatment: not the body's own cells, a practice's name, or what is set aside."""
    if not mentions:
        return ()
    spans = [m.span() for pattern in (*words.not_named, words.set_aside) for m in pattern.finditer(text)]
    spans += [m.span() for m in words.name_of_practice.finditer(text)]
    return tuple(
        mention
        for mention in mentions
        if not any(start <= mention.start and mention.end <= end for start, end in spans)
    )


def _merged(
    found: list[tuple[str, int, int]], wanted: set[str], lay: tuple[Lay, ...], text: str, page: set[str]
) -> tuple[Mention, ...]:
    """The vocabulary's mentions, and where it is silent the page's own words."""
    mentions = [Mention(concept, a, b, text[a:b]) for concept, a, b in found if concept in wanted][:_MOST]
    for entry in lay:
        if entry.page and not entry.page & page:
            continue
        for m in islice(entry.pattern.finditer(text), _MOST):
            if not any(mention.start < m.end() and m.start() < mention.end for mention in mentions):
                usable = [concept for concept in entry.concepts if concept in wanted]
                mentions += [Mention(concept, m.start(), m.end(), m[0], entry.group) for concept in usable]
    return tuple(sorted(mentions, key=lambda mention: (mention.start, mention.end)))
