"""Interventions and conditions: which concepts of the vocabulary a paper studies, with the words that say so."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from catalog.tagging.document import Document, Zone
from catalog.tagging.tags import InterventionTag, Source, Tag
from harvest.topics import Kind, Span, Topics

__all__ = ["decide_topics"]

_BODY: frozenset[Zone] = frozenset({"methods", "results", "conclusions", "other"})
# A rule's strength, strongest first; the first that holds for a concept is its proof.
_ONCE = "topic.only"
_RULES = ("topic.title", "topic.aim", "topic.body", "topic.twice", "topic.anywhere", _ONCE, "topic.mesh")
# How often methods, results or conclusions must name it: other treatments are often named in passing, conditions not.
_LEAST: dict[Kind, int] = {"intervention": 2, "condition": 1}


def decide_topics(
    document: Document, topics: Topics, named: Sequence[Span]
) -> tuple[tuple[InterventionTag, ...], tuple[str, ...], tuple[Tag, ...]]:
    """(interventions, conditions, tags) of a record; values in the vocabulary's order, tags in reading order.

    `named` are the places where the record names a concept (`Topics.spans`).
    """
    spans = [span for span in named if span.tags and not topics.concept(span.concept).search_only]
    tags: list[Tag] = []
    chosen: dict[str, set[str]] = {"intervention": set(), "condition": set()}
    for kind, field in (("intervention", "interventions"), ("condition", "conditions")):
        found = _studied(document, [span for span in spans if span.kind == kind], topics)
        for concept, proofs in found.items():
            selected = any(rule in _RULES for rule, _ in proofs)
            if selected:
                chosen[kind].add(concept)
            for rule, span in proofs:
                tags.append(_tag(field, concept, rule, span, selected))
        for concept in sorted(chosen[kind]):
            for implied in topics.concept(concept).implies:
                chosen[kind].add(implied)
                rule, span = next(p for p in found[concept] if p[0] in _RULES)
                tags.append(_tag(field, implied, "topic.implied", span, True))
    interventions = tuple(
        InterventionTag(concept.id, "experimental")
        for concept in topics.interventions
        if concept.id in chosen["intervention"]
    )
    conditions = tuple(concept.id for concept in topics.conditions if concept.id in chosen["condition"])
    return interventions, conditions, tuple(tags)


def _tag(field: str, concept: str, rule: str, span: Span, chosen: bool) -> Tag:
    # written out: mypy narrows only so
    source: Source = span.where if span.where == "title" or span.where == "abstract" else "mesh"
    return Tag(field, concept, rule, source, span.start, span.end, span.text, chosen)


def _studied(document: Document, spans: Iterable[Span], topics: Topics) -> dict[str, list[tuple[str, Span]]]:
    """Per concept its proofs (rule, span), the first of each rule, strongest first; `topic.mention` proves nothing."""
    first: dict[str, dict[str, Span]] = {}
    body: Counter[str] = Counter()
    named: Counter[str] = Counter()
    for span in spans:
        if span.where in ("other_abstract", "keyword"):
            continue
        rule = _rule(document, span)
        body[span.concept] += rule == "topic.body"
        named[span.concept] += span.where != "mesh"
        if rule == "topic.mention" and span.where != "mesh" and topics.concept(span.concept).anywhere:
            rule = "topic.anywhere"
        first.setdefault(span.concept, {}).setdefault(rule, span)
    for concept, proofs in first.items():
        kind = topics.concept(concept).kind
        if kind == "condition" and named[concept] > 1 and "topic.mention" in proofs:
            proofs["topic.twice"] = proofs.pop("topic.mention")
        if "topic.body" in proofs and body[concept] < _LEAST[kind]:
            proofs["topic.anywhere" if topics.concept(concept).anywhere else _ONCE] = proofs.pop("topic.body")
    decided = any(rule in _RULES and rule != _ONCE for proofs in first.values() for rule in proofs)
    for proofs in first.values():
        if decided and _ONCE in proofs:
            proofs.setdefault("topic.mention", proofs.pop(_ONCE))
    order = {rule: i for i, rule in enumerate((*_RULES, "topic.mention"))}
    return {concept: sorted(proofs.items(), key=lambda item: order[item[0]]) for concept, proofs in first.items()}


def _rule(document: Document, span: Span) -> str:
    if span.where == "title":
        return "topic.title"
    if span.where == "mesh":
        return "topic.mesh" if not document.abstract else "topic.mention"
    assert span.start is not None  # noqa: S101  # spans in texts have places; only MeSH has none
    zone = document.sentence_at("abstract", span.start).zone
    if zone == "objective":
        return "topic.aim"
    return "topic.body" if zone in _BODY else "topic.mention"
