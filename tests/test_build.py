"""`catalog build`: a harvest becomes a catalog, the same bytes each time, swapped in one step."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from catalog.build import build, write_catalog
from catalog.digest import digest
from catalog.errors import CatalogError, Refused, WrongUse
from catalog.sample import sample_records, write_sample
from catalog.tagged import processes_for
from catalog.tagging.tagger import tag
from catalog.tagging.tags import Tags
from harvest.files import harvest_files
from harvest.record import Record
from harvest.store import Store
from harvest.topics import load_topics
from tests.harvests import harvest_of
from tests.ncbi import synthetic_records
from tests.records import article_xml


def rows(path: Path, sql: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(path)) as conn:
        return conn.execute(sql).fetchall()


@pytest.fixture
def harvest(tmp_path: Path) -> Path:
    return harvest_of(tmp_path / "pubmed.db", [stored.raw for stored in sample_records()])


def test_every_record_of_the_harvest_is_in_the_catalog(harvest: Path, tmp_path: Path) -> None:
    """Build takes every stored record, on topic or not, with its tags and its full text searchable."""
    target = tmp_path / "catalog.db"
    built = build(harvest, target)
    assert built.set_aside == ()
    assert rows(target, "SELECT count(*) FROM articles") == [(built.articles,)]
    assert built.articles == sum(1 for _ in sample_records())
    assert rows(target, "SELECT count(*) FROM articles_fts WHERE articles_fts MATCH 'ozone'")[0][0]
    assert rows(
        target, "SELECT DISTINCT pmid FROM articles EXCEPT SELECT pmid FROM tags WHERE field = 'level'"
    ) == rows(target, "SELECT pmid FROM articles WHERE design = 'unclear' ORDER BY pmid")


def test_two_builds_are_the_same_bytes_whatever_the_surroundings(harvest: Path, tmp_path: Path) -> None:
    """Hash seed, time zone, locale, folder and number of processes leave no trace in the catalog."""
    made = []
    for number, (seed, zone, locale) in enumerate([("1", "UTC", "C"), ("77", "Asia/Kolkata", "C.UTF-8")]):
        target = tmp_path / str(number) / "catalog.db"
        target.parent.mkdir()
        env = os.environ | {"PYTHONHASHSEED": seed, "TZ": zone, "LC_ALL": locale, "LANG": locale}
        command = [sys.executable, "-m", "catalog.cli", "build", "--from", str(harvest), "--to", str(target)]
        command += ["--workers", str(number + 1)]
        subprocess.run(command, check=True, env=env, capture_output=True)
        made.append(target.read_bytes())
    assert made[0] == made[1]


def test_several_processes_make_the_bytes_that_one_makes(tmp_path: Path) -> None:
    """However many processes tag, records come back in order: the same bytes, the same records set aside."""
    stored = [*sample_records()]
    stored.insert(3, replace(stored[3], pmid=1, raw=b"<PubmedArticle><MedlineCitation/></PubmedArticle>"))
    made = []
    for processes in (1, 2):
        target = tmp_path / f"{processes}.db"
        topics = load_topics()
        built = write_catalog(target, stored, topics, sample=True, processes=processes)
        assert [pmid for pmid, _ in built.set_aside] == [1]
        made.append(target.read_bytes())
    assert made[0] == made[1]


def test_few_records_are_tagged_in_one_process() -> None:
    """A process takes seconds to start: few records, or an unknown number, start none."""
    assert processes_for(None) == processes_for(100) == 1
    assert processes_for(1_000_000) >= 1


def test_missing_values_are_null(tmp_path: Path) -> None:
    """What a record does not say is NULL: never an empty text, never zero."""
    harvest = harvest_of(tmp_path / "pubmed.db", [article_xml()])
    build(harvest, tmp_path / "catalog.db")
    with closing(sqlite3.connect(tmp_path / "catalog.db")) as conn:
        conn.row_factory = sqlite3.Row
        row = conn.execute("SELECT * FROM articles").fetchone()
        assert row["title"] is None
        assert row["abstract"] is None
        assert row["level"] == "none"
        tables = [name for (name,) in conn.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        for table in tables:
            for record in conn.execute(f'SELECT * FROM "{table}"').fetchall():  # noqa: S608 - our own tables
                if not table.startswith("articles_fts"):
                    assert "" not in tuple(record), table


def test_an_emptier_catalog_is_refused(tmp_path: Path) -> None:
    """A catalog with more than a tenth fewer articles replaces none, unless the user insists."""
    target = tmp_path / "catalog.db"
    build(harvest_of(tmp_path / "many.db", synthetic_records(20, 1)), target)
    fewer = harvest_of(tmp_path / "few.db", synthetic_records(17, 1))
    before = target.read_bytes()
    with pytest.raises(Refused, match="--allow-fewer"):
        build(fewer, target)
    assert target.read_bytes() == before
    build(fewer, target, allow_fewer=True)
    assert rows(target, "SELECT count(*) FROM articles") == [(17,)]
    build(harvest_of(tmp_path / "nine.db", synthetic_records(16, 1)), target)


def test_wrong_paths_are_one_clear_line(harvest: Path, tmp_path: Path) -> None:
    """A folder, a missing folder or a foreign file is named, and nothing is left behind."""
    for target in (tmp_path, tmp_path / "no" / "catalog.db"):
        with pytest.raises(WrongUse, match="give a file name"):
            build(harvest, target)
    with pytest.raises(Exception, match="no such file"):
        build(tmp_path / "missing.db", tmp_path / "catalog.db")
    assert sorted(p.name for p in tmp_path.iterdir() if "catalog" in p.name) == []


def test_a_build_that_fails_leaves_the_old_catalog(
    harvest: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When writing fails midway, the old catalog is untouched and no draft remains."""
    target = tmp_path / "catalog.db"
    build(harvest, target)
    before = target.read_bytes()

    def broken(*_: object) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr("catalog.build._check", broken)
    with pytest.raises(CatalogError, match="the old one stays"):
        build(harvest, target)
    assert target.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir() if p.name.startswith(".catalog")] == []


def test_a_record_that_ends_a_rule_is_left_out_and_named(
    harvest: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A fault of a rule on one record spoils that record alone: it is listed with what went wrong."""
    pmids = sorted(stored.pmid for stored in sample_records())

    def failing(record: Record, *more: Any) -> Tags:
        if record.pmid == pmids[3]:
            raise StopIteration("no groups\nfound")
        return tag(record, *more)

    monkeypatch.setattr("catalog.tagged.tag", failing)
    built = build(harvest, tmp_path / "catalog.db")
    assert [pmid for pmid, _ in built.set_aside] == [pmids[3]]
    assert built.set_aside[0][1].endswith("please report its PMID (StopIteration: no groups)")
    assert rows(tmp_path / "catalog.db", "SELECT pmid FROM articles ORDER BY pmid") == [
        (pmid,) for pmid in pmids if pmid != pmids[3]
    ]


def test_a_record_that_cannot_be_parsed_is_left_out_and_named(tmp_path: Path) -> None:
    """One bad record spoils only itself."""
    harvest = harvest_of(tmp_path / "pubmed.db", synthetic_records(3, 1))
    with closing(sqlite3.connect(harvest)) as conn:
        import hashlib
        import zlib

        raw = b"<PubmedArticle><MedlineCitation><PMID>970000001</PMID>"
        conn.execute(
            "UPDATE records SET xml = ?, sha256 = ? WHERE pmid = (SELECT min(pmid) FROM records)",
            (zlib.compress(raw), hashlib.sha256(raw).hexdigest()),
        )
        conn.commit()
    built = build(harvest, tmp_path / "catalog.db")
    assert built.articles == 2
    assert len(built.set_aside) == 1


def test_digest_ignores_when_and_how_it_was_harvested(tmp_path: Path) -> None:
    """Two harvests of the same records, in another order on another day, give one digest; a change, another."""
    raws = list(synthetic_records(12, 5))
    build(harvest_of(tmp_path / "a.db", raws), tmp_path / "a-catalog.db")
    later = harvest_of(tmp_path / "b.db", reversed(raws))
    with Store.open(later, now=lambda: "2031-01-01T00:00:00Z") as store:
        store.begin_run("harvest files", harvester="0")
        store.finish_run("complete")
    build(later, tmp_path / "b-catalog.db")
    assert digest(tmp_path / "a-catalog.db") == digest(tmp_path / "b-catalog.db")
    build(harvest_of(tmp_path / "c.db", raws[:-1]), tmp_path / "c-catalog.db")
    assert digest(tmp_path / "a-catalog.db") != digest(tmp_path / "c-catalog.db")


def test_sample_says_so_before_every_title_and_its_spans_hold(tmp_path: Path) -> None:
    """Every title of the sample begins with [SAMPLE], and every tag from text still quotes its place."""
    path = tmp_path / "catalog.db"
    count = write_sample(path)
    assert count >= 60
    assert rows(path, "SELECT count(*) FROM articles WHERE title LIKE '[SAMPLE] %'") == [(count,)]
    assert rows(path, "SELECT sample FROM about") == [(1,)]
    wrong = rows(
        path,
        "SELECT t.pmid, t.quote FROM tags t JOIN articles a USING (pmid) WHERE t.source IN ('title', 'abstract')"
        " AND t.quote IS NOT"
        " substr(CASE t.source WHEN 'title' THEN a.title ELSE a.abstract END, t.start + 1, t.end - t.start)",
    )
    assert wrong == []


def test_sample_is_tagged_as_it_was_written(tmp_path: Path) -> None:
    """Design, level and status of every sample record are what it was written to be."""
    import csv
    from importlib import resources

    path = tmp_path / "catalog.db"
    write_sample(path)
    found = {row[0]: row[1:] for row in rows(path, "SELECT pmid, design, level, status FROM articles")}
    with resources.files("catalog.sample").joinpath("labels.tsv").open(encoding="utf-8") as file:
        for label in csv.DictReader(file, delimiter="\t"):
            assert found[int(label["pmid"])] == (label["design"], label["level"], label["status"]), label["pmid"]


@pytest.mark.shared
def test_every_tag_of_real_records_quotes_its_place(shared_data: Path, tmp_path: Path) -> None:
    """Over all real records: tags from text have a listed rule and a span that is the quote, others name a heading."""
    sources = [shared_data / "ontopic" / "ontopic.xml", *sorted((shared_data / "pubmed").glob("*.xml.gz"))]
    harvest_files(tmp_path / "pubmed.db", sources, topics=load_topics(), keep_all=True)
    target = tmp_path / "catalog.db"
    assert build(tmp_path / "pubmed.db", target).articles > 800
    wrong = rows(
        target,
        "SELECT t.* FROM tags t JOIN articles a USING (pmid) WHERE t.source IN ('title', 'abstract', 'model')"
        " AND (t.start IS NULL OR t.quote IS NOT"
        " substr(CASE t.source WHEN 'title' THEN a.title ELSE a.abstract END, t.start + 1, t.end - t.start))",
    )
    assert wrong == []
    assert rows(target, "SELECT * FROM tags WHERE quote = '' OR (start IS NULL) <> (end IS NULL)") == []
    unlisted = "SELECT DISTINCT rule FROM tags WHERE rule NOT IN (SELECT id FROM rules) AND rule NOT LIKE '%.from.%'"
    assert rows(target, unlisted) == []
