"""The fields that hand labels can be compared on, and what an empty label means for each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = ["FIELDS", "ROLES", "Empty", "Field", "Kind"]

# class: one value of a fixed list; several: a set of values; number: one number.
Kind = Literal["class", "several", "number"]
# What an empty cell of the gold file says:
# unlabelled: nobody labelled it (the codebook has a value for every record), so the record is not scored;
# not_asked: the question does not fit the record, so it is not scored (a wrong design is counted under design);
# none: there is none, or the text states none, so the record is scored and any value given is wrong.
Empty = Literal["unlabelled", "not_asked", "none"]


@dataclass(frozen=True, slots=True)
class Field:
    """A field of the codebook.

    `values` are the codebook's, in its order; None where the catalog's own table `table` lists them. `abstains`: NULL
    in the catalog means that the tagger would not say. `role` selects rows of `article_interventions`: a role,
    `favoured` (the better of two in a head-to-head), or `any` (all of them, as intervention:role). `near` is how far a
    number may be off: the larger of an absolute and a relative tolerance.
    """

    name: str
    kind: Kind
    empty: Empty
    values: tuple[str, ...] | None = None
    table: str | None = None
    abstains: bool = False
    ordinal: tuple[str, ...] = ()
    role: str | None = None
    near: tuple[float, float] = (0.0, 0.0)

    @property
    def optional(self) -> bool:
        """Whether a catalog may come without it: all NULL then means "not tagged yet", not wrong everywhere."""
        return self.abstains or self.role not in (None, "experimental")


# Not a column: what the three columns of interventions say together, as intervention:role.
ROLES = "roles"
_LEVELLED = ("1", "2", "3", "4", "5")

# In the order of the codebook.
FIELDS: tuple[Field, ...] = (
    Field("design", "class", "unlabelled", table="designs"),
    Field("included", "class", "not_asked", ("rct_only", "mixed", "nonrandomised", "preclinical", "unclear")),
    Field("level", "class", "unlabelled", (*_LEVELLED, "none"), ordinal=_LEVELLED),
    Field("jbjs", "class", "unlabelled", ("I-II", "II", "II-III", "III", "III-IV", "IV", "IV-V", "V", "none")),
    Field("timing", "class", "not_asked", ("prospective", "retrospective", "unclear")),
    Field("status", "class", "unlabelled", ("retracted", "concern", "corrected", "preprint", "current")),
    Field("interventions", "several", "none", table="interventions", role="experimental"),
    Field("comparator_interventions", "several", "none", table="interventions", role="comparator"),
    Field("adjunct_interventions", "several", "none", table="interventions", role="adjunct"),
    Field(ROLES, "several", "none", role="any"),
    Field("favoured", "several", "none", table="interventions", role="favoured"),
    Field("conditions", "several", "none", table="conditions"),
    Field("region", "class", "unlabelled", table="regions", abstains=True),
    Field("participants", "number", "none", abstains=True),
    Field("studies", "number", "none", abstains=True),
    Field(
        "comparator",
        "several",
        "unlabelled",
        ("placebo_sham", "steroid", "local_anaesthetic", "surgery", "usual_care", "other_active", "none"),
        abstains=True,
    ),
    Field(
        "basis",
        "class",
        "unlabelled",
        ("between", "within", "pooled_between", "pooled_within", "pooled_unclear", "none"),
        abstains=True,
    ),
    Field(
        "direction",
        "class",
        "unlabelled",
        ("favours", "no_difference", "non_inferior", "against", "mixed", "insufficient", "not_reported"),
        abstains=True,
    ),
    Field("followup_months", "number", "none", abstains=True, near=(0.1, 0.02)),
    Field("harms", "class", "unlabelled", ("serious", "none_serious", "called_safe", "not_reported"), abstains=True),
    Field("certainty", "class", "none", ("high", "moderate", "low", "very_low"), abstains=True),
)
