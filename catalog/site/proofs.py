"""Why a paper has its level: the rules' evidence, sorted into what decided, what agreed and what was overruled."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from catalog.site.facts import Facts
from catalog.site.marks import Span
from catalog.site.words import (
    BASIS,
    CERTAINTIES,
    COMPARATORS,
    DIRECTIONS,
    FIELDS,
    HARMS,
    INCLUDED,
    LOWEST,
    ROLES,
    SOURCES,
    STATUSES,
    TIMING,
)

__all__ = ["Proof", "Proofs", "alike", "distinct", "load_proofs", "value_name"]

BLANK = "blank"  # what a curator writes where the text states none
_METHOD = ("design", "included", "lowest_design", "timing")
_TOPIC = ("interventions", "conditions")
_WORDS = {
    "included": INCLUDED,
    "lowest_design": LOWEST,
    "timing": TIMING,
    "certainty": CERTAINTIES,
    "comparator": COMPARATORS,
    "basis": BASIS,
    "direction": DIRECTIONS,
    "harms": HARMS,
    "status": STATUSES,
}


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
    quote: str | None  # None: that nothing says it is the proof
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
    def text(self) -> str:
        """The text its place points into: a learned vote's word stands in the abstract."""
        return "abstract" if self.source == "model" else self.source

    @property
    def placed(self) -> bool:
        """Whether its words can be marked in the title or abstract."""
        return self.start is not None and self.text in ("title", "abstract", "conflict_of_interest")


@dataclass(frozen=True, slots=True)
class Proofs:
    """A paper's evidence."""

    deciding: tuple[Proof, ...]  # what the level follows from
    agreeing: tuple[Proof, ...]  # other evidence for the same design
    overruled: tuple[Proof, ...]  # evidence that did not win
    topics: tuple[Proof, ...]  # treatments and conditions
    status: tuple[Proof, ...]
    certainty: tuple[Proof, ...]  # what a review says itself of its evidence
    certainty_besides: tuple[Proof, ...]  # its other statements, which are not the one it got
    others: Mapping[str, tuple[Proof, ...]]  # chosen tags of all other fields, by field
    next_number: int  # the first number no proof has

    @property
    def targets(self) -> dict[int, str]:
        """Proof to the id of the place on the page that says what it is: a sign of its own, or its field."""
        found: dict[int, str] = {}
        for group in (self.deciding, self.agreeing, self.overruled):
            for first, rest in alike(group):
                found |= dict.fromkeys((proof.number for proof in (first, *rest)), f"sign-{first.number}")
        for proof in (*self.topics, *(proof for proofs in self.others.values() for proof in proofs)):
            found[proof.number] = f"field-{proof.field}"
        return found | {proof.number: "certainty" for proof in (*self.certainty, *self.certainty_besides)}

    def spans(self, source: str, more: Iterable[Proof] = (), targets: Mapping[int, str] | None = None) -> list[Span]:
        """Marks for a source's text; `more` are further proofs the page quotes, `targets` where it tells of each."""
        targets = targets or {}
        noted = [
            *self.certainty,
            *self.certainty_besides,
            *(proof for proofs in self.others.values() for proof in proofs),
            *more,
        ]
        return [
            Span(
                proof.start or 0,
                proof.end or 0,
                kind,
                proof.number,
                f"{proof.field_name}: {proof.value_name}",
                targets.get(proof.number, ""),
            )
            for kind, proofs in (
                ("decides", self.deciding),
                ("supports", self.agreeing),
                ("topic", self.topics),
                ("noted", noted),
            )
            for proof in proofs
            if proof.placed and proof.text == source
        ]


def alike(proofs: Iterable[Proof]) -> list[tuple[Proof, tuple[Proof, ...]]]:
    """Proofs by what they say and which rule said it from where: the first, and the others with other words."""
    groups: dict[tuple[str, ...], dict[str | None, Proof]] = {}
    for proof in proofs:
        groups.setdefault((proof.field, proof.value, proof.rule, proof.source), {}).setdefault(proof.quote, proof)
    return [(first, tuple(rest)) for first, *rest in (list(group.values()) for group in groups.values())]


def distinct(proofs: Iterable[Proof]) -> tuple[Proof, ...]:
    """Proofs with different words: the first of those that quote the same, whichever rule read them."""
    found: dict[str | None, Proof] = {}
    for proof in proofs:
        found.setdefault(proof.quote, proof)
    return tuple(found.values())


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
    certainty: list[Proof] = []
    besides: list[Proof] = []
    others: dict[str, list[Proof]] = {}
    for number, (field, value, rule, cites, source, start, end, quote, chosen) in enumerate(rows, 1):
        if start is not None and texts.get(source, "")[start:end] != quote:
            start = end = None
        proof = Proof(
            number, field, value, value_name(facts, field, value), rule, cites, source, start, end, quote, bool(chosen)
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
        elif field == "level" and rule == "curator":
            deciding.append(proof)
        elif field == "certainty":
            (certainty if chosen else besides).append(proof)
        elif chosen and field not in ("level", "jbjs"):
            others.setdefault(field, []).append(proof)
    deciding.sort(key=lambda proof: _METHOD.index(proof.field) if proof.field in _METHOD else -1)
    return Proofs(
        tuple(deciding),
        tuple(agreeing),
        tuple(overruled),
        tuple(topics),
        tuple(status),
        tuple(certainty),
        tuple(besides),
        {field: tuple(proofs) for field, proofs in others.items()},
        len(rows) + 1,
    )


def value_name(facts: Facts, field: str, value: str) -> str:
    """A value in words: of the codebook, or as a curator writes it (`blank`, `+prp:adjunct`, `-prp`, `prp;ozone`)."""
    if value == BLANK:
        return "none stated"
    if value[:1] in "+-" and len(value) > 1 and not value[1].isdigit():
        return ("also " if value[0] == "+" else "not ") + value_name(facts, field, value[1:])
    if ";" in value:
        return ", ".join(value_name(facts, field, part) for part in value.split(";"))
    value, _, role = value.partition(":") if field == "interventions" else (value, "", "")
    if role:
        return f"{value_name(facts, field, value)} ({ROLES.get(role, role)})"
    if words := _WORDS.get(field):
        return words.get(value, value.replace("_", " "))
    facet = {"interventions": "intervention", "conditions": "condition"}.get(field, field)
    return facts.name(facet, value).name if facet in facts.names else value
