"""Study design, what a systematic review includes, and timing: which rule wins, by the written precedence."""

from __future__ import annotations

from dataclasses import dataclass

from catalog.tagging.document import Document
from catalog.tagging.rules import Hit, fire, precedence
from catalog.tagging.tags import Tag

__all__ = ["Decision", "decide_design", "decide_included", "decide_timing", "unresolved"]

# Human studies that are not randomised: only for these does the codebook ask whether they looked forward or back.
TIMED = frozenset(
    {"nonrandomised_controlled", "case_control", "historical_control", "single_arm", "case_report", "cross_sectional"}
)


@dataclass(frozen=True, slots=True)
class Decision:
    """A value, the hit that won it (None: by default, nothing fired), and every hit as tags."""

    value: str
    winner: Hit | None
    tags: tuple[Tag, ...]


def decide_design(document: Document) -> Decision:
    """The design of a record: the first (value, tier) of the precedence for which a rule fired; else `unclear`."""
    hits = fire("design", document)
    return _decide("design", hits, default="narrative_review" if document.record.is_book and not hits else "unclear")


def decide_included(document: Document) -> tuple[Decision, Decision]:
    """For a systematic review: what it includes, and the lowest design it states (`unstated` by default)."""
    hits = fire("included", document)
    included = _decide("included", [hit for hit in hits if hit.tier != "lowest"], default="unclear")
    lowest = [hit for hit in hits if hit.tier == "lowest"]
    worst = next((hit for hit in lowest if hit.value == "uncontrolled"), lowest[0] if lowest else None)
    value = worst.value if worst else "unstated"
    return included, Decision(value, worst, _tags("lowest_design", lowest, value))


def decide_timing(document: Document, design: str) -> Decision | None:
    """Prospective, retrospective or unclear; None for designs the question does not fit."""
    if design not in TIMED:
        return None
    return _decide("timing", fire("timing", document), default="unclear")


def unresolved(field: str, hits: list[Hit]) -> list[Hit]:
    """Hits whose (value, tier) the precedence does not list; a test keeps this empty."""
    listed = set(precedence(field))
    return [hit for hit in hits if (hit.value, hit.tier) not in listed]


def _decide(field: str, hits: list[Hit], default: str) -> Decision:
    fired: dict[tuple[str, str], Hit] = {}
    for hit in hits:
        fired.setdefault((hit.value, hit.tier), hit)
    winner = next((fired[pair] for pair in precedence(field) if pair in fired), None)
    value = winner.value if winner else default
    return Decision(value, winner, _tags(field, hits, value))


def _tags(field: str, hits: list[Hit], value: str) -> tuple[Tag, ...]:
    return tuple(
        Tag(field, hit.value, hit.rule, hit.source, hit.start, hit.end, hit.quote, hit.value == value) for hit in hits
    )
