"""What the tagger says of a record: values, each with its proof."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = ["InterventionTag", "Role", "Source", "Tag", "Tags"]

Source = Literal["curator", "publication_type", "mesh", "title", "abstract"]
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
