"""The spin check: a conclusion that claims more than its own results, both quoted (rules: rules/spin.yml)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

from catalog.tagging.direction import COMPARED, POOLED
from catalog.tagging.document import Document
from catalog.tagging.findings import Finding
from catalog.tagging.tables import table
from catalog.tagging.tags import Spin, Tag

__all__ = ["SAFE_DESPITE", "decide_spin", "spin_rules"]

# The one rule that is not about direction, so not made of kinds of finding.
SAFE_DESPITE = (
    "spin.safe_despite_event",
    "The conclusion calls the treatment safe; the results report a serious event.",
    "Boutron 2010 (JAMA 303:2058), claiming safety; CONSORT Harms 2022",
)
_CONCLUDED = frozenset({"conclusions", "title"})


@dataclass(frozen=True, slots=True)
class _Rule:
    id: str
    designs: frozenset[str]
    conclusion: frozenset[str]
    results: frozenset[str]
    both: bool
    unless_conclusion: frozenset[str]
    unless_results: frozenset[str]
    field: Literal["direction", "basis"]
    claims: str
    reports: str
    says: str
    unless_said: re.Pattern[str] | None


@cache
def spin_rules() -> tuple[tuple[str, str, str], ...]:
    """(id, what it says, where it comes from) of every rule."""
    return (*((str(e["id"]), str(e["says"]), str(e["cites"])) for e in table("spin")["rules"]), SAFE_DESPITE)


@cache
def _rules() -> tuple[_Rule, ...]:
    designs = {"compared": COMPARED, "single": frozenset({"single_arm", "case_report"}), "pooled": POOLED}

    def kinds(entry: dict[str, Any], key: str) -> frozenset[str]:
        return frozenset(entry.get(key, ()))

    return tuple(
        _Rule(
            entry["id"],
            designs[entry["designs"]],
            kinds(entry, "conclusion"),
            kinds(entry, "results"),
            bool(entry.get("both", False)),
            kinds(entry, "unless_conclusion"),
            kinds(entry, "unless_results"),
            entry["field"],
            entry["claims"],
            entry["reports"],
            entry["says"],
            re.compile(entry["unless_said"], re.IGNORECASE) if "unless_said" in entry else None,
        )
        for entry in table("spin")["rules"]
    )


@cache
def _mild() -> frozenset[str]:
    return frozenset(table("spin")["mild"])


def decide_spin(document: Document, design: str, findings: Sequence[Finding], harms: Iterable[Tag]) -> tuple[Spin, ...]:
    """Every conflict between what a study concludes and what it found; a rule once, by its first quotes.

    Args:
        document: its text.
        design: the codebook's design.
        findings: everything read in it.
        harms: the tags of its harms.
    """
    said = [f for f in findings if f.outcome != "other"]
    concluded = [f for f in said if f.zone in _CONCLUDED]
    resulted = [f for f in said if f.zone in ("results", "other") and f.field == "abstract"]
    found: list[Spin] = []
    for rule in _rules():
        if design not in rule.designs:
            continue
        if any(f.kind in rule.unless_conclusion for f in concluded):
            continue
        if any(f.kind in rule.unless_results for f in resulted):
            continue
        claim = next(
            (f for f in concluded if f.kind in rule.conclusion and not f.both and f.rule not in _mild()),
            None,
        )
        result = next((f for f in resulted if f.kind in rule.results and (f.both or not rule.both)), None)
        if claim is not None and result is not None and not _said(document, rule.unless_said):
            found.append(_spin(document, rule, claim, result))
    return (*found, *_safe_despite(document, harms))


def _said(document: Document, pattern: re.Pattern[str] | None) -> bool:
    """Whether a sentence of the results has the pattern: public criticism wants more than one reading's silence."""
    return pattern is not None and any(
        pattern.search(document.abstract, sentence.start, sentence.end)
        for sentence in document.sentences
        if sentence.field == "abstract" and sentence.zone in ("results", "other")
    )


def _spin(document: Document, rule: _Rule, claim: Finding, result: Finding) -> Spin:
    return Spin(
        rule.id,
        rule.field,
        rule.claims,
        rule.reports,
        rule.says,
        document.text(claim.field)[claim.start : claim.end],
        claim.field,
        claim.start,
        claim.end,
        document.text(result.field)[result.start : result.end],
        result.start,
        result.end,
    )


def _safe_despite(document: Document, harms: Iterable[Tag]) -> tuple[Spin, ...]:
    tags = list(harms)
    safe = next((t for t in tags if t.value == "called_safe" and _zone(document, t) == "conclusions"), None)
    event = next((t for t in tags if t.value == "serious" and t.chosen and _zone(document, t) == "results"), None)
    if safe is None or event is None:
        return ()
    assert safe.start is not None and safe.end is not None  # noqa: S101, PT018  # harms stand in texts
    assert event.start is not None and event.end is not None  # noqa: S101, PT018  # harms stand in texts
    return (
        Spin(
            SAFE_DESPITE[0],
            "harms",
            safe.value,
            event.value,
            SAFE_DESPITE[1],
            safe.quote,
            safe.source,
            safe.start,
            safe.end,
            event.quote,
            event.start,
            event.end,
        ),
    )


def _zone(document: Document, tag: Tag) -> str:
    if tag.start is None:
        return ""
    return document.sentence_at("title" if tag.source == "title" else "abstract", tag.start).zone
