"""What a study found, asked in order: roles, findings, direction, basis, harms, the better of two, results, spin."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from catalog.tagging.arms import arms_of
from catalog.tagging.basis import decide_basis
from catalog.tagging.direction import COMPARED, FOUND, POOLED, decide_direction, finding_tags
from catalog.tagging.document import Document
from catalog.tagging.findings import Study, read_findings
from catalog.tagging.harms import decide_harms
from catalog.tagging.results import read_results
from catalog.tagging.roles import decide_favoured, decide_roles
from catalog.tagging.rules import Hit
from catalog.tagging.spin import decide_spin
from catalog.tagging.tags import InterventionTag, Result, Spin, Tag
from harvest.topics import Span

__all__ = ["Outcome", "decide_outcome"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a record says it found, its interventions with their roles, and the proofs; direction None: left open."""

    interventions: tuple[InterventionTag, ...]
    basis: str
    direction: str | None
    harms: str
    results: tuple[Result, ...]
    spin: tuple[Spin, ...]
    tags: tuple[Tag, ...]


def decide_outcome(
    document: Document,
    design: str,
    winner: Hit | None,
    included: str | None,
    interventions: Sequence[InterventionTag],
    spans: Sequence[Span],
) -> Outcome:
    """Everything a record says it found.

    Args:
        document: its text.
        design: the codebook's design.
        winner: the rule that decided the design.
        included: what a systematic review includes.
        interventions: those it studies, in the vocabulary's order.
        spans: where the vocabulary's interventions stand in it.
    """
    played = decide_roles(document, design, interventions, spans)
    study: Study = "pooled" if design in POOLED else "compared" if design in COMPARED else "single"
    arms = arms_of(document, played.interventions, spans)
    findings = read_findings(document, arms, study=study) if design in FOUND else ()
    results = read_results(document, design)
    directed = decide_direction(document, design, included, findings, results)
    based = decide_basis(document, design, winner, findings, directed)
    harmed = decide_harms(document, design, arms)
    items, proof = decide_favoured(played.interventions, directed.value, findings)
    better = finding_tags("favoured", proof.favoured, [proof], document) if proof else ()
    return Outcome(
        interventions=items,
        basis=based.value,
        direction=directed.value,
        harms=harmed.value,
        results=results,
        spin=decide_spin(document, design, findings, harmed.tags),
        tags=(*played.tags, *based.tags, *directed.tags, *harmed.tags, *better),
    )
