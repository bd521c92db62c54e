"""`catalog build --curation FILE`: a person's corrections beat every rule, and are kept with who, when and why."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from catalog.build import build
from catalog.curation import read_curation
from catalog.digest import digest
from catalog.errors import WrongUse
from catalog.explain import explain
from harvest.topics import load_topics
from tests.harvests import harvest_of
from tests.linked import linked_xml
from tests.running import run

TOPICS = load_topics()
HEADER = "pmid,field,value,who,when,why"
TRIAL, SERIES, REVIEW, BARE = range(970060001, 970060005)
BY = "A. Curator,2026-01-02,read the paper"


@pytest.fixture
def harvest(tmp_path: Path) -> Path:
    raws = [
        linked_xml("Ozone for sciatica: a randomised controlled trial", "We enrolled 24 patients.", pmid=TRIAL),
        linked_xml("Ozone for sciatica: a case series", "Thirty patients were treated.", pmid=SERIES),
        linked_xml("Ozone: a systematic review", "PubMed was searched. Twelve case series were included.", pmid=REVIEW),
        linked_xml("Ozone and the disc", "", pmid=BARE),
    ]
    return harvest_of(tmp_path / "pubmed.db", raws)


def curation(tmp_path: Path, *lines: str, header: str = HEADER) -> Path:
    path = tmp_path / "curation.csv"
    path.write_text("".join(f"{line}\n" for line in (header, *lines)), encoding="utf-8")
    return path


def rows(path: Path, sql: str, *values: object) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(path)) as conn:
        return conn.execute(sql, values).fetchall()


def article(path: Path, pmid: int, columns: str) -> tuple[object, ...]:
    with closing(sqlite3.connect(path)) as conn:
        conn.row_factory = sqlite3.Row
        found = conn.execute("SELECT * FROM articles WHERE pmid = ?", (pmid,)).fetchone()
    return tuple(found[column] for column in columns.split(", "))


def test_a_corrected_design_carries_level_and_proof_along(harvest: Path, tmp_path: Path) -> None:
    """Level, JBJS level, timing and prompts follow from the corrected design; what the rules said stays, unchosen."""
    target = tmp_path / "c.db"
    built = build(harvest, target, curation=curation(tmp_path, f"{TRIAL},design,nonrandomised_controlled,{BY}"))
    assert (built.troubles, built.remarks) == ((), ())
    assert article(target, TRIAL, "design, level, jbjs, timing") == (
        "nonrandomised_controlled",
        "3",
        "II-III",
        "unclear",
    )
    tags = rows(
        target,
        "SELECT value, rule, source, quote, chosen FROM tags WHERE pmid = ? AND field = 'design' ORDER BY rowid",
        TRIAL,
    )
    assert tags[0] == ("nonrandomised_controlled", "curator", "curator", "read the paper", 1)
    assert ("rct", "rct.title", "title", 0) in [
        (value, rule, source, chosen) for value, rule, source, _, chosen in tags
    ]
    proofs = rows(target, "SELECT value, rule, source FROM tags WHERE pmid = ? AND field = 'level'", TRIAL)
    assert proofs == [("3", "level.from.curator", "curator")]
    assert rows(target, 'SELECT pmid, field, value, who, "when", why, rules_say, outcome FROM curation') == [
        (TRIAL, "design", "nonrandomised_controlled", "A. Curator", "2026-01-02", "read the paper", "rct", "corrects")
    ]


def test_a_record_made_a_review_gets_what_reviews_get(harvest: Path, tmp_path: Path) -> None:
    """Corrected to a review, a record is asked what it includes; included and lowest design can be corrected too."""
    target = tmp_path / "c.db"
    build(harvest, target, curation=curation(tmp_path, f"{SERIES},design,systematic_review,{BY}"))
    assert article(target, SERIES, "design, level, included") == ("systematic_review", "none", "unclear")
    path = curation(tmp_path, f"{REVIEW},included,mixed,{BY}", f"{REVIEW},lowest_design,controlled,{BY}")
    build(harvest, target, curation=path)
    assert article(target, REVIEW, "included, level") == ("mixed", "3")
    lowest = "SELECT value, source FROM tags WHERE pmid = ? AND field = 'lowest_design' AND chosen = 1"
    assert ("controlled", "curator") in rows(target, lowest, REVIEW)


def test_every_other_field_can_be_corrected(harvest: Path, tmp_path: Path) -> None:
    """Single values, numbers and blanks; a blank is NULL in the article and `blank` among the tags."""
    target = tmp_path / "c.db"
    path = curation(
        tmp_path,
        f"{TRIAL},level,3,{BY}",
        f"{TRIAL},status,concern,{BY}",
        f"{TRIAL},participants,24,{BY}",
        f"{TRIAL},followup_months,2.5,{BY}",
        f"{TRIAL},comparator,steroid;placebo_sham,{BY}",
        f"{TRIAL},direction,no_difference,{BY}",
        f"{REVIEW},certainty,very_low,{BY}",
        f"{REVIEW},studies,blank,{BY}",
        f"{SERIES},timing,retrospective,{BY}",
    )
    built = build(harvest, target, curation=path)
    assert built.troubles == ()
    found = article(target, TRIAL, "level, status, participants, followup_months, comparator, direction")
    assert found == ("3", "concern", 24, 2.5, "placebo_sham;steroid", "no_difference")
    assert article(target, REVIEW, "certainty, studies") == ("very_low", None)
    assert article(target, SERIES, "timing") == ("retrospective",)
    chosen = rows(target, "SELECT value, quote FROM tags WHERE field = 'studies' AND chosen = 1")
    assert chosen == [("blank", "read the paper")]
    assert rows(target, "SELECT prompt FROM prompts WHERE pmid = ? AND source = 'status'", TRIAL) == [("retracted",)]


@pytest.mark.parametrize(
    ("lines", "kept"),
    [
        (["+prp:adjunct"], [("ozone", "experimental"), ("prp", "adjunct")]),
        (["-ozone"], []),
        (["prp;msc:comparator"], [("msc", "comparator"), ("prp", "experimental")]),
        (["ozone:comparator"], [("ozone", "comparator")]),
        (["+prp", "-ozone"], [("prp", "experimental")]),
        (["blank"], []),
    ],
)
def test_lists_are_set_added_to_or_taken_from(
    harvest: Path, tmp_path: Path, lines: list[str], kept: list[tuple[str, str]]
) -> None:
    """A list replaces the rules' list, +value adds, -value takes away; roles stand after a colon."""
    target = tmp_path / "c.db"
    path = curation(tmp_path, *(f"{TRIAL},interventions,{value},{BY}" for value in lines))
    assert build(harvest, target, curation=path).troubles == ()
    found = "SELECT intervention, role FROM article_interventions WHERE pmid = ? ORDER BY 1"
    assert rows(target, found, TRIAL) == kept
    wrong = rows(
        target,
        "SELECT value FROM tags t WHERE pmid = ? AND field = 'interventions' AND chosen = 1 AND source != 'curator'"
        " AND value NOT IN (SELECT intervention FROM article_interventions i WHERE i.pmid = t.pmid)",
        TRIAL,
    )
    assert wrong == []


def test_wrong_lines_are_named_and_left_out(harvest: Path, tmp_path: Path) -> None:
    """Every kind of wrong line is named with its number and what would be right; the rest count; exit status 1."""
    said = {
        f"12a,design,rct,{BY}": "line 2: '12a' is no PMID",
        f"{TRIAL},colour,red,{BY}": "line 3: there is no field 'colour'; fields are basis, certainty",
        f"{TRIAL},design,trial,{BY}": "line 4: design cannot be 'trial'; it may be ",
        f"{TRIAL},design,,{BY}": "line 5: `value` is empty",
        f"{TRIAL},design,rct,,2026-01-02,why": "line 6: `who` is empty",
        f"{TRIAL},design,rct,who,2026-02-30,why": "line 7: `when` is '2026-02-30', not a day written YYYY-MM-DD",
        f"{TRIAL},design,rct,who,2026-01-02,": "line 8: `why` is empty",
        f"{TRIAL},design,blank,{BY}": "line 9: design is never blank",
        f"{TRIAL},participants,2.5,{BY}": "line 10: participants is '2.5', not a whole number above 0",
        f"{TRIAL},interventions,+honey,{BY}": "line 11: interventions cannot be 'honey'",
        f"{TRIAL},interventions,prp:hero,{BY}": "line 12: 'hero' is no role here",
        f"{TRIAL},design": "line 13: has 2 cells where the first line names 6 columns",
        f'{TRIAL},timing,prospective,who,2026-01-02,"two\nlines"': f"line 14: timing is not asked of PMID {TRIAL}",
        f"{SERIES},design,case_report,{BY}": "",
        f"{SERIES},design,rct,{BY}": f"line 17: line 16 already corrects design of PMID {SERIES}",
    }
    path = curation(tmp_path, *said)
    ended = run("catalog", ["build", "--from", str(harvest), "--curation", str(path)], tmp_path)
    assert ended.returncode == 1, ended.stderr
    for words in said.values():
        assert words in ended.stderr.replace("Curation line", "line"), words
    assert article(tmp_path / "catalog.db", SERIES, "design") == ("case_report",)
    assert article(tmp_path / "catalog.db", TRIAL, "design") == ("rct",)


@pytest.mark.parametrize(
    ("content", "says"),
    [(None, "cannot be read"), (b"", "no column `pmid`"), (b"pmid,field,value,who,when\n", "no column `why`")],
)
def test_a_file_that_is_no_curation_file_is_one_clear_line(
    harvest: Path, tmp_path: Path, content: bytes | None, says: str
) -> None:
    """A missing file or column is wrong use, named, and no catalog is written."""
    path = tmp_path / "curation.csv"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(WrongUse, match=says):
        build(harvest, tmp_path / "c.db", curation=path)
    assert not (tmp_path / "c.db").exists()


def test_tells_what_the_rules_now_get_right_and_what_is_not_here(harvest: Path, tmp_path: Path) -> None:
    """Corrections that the rules now make themselves, and those of PMIDs not in the catalog, are told and listed."""
    path = curation(
        tmp_path,
        f"{TRIAL},design,rct,{BY}",
        f"{TRIAL},interventions,+ozone,{BY}",
        f"{TRIAL},status,current,{BY}",
        f"{SERIES},design,opinion,{BY}",
        f"970069999,design,rct,{BY}",
    )
    ended = run("catalog", ["build", "--from", str(harvest), "--curation", str(path)], tmp_path)
    assert ended.returncode == 0, ended.stderr
    assert f"Curation line 2: design rct of PMID {TRIAL}: the rules now say the same; the line can go" in ended.stderr
    assert "Curation line 6: design rct of PMID 970069999: the article is not in the catalog" in ended.stderr
    listed = rows(tmp_path / "catalog.db", "SELECT line, outcome FROM curation_to_review ORDER BY line")
    assert listed == [(2, "rules_agree"), (3, "rules_agree"), (4, "rules_agree"), (6, "not_in_catalog")]


def test_explain_names_curator_day_and_reason(harvest: Path, tmp_path: Path) -> None:
    """Explain shows the correction as the winner, and who made it, when, why and against what."""
    build(harvest, tmp_path / "c.db", curation=curation(tmp_path, f"{TRIAL},design,case_report,{BY}"))
    text = "\n".join(explain(tmp_path / "c.db", TRIAL))
    assert "+ case_report  curator  curator: “read the paper”" in text
    assert "  case_report is a curator's word, which stands above every rule" in text
    assert "design case_report  by A. Curator, 2026-01-02: “read the paper” (the rules say rct)" in text


def test_survives_rebuilds_and_leaves_the_same_bytes(harvest: Path, tmp_path: Path) -> None:
    """The same file gives the same bytes on every build, CRLF and BOM are read; its hash stands in `about`."""
    path = curation(tmp_path, f"{TRIAL},design,case_report,{BY}")
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes().replace(b"\n", b"\r\n"))
    build(harvest, tmp_path / "a.db", curation=path)
    build(harvest, tmp_path / "b.db", curation=path)
    build(harvest, tmp_path / "b.db", curation=path)
    build(harvest, tmp_path / "without.db")
    assert article(tmp_path / "b.db", TRIAL, "design") == ("case_report",)
    assert (tmp_path / "a.db").read_bytes() == (tmp_path / "b.db").read_bytes()
    assert digest(tmp_path / "a.db") != digest(tmp_path / "without.db")
    assert rows(tmp_path / "a.db", "SELECT curation_sha256 FROM about") == [(read_curation(path, TOPICS).sha256,)]


def test_a_rebuild_without_the_file_says_what_is_gone(harvest: Path, tmp_path: Path) -> None:
    """Where the catalog being replaced was built with a curation file and the new one is not, the build says so."""
    path = curation(tmp_path, f"{TRIAL},design,case_report,{BY}")
    build(harvest, tmp_path / "c.db", curation=path)
    assert build(harvest, tmp_path / "c.db", curation=path).remarks == ()
    (remark,) = build(harvest, tmp_path / "c.db").remarks
    assert "was built with a curation file, this one without" in remark
    assert "--curation" in remark
