"""Text cases of CSL."""

from __future__ import annotations

import re
from collections.abc import Callable

from catalog.cite.style.seams import ITALIC, UPRIGHT

__all__ = ["CASES", "title_case"]

_STOP_WORDS = frozenset(
    "a an and as at but by down for from in into nor of on onto or over so the till to up via with yet".split()  # noqa: SIM905 - a row of words reads better
)
_FIRST = re.compile(rf"^([{ITALIC}{UPRIGHT}\W]*)(\w)")


def capitalize_first(text: str) -> str:
    """The first letter as a capital."""
    return _FIRST.sub(lambda found: found[1] + found[2].upper(), text, count=1)


def title_case(text: str) -> str:
    """Headline style: words in small letters get a capital, but for articles, prepositions and conjunctions."""
    words = text.split(" ")
    shown = []
    opens = True  # the first word, and the one after a colon, gets its capital whatever it is
    for at, word in enumerate(words):
        bare = word.strip("\x0e\x0f()[]\"'“”‘’,.;:?!")
        if word == word.lower() and (opens or at == len(words) - 1 or bare not in _STOP_WORDS):
            word = capitalize_first(word)
        shown.append(word)
        if word:
            opens = word.rstrip("\x0f")[-1:] in (":", "?", "!", ".", "—")
    return " ".join(shown)


CASES: dict[str, Callable[[str], str]] = {
    "lowercase": str.lower,
    "uppercase": str.upper,
    "capitalize-first": capitalize_first,
    "title": title_case,
}
