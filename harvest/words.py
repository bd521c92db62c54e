"""Words of a text as PubMed's index sees them: case, accents, hyphens, dashes and punctuation do not matter."""

from __future__ import annotations

import re
import unicodedata
from typing import NamedTuple

__all__ = ["Token", "fold", "tokens"]

_WORD = re.compile(r"[^\W_]+")


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
    folded: list[str] = []
    places: list[int] = []
    for place, character in enumerate(text):
        for part in unicodedata.normalize("NFKD", character):
            if not unicodedata.combining(part):
                for letter in part.lower():
                    folded.append(letter)
                    places.append(place)
    return "".join(folded), places


def tokens(text: str) -> list[Token]:
    """The words of a text in reading order."""
    folded, places = fold(text)
    if places is None:
        return [Token(m.group(), m.start(), m.end()) for m in _WORD.finditer(folded)]
    return [Token(m.group(), places[m.start()], places[m.end() - 1] + 1) for m in _WORD.finditer(folded)]
