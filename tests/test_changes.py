"""What changed between harvests: told by the versions that the store kept, read by today's rules."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from catalog.build import build
from catalog.digest import digest
from harvest.history import HistoryStore
from harvest.pubmed import incoming
from harvest.store import Store
from tests.changed import (
    ARRIVED,
    DAYS,
    FALLEN,
    FALLEN_ON_ARRIVAL,
    GONE,
    LEFT,
    MENDED,
    NOTED,
    RAISED,
    RETURNED,
    STEADY,
    three_harvests,
)
from tests.linked import linked_xml


def rows(path: Path, sql: str, *values: object) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(path)) as conn:
        return conn.execute(sql, values).fetchall()


@pytest.fixture(scope="module")
def catalog(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("changes")
    build(three_harvests(folder / "pubmed.db"), folder / "catalog.db")
    return folder / "catalog.db"


def of(catalog: Path, pmid: int) -> list[tuple[Any, ...]]:
    return rows(catalog, "SELECT at, kind, field, before, after FROM changes WHERE pmid = ? ORDER BY rowid", pmid)


def test_a_paper_whose_abstract_came_is_levelled_anew(catalog: Path) -> None:
    """The version without an abstract had no level; the harvest that brought the abstract brought the level."""
    told = {field: (at, before, after) for at, _, field, before, after in of(catalog, RAISED)}
    assert told["level"] == (DAYS[1], "none", "2")
    assert told["design"] == (DAYS[1], "unclear", "rct")
    assert told["abstract"] == (DAYS[1], None, "present")
    assert told["participants"] == (DAYS[1], None, "40")
    assert rows(catalog, "SELECT level FROM articles WHERE pmid = ?", RAISED) == [("2",)]


def test_a_retraction_is_told_by_the_record_itself(catalog: Path) -> None:
    """The newer version says that it is retracted; design and level stay."""
    assert of(catalog, FALLEN) == [(DAYS[2], "status", "status", "current", "retracted")]


def test_a_concern_is_told_by_a_notice_that_came_later(catalog: Path) -> None:
    """The paper's own record says nothing; the notice's day is the change's."""
    assert of(catalog, NOTED) == [(DAYS[2], "status", "status", "current", "concern")]


@pytest.mark.parametrize("pmid", [STEADY, MENDED, ARRIVED, FALLEN_ON_ARRIVAL, RETURNED])
def test_what_concerns_no_tag_is_no_change(catalog: Path, pmid: int) -> None:
    """Nothing changed, other words of no weight, arrived, arrived as it is now, lost and found: no row."""
    assert of(catalog, pmid) == []


def test_papers_no_search_finds_and_papers_deleted(catalog: Path) -> None:
    """Both are told with their day; what NLM deleted is named, since it is in the catalog no longer."""
    assert of(catalog, LEFT) == [(DAYS[1], "gone", None, "prp", None)]
    assert rows(catalog, "SELECT at, kind, title FROM changes WHERE pmid = ?", GONE) == [
        (DAYS[2], "deleted", "Synthetic ozone paper that NLM deletes")
    ]
    assert rows(catalog, "SELECT count(*) FROM articles WHERE pmid = ?", GONE) == [(0,)]


def test_the_same_harvest_gives_the_same_bytes(catalog: Path, tmp_path: Path) -> None:
    """Changes come from the harvest alone: no clock, no catalog of yesterday."""
    build(catalog.with_name("pubmed.db"), tmp_path / "again.db")
    assert (tmp_path / "again.db").read_bytes() == catalog.read_bytes()


def test_history_is_no_part_of_what_a_catalog_says(catalog: Path, tmp_path: Path) -> None:
    """One harvest of today's records has no history, and the same digest."""
    with HistoryStore.read(catalog.with_name("pubmed.db")) as store:
        now = [record.raw for record in store.records()]
    with Store.open(tmp_path / "pubmed.db") as fresh:
        fresh.begin_run("harvest pubmed", harvester="0")
        fresh.keep([incoming(raw) for raw in now], source="pubmed")
        fresh.finish_run("complete")
    build(tmp_path / "pubmed.db", tmp_path / "fresh.db")
    assert rows(tmp_path / "fresh.db", "SELECT count(*) FROM changes") == [(0,)]
    assert digest(tmp_path / "fresh.db") == digest(catalog)


def test_a_correction_by_hand_is_no_change(tmp_path: Path) -> None:
    """A curator's word holds for every version, so it makes no difference between them."""
    (tmp_path / "curation.csv").write_text(
        f"pmid,field,value,who,when,why\n{RAISED},design,single_arm,A. Librarian,2026-01-02,Read it\n", "utf-8"
    )
    build(three_harvests(tmp_path / "pubmed.db"), tmp_path / "catalog.db", curation=tmp_path / "curation.csv")
    assert not [row for row in of(tmp_path / "catalog.db", RAISED) if row[2] in ("design", "level")]


def test_several_versions_are_told_step_by_step(tmp_path: Path) -> None:
    """Each version is set beside the next; one that never was current, because a newer came first, tells nothing."""
    with_type = [("Journal Article",), ("Journal Article", "Randomized Controlled Trial"), ("Case Reports",)]
    for day, types in zip(DAYS, with_type, strict=True):
        with Store.open(tmp_path / "pubmed.db", now=lambda day=day: day) as store:  # type: ignore[misc]  # bound now
            store.begin_run("harvest pubmed", harvester="0")
            raw = linked_xml("Synthetic ozone for sciatica", pmid=STEADY, types=types)
            store.keep([incoming(raw)], source="pubmed")
            older = raw.replace(b"<Year>2021</Year>", b"<Year>2019</Year>")
            store.keep([incoming(older)], source="file:old.xml", order="revision")
            store.finish_run("complete")
    build(tmp_path / "pubmed.db", tmp_path / "catalog.db")
    told = [row for row in of(tmp_path / "catalog.db", STEADY) if row[2] == "design"]
    assert told == [(DAYS[1], "tag", "design", "unclear", "rct"), (DAYS[2], "tag", "design", "rct", "case_report")]
