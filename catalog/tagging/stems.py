"""Where words of a list begin in a text, found without running a pattern along it; patterns run only there."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from catalog.tagging.rules import RuleError
from catalog.tagging.scan import Scan, Signs

__all__ = ["Stems", "stem_of"]

_STEM = re.compile(r"(?:\(\?<![^()]*\))*(?P<stem>[a-z][a-z0-9 -]*)(?P<next>[?*{]|)", re.IGNORECASE)


class Stems:
    """A list of beginnings of words, looked for together."""

    __slots__ = ("_signs",)

    def __init__(self, stems: Iterable[str]) -> None:
        self._signs = Signs(stems)

    def places(self, scan: Scan) -> Sequence[tuple[int, str]]:
        """(place, stem) of each stem that begins a word of a text, in order; worked out once for each text."""
        found = scan.stems.get(self)
        if found is None:
            low = scan.low
            found = scan.stems[self] = sorted(
                (place, stem)
                for stem, places in scan.each_of(self._signs)
                for place in places
                if place == 0 or not low[place - 1].isalnum()
            )
        return found


def stem_of(pattern: str) -> str:
    """The letters a pattern begins with, in small letters. Raises RuleError where it does not begin with letters."""
    hit = _STEM.match(pattern)
    if hit is None:
        raise RuleError(f"{pattern!r} must begin with letters, so that it can be found")
    stem = hit["stem"][:-1] if hit["next"] else hit["stem"]
    return stem.rstrip(" -").lower() or hit["stem"][0].lower()
