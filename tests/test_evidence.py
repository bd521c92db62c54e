"""What counts as evidence: for which treatment a conclusion speaks, against what it stands, and which papers count."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from catalog.build import build
from catalog.digest import digest
from catalog.evidence import directions_of, verdict_of, versus_of
from catalog.sample import write_sample
from catalog.tagging.tags import InterventionTag
from tests.harvests import harvest_of
from tests.site_fixtures import EXTENSION, REPORT, WITHDRAWN, related_records

PRP, OZONE, PROLO, PROLOZONE = "prp", "ozone", "prolotherapy", "prolozone"


def under_test(*names: str, better: str | None = None) -> list[InterventionTag]:
    """Interventions under test, one of them perhaps found the better one."""
    return [InterventionTag(name, "experimental", None if better is None else name == better) for name in names]


@pytest.mark.parametrize(
    ("design", "basis", "comparator", "expected"),
    [
        ("rct", "between", "placebo_sham", "sham"),
        ("rct", "between", "steroid", "active"),
        ("rct", "between", "local_anaesthetic;placebo_sham", "sham_and_active"),
        ("nonrandomised_controlled", "between", "usual_care", "active"),
        ("rct", "between", "none", None),
        ("rct", "between", None, None),
        ("rct", "within", "placebo_sham", "nothing"),
        ("single_arm", "within", "none", "nothing"),
        ("single_arm", "none", None, "nothing"),
        ("case_report", "none", "none", "nothing"),
        ("systematic_review", "pooled_between", "placebo_sham;steroid", "sham_and_active"),
        ("systematic_review", "pooled_within", "placebo_sham", "nothing"),
        ("systematic_review", "pooled_unclear", "placebo_sham", None),
        ("systematic_review", "pooled_between", "none", None),
        ("opinion", "none", "none", None),
    ],
)
def test_versus(design: str, basis: str, comparator: str | None, expected: str | None) -> None:
    """Sham, active, both; nothing where nobody else was compared with; unknown where the text leaves it open."""
    assert versus_of(design, basis, comparator, under_test(PRP)) == expected


def test_the_better_of_two_had_an_active_control() -> None:
    """Where the text says which of two of ours did better, each was the other's control."""
    assert versus_of("rct", "between", None, under_test(PRP, OZONE, better=PRP)) == "active"
    assert versus_of("rct", "between", "placebo_sham", under_test(PRP, OZONE, better=PRP)) == "sham_and_active"


def test_the_lesser_of_two_does_not_read_as_benefit() -> None:
    """`favours` is the better one's; the other has `against`."""
    pair = under_test(PRP, OZONE, better=PRP)
    assert directions_of("rct", "between", "other_active", "favours", pair) == ("favours", "against")


def test_a_head_to_head_that_tells_no_winner_favours_nobody() -> None:
    """One-sided conclusions are nobody's where two of ours are compared and the text does not tell which did better."""
    pair = under_test(PRP, OZONE)
    for one_sided in ("favours", "against", "non_inferior"):
        assert directions_of("rct", "between", "other_active", one_sided, pair) == (None, None)
        assert directions_of("rct", "between", "none", one_sided, pair) == (None, None)
        assert directions_of("systematic_review", "pooled_between", "other_active", one_sided, pair) == (None, None)
    for direction in ("no_difference", "mixed", "not_reported", None):
        assert directions_of("rct", "between", "other_active", direction, pair) == (direction, direction)


def test_a_combination_keeps_its_direction() -> None:
    """Two of ours given together against something else, or without a control, share the conclusion."""
    pair = under_test(PRP, "adipose")
    assert directions_of("rct", "between", "placebo_sham", "favours", pair) == ("favours", "favours")
    assert directions_of("single_arm", "within", "none", "favours", pair) == ("favours", "favours")


def test_the_lesser_of_two_without_a_comparison_is_unknown() -> None:
    """In a series nothing was compared, so nothing is against."""
    pair = under_test(PRP, "msc", better=PRP)
    assert directions_of("single_arm", "within", "none", "favours", pair) == ("favours", None)


def test_comparators_and_adjuncts_have_no_direction() -> None:
    """A direction belongs to what is under test."""
    items = [*under_test(PRP), InterventionTag(OZONE, "comparator"), InterventionTag("msc", "adjunct")]
    assert directions_of("rct", "between", "other_active", "favours", items) == ("favours", None, None)
    assert directions_of("rct", "between", "other_active", "no_difference", items)[1:] == (None, None)


def test_parts_of_prolozone_share_its_row() -> None:
    """Ozone and prolotherapy inside prolozone are no rivals of it, and lose when it loses."""
    items = [*under_test(OZONE, PROLO), InterventionTag(PROLOZONE, "experimental", False)]
    items.append(InterventionTag(PRP, "experimental", True))
    assert directions_of("rct", "between", "other_active", "favours", items) == (*["against"] * 3, "favours")
    alone = under_test(OZONE, PROLO, PROLOZONE)
    assert directions_of("rct", "between", "none", "favours", alone) == ("favours",) * 3


COUNTED = """
SELECT coalesce(f.family, a.pmid), a.pmid, i.intervention, a.level, a.design, a.included, i.direction, a.basis,
    a.comparator, a.versus, a.participants, a.harms, a.certainty, a.year, a.region
FROM articles a, article_interventions i LEFT JOIN trial_families f ON f.pmid = a.pmid
WHERE a.pmid = i.pmid AND i.role = 'experimental' AND a.status <> 'retracted' AND coalesce(f.represents, 1)
    AND coalesce(a.region, 'unstated') NOT IN ('cervical_thoracic', 'other_site')
ORDER BY 1, 3
"""


@pytest.fixture(scope="module")
def catalogs(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """The bundled sample, and records with families and retractions."""
    folder = tmp_path_factory.mktemp("evidence")
    write_sample(folder / "sample.db")
    build(harvest_of(folder / "pubmed.db", related_records()), folder / "related.db")
    return [folder / "sample.db", folder / "related.db"]


def test_evidence_is_what_its_definition_says(catalogs: list[Path]) -> None:
    """One row a study and treatment under test: no retracted paper, no second paper of a trial, no other region."""
    for path in catalogs:
        with closing(sqlite3.connect(path)) as conn:
            held = conn.execute("SELECT * FROM evidence ORDER BY study, intervention").fetchall()
            assert held == conn.execute(COUNTED).fetchall()
            assert held
            studies = {row[0] for row in conn.execute("SELECT study FROM studies")}
            assert {row[0] for row in held} <= studies


def test_a_trial_counts_by_a_paper_that_stands(catalogs: list[Path]) -> None:
    """A family counts once, by its report; the wholly retracted trial not at all."""
    with closing(sqlite3.connect(catalogs[1])) as conn:
        assert conn.execute("SELECT count(*) FROM evidence WHERE pmid = ?", (EXTENSION,)).fetchone() == (0,)
        row = conn.execute("SELECT level, versus, participants FROM evidence WHERE pmid = ?", (REPORT,)).fetchone()
        assert row == ("2", "active", 24)
        gone = {row[0] for row in conn.execute("SELECT pmid FROM articles WHERE status = 'retracted'")}
        assert WITHDRAWN in gone
        assert not gone & {row[0] for row in conn.execute("SELECT pmid FROM evidence")}


def test_the_sample_holds_a_head_to_head(catalogs: list[Path]) -> None:
    """In the sample's trial of plasma against dextrose, one is favoured and the other has `against`."""
    with closing(sqlite3.connect(catalogs[0])) as conn:
        rows = dict(conn.execute("SELECT intervention, direction FROM evidence WHERE pmid = 970000064").fetchall())
    assert rows == {PRP: "favours", PROLO: "against"}


def test_evidence_is_part_of_the_digest(catalogs: list[Path], tmp_path: Path) -> None:
    """Changing a row changes the digest: the table is derived, and still said."""
    copy = tmp_path / "copy.db"
    copy.write_bytes(catalogs[0].read_bytes())
    assert digest(copy) == digest(catalogs[0])
    with closing(sqlite3.connect(copy)) as conn, conn:
        conn.execute("UPDATE evidence SET versus = 'sham' WHERE versus = 'nothing'")
    assert digest(copy) != digest(catalogs[0])


@pytest.mark.parametrize(
    ("direction", "versus", "basis", "expected"),
    [
        ("favours", "sham", "between", "better"),
        ("favours", "active", "pooled_between", "better"),
        ("favours", None, "between", "better"),
        ("favours", "nothing", "within", "improved"),
        ("favours", None, "pooled_unclear", "improved"),
        ("favours", None, None, "improved"),
        ("no_difference", "active", "between", "alike"),
        ("no_difference", "sham", "between", "alike"),
        ("non_inferior", "active", "between", "alike"),
        ("against", "active", "between", "against"),
        ("against", "nothing", "within", "against"),
        ("mixed", "sham", "between", "mixed"),
        ("insufficient", None, "pooled_unclear", "mixed"),
        ("not_reported", "sham", "between", "untold"),
        (None, "sham", "between", "untold"),
    ],
)
def test_verdicts(direction: str | None, versus: str | None, basis: str | None, expected: str) -> None:
    """Benefit is drawn only where somebody else was compared with; no difference and not inferior never as benefit."""
    assert verdict_of(direction, versus, basis) == expected
