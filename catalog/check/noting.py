"""The words of rules/notes.yml: what is looked at beside a claim, and what each note says."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from catalog.check.tables import table
from catalog.sentences import Sentence, Value, fill

__all__ = ["Noting", "noted", "noting"]


@dataclass(frozen=True)
class Noting:
    """All of notes.yml."""

    apart: dict[str, tuple[str, ...]]
    made_of: dict[str, tuple[str, ...]]
    outside: dict[str, str]
    notes: dict[str, str]


@cache
def noting() -> Noting:
    """The bundled notes."""
    data = table("notes")
    return Noting(
        {name: tuple(group) for name, group in data["apart"].items()},
        {name: tuple(group) for name, group in data["made_of"].items()},
        data["outside"],
        data["notes"],
    )


def noted(rule: str, **values: Value) -> Sentence:
    """The note called `rule`, filled. Raises KeyError where there is none, or a field is not given."""
    return fill(noting().notes[rule], **values)
