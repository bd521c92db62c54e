"""A text read once for every rule that asks: in lower case, the literals that stand in it, and where."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

from catalog.tagging.lexicon import LEXICON, SHORTEST
from catalog.tagging.literals import DIGIT, run
from catalog.tagging.literals import REACH as LONGEST

if TYPE_CHECKING:
    from catalog.tagging.branches import Branch, Branches
    from catalog.tagging.index import Index, Reading
    from catalog.tagging.stems import Stems

__all__ = ["Scan", "Signs", "lowered"]

# Letters that a pattern which ignores case takes for i, s and k, though no lower case makes them so.
_ODD = {"\u0130": "i", "\u0131": "i", "\u017f": "s", "\u212a": "k"}


def lowered(text: str) -> str:
    """A text in lower case, letter for letter: places in it are places in the text."""
    if not text.isascii():
        for odd, letter in _ODD.items():
            if odd in text:
                text = text.replace(odd, letter)
    return text.lower()


# Openings of words remembered, some 15 MB; then remembering begins anew.
MOST_OPENINGS = 60_000


class Scan:
    """One text: `low` is it in lower case, as long as it is. What is asked of it is looked up once."""

    __slots__ = (
        "_begun",
        "_known",
        "_opened",
        "_places",
        "_present",
        "_stands",
        "alive",
        "low",
        "readings",
        "stems",
        "text",
    )

    def __init__(self, text: str) -> None:
        self.text = text
        self.low = lowered(text)
        self._stands: dict[str, list[int]] = {}
        self._present: frozenset[str] = frozenset()
        self._known = -1
        self._begun: dict[str, list[int]] = {}
        self._opened = -1
        self._places: dict[str | Signs, Sequence[int]] = {}
        # What patterns and indexes made of the text when first asked.
        self.alive: dict[Branches, list[Branch]] = {}
        self.readings: dict[Index[Any], Reading[Any]] = {}
        self.stems: dict[Stems, list[tuple[int, str]]] = {}

    @property
    def present(self) -> frozenset[str]:
        """The literals of the lexicon that stand in the text."""
        if self._known != LEXICON.size:  # rules read since have brought more
            self._stands = LEXICON.find(self.low)
            self._present = frozenset(self._stands)
            self._known = LEXICON.size
        return self._present

    @property
    def begun(self) -> dict[str, list[int]]:
        """The literals of `bounded` signs with which words of the text begin, each with its places in order."""
        if self._opened != OPENINGS.size:
            self._begun = OPENINGS.find(self.low)
            self._opened = OPENINGS.size
        return self._begun

    def places_of(self, signs: Signs) -> Sequence[int]:
        """Where any of several literals stands, in order."""
        found = self._places.get(signs)
        if found is None:
            found = self._places[signs] = self._looked_up(signs)
        return found

    def _looked_up(self, signs: Signs) -> Sequence[int]:
        if signs.bounded:
            begun = self.begun
            every: list[Sequence[int]] = [begun[literal] for literal in signs.openings if literal in begun]
        else:
            every = [places for _, places in self.each_of(signs) if places]
        if not every:
            return ()
        return every[0] if len(every) == 1 else sorted(place for places in every for place in places)

    def each_of(self, signs: Signs) -> list[tuple[str, Sequence[int]]]:
        """Of several literals those that may stand in the text, each with its places."""
        present = self.present
        stands, low = self._stands, self.low
        found: list[tuple[str, Sequence[int]]] = [(literal, stands[literal]) for literal in signs.runs & present]
        for letters in signs.parts & present:
            for literal in signs.by_part[letters]:
                at = low.find(literal)
                if at >= 0:
                    places = [at]
                    while (at := low.find(literal, at + 1)) >= 0:
                        places.append(at)
                    found.append((literal, places))
        found += [(literal, self._finds(literal)) for literal in signs.short]
        return found

    def _finds(self, literal: str) -> Sequence[int]:
        found = self._places.get(literal)
        if found is None:
            found = self._places[literal] = self._digits() if literal == DIGIT else self._short(literal)
        return found

    def _short(self, literal: str) -> list[int]:
        find = self.low.find
        places = []
        place = find(literal)
        while place >= 0:
            places.append(place)
            place = find(literal, place + 1)
        return places

    def _digits(self) -> list[int]:
        return [digit.start() for digit in _DIGIT.finditer(self.low)]


class Signs:
    """Literals in lower case that are looked for together; DIGIT stands for any digit.

    Where `bounded` they count only where they begin a word, and a text is read once for all of those (`openings`).
    The others are told apart: those of letters alone are `runs`, the rest are looked for by their longest run of
    letters or, where that is too short, as `short`.
    """

    __slots__ = ("bounded", "by_part", "openings", "parts", "runs", "short")

    def __init__(self, literals: Iterable[str], *, bounded: bool = False) -> None:
        listed = tuple(literals)
        self.bounded = bounded and all(x == DIGIT or (len(x) <= LONGEST and _WORD.match(x)) for x in listed)
        self.openings = listed if self.bounded else ()
        if self.bounded:
            OPENINGS.add(listed)
            return
        short = []
        runs = []
        by_part: dict[str, list[str]] = {}
        for literal in listed:
            letters = run(literal)
            if len(letters) < SHORTEST:
                short.append(literal)
            elif letters == literal:
                runs.append(literal)
            else:
                by_part.setdefault(letters, []).append(literal)
        self.short = tuple(short)
        self.runs = frozenset(runs)
        self.by_part = {letters: tuple(its) for letters, its in by_part.items()}
        self.parts = frozenset(by_part)
        LEXICON.add(self.runs | self.parts)

    @classmethod
    @cache
    def of(cls, literals: frozenset[str], *, bounded: bool = False) -> Signs:
        """The signs of some literals, the same for all who look for the same."""
        return cls(literals, bounded=bounded)


class _Openings:
    """The literals of all `bounded` signs. Which of them a word begins with is worked out once and remembered."""

    def __init__(self) -> None:
        self._literals: set[str] = set()
        self._known = _Remembered(self._literals)
        self.size = 0

    def add(self, literals: Iterable[str]) -> None:
        self._literals.update(literals)
        if len(self._literals) > self.size:
            self.size = len(self._literals)
            self._known.clear()

    def find(self, low: str) -> dict[str, list[int]]:
        """The literals with which words of a text in lower case begin, each with its places in order."""
        found: dict[str, list[int]] = {}
        known = self._known
        for place in [word.start() for word in _WORD.finditer(low)]:
            for literal in known[low[place : place + LONGEST]]:
                if literal in found:
                    found[literal].append(place)
                else:
                    found[literal] = [place]
        return found


class _Remembered(dict[str, tuple[str, ...]]):
    """The literals that each opening of a word begins with, worked out when it is first met."""

    def __init__(self, literals: set[str]) -> None:
        super().__init__()
        self._literals = literals

    def __missing__(self, opening: str) -> tuple[str, ...]:
        told = [opening[:end] for end in range(1, len(opening) + 1) if opening[:end] in self._literals]
        if opening[0].isdecimal() and DIGIT in self._literals:
            told.append(DIGIT)
        if len(self) >= MOST_OPENINGS:
            self.clear()
        found = self[opening] = tuple(told)
        return found


# What is in it changes no answer, only which look-ups are spared.
OPENINGS = _Openings()
_DIGIT = re.compile(r"\d")
_WORD = re.compile(r"\b\w")
