"""The figures of agreement between labels and tags: pure functions over counted pairs, None where undefined.

A pair is (labelled values, tagged values) of one record, each a sorted tuple, empty where there is none; a table says
how many records show each pair.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

__all__ = [
    "OFTEN",
    "Coverage",
    "Pair",
    "Table",
    "ValueScore",
    "agreement",
    "confusion",
    "coverage_of",
    "kappa",
    "ratio",
    "value_scores",
    "weighted_kappa",
]

Pair = tuple[tuple[str, ...], tuple[str, ...]]
Table = Mapping[Pair, int]
# A value with fewer labels than this has too unsteady an F1 to be averaged without saying so.
OFTEN = 5


@dataclass(frozen=True, slots=True)
class ValueScore:
    """One value of a field: records labelled so, tagged so, and both."""

    value: str
    labelled: int
    tagged: int
    agreed: int

    @property
    def precision(self) -> float | None:
        """Of the records tagged with the value, the share labelled so."""
        return ratio(self.agreed, self.tagged)

    @property
    def recall(self) -> float | None:
        """Of the records labelled with the value, the share tagged so."""
        return ratio(self.agreed, self.labelled)

    @property
    def f1(self) -> float | None:
        """Harmonic mean of the two."""
        return ratio(2 * self.agreed, self.labelled + self.tagged)


@dataclass(frozen=True, slots=True)
class Coverage:
    """A field whose tagger may abstain: what it gives, and how much of that is right, in records."""

    labelled: int
    given: int
    given_labelled: int  # given where there is a label
    right: int

    @property
    def right_of_given(self) -> float | None:
        """Of all records given a value, those given the right one; a value where the label is empty is wrong."""
        return ratio(self.right, self.given)

    @property
    def coverage(self) -> float | None:
        """Of the labelled records, those given a value, right or wrong."""
        return ratio(self.given_labelled, self.labelled)


def ratio(part: float, whole: float) -> float | None:
    """A part of a whole; None where the whole is 0."""
    return part / whole if whole else None


def value_scores(table: Table) -> dict[str, ValueScore]:
    """Per value that any record is labelled or tagged with, its counts."""
    labelled: Counter[str] = Counter()
    tagged: Counter[str] = Counter()
    agreed: Counter[str] = Counter()
    for (gold, ours), count in table.items():
        for value in gold:
            labelled[value] += count
            if value in ours:
                agreed[value] += count
        for value in ours:
            tagged[value] += count
    return {value: ValueScore(value, labelled[value], tagged[value], agreed[value]) for value in labelled | tagged}


def agreement(table: Table, often: Collection[str]) -> dict[str, float | None]:
    """Every figure over a field's records.

    accuracy: share of records whose tags are wholly the labels. kappa: Cohen's, each distinct set of values (also the
    empty one) a category. macro_f1: mean F1 over all values labelled or tagged (as scikit-learn has it). weighted_f1:
    the same, weighted by labels. ..._of_five_or_more: over the values in `often`. micro_f1: over all values together.

    Args:
        table: counted pairs.
        often: the values with OFTEN labels or more in the whole data; a bootstrap round keeps them.
    """
    scores = value_scores(table)
    usual = [score for value, score in scores.items() if value in often]
    every = list(scores.values())
    return {
        "accuracy": ratio(sum(n for (gold, ours), n in table.items() if gold == ours), sum(table.values())),
        "kappa": kappa(table),
        "macro_f1": _macro(every),
        "macro_f1_of_five_or_more": _macro(usual),
        "weighted_f1": _weighted(every),
        "weighted_f1_of_five_or_more": _weighted(usual),
        "micro_f1": ratio(2 * sum(s.agreed for s in every), sum(s.labelled + s.tagged for s in every)),
    }


def kappa(table: Table) -> float | None:
    """Cohen's kappa (Cohen 1960); None where chance alone would agree on everything."""
    total = sum(table.values())
    rows: Counter[tuple[str, ...]] = Counter()
    columns: Counter[tuple[str, ...]] = Counter()
    agreed = 0
    for (gold, ours), count in table.items():
        rows[gold] += count
        columns[ours] += count
        agreed += count if gold == ours else 0
    chance = sum(count * columns[category] for category, count in rows.items())
    return ratio(total * agreed - chance, total * total - chance)


def weighted_kappa(table: Table, order: Sequence[str]) -> float | None:
    """Cohen's kappa with linear weights (Cohen 1968) over single values in `order`; pairs outside it are left out."""
    place = {value: i for i, value in enumerate(order)}
    rows: Counter[int] = Counter()
    columns: Counter[int] = Counter()
    apart = 0
    for (gold, ours), count in table.items():
        if not (_within(gold, place) and _within(ours, place)):
            continue
        i, j = place[gold[0]], place[ours[0]]
        rows[i] += count
        columns[j] += count
        apart += count * abs(i - j)
    by_chance = sum(a * b * abs(i - j) for i, a in rows.items() for j, b in columns.items())
    return 1 - apart * rows.total() / by_chance if by_chance else None


def coverage_of(table: Table) -> Coverage:
    """What an abstaining tagger gives; right means the whole value or set."""
    return Coverage(
        labelled=sum(count for (gold, _), count in table.items() if gold),
        given=sum(count for (_, ours), count in table.items() if ours),
        given_labelled=sum(count for (gold, ours), count in table.items() if gold and ours),
        right=sum(count for (gold, ours), count in table.items() if ours and gold == ours),
    )


def confusion(table: Table, values: Sequence[str]) -> list[list[int]]:
    """Records per label (row) and tag (column) in the order of `values`, none given last; for fields with one value."""
    place: dict[tuple[str, ...], int] = {(value,): i for i, value in enumerate(values)}
    place[()] = len(values)
    counts = [[0] * len(place) for _ in place]
    for (gold, ours), count in table.items():
        counts[place[gold]][place[ours]] += count
    return counts


def _within(values: tuple[str, ...], place: Mapping[str, int]) -> bool:
    return len(values) == 1 and values[0] in place


def _macro(scores: Sequence[ValueScore]) -> float | None:
    return ratio(sum(score.f1 or 0.0 for score in scores), len(scores))


def _weighted(scores: Sequence[ValueScore]) -> float | None:
    return ratio(sum((score.f1 or 0.0) * score.labelled for score in scores), sum(score.labelled for score in scores))
