"""What a study's result rests on: arms compared, or before against after (codebook: basis)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from catalog.tagging.direction import BETWEEN, COMPARED, Directed, finding_tags
from catalog.tagging.document import Document
from catalog.tagging.findings import Finding, measured
from catalog.tagging.rules import Hit, fire
from catalog.tagging.tags import Tag

__all__ = ["FROM_DESIGN", "Based", "decide_basis"]

_CHANGED = frozenset({"improved", "unimproved", "claim", "noclaim", "better", "worse", "alike", "mixed"})
# A basis that follows from the design: its proof is the design's.
_OF_HARMS = re.compile(r"\b(?:complications?|adverse|safety|infections?|side[- ]effects?|harms?)\b", re.IGNORECASE)
FROM_DESIGN = "basis.from_design"


@dataclass(frozen=True, slots=True)
class Based:
    """A basis and its tags."""

    value: str
    tags: tuple[Tag, ...]


def decide_basis(
    document: Document, design: str, winner: Hit | None, findings: Sequence[Finding], directed: Directed
) -> Based:
    """The basis of a record; `none` where nothing is compared, before and after included.

    Args:
        document: its text.
        design: the codebook's design.
        winner: the rule that decided the design.
        findings: everything read in it.
        directed: its direction.
    """
    said = [f for f in findings if f.outcome != "other"]
    between = [f for f in said if f.kind in BETWEEN or f.kind == "differs"]
    changed = [f for f in said if f.kind in _CHANGED]
    if design in COMPARED:
        proof = finding_tags("basis", "between", between[:1], document)
        return Based("between", proof or _of_design(winner, "between"))
    if design == "single_arm":
        moved = [f for f in findings if f.kind in ("improved", "unimproved")]
        moved = [f for f in moved if f.outcome != "other"] or changed or moved
        if moved:
            return Based("within", finding_tags("basis", "within", moved[:1], document))
        # Harms counted, or nothing but a title: nothing stands before against after.
        stands = document.abstract and measured(document) and not _OF_HARMS.search(document.title)
        return Based("within", _of_design(winner, "within")) if stands else Based("none", ())
    if design in ("case_report", "unclear"):
        if design == "unclear" and between:
            return Based("between", finding_tags("basis", "between", between[:1], document))
        if directed.value in (None, "not_reported"):
            return Based("none", ())
        return Based("within", finding_tags("basis", "within", directed.deciding[:1], document))
    if design == "systematic_review":
        return _pooled(document, between)
    if design == "narrative_review":
        if directed.value in (None, "not_reported"):
            return Based("none", ())
        return Based("pooled_unclear", finding_tags("basis", "pooled_unclear", directed.deciding[:1], document))
    if design == "animal":
        hits = [hit for hit in fire("basis", document) if hit.tier == "laboratory"]
        return Based("between", _hits(hits[:1], "between")) if hits else Based("none", ())
    return Based("none", ())


def _pooled(document: Document, between: Sequence[Finding]) -> Based:
    """Against controls or against baseline, results before methods; unclear where neither or both are told."""
    hits = [hit for hit in fire("basis", document) if hit.tier == "pooled"]
    told = [hit for hit in hits if _zone(document, hit) not in ("methods", "objective")]
    values = {hit.value for hit in told} or {hit.value for hit in hits}
    if any(f.kind in ("better", "worse", "alike") for f in between):
        proof = [f for f in between if f.kind in ("better", "worse", "alike")]
        if "pooled_within" not in values or "pooled_between" in values:
            own = _hits([hit for hit in hits if hit.value == "pooled_between"][:1], "pooled_between")
            return Based("pooled_between", own or finding_tags("basis", "pooled_between", proof[:1], document))
    if len(values) == 1:
        value = next(iter(values))
        return Based(value, _hits([hit for hit in (told or hits) if hit.value == value][:1], value))
    return Based("pooled_unclear", _hits(hits[:2], "pooled_unclear"))


def _zone(document: Document, hit: Hit) -> str:
    assert hit.start is not None  # noqa: S101  # rules of basis.yml fire on text only
    return document.sentence_at("title" if hit.source == "title" else "abstract", hit.start).zone


def _hits(hits: Iterable[Hit], value: str) -> tuple[Tag, ...]:
    return tuple(Tag("basis", h.value, h.rule, h.source, h.start, h.end, h.quote, h.value == value) for h in hits)


def _of_design(winner: Hit | None, value: str) -> tuple[Tag, ...]:
    if winner is None:
        return ()
    return (Tag("basis", value, FROM_DESIGN, winner.source, winner.start, winner.end, winner.quote, True),)
