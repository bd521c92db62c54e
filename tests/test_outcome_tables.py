"""What was found, in the catalog: columns, tables, rules listed, explained, and every span the text it quotes."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from catalog.build import build
from catalog.explain import explain
from catalog.sample import sample_records, write_sample
from catalog.tagging.tagger import tag
from harvest.record import parse_article
from harvest.stream import elements
from harvest.topics import load_topics
from tests.harvests import harvest_of
from tests.outcomes import assert_quoted
from tests.records import PMID, article_xml

TOPICS = load_topics()


@pytest.fixture(scope="module")
def catalog(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("outcome")
    raw = article_xml(
        "Platelet-rich plasma versus prolotherapy for low back pain: a randomised trial",
        [
            ("METHODS", "Sixty patients were randomised to platelet-rich plasma (PRP) or dextrose prolotherapy."),
            (
                "RESULTS",
                "PRP was superior to prolotherapy for pain at 6 months (VAS difference 1.5, 95% CI 0.5 to 2.5)."
                " One patient developed discitis.",
            ),
            ("CONCLUSIONS", "PRP is safe and effective."),
        ],
    )
    build(harvest_of(folder / "pubmed.db", [raw]), folder / "catalog.db")
    return folder / "catalog.db"


def test_the_columns_and_tables_are_filled(catalog: Path) -> None:
    """Basis, direction, harms, the better of two, results and spin stand in the catalog."""
    with closing(sqlite3.connect(catalog)) as conn:
        article = conn.execute("SELECT basis, direction, harms FROM articles").fetchone()
        roles = conn.execute("SELECT intervention, role, favoured FROM article_interventions ORDER BY 1").fetchall()
        results = conn.execute("SELECT outcome, measure, timepoint FROM results").fetchall()
        spin = conn.execute("SELECT rule, conclusion, results FROM spin").fetchall()
    assert article == ("between", "favours", "serious")
    assert roles == [("prolotherapy", "experimental", 0), ("prp", "experimental", 1)]
    assert results == [("pain", "VAS", "6 months")]
    assert spin == [("spin.safe_despite_event", "PRP is safe and effective.", "One patient developed discitis.")]


def test_every_rule_that_left_a_tag_is_listed(tmp_path: Path) -> None:
    """Each rule that speaks in the sample's catalog stands in its table of rules."""
    write_sample(tmp_path / "sample.db")
    fields = "('basis', 'direction', 'harms', 'roles', 'favoured')"
    with closing(sqlite3.connect(tmp_path / "sample.db")) as conn:
        unknown = conn.execute(
            f"SELECT DISTINCT rule FROM tags WHERE field IN {fields} AND rule NOT IN (SELECT id FROM rules)"  # noqa: S608 - ours
        ).fetchall()
        spun = conn.execute("SELECT rule FROM spin WHERE rule NOT IN (SELECT id FROM rules)").fetchall()
        wrong = conn.execute(
            "SELECT count(*) FROM results r JOIN articles a USING (pmid)"
            " WHERE substr(a.abstract, r.start + 1, r.end - r.start) != r.text"
        ).fetchone()
    assert (unknown, spun, wrong) == ([], [], (0,))


def test_explain_shows_the_fields(catalog: Path) -> None:
    """`catalog explain` names the value, the rule and the words of each."""
    text = "\n".join(explain(catalog, PMID))
    for said in (
        "Basis of comparison: between",
        "Direction: favours",
        "between.superior",
        "Harms: serious",
        "harms.serious_named",
        "The better of two under test: prp",
    ):
        assert said in text


def test_every_span_of_the_sample_quotes_its_text() -> None:
    """In every invented record of the sample, each span holds exactly what is quoted."""
    for stored in sample_records():
        record = parse_article(stored.raw)
        assert_quoted(record, tag(record, TOPICS))


@pytest.mark.shared
def test_every_span_of_real_records_quotes_its_text(shared_data: Path) -> None:
    """The same on the real records of the field."""
    with (shared_data / "ontopic" / "ontopic.xml").open("rb") as stream:
        for element in elements(stream):
            record = parse_article(element.raw)
            assert_quoted(record, tag(record, TOPICS))


def test_a_conclusion_beyond_its_results_is_a_conflict_with_both_quotes(catalog: Path) -> None:
    """The view of conflicts sets the value the record got against the other side, and `catalog explain` shows it."""
    with closing(sqlite3.connect(catalog)) as conn:
        rows = conn.execute(
            "SELECT field, chosen, disagrees, source, rule, quote, results, says FROM conflicts WHERE says IS NOT NULL"
        ).fetchall()
        (pmid,) = conn.execute("SELECT pmid FROM spin").fetchone()
    assert rows == [
        (
            "harms",
            "serious",
            "called_safe",
            "abstract",
            "spin.safe_despite_event",
            "PRP is safe and effective.",
            "One patient developed discitis.",
            "The conclusion calls the treatment safe; the results report a serious event.",
        )
    ]
    told = "\n".join(explain(catalog, pmid))
    assert "Conflicts, kept and shown:" in told
    assert "concluded (abstract): “PRP is safe and effective.”" in told
    assert "results: “One patient developed discitis.”" in told


@pytest.mark.parametrize(
    ("results", "conclusions", "expected"),
    [
        (
            "Pain did not differ between the groups.",
            "PRP is an effective treatment for low back pain.",
            ("direction", "no_difference", "favours"),
        ),
        (
            "Pain decreased significantly from baseline in both groups.",
            "PRP relieves pain better than saline.",
            ("basis", "between", "within"),
        ),
    ],
)
def test_each_side_of_a_conflict_is_named(
    tmp_path: Path, results: str, conclusions: str, expected: tuple[str, str, str]
) -> None:
    """`chosen` is the record's value, `disagrees` the other side's, whether that is the conclusion or the results."""
    raw = article_xml(
        "Platelet-rich plasma for low back pain: a randomised trial",
        [
            ("METHODS", "Sixty patients were randomised to platelet-rich plasma (PRP) or saline. Pain was measured."),
            ("RESULTS", results),
            ("CONCLUSIONS", conclusions),
        ],
    )
    build(harvest_of(tmp_path / "pubmed.db", [raw]), tmp_path / "catalog.db")
    with closing(sqlite3.connect(tmp_path / "catalog.db")) as conn:
        assert conn.execute("SELECT field, chosen, disagrees FROM conflicts").fetchall() == [expected]
