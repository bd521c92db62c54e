"""A text read once for every rule that asks: in lower case, the literals that stand in it, and where."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

from catalog.tagging.lexicon import LEXICON, SHORTEST
from catalog.tagging.literals import DIGIT, run

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


class Scan:
    """One text: `low` is it in lower case, as long as it is. What is asked of it is looked up once."""

    __slots__ = ("_known", "_places", "_present", "_stands", "alive", "low", "readings", "stems", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self.low = lowered(text)
        self._stands: dict[str, list[int]] = {}
        self._present: frozenset[str] = frozenset()
        self._known = -1
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

    def places_of(self, signs: Signs) -> Sequence[int]:
        """Where any of several literals stands, in order."""
        found = self._places.get(signs)
        if found is None:
            found = self._places[signs] = self._looked_up(signs)
        return found

    def _looked_up(self, signs: Signs) -> Sequence[int]:
        found: Sequence[int] = ()
        several = False
        for _, places in self.each_of(signs):
            if not found:
                found = places
            elif places:
                found = [*found, *places]
                several = True
        return sorted(found) if several else found

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
            found = self._places[literal] = self._digits(literal) if literal in _DIGITS else self._short(literal)
        return found

    def _short(self, literal: str) -> list[int]:
        find = self.low.find
        places = []
        place = find(literal)
        while place >= 0:
            places.append(place)
            place = find(literal, place + 1)
        return places

    def _digits(self, sign: str) -> list[int]:
        low = self.low
        if sign == DIGIT:
            return [digit.start() for digit in _DIGIT.finditer(low)]
        return [start for number in _NUMBER.finditer(low) if not _in_word(low, start := number.start())]


class Signs:
    """Literals in lower case that are looked for together, by their longest run of letters.

    Those without a run that is long enough stand apart, as `short`. DIGIT stands for any digit; where `bounded`, for
    the first of a word.
    """

    __slots__ = ("by_part", "parts", "runs", "short")

    def __init__(self, literals: Iterable[str], *, bounded: bool = False) -> None:
        short = []
        runs = []
        by_part: dict[str, list[str]] = {}
        for literal in literals:
            letters = run(literal)
            if letters == literal and len(letters) >= SHORTEST:
                runs.append(literal)
            elif len(letters) >= SHORTEST:
                by_part.setdefault(letters, []).append(literal)
            else:
                short.append(FIRST_DIGIT if bounded and literal == DIGIT else literal)
        self.short = tuple(short)
        # Literals of letters alone, and the others by the longest run of letters in them.
        self.runs = frozenset(runs)
        self.by_part = {letters: tuple(its) for letters, its in by_part.items()}
        self.parts = frozenset(by_part)
        LEXICON.add(self.runs | self.parts)

    @classmethod
    @cache
    def of(cls, literals: frozenset[str], *, bounded: bool = False) -> Signs:
        """The signs of some literals, the same for all who look for the same."""
        return cls(literals, bounded=bounded)


# Stands for a digit that begins a word.
FIRST_DIGIT = "\ue001"
_DIGITS = frozenset({DIGIT, FIRST_DIGIT})
_DIGIT = re.compile(r"\d")
_NUMBER = re.compile(r"\d+")


def _in_word(text: str, place: int) -> bool:
    """Whether a letter, figure or _ stands before a place."""
    return place > 0 and (text[place - 1].isalnum() or text[place - 1] == "_")
