"""`catalog evaluate GOLD.tsv`: agreement with hand labels, counts before rates."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from catalog.build import build
from catalog.errors import WrongUse
from catalog.evaluate import evaluate
from tests.harvests import harvest_of
from tests.records import PMID, article_xml


@pytest.fixture
def catalog(tmp_path: Path) -> Path:
    raws = [
        article_xml("Plasma-rich plasma? Ozone for sciatica: a randomised controlled trial", pmid=PMID),
        article_xml("Ozone for lumbago: a randomised controlled trial", pmid=PMID + 1),
        article_xml("Ozone for sciatica: a case report", pmid=PMID + 2),
    ]
    build(harvest_of(tmp_path / "pubmed.db", raws), tmp_path / "catalog.db")
    return tmp_path / "catalog.db"


def gold(tmp_path: Path, *lines: str) -> Path:
    path = tmp_path / "gold.tsv"
    path.write_text("pmid\tdesign\tlevel\tinterventions\n" + "".join(f"{line}\n" for line in lines))
    return path


def test_counts_rates_and_errors(catalog: Path, tmp_path: Path) -> None:
    """Per value: labelled, tagged, agreed; each error with both labels and the deciding rule; missing PMIDs named."""
    found = evaluate(
        gold(
            tmp_path,
            f"{PMID}\trct\t2\tozone",
            f"{PMID + 1}\tsingle_arm\t4\tozone;prp",
            f"{PMID + 2}\tcase_report\t4\tozone",
            "970009999\trct\t2\t",
        ),
        catalog,
    )
    assert found.missing == (970009999,)
    design = next(f for f in found.fields if f.field == "design")
    assert (design.records, design.agreed) == (3, 2)
    rct = next(v for v in design.values if v.value == "rct")
    assert (rct.labelled, rct.tagged, rct.agreed) == (1, 2, 1)
    assert (rct.precision, rct.recall) == (0.5, 1.0)
    assert design.errors == ({"pmid": PMID + 1, "gold": "single_arm", "tagged": "rct", "rule": "rct.title"},)
    interventions = next(f for f in found.fields if f.field == "interventions")
    assert interventions.micro_f1 == pytest.approx(2 * 3 / (4 + 3))
    text = "\n".join(found.as_text())
    assert "design: 2 of 3 agree (0.667)" in text
    assert json.loads(json.dumps(found.as_json()))["fields"]["design"]["agreed"] == 2


@pytest.mark.parametrize(
    ("content", "names"), [("a\tb\n1\t2\n", "no column `pmid`"), ("pmid\tdesign\nx\trct\n", "line 2"), ("", "pmid")]
)
def test_wrong_gold_file_is_one_clear_line(catalog: Path, tmp_path: Path, content: str, names: str) -> None:
    """The file, and where it can be told the line, is named."""
    path = tmp_path / "gold.tsv"
    path.write_text(content)
    with pytest.raises(WrongUse, match=names):
        evaluate(path, catalog)
    with pytest.raises(WrongUse, match="cannot be read"):
        evaluate(tmp_path / "none.tsv", catalog)
