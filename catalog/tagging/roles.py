"""The part each intervention plays: under test, only the control, or given to all arms; and the better of two."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cache

from catalog.tagging.direction import COMPARED
from catalog.tagging.document import Document, Sentence, TextField
from catalog.tagging.findings import Finding
from catalog.tagging.rules import index_of
from catalog.tagging.scan import lowered
from catalog.tagging.tables import table
from catalog.tagging.tags import InterventionTag, Tag
from harvest.topics import Span

__all__ = ["PARTS", "Played", "decide_favoured", "decide_roles"]

# Where there are arms, so that one can be the control.
_ARMED = COMPARED | {"protocol", "animal", "in_vitro", "case_control", "unclear"}
# What prolozone is made of: they play its part, and are not set against it.
PARTS = frozenset({"ozone", "prolotherapy"})
_ALLOCATED = re.compile(r"\b(?:randomi[sz]ed|randomly|allocated|assigned|divided)\b", re.IGNORECASE)
_OTHER_TESTED = re.compile(r"\b(?:after|before|following|added to|addition|adding|with|plus|and|for)\b", re.IGNORECASE)
_CONTROL_WORD = re.compile(r"control|compar|standard|usual|reference", re.IGNORECASE)
# The word for the intervention in question, and for any other, in the text the rules read.
_OURS, _OTHER, _PAD = "§", "¤", "°"


@dataclass(frozen=True, slots=True)
class Played:
    """The interventions with their roles, and the words that gave a role other than `experimental`."""

    interventions: tuple[InterventionTag, ...]
    tags: tuple[Tag, ...]


@cache
def _literals() -> tuple[str, ...]:
    """What every rule's match holds one of; most records hold none, so nothing else is tried."""
    return tuple(table("roles")["gate"])


def decide_roles(
    document: Document, design: str, interventions: Sequence[InterventionTag], spans: Iterable[Span]
) -> Played:
    """Roles by the words around each intervention; `experimental` where no rule says otherwise.

    Args:
        document: the record's text.
        design: without arms every intervention is under test.
        interventions: those the paper studies.
        spans: where the vocabulary's concepts stand.
    """
    if design not in _ARMED or not interventions:
        return Played(tuple(interventions), ())
    studied = {item.intervention for item in interventions}
    placed = [s for s in spans if s.start is not None and s.end is not None and s.concept in studied]
    roles: dict[str, str] = {}
    tags: list[Tag] = []
    parts = PARTS if "prolozone" in studied else frozenset()
    for item in interventions:
        if item.intervention in parts:
            continue
        found = _role(document, item.intervention, placed, len(studied))
        if found is not None:
            roles[item.intervention] = found.value.partition(":")[2]
            tags.append(found)
    if "prolozone" in studied:  # its parts play its part
        own = next((tag for tag in tags if tag.value.startswith("prolozone:")), None)
        for part in sorted(parts & studied):
            if own is not None:
                roles[part] = roles["prolozone"]
                tags.append(replace(own, value=f"{part}:{roles[part]}"))
    items = tuple(
        replace(item, role=roles.get(item.intervention, item.role))  # type: ignore[arg-type]  # values of roles.yml; a test
        for item in interventions
    )
    return Played(items, tuple(tags))


def _role(document: Document, concept: str, spans: Sequence[Span], studied: int) -> Tag | None:
    mine = [s for s in spans if s.concept == concept]
    if not mine:
        return None
    fields: dict[TextField, str] = {"title": "", "abstract": ""}
    for field in fields:
        if any(s.where == field for s in mine):
            fields[field] = _masked(document.text(field), [s for s in spans if s.where == field], concept)
    best: Tag | None = None
    lows = {field: lowered(text) for field, text in fields.items()}
    for sentence in document.sentences:
        text = fields[sentence.field]
        if not text or text.find(_OURS, sentence.start, sentence.end) < 0:
            continue
        low = f" {text[sentence.start : sentence.end].lower()}"
        if not any(word in low for word in _literals()):
            continue
        place = sentence.start, sentence.end
        done: set[str] = set()
        # what the masked text holds the text itself does
        for rule, branch in index_of("roles").alive(document.scan(sentence.field)):
            if sentence.zone not in rule.zones or rule.id in done:
                continue
            match = branch.along(text, lows[sentence.field], *place)
            if match is not None:
                done.add(rule.id)
            if match is None or (rule.unless and rule.unless.whole.search(text, *place)):
                continue
            if rule.value == "adjunct" and not _tested_otherwise(document, fields, sentence, rule.id, studied):
                continue
            if rule.value == "comparator" and _under_test(fields["title"]):
                continue
            quote = document.text(sentence.field)[match.start() : match.end()]
            tag = Tag(
                "roles", f"{concept}:{rule.value}", rule.id, sentence.field, match.start(), match.end(), quote, True
            )
            if rule.value == "comparator":
                return tag
            best = best or tag
    return best


def _masked(text: str, spans: Sequence[Span], concept: str) -> str:
    """The text with the intervention in question as §, any other as ¤, padded: every place stays where it was."""
    letters = list(text)
    for mark, chosen in ((_OTHER, False), (_OURS, True)):
        for span in spans:
            if (span.concept == concept) is chosen and span.start is not None and span.end is not None:
                letters[span.start : span.end] = mark + _PAD * (span.end - span.start - 1)
    return "".join(letters)


def _under_test(title: str) -> bool:
    """Whether the title opens with the intervention, before any "versus": then it is no mere control."""
    place = title.find(_OURS)
    return (
        0 <= place < 40
        and not re.search(
            r"\b(?:versus|vs|compared|against|with|after|control|comparator)\b", title[:place], re.IGNORECASE
        )
        and not re.search(r"§°*[^§]{0,30}\b(?:as (?:the |a )?(?:control|comparator))", title)
    )


def _tested_otherwise(
    document: Document, fields: dict[TextField, str], sentence: Sentence, rule: str, studied: int
) -> bool:
    """Whether something else is what the arms differ in: without that, what all receive is what is tested."""
    if rule != "roles.given_to_all":
        return True
    title = fields["title"]
    place = title.find(_OURS)
    alone = studied == 1 and not _OTHER_TESTED.search(title[: max(place, 0)])
    if 0 <= place < 25 and alone and not re.search(r"§[^§]*\b(?:with|plus|and)\b", title):
        return False
    for other in document.sentences:
        if other.zone not in ("methods", "objective", "other", "results", "title") or other.field == "title":
            continue
        text = fields["abstract"]
        allocated = _ALLOCATED.search(text, other.start, other.end)
        if allocated and _OURS not in text[allocated.end() : min(other.end, allocated.end() + 120)]:
            return True
    return studied > 1 or (place > 0 and bool(_OTHER_TESTED.search(title[:place])))


def decide_favoured(
    interventions: Sequence[InterventionTag], direction: str | None, findings: Sequence[Finding]
) -> tuple[tuple[InterventionTag, ...], Finding | None]:
    """In a head-to-head of two of ours, which did better where the text says so; the finding that says it."""
    tested = {item.intervention for item in interventions if item.role == "experimental"}
    if "prolozone" in tested:
        tested -= PARTS
    if len(tested) < 2 or direction not in ("favours", "mixed"):
        return tuple(interventions), None
    said = [f for f in findings if f.kind == "better" and f.favoured in tested and f.outcome != "other"]
    concluded = [f for f in said if f.zone == "conclusions"] or said
    winners = {f.favoured for f in concluded}
    if len(winners) != 1 or direction == "mixed":
        return tuple(interventions), None
    winner = next(iter(winners))
    items = tuple(
        replace(item, favoured=item.intervention == winner) if item.intervention in tested else item
        for item in interventions
    )
    return items, concluded[0]
