"""A paper in numbers: how many people, against what, for how long, what it concludes; the unknown is said."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from catalog.site.facts import Facts
from catalog.site.proofs import Proof, Proofs, value_name
from catalog.site.words import FIELDS, plural

__all__ = ["Figure", "figures"]

_PEOPLE = frozenset(
    "rct nonrandomised_controlled case_control historical_control single_arm case_report cross_sectional".split()  # noqa: SIM905 - a row of ids reads better
)
_EFFECT = _PEOPLE - {"cross_sectional"}
_REVIEW = frozenset({"systematic_review"})
# Fields in the order readers ask, each with the designs of which it is asked.
_ASKED = {
    "direction": _EFFECT | _REVIEW,
    "harms": _EFFECT | _REVIEW,
    "participants": _PEOPLE,
    "studies": _REVIEW,
    "comparator": _EFFECT - {"case_report"},
    "followup_months": _EFFECT,
    "basis": _EFFECT | _REVIEW,
}
# Values that say that there is nothing to say.
_NOTHING = (None, "none", "not_reported")


@dataclass(frozen=True, slots=True)
class Figure:
    """A field, its value in words (what is unknown in words too), and the words it rests on."""

    field: str
    name: str
    value: str
    known: bool  # False: nothing is stated, or nothing reported
    proofs: tuple[Proof, ...]


def figures(row: Mapping[str, Any], proofs: Proofs, facts: Facts) -> Sequence[Figure]:
    """What the catalog says of a paper in numbers.

    A field that is not asked of the design is left out unless it says something; one that this catalog was built
    without, unless it has a value.

    Args:
        row: the paper's columns; those that this catalog does not have may be missing.
        proofs: its tags.
        facts: the catalog.
    """
    found = []
    # Where the conclusion itself says what was compared, its words stand once, under the conclusion.
    concluding = proofs.others.get("direction", ())
    told = {p.quote for p in proofs.others.get("basis", ())}
    for field, designs in _ASKED.items():
        value = row.get(field)
        asked = row["design"] in designs
        if value in _NOTHING and not (asked and (value or field in facts.judged)):
            continue
        unknown = "not determined" if field == "direction" else "not stated"
        found.append(
            Figure(
                field,
                FIELDS[field],
                unknown if value is None else _words(field, value, row.get("basis"), facts),
                value not in _NOTHING,
                () if field == "basis" and told <= {p.quote for p in concluding} else proofs.others.get(field, ()),
            )
        )
    return found


def _words(field: str, value: Any, basis: str | None, facts: Facts) -> str:
    if field == "participants":
        return plural(value, "person", "people")
    if field == "studies":
        return plural(value, "study", "studies")
    if field == "followup_months":
        return f"{value:g} {'month' if value == 1 else 'months'}"
    if field == "direction" and basis in ("within", "pooled_within"):
        # Without a comparison, no word here may sound like one.
        if value == "favours":
            return "improvement from before to after; nothing compared"
        if value == "against":
            return "no improvement from before to after"
    return value_name(facts, field, str(value))
