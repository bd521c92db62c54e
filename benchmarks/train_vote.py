"""Train the learned vote on study design, catalog/tagging/vote.json: `python benchmarks/train_vote.py FOLDER`.

FOLDER holds the corpus StudyTypeTeller (Doneva et al. 2025, Research Synthesis Methods): train.csv and validation.csv
with the columns pmid, title, abstract and accepted_label. A third of it, told by a hash of the PMID, is never trained
on. Needs numpy, scipy and scikit-learn, which are no dependencies of the project: make a virtual environment with the
project and these three, and run this there. The same corpus and versions give the same file.

`--cross-validate` measures first, by five folds of the part trained on: rules alone, model alone, both. `--held-out`
measures the written model on the third left out; look at it once. Features are single words and pairs of neighbours;
the most useful are kept, and the model is trained anew on them alone.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import json
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from catalog.tagging.design import Decision, decide_design
from catalog.tagging.document import Document, read
from catalog.tagging.vote import SCALE, Model, tokens, voted
from harvest.record import parse_article

TARGET = Path(__file__).resolve().parents[1] / "catalog" / "tagging" / "vote.json"
FEATURES = 4000
SEED = 1
STRENGTH = 20.0  # inverse of the regularisation
TITLE_WEIGHT = 0.7
LEAST = {"title": 3, "abstract": 5}  # records of the training part a word must stand in
FOLDS = 5
# The corpus's 14 types in the 9 classes that its authors' figures and ours are comparable in; first fit wins.
LABELS = (
    ("human-rct", "rct"),
    ("human-non-rct", "nonrandomised"),
    ("non-systematic-review", "narrative_review"),
    ("systematic-review", "systematic_review"),
    ("case-report", "case_report"),
    ("protocol", "protocol"),
    ("animal", "animal"),
    ("in-vitro", "in_vitro"),
)
# Designs of the codebook that are one of the classes by another name; the rest is `other`.
CLASSES = {
    "nonrandomised_controlled": "nonrandomised",
    "single_arm": "nonrandomised",
    "historical_control": "nonrandomised",
}
OWN = frozenset(name for _, name in LABELS)


@dataclass(frozen=True)
class Example:
    """A labelled text and what the rules say of it."""

    label: str
    document: Document
    rules: Decision


def held_out(pmid: str) -> bool:
    """Whether a record belongs to the third that is never trained on."""
    return int(hashlib.sha256(pmid.encode()).hexdigest(), 16) % 3 == 0


def class_of(design: str) -> str:
    """A design of the codebook as one of the nine classes."""
    return CLASSES.get(design, design if design in OWN else "other")


def examples(folder: Path, *, held: bool) -> list[Example]:
    """The corpus's records of one part, in file order, read without publication types or headings."""
    found = []
    for name in ("train.csv", "validation.csv"):
        with (folder / name).open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                if held_out(row["pmid"]) is held:
                    written = row["accepted_label"].lower()
                    label = next((label for word, label in LABELS if word in written), "other")
                    document = read(parse_article(_xml(row)))
                    found.append(Example(label, document, decide_design(document)))
    return found


def _xml(row: dict[str, str]) -> bytes:
    pmid = row["pmid"] if row["pmid"].isdigit() else "1"
    return (
        f'<PubmedArticle><MedlineCitation><PMID Version="1">{pmid}</PMID><Article><Journal/>'
        f"<ArticleTitle>{escape(row['title'])}</ArticleTitle>"
        f"<Abstract><AbstractText>{escape(row['abstract'])}</AbstractText></Abstract>"
        "</Article></MedlineCitation></PubmedArticle>"
    ).encode()


def train(part: Sequence[Example]) -> dict[str, Any]:
    """A model in the shape of vote.json."""
    import numpy as np  # type: ignore[import-not-found, unused-ignore]  # only needed here
    from scipy.sparse import hstack  # type: ignore[import-untyped, unused-ignore]  # only needed here
    from sklearn.feature_extraction.text import (  # type: ignore[import-not-found, unused-ignore]  # only needed here
        TfidfVectorizer,
    )
    from sklearn.linear_model import (  # type: ignore[import-not-found, unused-ignore]  # only needed here
        LogisticRegression,
    )
    from sklearn.preprocessing import normalize  # type: ignore[import-not-found, unused-ignore]  # only needed here

    texts = {"title": [e.document.title for e in part], "abstract": [e.document.abstract for e in part]}
    labels = np.array([e.label for e in part])
    weights = {"title": TITLE_WEIGHT, "abstract": 1.0}
    makers = {name: TfidfVectorizer(analyzer=_grams, sublinear_tf=True, min_df=LEAST[name]) for name in texts}
    matrices = {name: makers[name].fit_transform(texts[name]).tocsc() for name in texts}

    def fit(parts: dict[str, Any]) -> Any:
        joined = hstack([normalize(parts[name]) * weights[name] for name in texts]).tocsr()
        return LogisticRegression(C=STRENGTH, class_weight="balanced", max_iter=2000, random_state=SEED).fit(
            joined, labels
        )

    full = fit(matrices)
    largest = np.abs(full.coef_).max(axis=0)
    kept = np.sort(np.argsort(-largest, kind="stable")[:FEATURES])
    cut = matrices["title"].shape[1]
    columns = {"title": kept[kept < cut], "abstract": kept[kept >= cut] - cut}
    final = fit({name: matrices[name][:, columns[name]] for name in texts})
    fields: dict[str, Any] = {}
    at = 0
    for name in texts:
        names = makers[name].get_feature_names_out()[columns[name]]
        idf = makers[name].idf_[columns[name]]
        coefficients = final.coef_[:, at : at + len(names)].T
        at += len(names)
        rows = {str(w): [_whole(i), *map(_whole, c)] for w, i, c in zip(names, idf, coefficients, strict=True)}
        fields[name] = {"weight": weights[name], "words": dict(sorted(rows.items()))}
    return {
        "version": 1,
        "classes": [str(name) for name in final.classes_],
        "trained_on": {
            "corpus": "StudyTypeTeller (Doneva et al. 2025, Research Synthesis Methods), train and validation parts",
            "records": len(part),
            "labels": dict(sorted(Counter(map(str, labels)).items())),
            "held_out": "int(sha256(pmid).hexdigest(), 16) % 3 == 0",
            "model": f"softmax regression, C={STRENGTH:g}, balanced, seed {SEED}",
            "features": [len(kept), len(largest)],
        },
        "intercept": [_whole(value) for value in final.intercept_],
        "fields": fields,
    }


def _grams(text: str) -> list[str]:
    said = tokens(text)
    return [*said, *map(" ".join, pairwise(said))]


def _whole(value: float) -> int:
    return round(float(value) * SCALE)


def written(data: dict[str, Any]) -> str:
    """vote.json's text: one line a word, so that two trainings can be compared."""
    head = {key: value for key, value in data.items() if key != "fields"}
    lines = json.dumps(head, indent=1, ensure_ascii=False)[:-2] + ',\n "fields": {'
    blocks = []
    for name, field in data["fields"].items():
        words = ",\n".join(
            f"{json.dumps(word, ensure_ascii=False)}:{json.dumps(row, separators=(',', ':'))}"
            for word, row in field["words"].items()
        )
        blocks.append(f'\n"{name}": {{"weight": {field["weight"]}, "words": {{\n{words}\n}}}}')
    return f"{lines}{','.join(blocks)}\n }}\n}}\n"


Said = list[tuple[str, str]]  # (label, what was said)


def answers(part: Iterable[Example], by: Model) -> dict[str, Said]:
    """What rules, model and both say of each example."""
    found: dict[str, Said] = {"rules alone": [], "model alone": [], "both": []}
    for example in part:
        scores = by.scores(example.document.title, example.document.abstract)
        decision, _ = voted(example.document, example.rules, by)
        found["rules alone"].append((example.label, class_of(example.rules.value)))
        found["model alone"].append((example.label, by.classes[scores.index(max(scores))]))
        found["both"].append((example.label, class_of(decision.value)))
    return found


def f1(said: Said, label: str) -> float:
    """The F1 of one class."""
    right = sum(a == b == label for a, b in said)
    return 2 * right / max(1, sum(a == label for a, _ in said) + sum(b == label for _, b in said))


def report(title: str, found: dict[str, Said]) -> None:
    """Print macro-F1, RCT F1 and records right of each."""
    print(title)
    for name, said in found.items():
        labels = sorted({label for label, _ in said})
        macro = sum(f1(said, label) for label in labels) / len(labels)
        right = sum(a == b for a, b in said)
        print(f"  {name:12} macro-F1 {macro:.3f}  RCT F1 {f1(said, 'rct'):.3f}  right {right} of {len(said)}")
        print("    " + "  ".join(f"{label} {f1(said, label):.3f}" for label in labels))


def cross_validate(part: Sequence[Example]) -> dict[str, Said]:
    """What is said of each example by a model trained on the other folds."""
    from sklearn.model_selection import (  # type: ignore[import-not-found, unused-ignore]  # only needed here
        StratifiedKFold,
    )

    found: dict[str, Said] = {}
    folds = StratifiedKFold(FOLDS, shuffle=True, random_state=SEED)
    for ours, theirs in folds.split([e.label for e in part], [e.label for e in part]):
        by = Model.of(train([part[i] for i in ours]))
        for name, said in answers([part[i] for i in theirs], by).items():
            found.setdefault(name, []).extend(said)
    return found


def main() -> None:
    """Train, write, and measure what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--to", type=Path, default=TARGET)
    parser.add_argument("--cross-validate", action="store_true")
    parser.add_argument("--held-out", action="store_true", help="measure the file written before; trains nothing")
    asked = parser.parse_args()
    if asked.held_out:
        by = Model.of(json.loads(asked.to.read_text("utf-8")))
        report("Held-out third", answers(examples(asked.folder, held=True), by))
        return
    part = examples(asked.folder, held=False)
    if asked.cross_validate:
        report(f"{FOLDS} folds of the part trained on", cross_validate(part))
    asked.to.write_text(written(train(part)), "utf-8")
    print(f"{asked.to}: {asked.to.stat().st_size:,} bytes, {len(part)} records")


if __name__ == "__main__":
    main()
