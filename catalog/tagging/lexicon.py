"""Every literal that some pattern cannot match without, and where each stands in a text.

Papers are written with few words. What a word holds is worked out when it is first met and remembered, so a text is
read once, with one look-up a word, however many literals are asked for. (An Aho-Corasick automaton in Rust took no less
time on the same literals: what it finds must be made Python objects.)
"""

from __future__ import annotations

from collections.abc import Iterable

__all__ = ["LEXICON", "SHORTEST", "Lexicon"]

# Shorter literals stand in every text.
SHORTEST = 3
# Words remembered, some 10 MB; then remembering begins anew.
MOST_WORDS = 60_000
# Every byte but the small letters as a space.
_LETTERS = bytes(byte if 97 <= byte <= 122 else 32 for byte in range(256))


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

    def find(self, text: str) -> dict[str, list[int]]:
        """Where each of the literals stands in a text in lower case; only those that do."""
        found: dict[str, list[int]] = {}
        of_word = self._of_word
        place = 0
        for word in text.encode("ascii", "replace").translate(_LETTERS).decode("ascii").split(" "):
            for literal, offset in of_word[word]:
                if literal in found:
                    found[literal].append(place + offset)
                else:
                    found[literal] = [place + offset]
            place += len(word) + 1
        return found


class _Remembered(dict[str, tuple[tuple[str, int], ...]]):
    """The literals that each word holds, and where in it, worked out when it is first met."""

    def __init__(self, by_head: dict[str, list[str]]) -> None:
        super().__init__()
        self._by_head = by_head

    def __missing__(self, word: str) -> tuple[tuple[str, int], ...]:
        found = tuple(
            (literal, i)
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
