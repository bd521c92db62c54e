"""Words of a text as PubMed's index sees them: case, accents, hyphens, dashes and punctuation do not matter."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import NamedTuple

__all__ = ["Token", "Words", "fold", "tokens"]

_WORD = re.compile(r"[^\W_]+")
_FOREIGN = re.compile(r"[^\x00-\x7f]")


class Token(NamedTuple):
    """A folded word and where it stands: code points into the text as given."""

    word: str
    start: int
    end: int


def fold(text: str) -> tuple[str, list[int] | None]:
    """Lower case without accents, and for each folded character its place in `text` (None where they are the same).

    Compatibility forms are taken apart (a ligature is its letters, a subscript two is a 2), combining marks dropped.
    """
    if text.isascii():
        return text.lower(), None
    parts: list[str] = []
    places: list[int] | None = None
    reached = 0
    for found in _FOREIGN.finditer(text):
        place = found.start()
        folded = _folded(found.group())
        if len(folded) != 1 and places is None:  # so far each character was folded to one
            places = list(range(reached))
        parts.append(text[reached:place].lower())
        parts.append(folded)
        if places is not None:
            places.extend(range(reached, place))
            places.extend([place] * len(folded))
        reached = place + 1
    parts.append(text[reached:].lower())
    if places is not None:
        places.extend(range(reached, len(text)))
    return "".join(parts), places


@lru_cache(maxsize=4096)
def _folded(character: str) -> str:
    """One character without accents, in lower case, as one or more letters or none."""
    return "".join(
        letter
        for part in unicodedata.normalize("NFKD", character)
        if not unicodedata.combining(part)
        for letter in part.lower()
    )


class Words:
    """The words of a text in reading order, folded, as `tokens` gives them; places are looked up when asked for."""

    __slots__ = ("_folded", "_places", "_starts", "words")

    def __init__(self, text: str) -> None:
        self._folded, self._places = fold(text)
        self.words: list[str] = _WORD.findall(self._folded)
        self._starts: list[int] = []

    def span(self, first: int, last: int) -> tuple[int, int]:
        """(start, end) from the first of some words to the last: code points into the text as given."""
        starts, words = self._starts, self.words
        if last >= len(starts):
            at = starts[-1] + len(words[len(starts) - 1]) if starts else 0
            find = self._folded.find
            for word in words[len(starts) : last + 1]:  # nothing but what parts words stands before the next
                at = find(word, at)
                starts.append(at)
                at += len(word)
        start, end = starts[first], starts[last] + len(words[last])
        places = self._places
        return (start, end) if places is None else (places[start], places[end - 1] + 1)


def tokens(text: str) -> list[Token]:
    """The words of a text in reading order."""
    words = Words(text)
    return [Token(word, *words.span(i, i)) for i, word in enumerate(words.words)]
