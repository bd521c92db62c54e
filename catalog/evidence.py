"""What counts as evidence: for which treatment a conclusion speaks, against what it stands, and which papers count.

Everything that counts evidence (map, comparison, claims) counts rows of the table `evidence`, so that no two pages
disagree. docs/evidence.md tells the rules in plain words.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from catalog.tagging.direction import COMPARED
from catalog.tagging.roles import PARTS
from catalog.tagging.tags import InterventionTag

__all__ = ["COUNTED_REGION", "VERDICTS", "VERSUS", "directions_of", "verdict_of", "versus_of", "write_evidence"]

# Papers (of `articles a`) whose region counts; one whose region is not known (NULL) counts too.
COUNTED_REGION = "(a.region IS NULL OR a.region IN (SELECT id FROM regions WHERE counts))"
# What a conclusion can stand against, in the order readers meet them.
VERSUS = ("sham", "sham_and_active", "active", "nothing")
# How a conclusion is drawn, in the order readers meet them (`verdict_of`).
VERDICTS = ("better", "improved", "mixed", "alike", "against", "untold")

_ACTIVE = frozenset({"steroid", "local_anaesthetic", "surgery", "usual_care", "other_active"})
_AGAINST_ARMS = frozenset({"between", "pooled_between"})
_AGAINST_BASELINE = frozenset({"within", "pooled_within"})
_UNCONTROLLED = frozenset({"single_arm", "case_report"})
# Conclusions that put one treatment above another.
_ONE_SIDED = frozenset({"favours", "against", "non_inferior"})


def versus_of(
    design: str, basis: str | None, comparator: str | None, interventions: Sequence[InterventionTag] = ()
) -> str | None:
    """What a paper's conclusion stands against.

    Args:
        design: the codebook's design.
        basis: the codebook's basis.
        comparator: kinds joined by ";".
        interventions: those of the paper; one with a verdict on which did better is an active control of the other.

    Returns:
        One of `VERSUS`; `nothing` only where nobody else was compared with, or where the conclusion is a change from
        baseline whatever arms there were. None: not known (an untreated control and an unnamed one are alike to the
        tagger, and so is what a review pooled without saying).
    """
    if basis in _AGAINST_BASELINE or design in _UNCONTROLLED:
        return "nothing"
    if basis == "pooled_unclear":
        return None
    kinds = set((comparator or "").split(";"))
    sham = "placebo_sham" in kinds
    active = bool(kinds & _ACTIVE) or any(item.favoured is not None for item in interventions)
    if sham:
        return "sham_and_active" if active else "sham"
    return "active" if active else None


def directions_of(
    design: str,
    basis: str | None,
    comparator: str | None,
    direction: str | None,
    interventions: Sequence[InterventionTag],
) -> tuple[str | None, ...]:
    """What a paper's conclusion says for each of its interventions, in their order; None: it does not say.

    A direction belongs to what is under test, so comparators and adjuncts get none. Of two of ours set against each
    other, `favours` is said of the one that did better, and is `against` for the other; where the text does not tell
    which, a one-sided conclusion is nobody's. What prolozone is made of shares its fate.
    """
    tested = {item.intervention: item.favoured for item in interventions if item.role == "experimental"}
    parts = PARTS if "prolozone" in tested else frozenset()
    arms = [name for name in tested if name not in parts]
    told = any(tested[name] is not None for name in arms)
    untold = len(arms) > 1 and not told and _of_each_other(design, comparator)
    found: list[str | None] = []
    for item in interventions:
        if item.intervention not in tested:
            found.append(None)
            continue
        favoured = tested["prolozone" if item.intervention in parts else item.intervention]
        if direction in _ONE_SIDED and (untold or (told and favoured is None)):
            found.append(None)
        elif direction == "favours" and favoured is False:
            found.append("against" if basis in _AGAINST_ARMS else None)
        else:
            found.append(direction)
    return tuple(found)


def verdict_of(direction: str | None, versus: str | None, basis: str | None) -> str:
    """How a conclusion is drawn: `better` only where somebody else was compared with.

    Improvement that stands against nothing, or against nobody can tell what, is `improved`: it is no benefit over a
    control. Non-inferior is `alike`, as no difference is.
    """
    if direction == "favours":
        compared = versus not in (None, "nothing") or (versus is None and basis in _AGAINST_ARMS)
        return "better" if compared else "improved"
    if direction in ("no_difference", "non_inferior"):
        return "alike"
    if direction in ("mixed", "insufficient"):
        return "mixed"
    return "against" if direction == "against" else "untold"


def _of_each_other(design: str, comparator: str | None) -> bool:
    """Whether several of ours may be each other's controls: one is named as active, or arms have no other control."""
    kinds = set((comparator or "none").split(";"))
    return "other_active" in kinds or (design in COMPARED and kinds == {"none"})


def write_evidence(conn: sqlite3.Connection) -> None:
    """Fill `evidence` of a draft whose families and statuses are settled; rows in a fixed order."""
    conn.execute(
        "INSERT INTO evidence"  # noqa: S608 - ours
        " SELECT coalesce(f.family, a.pmid), a.pmid, i.intervention, a.level, a.design, a.included, i.direction,"
        " a.basis, a.comparator, a.versus, a.participants, a.harms, a.certainty, a.year, a.region"
        " FROM article_interventions i JOIN articles a ON a.pmid = i.pmid"
        " LEFT JOIN trial_families f ON f.pmid = a.pmid"
        " WHERE i.role = 'experimental' AND a.status != 'retracted' AND (f.pmid IS NULL OR f.represents = 1)"
        f" AND {COUNTED_REGION} ORDER BY i.intervention, coalesce(f.family, a.pmid)"
    )
