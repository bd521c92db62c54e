"""Claim sentences of a text: which there are, of which kind, about what, and what each asserts.

Every sentence is one of: a claim about the catalog's treatments; a claim outside its scope (another treatment, another
part of the body, a disease's own course); in another language; not understood (it speaks of a treatment, and no rule
says whether it claims something); or none of these. Nothing here knows the evidence. The words are data: rules/*.yml.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Literal

from catalog.check.asserting import Asserts, asserts_of
from catalog.check.language import foreign
from catalog.check.mentions import Mention, Named, name_all
from catalog.check.sentences import Sentence
from catalog.check.wording import Wording, wording
from harvest.topics import Topics

__all__ = ["Claim", "Foreign", "Kind", "Outside", "Reading", "read_claims"]

Kind = Literal["evidence_strength", "comparison", "safety", "efficacy", "mechanism", "natural_course"]
Source = Literal["sentence", "before", "heading", "page"]
Outside = Literal["other_treatment", "other_site", "natural_course"]
# Within so many characters from its start a sentence points at what the one before spoke of.
_POINTS_WITHIN = 60


@dataclass(frozen=True, slots=True)
class Claim:
    """A claim sentence. `outside` says why the catalog cannot speak to it; None: it can look."""

    sentence: Sentence
    kind: Kind
    kinds: tuple[Kind, ...]
    outside: Outside | None
    interventions: tuple[str, ...]
    interventions_from: Source | None
    group: str | None  # a word for several treatments at once ("regenerative medicine")
    conditions: tuple[str, ...]
    conditions_from: Source | None
    others: tuple[str, ...]  # words of other treatments and parts of the body it names
    asserts: Asserts


@dataclass(frozen=True, slots=True)
class Foreign:
    """A sentence in another language, which is not read."""

    sentence: Sentence
    language: str


@dataclass(frozen=True)
class Reading:
    """All that was read of a text."""

    sentences: int
    claims: tuple[Claim, ...]
    not_understood: tuple[Sentence, ...]
    foreign: tuple[Foreign, ...]


@dataclass
class _Context:
    """What the sentences before speak of."""

    topic: tuple[Mention, ...] = ()
    aside: bool = False  # the last subject was another treatment
    aside_in_list: bool = False  # named in a list, which the paragraph after it speaks of
    disease: bool = False  # the last sentence spoke of a condition and of no treatment
    mechanism: bool = False  # a sentence of this block said how the treatment works
    block: int = -1
    headings: dict[str, Named] = field(default_factory=dict)


def read_claims(
    sentences: Sequence[Sentence],
    topics: Topics,
    *,
    words: Wording | None = None,
    tick: Callable[[], None] | None = None,
) -> Reading:
    """Find the claims of a text.

    Args:
        sentences: its sentences in reading order.
        topics: the vocabulary.
        words: how claims are told; by default the bundled words.
        tick: called before each sentence; what it raises ends the reading.
    """
    words = words or wording()
    every = name_all(sentences, topics, words)
    page = _page_conditions(every)
    claims: list[Claim] = []
    unclear: list[Sentence] = []
    foreigners: list[Foreign] = []
    context = _Context()
    for sentence, named in zip(sentences, every, strict=True):
        if tick:
            tick()
        if sentence.shape == "heading":
            context.headings[sentence.text] = named
        language = foreign(sentence.text)
        if language:
            foreigners.append(Foreign(sentence, language))
            continue
        claim, understood = _read(sentence, named, context, page, words)
        if claim:
            claims.append(claim)
        elif not understood:
            unclear.append(sentence)
        goes_on = context.mechanism and sentence.block == context.block
        context.mechanism = goes_on or bool(claim and "mechanism" in claim.kinds and not claim.outside)
        ill = bool(named.conditions) or bool(words.other_subject.search(sentence.text))
        context.disease = ill and not claim and not named.interventions
        _move_on(context, sentence, named, words)
    return Reading(len(sentences), tuple(claims), tuple(unclear), tuple(foreigners))


def _page_conditions(every: Sequence[Named]) -> tuple[str, ...]:
    """The condition a whole text is about: the one it names most often, None where it names none."""
    counts = Counter(condition for named in every for condition in named.condition_ids())
    return tuple(condition for condition, _ in counts.most_common(1))


def _read(
    sentence: Sentence, named: Named, context: _Context, page: tuple[str, ...], words: Wording
) -> tuple[Claim | None, bool]:
    """(the claim a sentence makes, whether it was understood)."""
    text = sentence.text
    if _no_claim(text, named, words):
        return None, True
    line = sentence.shape == "heading"
    if line and not words.line_asserts.search(text):
        return None, True
    kinds = _kinds(text, named, words)
    subject, source, pointed = _subject(sentence, named, context, words)
    if subject:
        if "natural_course" in kinds and named.conditions and not named.interventions:
            kinds = [kind for kind in kinds if kind != "natural_course"] if pointed else []
        if not named.interventions and not pointed:
            if words.other_subject.search(text):
                kinds = []
            goes_on = context.mechanism and sentence.block == context.block
            kinds = [
                kind
                for kind in kinds
                if kind in words.carried or sentence.shape == "item" or (kind == "mechanism" and goes_on)
            ]
        if kinds:
            outside: Outside | None = "other_site" if named.elsewhere and not named.conditions else None
            return _claim(sentence, named, kinds, outside, subject, source, context, page, words), True
    found = _outside(text, named, subject, pointed, words)
    if found:
        kinds = kinds or (["natural_course"] if found == "natural_course" else ["efficacy"])
        return _claim(sentence, named, kinds, found, (), None, context, page, words), True
    speaks = bool(named.interventions or (subject and pointed)) and not line
    return None, not speaks or bool(words.routine.search(text)) or len(text.split()) < 4


def _kinds(text: str, named: Named, words: Wording) -> list[str]:
    found = [kind for kind, patterns in words.kinds.items() if any(p.search(text) for p in patterns)]
    two = len(named.ids()) > 1 or bool(named.others or named.arms)
    if "comparison" not in found and two and words.compares_with.search(text):
        found = [kind for kind in words.kinds if kind in found or kind == "comparison"]
    return found


def _no_claim(text: str, named: Named, words: Wording) -> bool:
    return any(
        rule.pattern.search(text)
        for rule in words.not_claims
        if not (rule.unnamed and named.interventions) and not (rule.unless and rule.unless.search(text))
    )


def _subject(
    sentence: Sentence, named: Named, context: _Context, words: Wording
) -> tuple[tuple[Mention, ...], Source | None, bool]:
    """(the treatments a sentence speaks of, where they are named, whether it points at them)."""
    if named.interventions:
        return named.interventions, "sentence", True
    pointing = _pointing(sentence.text, words)
    first_other = min((m.start for m in named.others), default=None)
    if context.aside and pointing is not None and (sentence.block == context.block or context.aside_in_list):
        return (), None, False
    if context.disease and sentence.block == context.block and not words.pointing.search(sentence.text):
        return (), None, False
    pointed = pointing is not None and (first_other is None or pointing < first_other)
    if named.others and not pointed:
        return (), None, False
    if context.topic:
        return context.topic, "before", pointed
    for heading in reversed(sentence.headings):
        above = context.headings.get(heading)
        if above and above.interventions:
            return above.interventions, "heading", pointed
    return (), None, False


def _pointing(text: str, words: Wording) -> int | None:
    """Where a sentence points at what was spoken of before; None where it does not."""
    aside = words.set_aside.search(text)
    start = aside.end() if aside else 0
    early = words.pointing_early.search(text, start, min(len(text), start + _POINTS_WITHIN))
    found = [m.start() for m in (early, words.pointing.search(text, start)) if m]
    return min(found, default=None)


def _outside(text: str, named: Named, subject: tuple[Mention, ...], pointed: bool, words: Wording) -> Outside | None:
    """Why a sentence that makes no claim about our treatments makes one outside the scope; None where it makes none."""
    if named.interventions:
        return None
    natural = any(p.search(text) for p in words.kinds["natural_course"])
    if natural and named.conditions and not (subject and pointed):
        return "natural_course"
    if named.others and not (subject and pointed) and words.outside.search(text):
        return "other_treatment"
    return None


def _claim(
    sentence: Sentence,
    named: Named,
    kinds: list[str],
    outside: Outside | None,
    subject: tuple[Mention, ...],
    source: Source | None,
    context: _Context,
    page: tuple[str, ...],
    words: Wording,
) -> Claim:
    conditions, conditions_from = _conditions(sentence, named, context, page)
    group = next((mention.group for mention in subject if mention.group), None)
    asserts = asserts_of(sentence.text, named, words, compares="comparison" in kinds)
    if kinds[:2] == ["efficacy", "mechanism"] and not {"pain", "function"} & set(asserts.outcomes):
        kinds = ["mechanism", "efficacy", *kinds[2:]]  # healing and repair alone: how it is said to work
    precise = tuple(dict.fromkeys(m.id for m in subject if m.id and not m.group))
    return Claim(
        sentence,
        kinds[0],  # type: ignore[arg-type]  # the kinds of kinds.yml are those of Kind (a test holds them together)
        tuple(kinds),  # type: ignore[arg-type]
        outside,
        precise or tuple(dict.fromkeys(m.id for m in subject if m.id)),
        source,
        None if precise else group,
        conditions,
        conditions_from,
        tuple(dict.fromkeys([*(m.text for m in (*named.others, *named.arms)), *named.elsewhere])),
        asserts,
    )


def _conditions(
    sentence: Sentence, named: Named, context: _Context, page: tuple[str, ...]
) -> tuple[tuple[str, ...], Source | None]:
    if named.conditions:
        return named.condition_ids(), "sentence"
    for heading in reversed(sentence.headings):
        above = context.headings.get(heading)
        if above and above.conditions:
            return above.condition_ids(), "heading"
    return (page, "page") if page else ((), None)


def _move_on(context: _Context, sentence: Sentence, named: Named, words: Wording) -> None:
    """What the next sentence finds when it points back."""
    if sentence.shape == "heading":
        if named.interventions:
            context.topic = named.interventions
        elif named.conditions or named.others or named.elsewhere:
            context.topic = ()
        context.aside = context.aside_in_list = False
    elif named.interventions:
        context.topic, context.aside, context.aside_in_list = named.interventions, False, False
    elif (
        named.others
        and named.others[0].start < _POINTS_WITHIN
        and _pointing(sentence.text[: named.others[0].start], words) is None
    ):
        context.aside, context.aside_in_list = True, sentence.shape == "item"
    elif sentence.block != context.block and not context.aside_in_list:
        context.aside = False
    context.block = sentence.block
