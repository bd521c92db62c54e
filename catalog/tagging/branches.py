"""The branches of a file's rules that can match a clause, told by the literals that stand in it (literals.py)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache

from catalog.tagging.literals import branches_of, needed
from catalog.tagging.rules import Rule, load

__all__ = ["Gated", "Index", "index_of"]


@dataclass(frozen=True)
class Index:
    """The branches of every rule in the file's order, and which of them each literal brings to life."""

    branches: tuple[tuple[Rule, re.Pattern[str]], ...]
    by_literal: tuple[tuple[str, tuple[int, ...]], ...]
    always: frozenset[int]

    def present(self, low: str) -> list[tuple[str, tuple[int, ...]]]:
        """The literals that stand in a text, given in lower case: those of its parts are among them."""
        return [entry for entry in self.by_literal if entry[0] in low]

    def alive(
        self, low: str, present: Sequence[tuple[str, tuple[int, ...]]] | None = None
    ) -> Iterator[tuple[Rule, re.Pattern[str]]]:
        """(rule, branch) of each that can match a text, given in lower case; in the file's order.

        `present` are the literals of the whole of which the text is part; by default all are looked for.
        """
        places = set(self.always)
        for literal, its in self.by_literal if present is None else present:
            if literal in low:
                places.update(its)
        return (self.branches[i] for i in sorted(places))


@cache
def index_of(name: str, left_out: frozenset[str] = frozenset()) -> Index:
    """The index of `rules/NAME.yml`, made once; without the rules of the values `left_out`."""
    branches: list[tuple[Rule, re.Pattern[str]]] = []
    by_literal: dict[str, list[int]] = {}
    always: set[int] = set()
    for rule in load(name):
        if rule.pattern is None or rule.value in left_out:
            continue
        for part in branches_of(rule.pattern.whole.pattern):
            literals = needed(part)
            if literals is None:
                always.add(len(branches))
            for literal in literals or ():
                by_literal.setdefault(literal, []).append(len(branches))
            branches.append((rule, re.compile(part, re.IGNORECASE)))
    listed = tuple((literal, tuple(its)) for literal, its in sorted(by_literal.items()))
    return Index(tuple(branches), listed, frozenset(always))


class Gated:
    """A pattern that is not tried where none of the literals stands of which every match holds one."""

    def __init__(self, pattern: str) -> None:
        self.pattern = re.compile(pattern, re.IGNORECASE)
        self._literals = tuple(sorted(needed(pattern) or ()))

    def search(self, text: str, start: int = 0, end: int | None = None) -> re.Match[str] | None:
        """As the pattern's own `search` between two places."""
        stop = len(text) if end is None else end
        if self._literals:
            low = text[start:stop].lower()
            for literal in self._literals:
                if literal in low:
                    break
            else:
                return None
        return self.pattern.search(text, start, stop)
