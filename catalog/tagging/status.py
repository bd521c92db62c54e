"""Status of a record (retracted, concern, corrected, preprint, current), from the record, not the text's claims.

A record's own word is read here; what other records and the Retraction Watch list say of it comes as further proofs
(catalog/across.py), and `settle` gives the status they make together.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cache

from catalog.tagging.tables import table
from catalog.tagging.tags import Tag
from harvest.record import Record

__all__ = ["STATUSES", "StatusRule", "decide_status", "settle", "status_rules"]

# The first that fits (codebook, status).
STATUSES = ("retracted", "concern", "corrected", "preprint", "current")


@dataclass(frozen=True, slots=True)
class StatusRule:
    """One rule of rules/status.yml: what makes a record retracted, and so on."""

    id: str
    value: str
    types: frozenset[str]
    links: frozenset[str]
    title: re.Pattern[str] | None
    links_back: frozenset[str]  # RefTypes of another record that names this one
    watch: str | None  # RetractionNature of a Retraction Watch line


@cache
def status_rules() -> tuple[StatusRule, ...]:
    """Every rule on status, in the file's order."""
    return tuple(
        StatusRule(
            id=entry["id"],
            value=entry["value"],
            types=frozenset(entry.get("types", ())),
            links=frozenset(entry.get("links", ())),
            title=re.compile(entry["title"], re.IGNORECASE) if "title" in entry else None,
            links_back=frozenset(entry.get("links_back", ())),
            watch=entry.get("watch"),
        )
        for entry in table("status")["rules"]
    )


def decide_status(record: Record) -> tuple[str, tuple[Tag, ...]]:
    """The status by the record's own word, and its proof; `current` where nothing speaks against it.

    A link to a notice is proof from the record (source `notice`): its quote is the link's type and the citation.
    """
    tags: list[Tag] = []
    for rule in status_rules():
        tags += [
            Tag("status", rule.value, rule.id, "publication_type", None, None, kind.name, True)
            for kind in record.publication_types
            if kind.name in rule.types
        ]
        for link in record.links:
            if link.ref_type in rule.links:
                quote = f"{link.ref_type}: {link.citation}" if link.citation else link.ref_type
                tags.append(Tag("status", rule.value, rule.id, "notice", None, None, quote, True))
        if rule.title and record.title and (hit := rule.title.search(record.title)):
            tags.append(Tag("status", rule.value, rule.id, "title", hit.start(), hit.end(), hit.group(), True))
    return settle(tags)


def settle(proofs: Iterable[Tag]) -> tuple[str, tuple[Tag, ...]]:
    """The status that proofs make together, and the proofs with `chosen` set: a curator's word, else the first fit."""
    tags = tuple(proofs)
    by_curator = [tag.value for tag in tags if tag.source == "curator"]
    status = by_curator[-1] if by_curator else min((tag.value for tag in tags), key=STATUSES.index, default="current")
    return status, tuple(replace(tag, chosen=tag.value == status) for tag in tags)
