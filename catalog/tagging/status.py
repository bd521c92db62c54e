"""Status of a record (retracted, concern, corrected, preprint, current), from the record, not the text's claims."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

from catalog.tagging.tables import table
from catalog.tagging.tags import Tag
from harvest.record import Record

__all__ = ["decide_status"]


@dataclass(frozen=True, slots=True)
class _StatusRule:
    id: str
    value: str
    types: frozenset[str]
    links: frozenset[str]
    title: re.Pattern[str] | None


@cache
def _rules() -> tuple[_StatusRule, ...]:
    return tuple(
        _StatusRule(
            id=entry["id"],
            value=entry["value"],
            types=frozenset(entry.get("types", ())),
            links=frozenset(entry.get("links", ())),
            title=re.compile(entry["title"], re.IGNORECASE) if "title" in entry else None,
        )
        for entry in table("status")["rules"]
    )


def decide_status(record: Record) -> tuple[str, tuple[Tag, ...]]:
    """The status and its proof; `current` where nothing speaks against it.

    A link to a notice is proof from the record: its quote is the link's type and the notice's citation.
    """
    tags: list[Tag] = []
    status: str | None = None
    for rule in _rules():
        quotes = [kind.name for kind in record.publication_types if kind.name in rule.types]
        quotes += [
            f"{x.ref_type}: {x.citation}" if x.citation else x.ref_type
            for x in record.links
            if x.ref_type in rule.links
        ]
        found = [Tag("status", rule.value, rule.id, "publication_type", None, None, quote, True) for quote in quotes]
        if rule.title and record.title and (hit := rule.title.search(record.title)):
            found.append(Tag("status", rule.value, rule.id, "title", hit.start(), hit.end(), hit.group(), True))
        if found and status is None:
            status = rule.value
        tags += found
    status = status or "current"
    return status, tuple(
        Tag(t.field, t.value, t.rule, t.source, t.start, t.end, t.quote, t.value == status) for t in tags
    )
