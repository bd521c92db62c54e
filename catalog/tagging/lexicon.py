"""Every literal that some pattern cannot match without, and which of them stand in a text.

Papers are written with few words. What a word holds is worked out when it is first met and remembered, so a text costs
a look-up for each of its different words, however many literals are asked for.
"""

from __future__ import annotations

from collections.abc import Iterable

__all__ = ["LEXICON", "SHORTEST", "Lexicon"]

# Shorter literals stand in every text.
SHORTEST = 3
# Words remembered, some 10 MB; then remembering begins anew.
MOST_WORDS = 60_000


class Lexicon:
    """Literals of small letters. It grows as rules are read: `size` tells whether it has since a text was asked."""

    def __init__(self) -> None:
        self._by_head: dict[str, list[str]] = {}
        self._known: set[str] = set()
        self._of_word = _Remembered(self._by_head)
        self.size = 0

    def add(self, literals: Iterable[str]) -> None:
        """Ask for more literals, each of small letters a to z and of SHORTEST or more."""
        fresh = set(literals) - self._known
        if not fresh:
            return
        for literal in sorted(fresh):
            self._by_head.setdefault(literal[:SHORTEST], []).append(literal)
        self._known |= fresh
        self._of_word.clear()
        self.size = len(self._known)

    def present(self, words: Iterable[str]) -> frozenset[str]:
        """The literals that stand within some of the words, which are runs of small letters."""
        return frozenset().union(*map(self._of_word.__getitem__, words))


class _Remembered(dict[str, tuple[str, ...]]):
    """The literals that each word holds, worked out when it is first asked for."""

    def __init__(self, by_head: dict[str, list[str]]) -> None:
        super().__init__()
        self._by_head = by_head

    def __missing__(self, word: str) -> tuple[str, ...]:
        found = tuple(
            literal
            for i in range(len(word) - SHORTEST + 1)
            for literal in self._by_head.get(word[i : i + SHORTEST], ())
            if word.startswith(literal, i)
        )
        if len(self) >= MOST_WORDS:
            self.clear()
        self[word] = found
        return found


# What is in it changes no answer, only which look-ups are spared.
LEXICON = Lexicon()
