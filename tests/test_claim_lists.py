"""Lists of the papers that bear on a claim: exactly the rows of `claim_evidence`, narrowed like any list."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from catalog.site.facets import facets, selected
from catalog.site.facts import Facts, load_facts
from catalog.site.filters import read_filters
from catalog.site.shelf import positions
from tests.claim_records import LEANING_REVIEW, told_records
from tests.site_fixtures import write_site


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_site(tmp_path_factory.mktemp("lists") / "catalog.db", told_records())


@pytest.fixture(scope="module")
def conn(told: Path) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(told)) as opened:
        yield opened


@pytest.fixture(scope="module")
def facts(conn: sqlite3.Connection) -> Facts:
    return load_facts(conn)


def listed(facts: Facts, **asked: str) -> list[int]:
    filters = read_filters({name: [value] for name, value in asked.items()}, facts)
    assert filters.notes == ()
    return sorted(facts.shelf.pmids[place] for place in positions(selected(filters, facts)))


def test_the_list_of_a_claim_and_treatment_is_its_evidence(conn: sqlite3.Connection, facts: Facts) -> None:
    """What counts, leaning on a retracted paper or not, and what is retracted: two lists a claim and treatment."""
    parts = {
        "counts": {"evidence": "counted"},
        "retracted": {"role": "experimental", "status": "retracted"},
    }
    seen = 0
    for claim, intervention in conn.execute("SELECT claim, intervention FROM claim_interventions").fetchall():
        for part, asked in parts.items():
            held = conn.execute(
                "SELECT pmid FROM claim_evidence WHERE claim = ? AND intervention = ? AND part = ? ORDER BY pmid",
                (claim, intervention, part),
            ).fetchall()
            assert listed(facts, claim=claim, intervention=intervention, **asked) == [pmid for (pmid,) in held]
            seen += len(held)
    assert seen == conn.execute("SELECT count(*) FROM claim_evidence").fetchone()[0]


def test_a_control_of_several_kinds_is_under_each(conn: sqlite3.Connection, facts: Facts) -> None:
    """A paper with two kinds of control is listed under both, and one whose control is not known under neither."""
    for kind in ("placebo_sham", "steroid", "usual_care", "surgery", "none"):
        held = conn.execute(
            "SELECT pmid FROM articles WHERE ';' || comparator || ';' LIKE ? ORDER BY pmid", (f"%;{kind};%",)
        ).fetchall()
        assert listed(facts, comparator=kind) == [pmid for (pmid,) in held]
    unknown = conn.execute("SELECT pmid FROM articles WHERE comparator IS NULL ORDER BY pmid").fetchall()
    assert listed(facts, comparator="_none") == [pmid for (pmid,) in unknown]


def test_certainty_and_retracted_papers_cited_narrow(facts: Facts, conn: sqlite3.Connection) -> None:
    """What a review says of its certainty, and whether it is known to cite a retracted paper, narrow a list."""
    low = conn.execute("SELECT pmid FROM articles WHERE certainty = 'very_low' ORDER BY pmid").fetchall()
    assert low
    assert listed(facts, certainty="very_low") == [pmid for (pmid,) in low]
    assert listed(facts, leans="known") == [LEANING_REVIEW]


def test_claims_are_offered_only_where_one_is_chosen(facts: Facts) -> None:
    """Three dozen statements are no facet to pick from; the one in force is named, so that it can be left."""
    chosen = read_filters({"claim": ["msc-safe"]}, facts)
    assert [f.id for f in facets(chosen, facts, facts.shelf.everything) if f.id == "claim"] == ["claim"]
    assert facts.name("claim", "msc-safe").name.startswith("Claim: Mesenchymal")
    bare = read_filters({}, facts)
    assert not [f for f in facets(bare, facts, facts.shelf.everything) if f.id == "claim"]
