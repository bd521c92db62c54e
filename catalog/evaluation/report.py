"""An evaluation as one JSON document (docs/evaluation.md says what stands in it) and as lines for a terminal."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from typing import Any

from catalog.evaluation.bootstrap import INTERVAL, SEED
from catalog.evaluation.compare import Confusion, Disagreement, FieldScore, Figure, Levelled
from catalog.evaluation.evaluate import Evaluation
from catalog.evaluation.scores import OFTEN

__all__ = ["SCHEMA_VERSION", "WIDTH", "as_document", "as_text"]

# Raised whenever a key of the JSON document goes, or changes its meaning.
SCHEMA_VERSION = 1
# Columns of the terminal.
WIDTH = 100
_CELL = 4
_NAMES = {
    "accuracy": "accuracy",
    "kappa": "Cohen's kappa",
    "macro_f1": "macro-F1, all values",
    "macro_f1_of_five_or_more": f"macro-F1, values labelled {OFTEN} times or more",
    "weighted_f1": "weighted F1, all values",
    "weighted_f1_of_five_or_more": f"weighted F1, values labelled {OFTEN} times or more",
    "micro_f1": "micro-F1",
    "right_of_given": "right among those given",
    "coverage": "given among those labelled",
    "weighted_kappa": "weighted kappa (linear)",
    "none_or_level_accuracy": "accuracy",
    "none_or_level_kappa": "Cohen's kappa",
}


def as_document(
    found: Evaluation, *, name: str | None = None, date: str | None = None, unread: Evaluation | None = None
) -> dict[str, Any]:
    """The evaluation as a JSON document: PMIDs, values, rule names and numbers, no text of the records.

    Args:
        found: the evaluation.
        name: what to call the data; by default the gold file's name.
        date: the day it was made, YYYY-MM-DD; the program has no clock.
        unread: the same over the records kept unread; their counts alone are given, not which went wrong.
    """
    return {
        "schema_version": SCHEMA_VERSION,
        "data": {
            "name": name or found.gold,
            "date": date,
            "file": found.gold,
            "sha256": found.gold_sha256,
            "restricted": found.restricted,
            "labelled": found.labelled,
            "compared": found.compared,
            "missing": list(found.missing),
            "not_labelled": list(found.unlabelled),
            "columns_not_read": list(found.unread_columns),
            "cells_set_aside": [
                {"line": cell.line, "pmid": cell.pmid, "field": cell.field} for cell in found.set_aside
            ],
        },
        "catalog": {
            "version": found.catalog.version,
            "rules_sha256": found.catalog.rules_sha256,
            "topics_sha256": found.catalog.topics_sha256,
            "articles": found.catalog.articles,
            "sample": found.catalog.sample,
        },
        "bootstrap": {"method": "percentile", "interval": INTERVAL, "rounds": found.rounds, "seed": SEED},
        "not_tagged_yet": found.not_tagged_yet,
        "fields": {score.field.name: _field_json(score) for score in found.fields},
        "known_failures": _failures(found.fields),
        **({"unread": _counts(unread)} if unread is not None else {}),
    }


def _counts(found: Evaluation) -> dict[str, Any]:
    """Fields without PMIDs and rules: who reads the file still has not read which unread records go wrong."""
    told = {score.field.name: _field_json(score) for score in found.fields}
    return {
        "data": {"labelled": found.labelled, "compared": found.compared},
        "fields": {
            name: {key: value for key, value in field.items() if key not in ("errors", "rules", "confusion")}
            for name, field in told.items()
        },
    }


def _field_json(score: FieldScore) -> dict[str, Any]:
    return {
        "kind": score.field.kind,
        "empty_label": score.field.empty,
        "labelled": score.labelled,
        "records": score.records,
        "agreed": score.agreed,
        "figures": _figures_json(score.figures),
        "values": [
            {
                "value": value.value,
                "labelled": value.labelled,
                "tagged": value.tagged,
                "agreed": value.agreed,
                "precision": _rounded(value.precision),
                "recall": _rounded(value.recall),
                "f1": _rounded(value.f1),
            }
            for value in score.values
        ],
        "confusion": _confusion_json(score.confusion),
        "abstaining": None
        if score.coverage is None
        else {
            "labelled": score.coverage.labelled,
            "given": score.coverage.given,
            "given_labelled": score.coverage.given_labelled,
            "right": score.coverage.right,
        },
        "levelled": _levelled_json(score.levelled),
        "rules": [
            {"rule": rule.rule, "won": rule.won, "agreed": rule.agreed, "precision": _rounded(rule.precision)}
            for rule in score.rules
        ],
        "errors": [
            {"pmid": error.pmid, "gold": _joined(error.gold), "tagged": _joined(error.tagged), "rules": error.rules}
            for error in score.errors
        ],
    }


def _confusion_json(found: Confusion | None) -> dict[str, Any] | None:
    if found is None:
        return None
    return {"values": [*found.values, None], "counts": [list(row) for row in found.counts]}


def _levelled_json(found: Levelled | None) -> dict[str, Any] | None:
    if found is None:
        return None
    return {
        "both_levelled": found.both_levelled,
        "both_none": found.both_none,
        "only_labelled": found.only_labelled,
        "only_tagged": found.only_tagged,
        "agreed": found.agreed,
        "figures": _figures_json(found.figures),
    }


def _figures_json(figures: dict[str, Figure]) -> dict[str, Any]:
    return {
        name: {"value": _rounded(figure.value), "low": _rounded(figure.low), "high": _rounded(figure.high)}
        for name, figure in figures.items()
    }


def _failures(fields: Sequence[FieldScore]) -> list[dict[str, Any]]:
    """The errors gathered by kind, the most frequent of a field first; a number stands as "number"."""
    found: list[dict[str, Any]] = []
    for score in fields:
        kinds: dict[tuple[str | None, str | None, str | None], list[int]] = {}
        for error in score.errors:
            for kind in _kinds(score, error):
                kinds.setdefault(kind, []).append(error.pmid)
        ordered = sorted(kinds.items(), key=lambda item: (-len(item[1]), [part or "" for part in item[0]]))
        found += [
            {
                "field": score.field.name,
                "gold": gold,
                "tagged": ours,
                "rule": rule,
                "records": len(pmids),
                "pmids": pmids,
            }
            for (gold, ours, rule), pmids in ordered
        ]
    return found


def _kinds(score: FieldScore, error: Disagreement) -> Iterator[tuple[str | None, str | None, str | None]]:
    """(labelled, tagged, rule) of an error; of sets, each value missed and each value too many."""
    if score.field.kind == "several":
        yield from ((value, None, None) for value in error.gold if value not in error.tagged)
        yield from ((None, value, error.rules[value]) for value in error.rules)
        return
    rule = next(iter(error.rules.values()), None)
    if score.field.kind == "number":
        yield "number" if error.gold else None, "number" if error.tagged else None, rule
    else:
        yield _joined(error.gold), _joined(error.tagged), rule


def as_text(found: Evaluation) -> Iterator[str]:
    """The evaluation as lines of at most WIDTH columns."""
    whole = "of a list of PMIDs" if found.restricted else "in all"
    yield from _wrapped(f"{found.gold}: {found.labelled} labelled records {whole}, {found.compared} in the catalog")
    yield f"In brackets: 95 % bootstrap intervals over records, {found.rounds:,} rounds"
    if found.catalog.sample:
        yield "SAMPLE: invented records"
    yield ""
    rates = ["kappa", "macro-F1", f"of {OFTEN}+", "micro-F1"]
    yield f"{'field':24} {'agree':>11}  {'accuracy':21} {rates[0]:>6} {rates[1]:>9} {rates[2]:>6} {rates[3]:>9}"
    for score in found.fields:
        shown = score.figures
        rates = [
            _rate(shown[name].value) if name in shown else ""
            for name in ("kappa", "macro_f1", "macro_f1_of_five_or_more")
        ]
        micro = _rate(shown["micro_f1"].value) if "micro_f1" in shown else ""
        counts = f"{score.agreed} of {score.records}"
        yield (
            f"{score.field.name:24} {counts:>11}  {_interval(shown['accuracy']):21}"
            f" {rates[0]:>6} {rates[1]:>9} {rates[2]:>6} {micro:>9}"
        ).rstrip()
    for name, labelled in found.not_tagged_yet.items():
        yield f"{name:24} not tagged yet ({labelled} labelled)"
    for score in found.fields:
        yield ""
        yield from _field_text(score)
    notes = {
        "Not in the catalog": found.missing,
        "Asked for, not labelled": found.unlabelled,
        "Columns not compared": found.unread_columns,
    }
    for note, items in notes.items():
        if items:
            yield ""
            yield from _wrapped(f"{note}: {', '.join(map(str, items))}")


def _field_text(score: FieldScore) -> Iterator[str]:
    yield f"{score.field.name}: {score.agreed} of {score.records} agree ({_rate(score.figures['accuracy'].value)})"
    if not score.records:
        return
    yield from (f"  {_NAMES[name]:46} {_interval(figure)}" for name, figure in score.figures.items())
    given = score.coverage
    if given is not None:
        yield (
            f"  {given.labelled} labelled; {given.given} given, {given.given_labelled} of them labelled;"
            f" {given.right} right"
        )
    if score.levelled is not None:
        yield from _levelled_text(score.levelled)
    if score.values:
        yield f"  {'value':34} labelled tagged agreed precision recall     F1"
    for value in score.values:
        yield (
            f"  {value.value:34} {value.labelled:8} {value.tagged:6} {value.agreed:6}"
            f" {_rate(value.precision):>9} {_rate(value.recall):>6} {_rate(value.f1):>6}"
        )
    if score.confusion is not None and score.errors:
        yield from _confusion_text(score.confusion)
    if score.rules:
        yield f"  {'rule':60} {'decided':>8} {'agreed':>6} {'precision':>9}"
    for rule in score.rules:
        name = "(no rule: by default)" if rule.rule is None else rule.rule
        yield f"  {name:60} {rule.won:8} {rule.agreed:6} {_rate(rule.precision):>9}"
    for error in score.errors:
        yield from _wrapped(_error_text(error), indent="  ")


def _levelled_text(found: Levelled) -> Iterator[str]:
    yield f"  levelled by both: {found.both_levelled}, {found.agreed} agree"
    for name in ("accuracy", "weighted_kappa"):
        yield f"    {_NAMES[name]:44} {_interval(found.figures[name])}"
    yield (
        f"  none against level: {found.both_levelled} levelled by both, {found.both_none} none by both,"
        f" {found.only_labelled} only labelled, {found.only_tagged} only tagged"
    )
    for name in ("none_or_level_accuracy", "none_or_level_kappa"):
        yield f"    {_NAMES[name]:44} {_interval(found.figures[name])}"


def _confusion_text(found: Confusion) -> Iterator[str]:
    """Rows are labels, numbered; columns are tags by the same numbers. Too wide a matrix is for the JSON only."""
    used = [i for i, row in enumerate(found.counts) if any(row) or any(other[i] for other in found.counts)]
    cell = max(_CELL, *(len(str(count)) + 1 for row in found.counts for count in row))
    if 32 + cell * len(used) > WIDTH:
        yield "  confusion matrix: too wide for a terminal; --json has it"
        return
    names = [*found.values, "(none given)"]
    yield f"  {'labelled down, tagged across':30}" + "".join(f"{i + 1:{cell}}" for i in used)
    for i in used:
        counts = (found.counts[i][j] for j in used)
        yield f"  {i + 1:2} {names[i]:27}" + "".join(f"{count or '.':>{cell}}" for count in counts)


def _error_text(error: Disagreement) -> str:
    gold, ours = _joined(error.gold) or "-", _joined(error.tagged) or "-"
    if len(error.tagged) == 1:
        why = next((rule or "by default" for rule in error.rules.values()), None)
    else:
        why = ", ".join(f"{value}: {rule or 'no rule'}" for value, rule in error.rules.items()) or None
    return f"PMID {error.pmid}: labelled {gold}, tagged {ours}" + (f" ({why})" if why else "")


def _wrapped(text: str, indent: str = "") -> list[str]:
    return textwrap.wrap(
        text,
        WIDTH,
        initial_indent=indent,
        subsequent_indent=indent + "    ",
        break_on_hyphens=False,
    )


def _joined(values: tuple[str, ...]) -> str | None:
    return ";".join(values) or None


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)


def _interval(figure: Figure) -> str:
    if figure.value is None:
        return "-"
    return f"{_rate(figure.value)} [{_rate(figure.low)}, {_rate(figure.high)}]"


def _rate(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"
