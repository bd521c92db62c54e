"""Patterns that are tried only where they can match: a text is asked for the letters they need first.

Without this most of the time of reading a page goes into patterns that have no chance.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from catalog.tagging.literals import branches_of, needed

__all__ = ["Words"]

# The last text asked about and its small letters: a sentence is asked for a hundred patterns in a row.
_last: tuple[str, str] = ("", "")


def _low(text: str) -> str:
    global _last
    if _last[0] is not text:
        _last = (text, text.lower())
    return _last[1]


class Words:
    """Alternatives, without regard to case, as one pattern."""

    __slots__ = ("_parts", "_whole")

    def __init__(self, alternatives: Sequence[str]):
        self._whole = re.compile("|".join(alternatives), re.IGNORECASE)
        self._parts = tuple(
            (needed(branch), re.compile(branch, re.IGNORECASE))
            for alternative in alternatives
            for branch in branches_of(alternative)
        )

    def search(self, text: str, start: int = 0, end: int | None = None) -> re.Match[str] | None:
        """The first match, as the whole pattern finds it; the earlier alternative where two begin at one place."""
        low = _low(text)
        stop = len(text) if end is None else end
        best: re.Match[str] | None = None
        for sets, pattern in self._parts:
            if not all(any(word in low for word in words) for words in sets):
                continue
            found = pattern.search(text, start, stop)
            if found and (best is None or found.start() < best.start()):
                best = found
        return best

    def finditer(self, text: str) -> Iterator[re.Match[str]]:
        """Every match, as the whole pattern finds them."""
        low = _low(text)
        if any(all(any(word in low for word in words) for words in sets) for sets, _ in self._parts):
            yield from self._whole.finditer(text)
