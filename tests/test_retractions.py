"""`catalog build --retractions FILE`: the Retraction Watch list as a second source for status."""

from __future__ import annotations

import csv
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from catalog.build import build
from catalog.digest import digest
from catalog.errors import WrongUse
from catalog.explain import explain
from catalog.retractions import NATURES, read_watch, rule_of, standing_lines
from tests.harvests import harvest_of
from tests.linked import linked_xml
from tests.running import run

HEADER = [
    "Record ID",
    "Title",
    "Subject",
    "Institution",
    "Journal",
    "Publisher",
    "Country",
    "Author",
    "URLS",
    "ArticleType",
    "RetractionDate",
    "RetractionDOI",
    "RetractionPubMedID",
    "OriginalPaperDate",
    "OriginalPaperDOI",
    "OriginalPaperPubMedID",
    "RetractionNature",
    "Reason",
    "Paywalled",
    "Notes",
]
PAPER, OTHER, THIRD, REVIEW = range(970050001, 970050005)
ELSEWHERE = 970059999


def line(nature: str = "Retraction", pmid: object = 0, doi: str = "unavailable", **rest: str) -> dict[str, str]:
    cells = dict.fromkeys(HEADER, "") | {
        "Record ID": "97001",
        "Title": "An invented paper, with a comma",
        "RetractionDate": "8/31/2024 0:00",
        "RetractionDOI": "10.5555/notice",
        "RetractionPubMedID": "0",
        "OriginalPaperDOI": doi,
        "OriginalPaperPubMedID": str(pmid),
        "RetractionNature": nature,
        "Reason": "+Concerns/Issues About Data;+Investigation by Journal/Publisher;",
    }
    return cells | rest


def watch_file(tmp_path: Path, *lines: dict[str, str]) -> Path:
    path = tmp_path / "retraction_watch.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, HEADER)
        writer.writeheader()
        writer.writerows(lines)
    return path


@pytest.fixture
def harvest(tmp_path: Path) -> Path:
    raws = [
        linked_xml("Ozone for sciatica: a randomised controlled trial", "A.", pmid=PAPER, doi="10.5555/PAPER"),
        linked_xml("Plasma for discs: a case report", "A.", pmid=OTHER, doi="10.5555/other"),
        linked_xml("Cells: a case report", "A.", pmid=THIRD, links=[("ErratumIn", ELSEWHERE)]),
        linked_xml("Ozone: a systematic review", "A.", pmid=REVIEW, references=[ELSEWHERE]),
    ]
    return harvest_of(tmp_path / "pubmed.db", raws)


def rows(path: Path, sql: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(path)) as conn:
        return conn.execute(sql).fetchall()


def statuses(path: Path) -> list[object]:
    return [status for (status,) in rows(path, "SELECT status FROM articles ORDER BY pmid")]


def test_sets_status_by_pmid_or_doi_and_says_so(harvest: Path, tmp_path: Path) -> None:
    """A listed paper is known by PMID, else by DOI in any case; the tag quotes nature, date and reason."""
    listed = watch_file(
        tmp_path,
        line(pmid=PAPER),
        line("Expression of concern", doi="https://doi.org/10.5555/OTHER", Reason=""),
        line(pmid=THIRD),
        line(pmid=970058888),
        line(),
    )
    built = build(harvest, tmp_path / "c.db", retractions=listed)
    assert built.troubles == ()
    assert built.remarks == ("Retraction Watch: lines read: 5; about articles here: 3; without PMID and DOI: 1.",)
    assert statuses(tmp_path / "c.db") == ["retracted", "concern", "retracted", "current"]
    found = rows(tmp_path / "c.db", "SELECT pmid, value, rule, source, quote, chosen FROM tags WHERE field = 'status'")
    quote = "Retraction, 2024-08-31: Concerns/Issues About Data; Investigation by Journal/Publisher"
    assert (PAPER, "retracted", "status.watch_retraction", "retraction_watch", quote, 1) in found
    assert (
        OTHER,
        "concern",
        "status.watch_concern",
        "retraction_watch",
        "Expression of concern, 2024-08-31",
        1,
    ) in found
    assert (THIRD, "corrected", "status.corrected_link", "notice", "ErratumIn: Synth J. 2020;1:999", 0) in found
    kept = rows(
        tmp_path / "c.db", "SELECT pmid, matched_by, nature, date, notice_pmid, notice_doi FROM retraction_watch"
    )
    assert kept[:2] == [
        (PAPER, "pmid", "Retraction", "2024-08-31", None, "10.5555/notice"),
        (OTHER, "doi", "Expression of concern", "2024-08-31", None, "10.5555/notice"),
    ]
    text = "\n".join(explain(tmp_path / "c.db", PAPER))
    assert f"+ retracted  status.watch_retraction  Retraction Watch: “{quote}”" in text


def test_reinstatement_ends_the_list_s_own_retraction_only(harvest: Path, tmp_path: Path) -> None:
    """A later reinstatement leaves the paper current; PubMed's own word, and a newer retraction, still stand."""
    back = {"RetractionDate": "1/2/2025 0:00"}
    listed = watch_file(
        tmp_path,
        line(pmid=PAPER),
        line("Reinstatement", PAPER, **back),
        line("Reinstatement", OTHER, **back),
        line(pmid=OTHER, RetractionDate="3/3/2026 0:00"),
        line("Reinstatement", THIRD, **back),
    )
    build(harvest, tmp_path / "c.db", retractions=listed)
    assert statuses(tmp_path / "c.db") == ["current", "retracted", "corrected", "current"]


def test_reviews_lean_on_papers_the_list_knows(harvest: Path, tmp_path: Path) -> None:
    """A cited paper that is not in the catalog is known as retracted by the list; a reinstated one is not."""
    build(harvest, tmp_path / "c.db", retractions=watch_file(tmp_path, line(pmid=ELSEWHERE)))
    leans = rows(tmp_path / "c.db", "SELECT pmid, cited_pmid, source FROM leans_on_retracted")
    assert leans == [(REVIEW, ELSEWHERE, "retraction_watch")]
    back = line("Reinstatement", ELSEWHERE, RetractionDate="1/2/2025 0:00")
    build(harvest, tmp_path / "c.db", retractions=watch_file(tmp_path, line(pmid=ELSEWHERE), back))
    assert rows(tmp_path / "c.db", "SELECT * FROM leans_on_retracted") == []


def test_wrong_lines_are_named_and_left_out(harvest: Path, tmp_path: Path) -> None:
    """Each wrong line is named with its number, the rest count, and the command ends with status 1."""
    path = watch_file(
        tmp_path,
        line("Withdrawn?", PAPER),
        line(pmid="12a"),
        line(pmid=PAPER, doi="10.5555/other"),
        line(pmid=THIRD, RetractionDate="31.8.2024"),
        line(pmid=OTHER),
    )
    with path.open("a", encoding="utf-8") as file:
        file.write("97009,too few cells\n")
    ended = run("catalog", ["build", "--from", str(harvest), "--retractions", str(path)], tmp_path)
    assert ended.returncode == 1
    for said in (
        "line 2: RetractionNature is 'Withdrawn?'; it may be Retraction, Expression of concern, Correction, Reinst",
        "line 3: OriginalPaperPubMedID is '12a', not a PMID; the line is left out",
        f"line 4: PMID {PAPER} and DOI 10.5555/other are two different papers here (the DOI is PMID {OTHER}'s)",
        "line 5: RetractionDate is '31.8.2024', not month/day/year; the line counts without it",
        "line 7: has 2 cells where the first line names 20 columns; the line is left out",
    ):
        assert said in ended.stderr
    assert statuses(tmp_path / "catalog.db") == ["current", "retracted", "retracted", "current"]


@pytest.mark.parametrize(
    ("content", "says"),
    [(b"", "no column `Record ID`"), (b"a,b\n1,2\n", "no column `Record ID`"), (None, "cannot be read")],
)
def test_a_file_that_is_no_list_is_one_clear_line(
    harvest: Path, tmp_path: Path, content: bytes | None, says: str
) -> None:
    """A missing file or one without the columns is wrong use, and no catalog is written."""
    path = tmp_path / "list.csv"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(WrongUse, match=says):
        build(harvest, tmp_path / "c.db", retractions=path)
    assert not (tmp_path / "c.db").exists()


def test_bytes_that_are_no_text_spoil_only_what_uses_them(tmp_path: Path) -> None:
    """A title in another encoding does not lose a retraction; a reason that is no text does, by name."""
    path = watch_file(tmp_path, line(pmid=PAPER, Title="TITLE"), line(pmid=OTHER, Reason="REASON"))
    path.write_bytes(path.read_bytes().replace(b"TITLE", b"caf\xe9").replace(b"REASON", b"caf\xe9"))
    watch = read_watch(path)
    assert [found.pmid for found in watch.lines] == [PAPER]
    assert watch.troubles == (f"{path}: line 3: `Reason` is not UTF-8 text; the line is left out",)


def test_the_catalog_follows_from_the_file_too(harvest: Path, tmp_path: Path) -> None:
    """The same file gives the same bytes; another file another digest; its hash stands in `about`."""
    path = watch_file(tmp_path, line(pmid=PAPER))
    for name in ("a.db", "b.db"):
        build(harvest, tmp_path / name, retractions=path)
    build(harvest, tmp_path / "without.db")
    assert (tmp_path / "a.db").read_bytes() == (tmp_path / "b.db").read_bytes()
    assert digest(tmp_path / "a.db") != digest(tmp_path / "without.db")
    assert rows(tmp_path / "a.db", "SELECT retractions_sha256 FROM about") == [(read_watch(path).sha256,)]
    assert rows(tmp_path / "without.db", "SELECT retractions_sha256 FROM about") == [(None,)]


def test_every_nature_has_a_rule(tmp_path: Path) -> None:
    """Each nature of the list gives a status of the codebook, and an undated reinstatement ends only undated lines."""
    assert [rule_of(nature)[1] for nature in NATURES] == ["retracted", "concern", "corrected", "current"]
    undated = {"RetractionDate": ""}
    watch = read_watch(watch_file(tmp_path, line(pmid=1, **undated), line("Reinstatement", 1, **undated), line(pmid=1)))
    assert [found.nature for found in standing_lines(watch.lines)] == ["Reinstatement", "Retraction"]
