"""Labels against tags, field by field: counts, figures with their intervals, errors, and how far each rule is right."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from catalog.evaluation.bootstrap import ROUNDS, intervals
from catalog.evaluation.fields import Field
from catalog.evaluation.scores import (
    OFTEN,
    Coverage,
    Pair,
    Table,
    ValueScore,
    agreement,
    confusion,
    coverage_of,
    kappa,
    ratio,
    value_scores,
    weighted_kappa,
)
from catalog.evaluation.tagged import Tagged

__all__ = ["Confusion", "Disagreement", "FieldScore", "Figure", "Levelled", "RuleScore", "compare"]

_LEVEL, _NONE = ("level",), ("none",)


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure and its 95 % bootstrap interval; None where undefined."""

    value: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class Confusion:
    """Records per label (rows) and tag (columns) in the order of `values`; the last row and column: none given."""

    values: tuple[str, ...]
    counts: tuple[tuple[int, ...], ...]


@dataclass(frozen=True, slots=True)
class Levelled:
    """An ordinal field: the records that both label and tag level, and apart from them none against level."""

    both_levelled: int
    both_none: int
    only_labelled: int  # labelled with a level, tagged none
    only_tagged: int
    agreed: int  # of both_levelled
    figures: dict[str, Figure]  # accuracy, weighted_kappa; none_or_level_accuracy, none_or_level_kappa


@dataclass(frozen=True, slots=True)
class RuleScore:
    """A rule (None: by default, no rule fired): how often it decided a value, and how often the label agrees."""

    rule: str | None
    won: int
    agreed: int

    @property
    def precision(self) -> float | None:
        """Of the values it decided, the share that the label has too."""
        return ratio(self.agreed, self.won)


@dataclass(frozen=True, slots=True)
class Disagreement:
    """A record whose label and tag differ; `rules` are those that decided the tagged values the label has not."""

    pmid: int
    gold: tuple[str, ...]
    tagged: tuple[str, ...]
    rules: dict[str, str | None]


@dataclass(frozen=True, slots=True)
class FieldScore:
    """A field over the records that its labels ask about."""

    field: Field
    labelled: int  # of the records compared, those with a label
    records: int
    agreed: int
    figures: dict[str, Figure]
    values: tuple[ValueScore, ...]  # empty for numbers
    confusion: Confusion | None  # only for fields with one value
    coverage: Coverage | None  # only where the tagger may abstain
    levelled: Levelled | None
    rules: tuple[RuleScore, ...]
    errors: tuple[Disagreement, ...]


def compare(
    field: Field,
    labels: Mapping[int, tuple[str, ...]],
    found: Mapping[int, Tagged],
    order: Sequence[str],
    *,
    rounds: int = ROUNDS,
) -> FieldScore:
    """Score one field.

    Args:
        field: which.
        labels: the values of each labelled record; a record whose cell was set aside is not in it.
        found: what the catalog says of the records it holds.
        order: the field's values in display order; empty for numbers.
        rounds: of the bootstrap.
    """
    asked = [pmid for pmid, gold in sorted(labels.items()) if pmid in found and (gold or field.empty == "none")]
    pairs = {pmid: _pair(field, labels[pmid], found[pmid].values[field.name]) for pmid in asked}
    table = Counter(pairs.values())
    scores = value_scores(table)
    place = {value: i for i, value in enumerate(order)}
    shown = sorted(scores, key=lambda value: (place.get(value, len(place)), value))
    return FieldScore(
        field=field,
        labelled=sum(1 for pmid in asked if labels[pmid]),
        records=len(asked),
        agreed=sum(count for (gold, ours), count in table.items() if gold == ours),
        figures=_figures(field, list(pairs.values()), rounds),
        values=() if field.kind == "number" else tuple(scores[value] for value in shown),
        confusion=Confusion(tuple(shown), tuple(map(tuple, confusion(table, shown))))
        if field.kind == "class"
        else None,
        coverage=coverage_of(table) if field.abstains else None,
        levelled=_levelled(list(pairs.values()), field.ordinal, rounds) if field.ordinal else None,
        rules=_rules(field, pairs, found),
        errors=tuple(
            _disagreement(field, pmid, pair, found[pmid]) for pmid, pair in pairs.items() if pair[0] != pair[1]
        ),
    )


def _pair(field: Field, gold: tuple[str, ...], ours: tuple[str, ...]) -> Pair:
    """A number near enough is the labelled one."""
    if field.kind == "number" and gold and ours:
        absolute, relative = field.near
        labelled = float(gold[0])
        # a hair more, for what binary fractions lose
        if abs(float(ours[0]) - labelled) <= max(absolute, relative * labelled) + 1e-9:
            return gold, gold
    return gold, ours


def _figures(field: Field, pairs: Sequence[Pair], rounds: int) -> dict[str, Figure]:
    often = frozenset(value for value, score in value_scores(Counter(pairs)).items() if score.labelled >= OFTEN)

    def figures(table: Table) -> dict[str, float | None]:
        found = agreement(table, often)
        if field.kind == "number":  # a number is right or wrong; its values are no classes
            found = {"accuracy": found["accuracy"]}
        if field.abstains:
            given = coverage_of(table)
            found |= {"right_of_given": given.right_of_given, "coverage": given.coverage}
        return found

    within = intervals(pairs, figures, rounds=rounds)
    return _with_intervals(figures(Counter(pairs)), within)


def _levelled(pairs: Sequence[Pair], order: Sequence[str], rounds: int) -> Levelled:
    levels = frozenset((value,) for value in order)
    either = [tuple(_LEVEL if side in levels else _NONE for side in pair) for pair in pairs]
    counts = Counter(either)
    both = [pair for pair in pairs if pair[0] in levels and pair[1] in levels]

    def ordinal(table: Table) -> dict[str, float | None]:
        agreed = sum(count for (gold, ours), count in table.items() if gold == ours)
        return {"accuracy": ratio(agreed, sum(table.values())), "weighted_kappa": weighted_kappa(table, order)}

    def none_or_level(table: Table) -> dict[str, float | None]:
        agreed = sum(count for (gold, ours), count in table.items() if gold == ours)
        return {"none_or_level_accuracy": ratio(agreed, sum(table.values())), "none_or_level_kappa": kappa(table)}

    apart: list[Pair] = [(gold, ours) for gold, ours in either]
    return Levelled(
        both_levelled=len(both),
        both_none=counts[_NONE, _NONE],
        only_labelled=counts[_LEVEL, _NONE],
        only_tagged=counts[_NONE, _LEVEL],
        agreed=sum(1 for gold, ours in both if gold == ours),
        figures=_with_intervals(ordinal(Counter(both)), intervals(both, ordinal, rounds=rounds))
        | _with_intervals(none_or_level(Counter(apart)), intervals(apart, none_or_level, rounds=rounds)),
    )


def _with_intervals(
    figures: Mapping[str, float | None], within: Mapping[str, tuple[float, float]]
) -> dict[str, Figure]:
    found: dict[str, Figure] = {}
    for name, value in figures.items():
        low, high = within.get(name, (None, None)) if value is not None else (None, None)
        found[name] = Figure(value, low, high)
    return found


def _rules(field: Field, pairs: Mapping[int, Pair], found: Mapping[int, Tagged]) -> tuple[RuleScore, ...]:
    won: Counter[str | None] = Counter()
    agreed: Counter[str | None] = Counter()
    for pmid, (gold, ours) in pairs.items():
        for value in ours:
            rule = found[pmid].rule(field, value)
            won[rule] += 1
            agreed[rule] += value in gold
    ordered = sorted(won, key=lambda rule: (-won[rule], rule or ""))
    return tuple(RuleScore(rule, won[rule], agreed[rule]) for rule in ordered)


def _disagreement(field: Field, pmid: int, pair: Pair, tags: Tagged) -> Disagreement:
    gold, ours = pair
    return Disagreement(pmid, gold, ours, {value: tags.rule(field, value) for value in ours if value not in gold})
