"""The words by which a page is read (rules/names.yml, kinds.yml, asserts.yml), compiled: without regard to case."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from catalog.check.patterns import Words
from catalog.check.tables import table

__all__ = ["Lay", "NotClaim", "Other", "Wording", "wording"]


@dataclass(frozen=True, slots=True)
class Lay:
    """A page's own word for concepts; with `page`, only where the page names one of those anywhere."""

    pattern: Words
    concepts: tuple[str, ...]
    page: frozenset[str]
    group: str | None


@dataclass(frozen=True, slots=True)
class Other:
    """A treatment that is not the catalog's; `id` is the comparator it would be, None where there is none."""

    id: str | None
    pattern: Words
    arm: bool  # named beside a treatment, never what a sentence is about


@dataclass(frozen=True, slots=True)
class NotClaim:
    """A kind of sentence that is no claim, but where `unless` stands in it."""

    id: str
    pattern: Words
    unless: Words | None
    unnamed: bool  # only where the sentence names none of the catalog's treatments


@dataclass(frozen=True)
class Wording:
    """All of them."""

    lay: tuple[Lay, ...]
    lay_conditions: tuple[Lay, ...]
    elsewhere: Words
    others: tuple[Other, ...]
    not_named: tuple[Words, ...]
    set_aside: Words
    name_of_practice: re.Pattern[str]
    pointing_early: Words
    pointing: Words
    other_subject: Words
    kinds: dict[str, tuple[Words, ...]]
    compares_with: Words
    carried: frozenset[str]
    outside: Words
    not_claims: tuple[NotClaim, ...]
    line_asserts: Words
    routine: Words
    level: tuple[Words, ...]
    broad: tuple[Words, ...]
    named: dict[str, tuple[tuple[str, Words], ...]]  # strength, certainty, outcomes, relation: (id, pattern)
    single: dict[str, Words]  # negated_effect, absolute, share, population, lasting, followup


@cache
def wording() -> Wording:
    """The bundled words."""
    names, kinds, asserts = table("names"), table("kinds"), table("asserts")
    single = ("negated_effect", "absolute", "share", "population", "lasting", "followup")
    return Wording(
        lay=_lays(names["lay"], "interventions"),
        lay_conditions=_lays(names["lay_conditions"], "conditions"),
        elsewhere=_any(names["elsewhere"]),
        others=tuple(Other(entry["id"], _any(entry["any"]), entry.get("arm", False)) for entry in names["others"]),
        not_named=tuple(_any([pattern]) for pattern in names["not_named"]),
        set_aside=_any([names["set_aside"]]),
        name_of_practice=re.compile(names["name_of_practice"]),
        pointing_early=_any(names["pointing_early"]),
        pointing=_any(names["pointing"]),
        other_subject=_any([names["other_subject"]]),
        kinds={kind: tuple(_any(entry["any"]) for entry in entries) for kind, entries in kinds["kinds"].items()},
        compares_with=_any(kinds["compares_with"]),
        carried=frozenset(kinds["carried"]),
        outside=_any(kinds["outside"]),
        not_claims=tuple(
            NotClaim(
                entry["id"],
                _any(entry["any"]),
                _any(entry["unless"]) if "unless" in entry else None,
                entry.get("unnamed", False),
            )
            for entry in kinds["not_claims"]
        ),
        line_asserts=_any(kinds["line_asserts"]),
        routine=_any(kinds["routine"]),
        level=tuple(_any([pattern]) for pattern in asserts["level"]),
        broad=tuple(_any([pattern]) for pattern in asserts["broad"]),
        named={
            name: tuple((entry["id"], _any(entry["any"])) for entry in asserts[name])
            for name in ("strength", "certainty", "outcomes", "relation")
        },
        single={name: _any(asserts[name] if isinstance(asserts[name], list) else [asserts[name]]) for name in single},
    )


def _lays(entries: Iterable[dict[str, Any]], key: str) -> tuple[Lay, ...]:
    return tuple(
        Lay(_any(entry["any"]), tuple(entry[key]), frozenset(entry.get("page", ())), entry.get("group"))
        for entry in entries
    )


def _any(patterns: Sequence[str]) -> Words:
    return Words(patterns)
