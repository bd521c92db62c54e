"""A text read once for every rule that asks: in lower case, the literals that stand in it, and where."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from catalog.tagging.lexicon import LEXICON, SHORTEST
from catalog.tagging.literals import DIGIT, run

__all__ = ["Scan", "Signs", "lowered"]

# Letters that a pattern which ignores case takes for i, s and k, though no lower case makes them so.
_ODD = {"\u0130": "i", "\u0131": "i", "\u017f": "s", "\u212a": "k"}
# Every byte but the small letters as a space.
_LETTERS = bytes(byte if 97 <= byte <= 122 else 32 for byte in range(256))


def lowered(text: str) -> str:
    """A text in lower case, letter for letter: places in it are places in the text."""
    if not text.isascii():
        for odd, letter in _ODD.items():
            if odd in text:
                text = text.replace(odd, letter)
    return text.lower()


class Scan:
    """One text: `low` is it in lower case, as long as it is. What is asked of it is looked up once."""

    __slots__ = ("_held", "_known", "_places", "low", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self.low = lowered(text)
        self._places: dict[str | Signs, Sequence[int]] = {}
        self._held: frozenset[str] = frozenset()
        self._known = -1

    @property
    def present(self) -> frozenset[str]:
        """The literals of the lexicon that stand in the text."""
        if self._known != LEXICON.size:  # rules read since have brought more
            letters = self.low.encode("ascii", "replace").translate(_LETTERS).decode("ascii")
            self._held = LEXICON.present(set(letters.split()))
            self._known = LEXICON.size
        return self._held

    def places(self, literal: str) -> Sequence[int]:
        """Where a literal, given in lower case, stands in the text."""
        found = self._places.get(literal)
        if found is None:
            found = self._places[literal] = self._digits(literal) if literal in _DIGITS else self._finds(literal)
        return found

    def _finds(self, literal: str) -> list[int]:
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

    def places_of(self, signs: Signs) -> Sequence[int]:
        """Where any of several literals stands, in order."""
        found = self._places.get(signs)
        if found is None:
            there = [*signs.always]
            for letters in signs.runs & self.present:
                there += signs.by_run[letters]
            if len(there) == 1:
                found = self.places(there[0])
            else:
                found = sorted([place for literal in there for place in self.places(literal)])
            self._places[signs] = found
        return found


class Signs:
    """Literals in lower case that are looked for together, by their longest run of letters where that is known.

    DIGIT stands for any digit; where `bounded`, for the first of a word.
    """

    __slots__ = ("always", "by_run", "runs")

    def __init__(self, literals: Iterable[str], *, bounded: bool = False) -> None:
        always = []
        by_run: dict[str, list[str]] = {}
        for literal in literals:
            letters = run(literal)
            if len(letters) >= SHORTEST:
                by_run.setdefault(letters, []).append(literal)
            else:
                always.append(FIRST_DIGIT if bounded and literal == DIGIT else literal)
        self.always = tuple(always)
        self.by_run = by_run
        self.runs = frozenset(by_run)
        LEXICON.add(self.runs)


# Stands for a digit that begins a word.
FIRST_DIGIT = "\ue001"
_DIGITS = frozenset({DIGIT, FIRST_DIGIT})
_DIGIT = re.compile(r"\d")
_NUMBER = re.compile(r"\d+")


def _in_word(text: str, place: int) -> bool:
    """Whether a letter, figure or _ stands before a place."""
    return place > 0 and (text[place - 1].isalnum() or text[place - 1] == "_")
