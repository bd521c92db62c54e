"""What the tagger says of a record: values, each with its proof."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = [
    "InterventionTag",
    "Prompt",
    "PromptSource",
    "Registration",
    "Result",
    "Role",
    "Source",
    "Spin",
    "Tag",
    "Tags",
    "Vote",
    "VoteWord",
]

# `notice`: PubMed's link to or from a notice; `retraction_watch`: a line of the Retraction Watch list; `model`: the
# learned vote, whose words stand in the abstract.
Source = Literal["curator", "publication_type", "mesh", "title", "abstract", "notice", "retraction_watch", "model"]
# `absence`: nothing in title or abstract says it; `status`: the record's status says it.
PromptSource = Literal["title", "abstract", "mesh", "conflict_of_interest", "affiliation", "absence", "status"]
Role = Literal["experimental", "comparator", "adjunct"]


@dataclass(frozen=True, slots=True, order=True)
class Tag:
    """One rule's word on one field, and where it stands.

    `start`/`end` are code points into title or abstract as stored; for publication types, MeSH and curators they are
    None and the quote is the heading or reason. `chosen` marks the tags that agree with the value the record got.
    """

    field: str
    value: str
    rule: str
    source: Source
    start: int | None
    end: int | None
    quote: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class InterventionTag:
    """An intervention of the vocabulary and the part it plays; `favoured` in a head-to-head of two of ours."""

    intervention: str
    role: Role
    favoured: bool | None = None


@dataclass(frozen=True, slots=True, order=True)
class Prompt:
    """Something a person may weigh when grading; never graded by machine.

    `quote` is None only for an absence. `start`/`end` are code points into title, abstract or conflict-of-interest
    statement as stored; None elsewhere.
    """

    prompt: str
    rule: str
    source: PromptSource
    start: int | None
    end: int | None
    quote: str | None


@dataclass(frozen=True, slots=True)
class Registration:
    """A registry number a record names, written as the registry writes it.

    `kind` is `trial`, `review` (a review's own number) or `other` (sequence, data set). `own` is False where only the
    background of an abstract names it. The source is `databank` (PubMed's DataBankList), `title` or `abstract`.
    """

    number: str
    registry: str
    kind: Literal["trial", "review", "other"]
    source: Literal["databank", "title", "abstract"]
    start: int | None
    end: int | None
    quote: str
    own: bool


@dataclass(frozen=True, slots=True)
class Result:
    """One outcome in a clause that gives an effect in numbers: code points into the abstract, `text` what they hold.

    `measure` is the scale by name (VAS, ODI ...), `timepoint` as written; None where the clause names none.
    """

    outcome: Literal["pain", "function", "success"]
    measure: str | None
    timepoint: str | None
    text: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Spin:
    """A conclusion and the result it goes beyond; code points into the conclusion's source and into the abstract.

    `claims` is the conclusion in the codebook's values of `field`, `reports` the results.
    """

    rule: str
    field: Literal["direction", "basis", "harms"]
    claims: str
    reports: str
    says: str
    conclusion: str
    conclusion_source: Source
    conclusion_start: int
    conclusion_end: int
    results: str
    results_start: int
    results_end: int


@dataclass(frozen=True, slots=True)
class VoteWord:
    """A word or pair of words that the learned vote weighed: as it stands in the abstract, where, and how much."""

    text: str
    start: int
    end: int
    weight: float


@dataclass(frozen=True, slots=True)
class Vote:
    """What the learned vote says where it is asked.

    `label` is one of its own classes, `value` that label in the codebook's values (None: it leaves the record as it
    is), `score` its probability. `heard`: it was sure and gave another design than the rules; only then it has a tag.
    A curator still stands above it.
    """

    label: str
    value: str | None
    score: float
    words: tuple[VoteWord, ...]
    heard: bool


@dataclass(frozen=True)
class Tags:
    """Everything decided about one record. A field nobody decided is None; `codebook.md` defines the values."""

    pmid: int
    design: str
    included: str | None
    level: str
    jbjs: str
    timing: str | None
    status: str
    interventions: tuple[InterventionTag, ...]
    conditions: tuple[str, ...]
    tags: tuple[Tag, ...]
    certainty: str | None = None
    region: str | None = None
    participants: int | None = None
    studies: int | None = None
    comparator: str | None = None
    followup_months: float | None = None
    basis: str | None = None
    direction: str | None = None
    harms: str | None = None
    results: tuple[Result, ...] = ()
    spin: tuple[Spin, ...] = ()
    vote: Vote | None = None  # None: not asked
    prompts: tuple[Prompt, ...] = ()
    registrations: tuple[Registration, ...] = ()
    # Values a curator gave to such columns of `articles`, by column: each beats the rules' own.
    given: tuple[tuple[str, str | int | float | None], ...] = ()
