"""The branches of a file's rules that can match a clause, told by what stands in it (literals.py)."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from catalog.tagging.branches import Branch
from catalog.tagging.rules import Rule, load
from catalog.tagging.scan import Scan

__all__ = ["Index", "Reading", "index_of"]


@dataclass(frozen=True)
class Index:
    """The branches of every rule in the file's order, and which of them each literal brings to life."""

    branches: tuple[tuple[Rule, Branch], ...]
    by_literal: Mapping[str, tuple[int, ...]]
    literals: frozenset[str]
    always: frozenset[int]

    def read(self, scan: Scan) -> Reading:
        """Where in a text each branch may match."""
        alive: set[int] = set()
        present = scan.present
        for literal in self.literals & present:
            alive.update(self.by_literal[literal])
        signs = []
        for at in alive:
            branch = self.branches[at][1]
            if branch.may_match(present):
                signs += [(place, at) for place in branch.signs(scan)]
        signs.sort()
        return Reading(self, [place for place, _ in signs], [at for _, at in signs])


@dataclass(frozen=True, slots=True)
class Reading:
    """One text as an index reads it: places that tell of a branch, in order, and the branch that each tells of."""

    index: Index
    places: Sequence[int]
    told: Sequence[int]

    def tells(self, start: int, end: int) -> bool:
        """Whether any branch may match between two places of the text."""
        at = bisect_left(self.places, start)
        return bool(self.index.always) or (at < len(self.places) and self.places[at] < end)

    def within(self, start: int, end: int) -> Iterator[tuple[Rule, Branch]]:
        """(rule, branch) of each that can match between two places of the text; in the file's order."""
        places = self.places
        first = bisect_left(places, start)
        told = set(self.told[first : bisect_left(places, end, first)])
        branches = self.index.branches
        return (branches[at] for at in sorted(told | self.index.always))


@cache
def index_of(name: str) -> Index:
    """The index of `rules/NAME.yml`, made once."""
    branches: list[tuple[Rule, Branch]] = []
    by_literal: dict[str, list[int]] = {}
    always: set[int] = set()
    for rule in load(name):
        for branch in rule.pattern.parts if rule.pattern else ():
            if not branch.key:
                always.add(len(branches))
            for literal in branch.key:
                by_literal.setdefault(literal, []).append(len(branches))
            branches.append((rule, branch))
    listed = {literal: tuple(its) for literal, its in by_literal.items()}
    return Index(tuple(branches), listed, frozenset(listed), frozenset(always))
