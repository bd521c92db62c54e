"""A text cut into sentences."""

from __future__ import annotations

import re
from itertools import pairwise

__all__ = ["sentence_spans"]

# Ends of sentences: a stop, perhaps a bracket or quote, then white space, then something that can begin a sentence; or
# a word's stop with the next sentence set right after it.
_STOP = re.compile(
    r"[.?!][)\]\"”’]?(?P<space>\s+)(?=[A-Z0-9(\[\"“‘<>=±≥≤α-ω])|\n|(?<=[a-z]{3})(?P<tight>\.)(?=[A-Z][a-z]+ [a-z])"
)
# ... but not after common short forms.
_SHORT = re.compile(
    r"(?:\b(?:vs|e\.g|i\.e|cf|approx|resp|ca|fig|no|dr|mr|mrs|prof|st|inc|ltd|al|etc|viz|min|max|sp|spp|var|ref|vol|pp)"
    r"|\b[A-Za-z])\.$",
    re.IGNORECASE,
)
# A word of more letters than this is none of them.
_LONGEST_SHORT = 6


def sentence_spans(text: str, start: int, end: int) -> list[tuple[int, int]]:
    """(start, end) of each sentence between two places, white space trimmed."""
    cuts = [start]
    for stop in _STOP.finditer(text, start, end):
        space = stop.start("space") if stop["space"] else stop.end() if stop["tight"] else stop.start()
        if not _is_short(text, start, space):
            cuts.append(stop.end())
    cuts.append(end)
    spans = []
    for a, b in pairwise(cuts):
        piece = text[a:b]
        left = piece.lstrip()
        if left:
            spans.append((b - len(left), b - len(left) + len(left.rstrip())))
    return spans


def _is_short(text: str, start: int, place: int) -> bool:
    """Whether what ends before a place is a short form with its stop."""
    dot = place - (2 if text[place - 1 : place] == "\n" else 1)
    if dot < start or text[dot] != ".":
        return False
    long = dot - 1 - _LONGEST_SHORT
    if long >= start and text[long:dot].isalpha():
        return False
    return bool(_SHORT.search(text, max(start, place - 12), place))
