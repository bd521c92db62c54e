"""The direction of what a study concludes on pain or function for the treatment under test (codebook: direction)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from catalog.tagging.document import Document
from catalog.tagging.findings import Finding, measured, of_main
from catalog.tagging.tags import Result, Tag

__all__ = ["BETWEEN", "COMPARED", "FOUND", "POOLED", "Directed", "decide_direction", "finding_tags"]

# Designs in which arms are compared.
COMPARED = frozenset({"rct", "nonrandomised_controlled", "historical_control"})
# Designs that sum up other studies.
POOLED = frozenset({"systematic_review", "narrative_review"})
_WITHIN = frozenset({"single_arm", "case_report"})
# Designs of which a direction is asked at all.
FOUND = COMPARED | POOLED | _WITHIN | {"unclear"}
BETWEEN = frozenset({"better", "worse", "alike", "noninferior"})
_GAIN = frozenset({"improved", "claim"})


@dataclass(frozen=True, slots=True)
class Directed:
    """A direction (None: the text leaves it open), the findings that decided, and every tag."""

    value: str | None
    deciding: tuple[Finding, ...]
    tags: tuple[Tag, ...]


def decide_direction(
    document: Document, design: str, included: str | None, findings: Sequence[Finding], results: Sequence[Result]
) -> Directed:
    """The direction of a record.

    Args:
        document: its text.
        design: the codebook's design.
        included: what a systematic review includes.
        findings: everything `read_findings` read.
        results: figures on pain or function: where there are some, an undecided direction is open, not unreported.
    """
    counted = [f for f in findings if f.outcome != "other"]
    if not measured(document, named=design not in POOLED):
        return Directed("not_reported", (), ())
    if design in COMPARED:
        value, deciding = _compared(counted)
    elif design in _WITHIN or design == "unclear":
        value, deciding = _within(counted, design)
    elif design in POOLED and included != "preclinical":
        value, deciding = _pooled(counted, design)
    else:
        return Directed("not_reported", (), ())
    spoken = any(f.outcome == "main" and f.kind != "scarce" for f in counted) or bool(results)
    if value is None and not spoken and not (design == "single_arm" and _told_in_figures(document)):
        value = "not_reported"
    return Directed(value, tuple(deciding), finding_tags("direction", value, deciding, document))


def _told_in_figures(document: Document) -> bool:
    """Whether figures on pain or function stand in the results: then a direction that no rule read is open."""
    return any(
        s.zone in ("results", "conclusions", "other")
        and any(c.isdigit() for c in document.text(s.field)[s.start : s.end])
        and of_main(document.scan(s.field), s.start, s.end)
        for s in document.sentences
        if s.field == "abstract"
    )


def finding_tags(field: str, value: str | None, deciding: Iterable[Finding], document: Document) -> tuple[Tag, ...]:
    """The clauses that decided, as tags of a field."""
    if value is None:
        return ()
    return tuple(
        Tag(field, value, f.rule, f.field, f.start, f.end, document.text(f.field)[f.start : f.end], True)
        for f in deciding
    )


_Said = tuple[str | None, list[Finding]]


def _compared(findings: Sequence[Finding]) -> _Said:
    """Arms compared: the conclusion decides, then the results; change from baseline alone decides nothing."""
    concluded = [f for f in findings if f.zone in ("title", "conclusions")]
    resulted = [f for f in findings if f.zone not in ("title", "conclusions")]
    if any(f.outcome == "main" and f.kind in BETWEEN for f in resulted):
        # A result that names no outcome yields to those on pain or function.
        resulted = [f for f in resulted if f.outcome == "main" or f.kind != "alike"]
    if any(f.kind in BETWEEN and f.tier != "estimate" for f in resulted):
        # Words before figures.
        resulted = [f for f in resulted if f.tier != "estimate"]
    claimed = [f for f in concluded or findings if f.kind == "claim" and not f.both]
    value, deciding = _of_between(concluded)
    from_results, told = _of_between(resulted)
    if value is not None:
        if value == "favours" and from_results == "mixed" and any(f.kind == "worse" for f in told):
            return "mixed", [*deciding, *told]
        return value, deciding
    mixed = [f for f in concluded if f.kind == "mixed"]
    if mixed:
        return "mixed", mixed[:1]
    if from_results == "mixed" and not any(f.kind == "worse" for f in told):
        firm = [f for f in claimed if f.rule != "claim.alternative" and f in concluded]
        if firm:
            return "favours", [firm[0], told[0]]
    if from_results is not None:
        return from_results, told
    mixed = [f for f in findings if f.kind == "mixed"]
    if mixed:
        return "mixed", mixed[:1]
    alike = [f for f in concluded if f.both and f.kind in ("claim", "improved")]
    if alike:
        return "no_difference", alike[:1]
    none = [f for f in findings if f.kind in ("noclaim", "unimproved") and not f.both]
    if none and not claimed:
        return "no_difference", none[:1]
    if any(f.both for f in resulted) and not any(f.kind == "differs" for f in resulted):
        return None, []  # every arm improved: that says nothing of a difference
    differs = [f for f in findings if f.kind == "differs"]
    gained = claimed or [f for f in concluded if f.kind == "improved" and not f.both]
    if gained:
        return "favours", [*gained[:1], *differs[:1]]
    return None, []


def _of_between(findings: Sequence[Finding]) -> _Said:
    """What statements about a difference between arms say together."""
    first: dict[str, Finding] = {}
    for finding in findings:
        if finding.kind in BETWEEN:
            first.setdefault(finding.kind, finding)
    if not first:
        return None, []
    if "noninferior" in first and "worse" not in first:
        return "non_inferior", [first["noninferior"]]
    if "better" in first and ("worse" in first or "alike" in first):
        return "mixed", [first[kind] for kind in ("better", "worse", "alike") if kind in first]
    if "worse" in first:
        return ("mixed", [first["worse"], first["alike"]]) if "alike" in first else ("against", [first["worse"]])
    if "better" in first:
        return "favours", [first["better"]]
    return "no_difference", [first["alike"]]


def _within(findings: Sequence[Finding], design: str) -> _Said:
    """No arms: improved or not, by the conclusion, then the results."""
    compared = design == "unclear" and any(f.kind in ("better", "worse", "alike") for f in findings)
    if compared:
        return _compared(findings)
    gains = [f for f in findings if f.kind in _GAIN or (f.kind == "better" and f.zone != "title")]
    if design == "case_report":  # what resolved in one patient may be the complication
        gains = [f for f in gains if f.outcome == "main"]
    losses = [f for f in findings if f.kind in ("unimproved", "noclaim")]
    mixed = [f for f in findings if f.kind == "mixed"]
    concluded = [f for f in losses if f.zone == "conclusions"]
    if concluded and not any(f.zone == "conclusions" for f in gains):
        return "against", concluded[:1]
    if gains:
        if mixed:
            return "mixed", [mixed[0], gains[0]]
        if losses and (design == "case_report" or (concluded and any(f.zone == "conclusions" for f in gains))):
            return "mixed", [gains[0], losses[0]]
        best = next((f for f in gains if f.zone == "conclusions" and f.outcome == "main"), gains[0])
        return "favours", list(dict.fromkeys([best, *(f for f in gains if f.kind == "improved")][:2]))
    if losses:
        return "against", losses[:1]
    return None, []


def _changed(findings: Iterable[Finding]) -> bool:
    """Whether the results tell a change from before to after and nothing of one arm against another."""
    kinds = {f.kind for f in findings if f.zone not in ("conclusions", "title")}
    return "improved" in kinds and not kinds & BETWEEN


def _pooled(findings: Sequence[Finding], design: str) -> _Said:
    """Reviews: too little evidence, no effect, mixed or an effect, by the conclusion, then the results."""
    if design == "narrative_review":
        findings = [f for f in findings if f.kind not in ("improved", "scarce")]
    concluded = [f for f in findings if f.zone in ("conclusions", "title")]
    for said in (concluded, list(findings)):
        kinds: dict[str, Finding] = {}
        for finding in said:
            kinds.setdefault(finding.kind, finding)
        gain = next((kinds[k] for k in ("better", "claim", "improved") if k in kinds), None)
        loss = next((kinds[k] for k in ("noclaim", "unimproved", "worse") if k in kinds), None)
        if "insufficient" in kinds and "better" not in kinds:
            return "insufficient", [kinds["insufficient"]]
        if "mixed" in kinds:
            return "mixed", [kinds["mixed"]]
        if gain and loss:
            return "mixed", [gain, loss]
        if gain and gain.kind != "better" and {"better", "alike"} <= {f.kind for f in findings if f.outcome == "main"}:
            return "mixed", [f for f in findings if f.kind in ("better", "alike")][:2]
        if gain and "alike" in kinds and not ("better" not in kinds and _changed(findings)):
            return "mixed", [gain, kinds["alike"]]
        if gain and gain.rule == "claim.alternative" and "scarce" in {f.kind for f in findings}:
            return "insufficient", [f for f in findings if f.kind == "scarce"][:1]
        if gain:
            return "favours", [gain]
        if "alike" in kinds:
            return "no_difference", [kinds["alike"]]
        if loss:
            return "against", [loss]
        if "scarce" in kinds:
            return "insufficient", [kinds["scarce"]]
    return None, []
