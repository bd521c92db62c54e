"""`catalog explain PMID`: every rule that fired, and why the winner won."""

from __future__ import annotations

from pathlib import Path

import pytest

from catalog.build import build
from catalog.errors import WrongUse
from catalog.explain import explain
from tests.harvests import harvest_of
from tests.records import PMID, article_xml


@pytest.fixture
def catalog(tmp_path: Path) -> Path:
    raw = article_xml(
        "Platelet-rich plasma for discogenic pain: a randomised controlled trial",
        "Sixty patients were randomly assigned. This is a case series.",
        types=["Journal Article", "Randomized Controlled Trial"],
    )
    build(harvest_of(tmp_path / "pubmed.db", [raw, article_xml(pmid=PMID + 1)]), tmp_path / "catalog.db")
    return tmp_path / "catalog.db"


def test_names_rule_source_place_and_words(catalog: Path) -> None:
    """Each field shows its value, and for each hit the rule, where it stands and the words."""
    text = "\n".join(explain(catalog, PMID))
    assert "Study design: rct" in text
    assert "+ rct  rct.title  title" in text
    assert "rct.type  publication type: “Randomized Controlled Trial”" in text
    assert "Level of evidence (OCEBM 2011, starting level): 2" in text


def test_says_why_the_winner_won(catalog: Path) -> None:
    """Where something lost, the deciding line of the precedence is given."""
    text = "\n".join(explain(catalog, PMID))
    assert "- single_arm" in text
    assert "rct (title) stands before single_arm (stated) in rules/precedence.yml" in text


def test_says_that_nothing_fired(catalog: Path) -> None:
    """A record without a word to go on is unclear because no rule fired, not by decision."""
    text = "\n".join(explain(catalog, PMID + 1))
    assert "Study design: unclear" in text
    assert "no rule fired" in text


def test_unknown_pmid_and_missing_catalog_are_one_clear_line(catalog: Path, tmp_path: Path) -> None:
    """The PMID or the file is named with what to do."""
    with pytest.raises(WrongUse, match="PMID 5 is not in"):
        list(explain(catalog, 5))
    with pytest.raises(WrongUse, match="no such catalog"):
        list(explain(tmp_path / "none.db", PMID))
