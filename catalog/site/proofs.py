"""Why a paper has its level: the rules' evidence, sorted into what decided, what agreed and what was overruled."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass

from catalog.site.facts import Facts
from catalog.site.marks import Span
from catalog.site.words import FIELDS, INCLUDED, LOWEST, SOURCES, TIMING

__all__ = ["Proof", "Proofs", "alike", "load_proofs"]

_METHOD = ("design", "included", "lowest_design", "timing")
_TOPIC = ("interventions", "conditions")


@dataclass(frozen=True, slots=True)
class Proof:
    """One rule's word on one field: the value, the words it read and where they stand."""

    number: int
    field: str
    value: str
    value_name: str
    rule: str
    cites: str | None
    source: str
    start: int | None
    end: int | None
    quote: str
    chosen: bool

    @property
    def field_name(self) -> str:
        """The field in words."""
        return FIELDS.get(self.field, self.field.replace("_", " "))

    @property
    def source_name(self) -> str:
        """The source in words."""
        return SOURCES.get(self.source, self.source.replace("_", " "))

    @property
    def placed(self) -> bool:
        """Whether its words can be marked in the title or abstract."""
        return self.start is not None and self.source in ("title", "abstract")


@dataclass(frozen=True, slots=True)
class Proofs:
    """A paper's evidence."""

    deciding: tuple[Proof, ...]  # what the level follows from
    agreeing: tuple[Proof, ...]  # other evidence for the same design
    overruled: tuple[Proof, ...]  # evidence that did not win
    topics: tuple[Proof, ...]  # treatments and conditions
    status: tuple[Proof, ...]

    def spans(self, source: str) -> list[Span]:
        """Marks for `title` or `abstract`."""
        return [
            Span(proof.start or 0, proof.end or 0, kind, proof.number, f"{proof.field_name}: {proof.value_name}")
            for kind, proofs in (("decides", self.deciding), ("supports", self.agreeing), ("topic", self.topics))
            for proof in proofs
            if proof.placed and proof.source == source
        ]


def alike(proofs: Iterable[Proof]) -> list[tuple[Proof, tuple[Proof, ...]]]:
    """Proofs by what they say and which rule said it from where: the first, and the others with other words."""
    groups: dict[tuple[str, ...], dict[str, Proof]] = {}
    for proof in proofs:
        groups.setdefault((proof.field, proof.value, proof.rule, proof.source), {}).setdefault(proof.quote, proof)
    return [(first, tuple(rest)) for first, *rest in (list(group.values()) for group in groups.values())]


def load_proofs(conn: sqlite3.Connection, facts: Facts, pmid: int, texts: dict[str, str]) -> Proofs:
    """Read a paper's tags.

    Args:
        conn: the catalog.
        facts: its names.
        pmid: the paper.
        texts: its `title` and `abstract`; a span that does not hold its quote is not marked.
    """
    rows = conn.execute(
        "SELECT t.field, t.value, t.rule, r.cites, t.source, t.start, t.end, t.quote, t.chosen FROM tags t"
        " LEFT JOIN rules r ON r.id = t.rule WHERE t.pmid = ?"
        " ORDER BY t.source NOT IN ('curator', 'title'), t.source = 'abstract', t.start, t.end, t.field, t.rule",
        (pmid,),
    ).fetchall()
    derived = {
        (rule.removeprefix("level.from."), source, start, end, quote)
        for field, _, rule, _, source, start, end, quote, chosen in rows
        if field == "level" and chosen
    }
    deciding: list[Proof] = []
    agreeing: list[Proof] = []
    overruled: list[Proof] = []
    topics: list[Proof] = []
    status: list[Proof] = []
    for number, (field, value, rule, cites, source, start, end, quote, chosen) in enumerate(rows, 1):
        if start is not None and texts.get(source, "")[start:end] != quote:
            start = end = None
        proof = Proof(
            number, field, value, _value_name(facts, field, value), rule, cites, source, start, end, quote, bool(chosen)
        )
        if field == "status":
            status.append(proof)
        elif field in _TOPIC and chosen:
            topics.append(proof)
        elif field in (*_METHOD, *_TOPIC) and not chosen:
            overruled.append(proof)
        elif field in _METHOD:
            decides = (field == "design" and source == "curator") or (rule, source, start, end, quote) in derived
            (deciding if decides else agreeing).append(proof)
        elif field == "level" and source == "curator":
            deciding.append(proof)
    deciding.sort(key=lambda proof: _METHOD.index(proof.field) if proof.field in _METHOD else -1)
    return Proofs(tuple(deciding), tuple(agreeing), tuple(overruled), tuple(topics), tuple(status))


def _value_name(facts: Facts, field: str, value: str) -> str:
    words = {"included": INCLUDED, "lowest_design": LOWEST, "timing": TIMING}.get(field)
    if words:
        return words.get(value, value.replace("_", " "))
    facet = {"interventions": "intervention", "conditions": "condition"}.get(field, field)
    return facts.name(facet, value).name
