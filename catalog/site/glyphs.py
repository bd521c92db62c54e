"""Marks for conclusions, drawn as SVG paths: one mark a study, its shape what was concluded.

Shapes differ, not colours alone, so that print, greyscale and any eye can tell them apart: a triangle up or down, an
equals sign, a half-filled square, a hollow ring, a dot.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from catalog.evidence import VERDICTS

__all__ = ["PITCH", "Drawing", "draw", "mark"]

PITCH = 12  # of the grid the marks stand on, in SVG units
# Each mark as (class suffix, path) in a square of 10 by 10; {x} and {y} are its corner.
_SHAPES: dict[str, tuple[tuple[str, str], ...]] = {
    "better": (("", "h10l-5-9z"),),
    "against": (("", "h10l-5 9z"),),
    "alike": (("", "h8v2.4h-8zm0 4.6h8v2.4h-8z"),),
    "mixed": (("", "h8v8h-8zm1.9 .9l5.2 5.2v-5.2z"),),  # the half that is open runs the other way round
    "improved": ((" line", "a4 4 0 1 0 .1 0z"),),  # an arc almost round, closed
    "untold": (("", "a1.7 1.7 0 1 0 .1 0z"),),
}
# Where each path starts, from the corner of its square.
_STARTS = {
    "better": (0, 9.5),
    "against": (0, 0.5),
    "alike": (1, 1.5),
    "mixed": (1, 1),
    "improved": (5, 1),
    "untold": (5, 3.3),
}


@dataclass(frozen=True, slots=True)
class Drawing:
    """Marks in lines, as paths with their class; the size of the picture in SVG units."""

    paths: tuple[tuple[str, str], ...]
    width: int
    height: int


def draw(counts: Mapping[str, int], *, a_line: int, each: int = 1) -> Drawing:
    """The marks of a group of studies, verdict by verdict, filled line by line.

    Args:
        counts: how many studies came to each verdict.
        a_line: marks in a line.
        each: how many studies one mark stands for, rounded up, so that no study vanishes.
    """
    placed: dict[str, list[tuple[int, int]]] = {}
    at = 0
    for verdict in VERDICTS:
        for _ in range(-(-counts.get(verdict, 0) // each)):
            placed.setdefault(verdict, []).append((at % a_line * PITCH, at // a_line * PITCH))
            at += 1
    paths = tuple(
        (f"{verdict}{suffix}", "".join(_moved(verdict, path, x, y) for x, y in places))
        for verdict, places in placed.items()
        for suffix, path in _SHAPES[verdict]
    )
    lines = -(-at // a_line)
    return Drawing(paths, min(at, a_line) * PITCH, lines * PITCH)


def mark(verdict: str, x: float = 0, y: float = 0) -> Sequence[tuple[str, str]]:
    """One mark with its corner at a place, as paths with their class."""
    return [(f"{verdict}{suffix}", _moved(verdict, path, x, y)) for suffix, path in _SHAPES[verdict]]


def _moved(verdict: str, path: str, x: float, y: float) -> str:
    left, top = _STARTS[verdict]
    return f"M{x + left:g} {y + top:g}{path}"
