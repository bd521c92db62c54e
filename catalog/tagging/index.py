"""Which of many branches can match a part of a text, told by what stands in it (literals.py)."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from catalog.tagging.branches import Branch
from catalog.tagging.scan import Scan

__all__ = ["Index", "Reading"]

Of = TypeVar("Of")  # what a branch is part of: a rule, a cue


@dataclass(frozen=True, eq=False)
class Index(Generic[Of]):
    """Branches in order, each with what it is part of, and which of them each literal brings to life."""

    branches: tuple[tuple[Of, Branch], ...]
    by_opening: Mapping[str, tuple[int, ...]]
    by_literal: Mapping[str, tuple[int, ...]]
    literals: frozenset[str]
    always: frozenset[int]

    @classmethod
    def of(cls, branches: Iterable[tuple[Of, Branch]]) -> Index[Of]:
        """The index of some branches."""
        listed = tuple(branches)
        by_opening: dict[str, list[int]] = {}
        by_literal: dict[str, list[int]] = {}
        for at, (_, branch) in enumerate(listed):
            if branch.key and branch.openings:
                for literal in branch.openings:
                    by_opening.setdefault(literal, []).append(at)
            else:
                for literal in branch.key:
                    by_literal.setdefault(literal, []).append(at)
        told = {literal: tuple(its) for literal, its in by_literal.items()}
        always = frozenset(at for at, (_, branch) in enumerate(listed) if not branch.key)
        return cls(listed, {word: tuple(its) for word, its in by_opening.items()}, told, frozenset(told), always)

    def read(self, scan: Scan) -> Reading[Of]:
        """Where in a text each branch may match; worked out once for each text."""
        found = scan.readings.get(self)
        if found is None:
            found = scan.readings[self] = self._read(scan)
        return found

    def alive(self, scan: Scan) -> list[tuple[Of, Branch]]:
        """The branches of which enough stands somewhere in a text, in order."""
        present = scan.present
        return [(of, branch) for of, branch in self.branches if branch.alive(present)]

    def _read(self, scan: Scan) -> Reading[Of]:
        alive: set[int] = set()
        by_opening = self.by_opening
        for literal in scan.begun:
            if literal in by_opening:
                alive.update(by_opening[literal])
        present = scan.present
        for literal in self.literals & present:
            alive.update(self.by_literal[literal])
        told: list[tuple[int, int]] = []
        for at in alive:
            branch = self.branches[at][1]
            for words in branch.needs:  # as Branch.alive, of many at once
                if words.isdisjoint(present):
                    break
            else:
                told += [(place, at) for place in branch.signs(scan)]
        told.sort()
        return Reading(self, [place for place, _ in told], [at for _, at in told])


@dataclass(frozen=True, slots=True)
class Reading(Generic[Of]):
    """One text as an index reads it: places that tell of a branch, in order, and the branch that each tells of."""

    index: Index[Of]
    places: Sequence[int]
    told: Sequence[int]

    def tells(self, start: int, end: int) -> bool:
        """Whether any branch may match between two places of the text."""
        at = bisect_left(self.places, start)
        return bool(self.index.always) or (at < len(self.places) and self.places[at] < end)

    def within(self, start: int, end: int) -> Iterator[tuple[Of, Branch]]:
        """Each branch that can match between two places of the text, with what it is part of; in order."""
        places = self.places
        first = bisect_left(places, start)
        told = set(self.told[first : bisect_left(places, end, first)])
        branches = self.index.branches
        return (branches[at] for at in sorted(told | self.index.always))
