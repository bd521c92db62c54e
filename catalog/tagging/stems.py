"""Where words of a list begin in a text, found without running a pattern along it.

A list of some hundred stems is cut down by the first letters of the words that are there; what is left is looked for
with plain `find`. Patterns then run only at those places.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from catalog.tagging.rules import RuleError

__all__ = ["Stems", "stem_of"]

# So many letters of a word tell whether a stem can stand in a text.
KEY = 3
_WORD = re.compile(r"[a-z]+")
_STEM = re.compile(r"(?:\(\?<![^()]*\))*(?P<stem>[a-z][a-z0-9 -]*)(?P<next>[?*{]|)", re.IGNORECASE)


class Stems:
    """A list of beginnings of words, by their first letters."""

    def __init__(self, stems: Iterable[str]) -> None:
        self._by_key: dict[str, list[str]] = {}
        self._short: list[str] = []
        for stem in stems:
            word = _WORD.match(stem)
            if word is None or len(word.group()) < KEY:
                self._short.append(stem)
            else:
                self._by_key.setdefault(stem[:KEY], []).append(stem)

    def places(self, text: str) -> Iterator[tuple[int, str]]:
        """(place, stem) of each stem that begins a word of the text, stem by stem."""
        low = text.lower()
        if len(low) != len(text):  # a letter whose small form is longer would move the places
            low = text
        present = self._by_key.keys() & {word[:KEY] for word in _WORD.findall(low)}
        for stem in [*self._short, *(stem for key in sorted(present) for stem in self._by_key[key])]:
            place = low.find(stem)
            while place >= 0:
                if place == 0 or not low[place - 1].isalnum():
                    yield place, stem
                place = low.find(stem, place + 1)


def stem_of(pattern: str) -> str:
    """The letters a pattern begins with, in small letters. Raises RuleError where it does not begin with letters."""
    hit = _STEM.match(pattern)
    if hit is None:
        raise RuleError(f"{pattern!r} must begin with letters, so that it can be found")
    stem = hit["stem"][:-1] if hit["next"] else hit["stem"]
    return stem.rstrip(" -").lower() or hit["stem"][0].lower()
