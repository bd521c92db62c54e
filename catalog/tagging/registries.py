"""Registry numbers a record names: from PubMed's DataBankList, its title and its abstract, written one way."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import Literal

from catalog.tagging.branches import Branch
from catalog.tagging.document import Document, TextField
from catalog.tagging.scan import Scan
from catalog.tagging.tables import table
from catalog.tagging.tags import Registration
from harvest.record import Record

__all__ = ["Registry", "registrations", "registries"]


@dataclass(frozen=True)
class Registry:
    """A registry and how its numbers are written."""

    name: str
    kind: Literal["trial", "review"]
    pattern: Branch
    form: str
    lower: bool
    match: tuple[str, ...]
    miss: tuple[str, ...]

    def first(self, text: str) -> re.Match[str] | None:
        """The first number in a text, in lower case."""
        return self.pattern.search(Scan(text), 0, len(text))

    def written(self, found: re.Match[str]) -> str | None:
        """The number as the registry writes it; None for a placeholder of zeros."""
        number = self.form.format(*(group.lower() if self.lower else group.upper() for group in found.groups()))
        return number if re.search(r"[1-9]", number) else None


@cache
def registries() -> tuple[Registry, ...]:
    """Every registry of rules/registries.yml."""
    return tuple(
        Registry(
            entry["name"],
            entry["kind"],
            Branch(rf"\b(?:{entry['pattern']})", re.IGNORECASE),
            entry["form"],
            bool(entry.get("lower", False)),
            tuple(str(example) for example in entry["match"]),
            tuple(str(example) for example in entry["miss"]),
        )
        for entry in table("registries")["registries"]
    )


def registrations(record: Record, document: Document) -> tuple[Registration, ...]:
    """The numbers a record names, each once: as PubMed lists it, else where the text first names it as its own."""
    found: dict[str, Registration] = {}
    for bank in record.databanks:
        if bank.accession is None:
            continue
        for registry in registries():
            number = (match := registry.first(bank.accession)) and registry.written(match)
            if number:
                listed = Registration(
                    number, registry.name, registry.kind, "databank", None, None, bank.accession, True
                )
                break
        else:
            listed = Registration(bank.accession, bank.name, "other", "databank", None, None, bank.accession, True)
        found.setdefault(listed.number, listed)
    fields: tuple[TextField, ...] = ("title", "abstract")
    for field in fields:
        scan = document.scan(field)
        for registry in registries():
            if not registry.pattern.alive(scan.present):
                continue
            for match in registry.pattern.matches(scan, 0, len(scan.text)):
                number = registry.written(match)
                if number is None:
                    continue
                own = document.sentence_at(field, match.start()).zone != "background"
                start, end = match.span()
                named = Registration(number, registry.name, registry.kind, field, start, end, scan.text[start:end], own)
                before = found.get(number)
                if before is None or (own and not before.own):
                    found[number] = named
    return tuple(found.values())
