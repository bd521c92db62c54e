"""Patterns that are tried only where they can match: branch by branch, at the places where a match can begin.

Texts come as `Scan`. Patterns run on them in lower case: the standard library does that twice as fast as ignoring case.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence, Set
from functools import cached_property

from catalog.tagging.lexicon import LEXICON
from catalog.tagging.literals import branches_of, known_of, lowered_pattern
from catalog.tagging.scan import Scan, Signs

__all__ = ["Branch", "Branches", "Pieces", "spans"]


class Branch:
    """One branch of a pattern, tried only where it can match."""

    __slots__ = ("_compiled", "_exact", "_signs", "anchored", "key", "needs", "openings")

    def __init__(self, part: str, flags: int) -> None:
        self._exact = not flags & re.IGNORECASE  # upper case matters
        # One of each set stands in every match; `key` is the rarest. Empty: nothing is known.
        self.needs, begins = known_of(part)
        self.key = self.needs[0] if self.needs else frozenset()
        LEXICON.add(word for words in self.needs for word in words)
        # Whether a match begins with a sign; else it holds one.
        self.anchored = bool(begins)
        self._signs = Signs.of(frozenset(begins) or self.key, bounded=self.anchored and part.startswith(r"\b"))
        # Where every match begins a word: the literals that it may begin with.
        self.openings = self._signs.openings
        self._compiled = re.compile(part if self._exact else lowered_pattern(part))

    def alive(self, present: Set[str]) -> bool:
        """Whether enough stands in a text, given the literals that do."""
        for words in self.needs:  # noqa: SIM110 - all() of a generator takes three times as long, and most have one
            if words.isdisjoint(present):
                return False
        return True

    def search(self, scan: Scan, start: int, end: int) -> re.Match[str] | None:
        """The first match in `text[start:end]`, as a pattern's own `search` between two places finds it."""
        text = scan.text if self._exact else scan.low
        if not self.anchored:
            return self._compiled.search(text, start, end)
        places = scan.places_of(self._signs)
        if not places or places[-1] < start:
            return None
        match = self._compiled.match
        for place in places if places[0] >= start else places[bisect_left(places, start) :]:
            if place >= end:
                return None
            if found := match(text, place, end):
                return found
        return None

    def along(self, text: str, low: str, start: int, end: int) -> re.Match[str] | None:
        """The first match between two places of a text that is no `Scan`; `low` is it in lower case."""
        return self._compiled.search(text if self._exact else low, start, end)

    def begins(self, scan: Scan, start: int, end: int) -> bool:
        """Whether `text[start:end]` begins with a match."""
        return self._compiled.match(scan.text if self._exact else scan.low, start, end) is not None

    def matches(self, scan: Scan, start: int, end: int) -> Iterator[re.Match[str]]:
        """Each match in `text[start:end]`, leftmost first."""
        while found := self.search(scan, start, end):
            yield found
            start = max(found.end(), found.start() + 1)

    def signs(self, scan: Scan) -> Sequence[int]:
        """Places of a text of which every match holds one: where it begins, or where one of its literals does."""
        return scan.places_of(self._signs)


class Branches:
    """A pattern and its branches."""

    def __init__(self, pattern: str, flags: int = re.IGNORECASE) -> None:
        self._pattern, self._flags = pattern, flags
        self.parts = tuple(Branch(part, flags) for part in branches_of(pattern))

    @cached_property
    def whole(self) -> re.Pattern[str]:
        """The pattern itself, which finds the same and takes longer."""
        return re.compile(self._pattern, self._flags)

    @cached_property
    def _lowered(self) -> re.Pattern[str]:
        return re.compile(lowered_pattern(self._pattern)) if self._flags & re.IGNORECASE else self.whole

    def stands(self, scan: Scan, start: int = 0, end: int | None = None) -> bool:
        """Whether the pattern matches somewhere between two places of a text."""
        alive = scan.alive.get(self)
        if alive is None:
            present = scan.present
            alive = scan.alive[self] = [part for part in self.parts if part.alive(present)]
        stop = len(scan.text) if end is None else end
        return any(part.search(scan, start, stop) for part in alive) if alive else False

    def match(self, scan: Scan, start: int) -> re.Match[str] | None:
        """As the pattern's own `match` at a place of the text."""
        return self._lowered.match(scan.low if self._flags & re.IGNORECASE else scan.text, start)

    def matches(self, scan: Scan, start: int, end: int) -> Iterator[re.Match[str]]:
        """As the pattern's own `finditer` between two places of the text."""
        return self._lowered.finditer(scan.low if self._flags & re.IGNORECASE else scan.text, start, end)


class Pieces:
    """A pattern for short pieces of text given in lower case; its branches are tried where their literals stand."""

    __slots__ = ("_parts",)

    def __init__(self, pattern: str, *, ends: bool = False) -> None:
        parts = []
        for part in branches_of(pattern):
            needs, _ = known_of(part)
            source = lowered_pattern(part)
            parts.append((tuple(sorted(needs[0])) if needs else (), re.compile(f"(?:{source})$" if ends else source)))
        self._parts = tuple(parts)

    def stands(self, low: str) -> bool:
        """Whether the pattern matches somewhere in a piece (`ends`: up to its end)."""
        for literals, compiled in self._parts:
            if literals:
                for literal in literals:
                    if literal in low:
                        break
                else:
                    continue
            if compiled.search(low):
                return True
        return False


def spans(alive: Sequence[Branch], scan: Scan, begin: int = 0, end: int | None = None) -> Iterator[tuple[int, int]]:
    """(start, end) of each match of some branches between two places, leftmost first; of equals the first branch's."""
    last = len(scan.text) if end is None else end
    waiting = [(found.span(), part) for part in alive if (found := part.search(scan, begin, last))]
    while waiting:
        (start, stop), _ = waiting[0] if len(waiting) == 1 else min(waiting, key=_place)
        yield start, stop
        on = max(stop, start + 1)
        left = []
        for now, part in waiting:
            if now[0] >= on:
                left.append((now, part))
            elif found := part.search(scan, on, last):
                left.append((found.span(), part))
        waiting = left


def _place(item: tuple[tuple[int, int], Branch]) -> int:
    return item[0][0]
