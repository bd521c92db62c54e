"""What the tagger says of a record: values, each with its proof."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = ["InterventionTag", "Prompt", "PromptSource", "Registration", "Role", "Source", "Tag", "Tags"]

# `notice`: PubMed's link to or from a notice; `retraction_watch`: a line of the Retraction Watch list.
Source = Literal["curator", "publication_type", "mesh", "title", "abstract", "notice", "retraction_watch"]
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
    prompts: tuple[Prompt, ...] = ()
    registrations: tuple[Registration, ...] = ()
    # Values a curator gave to columns of `articles` that no rule fills, by column.
    given: tuple[tuple[str, str | int | float | None], ...] = ()
