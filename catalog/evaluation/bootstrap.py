"""Percentile bootstrap over records: how far a figure would move with other records of the same kind."""

from __future__ import annotations

import math
import random
from collections import Counter
from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import TypeVar

__all__ = ["INTERVAL", "ROUNDS", "SEED", "intervals", "quantile"]

ROUNDS = 1000
SEED = 20110301  # any fixed number will do
INTERVAL = 0.95

T = TypeVar("T", bound=Hashable)


def intervals(
    outcomes: Sequence[T],
    figures: Callable[[Mapping[T, int]], Mapping[str, float | None]],
    *,
    rounds: int = ROUNDS,
    seed: int = SEED,
) -> dict[str, tuple[float, float]]:
    """The 95 % percentile interval of every figure (Efron 1979). The same outcomes, rounds and seed: the same interval.

    Args:
        outcomes: one a record.
        figures: named figures of counted outcomes; None where undefined. Rounds that leave one undefined do not count
            for it, and a figure that no round defines is left out.
        rounds: how many times the records are drawn anew, with replacement.
        seed: of the draws. `random.random` gives the same numbers on every Python.
    """
    draw = random.Random(seed).random  # noqa: S311 - resampling, not cryptography
    distinct = list(dict.fromkeys(outcomes))
    number = {outcome: i for i, outcome in enumerate(distinct)}
    numbers = [number[outcome] for outcome in outcomes]
    size = len(numbers)
    found: dict[str, list[float]] = {}
    for _ in range(rounds if size else 0):
        counted = Counter([numbers[int(draw() * size)] for _ in range(size)])
        for name, value in figures({distinct[i]: count for i, count in counted.items()}).items():
            if value is not None:
                found.setdefault(name, []).append(value)
    tail = (1 - INTERVAL) / 2
    ordered = {name: sorted(values) for name, values in found.items()}
    return {name: (quantile(values, tail), quantile(values, 1 - tail)) for name, values in ordered.items()}


def quantile(ordered: Sequence[float], share: float) -> float:
    """The quantile of ordered numbers by linear interpolation (Hyndman and Fan's type 7, numpy's default)."""
    place = share * (len(ordered) - 1)
    below = math.floor(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (place - below)
