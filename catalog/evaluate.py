"""Agreement of the catalog's tags with hand labels: counts first, then rates."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from catalog.errors import WrongUse
from catalog.opening import open_catalog

__all__ = ["Evaluation", "FieldScore", "ValueScore", "evaluate"]

# One value a record. A gold cell left empty means: the question does not apply, or no one could say.
SINGLE = ("design", "level", "jbjs", "included", "timing", "status")
# Several values a record, joined by ';' in the gold file.
SEVERAL = ("interventions", "conditions")


@dataclass(frozen=True, slots=True)
class ValueScore:
    """One value of a field against the labels: counts, and the rates that follow (None where undefined)."""

    value: str
    labelled: int
    tagged: int
    agreed: int

    @property
    def precision(self) -> float | None:
        """Of the records tagged with the value, the share labelled so."""
        return self.agreed / self.tagged if self.tagged else None

    @property
    def recall(self) -> float | None:
        """Of the records labelled with the value, the share tagged so."""
        return self.agreed / self.labelled if self.labelled else None

    @property
    def f1(self) -> float | None:
        """Harmonic mean of the two."""
        return 2 * self.agreed / (self.labelled + self.tagged) if self.labelled + self.tagged else None


@dataclass(frozen=True, slots=True)
class FieldScore:
    """A field over all labelled records: how many agree, per value, and each disagreement."""

    field: str
    records: int
    agreed: int
    values: tuple[ValueScore, ...]
    errors: tuple[dict[str, Any], ...]  # pmid, gold, tagged, rule

    @property
    def accuracy(self) -> float | None:
        """Share of records on which tag and label agree whole."""
        return self.agreed / self.records if self.records else None

    @property
    def micro_f1(self) -> float | None:
        """F1 over all values together."""
        total = sum(v.labelled + v.tagged for v in self.values)
        return 2 * sum(v.agreed for v in self.values) / total if total else None

    def macro_f1(self, least: int = 1) -> float | None:
        """Mean F1 over the values with at least `least` labels."""
        scores = [v.f1 or 0.0 for v in self.values if v.labelled >= least]
        return sum(scores) / len(scores) if scores else None


@dataclass(frozen=True, slots=True)
class Evaluation:
    """All fields, and the labelled PMIDs that the catalog does not hold."""

    gold: str
    labelled: int
    missing: tuple[int, ...]
    fields: tuple[FieldScore, ...]

    def as_json(self) -> dict[str, Any]:
        """The evaluation as one JSON document."""
        return {
            "gold": self.gold,
            "labelled": self.labelled,
            "missing": list(self.missing),
            "fields": {
                f.field: {
                    "records": f.records,
                    "agreed": f.agreed,
                    "accuracy": f.accuracy,
                    "micro_f1": f.micro_f1,
                    "macro_f1": f.macro_f1(),
                    "macro_f1_of_five_or_more": f.macro_f1(5),
                    "values": [
                        asdict(v) | {"precision": v.precision, "recall": v.recall, "f1": v.f1} for v in f.values
                    ],
                    "errors": list(f.errors),
                }
                for f in self.fields
            },
        }

    def as_text(self) -> Iterator[str]:
        """The evaluation as lines for a terminal."""
        yield f"{self.gold}: {self.labelled} labelled records, {self.labelled - len(self.missing)} in the catalog"
        for f in self.fields:
            yield ""
            macro = f"macro-F1 {_rate(f.macro_f1())} (values with five or more labels: {_rate(f.macro_f1(5))})"
            yield (
                f"{f.field}: {f.agreed} of {f.records} agree ({_rate(f.accuracy)});"
                f" micro-F1 {_rate(f.micro_f1)}, {macro}"
            )
            for v in f.values:
                rates = f"precision {_rate(v.precision)}  recall {_rate(v.recall)}  F1 {_rate(v.f1)}"
                yield f"  {v.value:26} {rates}  ({v.agreed} agreed, {v.labelled} labelled, {v.tagged} tagged)"
            for error in f.errors:
                ours, rule = error["tagged"] or "-", error["rule"] or "no rule"
                yield f"  PMID {error['pmid']}: labelled {error['gold'] or '-'}, tagged {ours} ({rule})"
        if self.missing:
            yield ""
            yield f"Not in the catalog: {', '.join(map(str, self.missing))}"


def evaluate(gold: Path, catalog: Path) -> Evaluation:
    """Compare a catalog with a tab-separated file of hand labels (columns `pmid` and the codebook's fields).

    Raises WrongUse: a file is missing, or has no `pmid` column; one line.
    """
    labels = _labels(gold)
    with closing(open_catalog(catalog)) as conn:
        held = {row[0] for row in conn.execute("SELECT pmid FROM articles")}
        found: dict[int, dict[str, set[str]]] = {pmid: {} for pmid in labels if pmid in held}
        for pmid, values in found.items():
            row = conn.execute(f"SELECT {', '.join(SINGLE)} FROM articles WHERE pmid = ?", (pmid,)).fetchone()  # noqa: S608
            values |= {name: {value} if value is not None else set() for name, value in zip(SINGLE, row, strict=True)}
            values["interventions"] = {
                name
                for (name,) in conn.execute(
                    "SELECT intervention FROM article_interventions WHERE pmid = ? AND role = 'experimental'", (pmid,)
                )
            }
            values["conditions"] = {
                name for (name,) in conn.execute("SELECT condition FROM article_conditions WHERE pmid = ?", (pmid,))
            }
        rules: dict[tuple[int, str], str] = {}
        for pmid, field, rule in conn.execute(
            "SELECT pmid, field, rule FROM tags WHERE chosen = 1 ORDER BY rowid DESC"
        ):
            rules[pmid, field] = rule
    columns = next(iter(labels.values()), {}).keys()
    scores = [_score(field, labels, found, rules) for field in (*SINGLE, *SEVERAL) if field in columns]
    return Evaluation(gold.name, len(labels), tuple(pmid for pmid in labels if pmid not in found), tuple(scores))


def _labels(gold: Path) -> dict[int, dict[str, str]]:
    try:
        with gold.open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file, delimiter="\t"))
    except (OSError, UnicodeDecodeError) as error:
        raise WrongUse(f"{gold}: cannot be read ({error}); give a tab-separated file in UTF-8") from error
    if not rows or "pmid" not in rows[0]:
        raise WrongUse(f"{gold}: has no column `pmid`; the first line must name the columns, separated by tabs")
    labels: dict[int, dict[str, str]] = {}
    for number, row in enumerate(rows, 2):
        pmid = (row["pmid"] or "").strip()
        if not pmid.isdigit():
            raise WrongUse(f"{gold}: line {number}: {pmid!r} is not a PMID")
        labels[int(pmid)] = {key: (value or "").strip() for key, value in row.items() if key}
    return labels


def _score(
    field: str,
    labels: dict[int, dict[str, str]],
    found: dict[int, dict[str, set[str]]],
    rules: dict[tuple[int, str], str],
) -> FieldScore:
    labelled: Counter[str] = Counter()
    tagged: Counter[str] = Counter()
    agreed: Counter[str] = Counter()
    errors: list[dict[str, Any]] = []
    records = right = 0
    for pmid, values in found.items():
        gold = {value for value in labels[pmid][field].split(";") if value}
        ours = values[field]
        if not gold and field in ("included", "timing", "status"):
            continue  # the label does not ask this of the record; a wrong design is counted under design
        records += 1
        right += gold == ours
        labelled.update(gold)
        tagged.update(ours)
        agreed.update(gold & ours)
        if gold != ours:
            errors.append(
                {
                    "pmid": pmid,
                    "gold": ";".join(sorted(gold)),
                    "tagged": ";".join(sorted(ours)),
                    "rule": rules.get((pmid, field)),
                }
            )
    values_scored = tuple(
        ValueScore(value, labelled[value], tagged[value], agreed[value]) for value in sorted(labelled | tagged)
    )
    return FieldScore(field, records, right, values_scored, tuple(errors))


def _rate(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"
