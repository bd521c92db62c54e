"""Pieces of a citation put together: no doubled full stop, comma or space where two meet.

Italics stand in the text as two control characters, which no input holds (`catalog.cite.plain`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable

__all__ = ["ITALIC", "UPRIGHT", "italic", "join", "runs", "seam"]

ITALIC, UPRIGHT = "\x0e", "\x0f"  # shift out, shift in
_MARKS = ITALIC + UPRIGHT
_RUNS = re.compile(f"([{_MARKS}])")
# What a mark swallows when it follows: "Why?" takes no full stop.
_SWALLOWS = {".": ".", "?": ".?", "!": ".!", ",": ",", ";": ";", ":": ":", " ": " "}


def italic(text: str) -> str:
    """The text in italics; what is italic within it stands upright no longer."""
    return ITALIC + text.replace(ITALIC, "").replace(UPRIGHT, "") + UPRIGHT


def seam(left: str, right: str) -> str:
    """Two pieces together."""
    if not left or not right:
        return left + right
    last = left.rstrip(_MARKS)[-1:]
    at = len(right) - len(right.lstrip(_MARKS))
    if right[at : at + 1] and right[at] in _SWALLOWS.get(last, ""):
        right = right[:at] + right[at + 1 :]
    return left + right


def join(pieces: Iterable[str], delimiter: str = "") -> str:
    """Pieces with a delimiter between; empty ones are no pieces."""
    whole = ""
    for piece in pieces:
        if piece:
            whole = seam(seam(whole, delimiter), piece) if whole else piece
    return whole


def runs(text: str) -> tuple[tuple[str, bool], ...]:
    """The text in runs, each with whether it is italic."""
    found: list[tuple[str, bool]] = []
    slanted = False
    for piece in _RUNS.split(text):
        if piece in (ITALIC, UPRIGHT):
            slanted = piece == ITALIC
        elif piece:
            found.append((piece, slanted))
    return tuple(found)
