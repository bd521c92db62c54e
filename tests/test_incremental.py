"""Harvests after the first: only what changed is fetched, every change arrives, and nothing that was seen is lost."""

from __future__ import annotations

import sqlite3
import zlib
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from catalog.build import build
from catalog.digest import digest
from harvest.files import harvest_files
from harvest.status import status_of
from harvest.store import Store
from tests.loopback import TOPICS, article, fetches, on_topic, run, served, stored
from tests.ncbi import FIRST_PMID, PubMed
from tests.ncbi import faults as f

TODAY = datetime.now(UTC).date()


@pytest.fixture(autouse=True)
def _cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@pytest.fixture
def pubmed() -> Iterator[PubMed]:
    with PubMed(on_topic(20), rate=100_000) as server:
        yield server


def digest_of(db: Path) -> str:
    target = db.with_suffix(".catalog")
    build(db, target, topics=TOPICS, allow_fewer=True)
    return digest(target)


def in_catalog(db: Path) -> set[int]:
    with closing(sqlite3.connect(db.with_suffix(".catalog"))) as conn:
        return {pmid for (pmid,) in conn.execute("SELECT pmid FROM articles")}


def sql(db: Path, text: str, *values: Any) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(db)) as conn, conn:
        return conn.execute(text, values).fetchall()


def test_an_unchanged_pubmed_leaves_the_digest(pubmed: PubMed, tmp_path: Path) -> None:
    """A run on an unchanged PubMed makes one request a topic and one more, leaves the digest, moves the date on."""
    db = tmp_path / "p.db"
    run(pubmed, db)
    before, searched = digest_of(db), [search.at for search in status_of(db).searches]
    sql(db, "UPDATE search_log SET at = '2020-01-01T00:00:00Z'")
    run(pubmed, db)
    assert len(pubmed.requests) == len(TOPICS.topics) + 1
    assert digest_of(db) == before
    assert [search.at for search in status_of(db).searches] >= searched
    assert all(search.at > "2020-01-01T00:00:00Z" for search in status_of(db).searches)


CHANGES: dict[str, dict[str, Any]] = {
    "retracted": {"publication_types": ("Journal Article", "Retracted Publication")},
    "corrected": {"links": (("ErratumIn", FIRST_PMID + 900),)},
    "mesh_later": {"mesh": ("*Low Back Pain", "Ozone/*therapeutic use")},
    "other_type": {"publication_types": ("Randomized Controlled Trial",)},
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_change_replaces_the_stored_version(pubmed: PubMed, tmp_path: Path, change: dict[str, Any]) -> None:
    """Retractions, corrections, MeSH that comes later and other types arrive; the old version stays with its times."""
    db = tmp_path / "p.db"
    old = pubmed.corpus.get(FIRST_PMID + 1)
    run(pubmed, db)
    before = digest_of(db)
    pubmed.corpus.put(article(1, "Ozone for back pain, record 1 (invented)", revised=TODAY, **change))
    harvested = run(pubmed, db)
    assert fetches(pubmed) == [[FIRST_PMID + 1]]
    assert (harvested.kept.changed, harvested.kept.new) == (1, 0)
    assert stored(db) == served(pubmed)
    assert digest_of(db) != before
    [(pmid, raw, seen, replaced)] = sql(db, "SELECT pmid, xml, first_seen, replaced_at FROM record_versions")
    assert (pmid, zlib.decompress(raw)) == (FIRST_PMID + 1, old)
    assert seen <= replaced


def test_what_left_the_search_is_marked_and_refreshed(pubmed: PubMed, tmp_path: Path) -> None:
    """A record that no search finds stays in the catalog, is listed as no longer found, and a retraction reaches it."""
    db = tmp_path / "p.db"
    run(pubmed, db)
    pubmed.corpus.put(article(3, "Renamed (invented)"))
    run(pubmed, db)
    assert status_of(db).no_longer_found == 1
    pubmed.corpus.put(article(3, "Renamed (invented)", publication_types=("Retracted Publication",)))
    assert run(pubmed, db).kept.changed == 1
    assert b"Retracted Publication" in stored(db)[FIRST_PMID + 3]
    digest_of(db)
    assert FIRST_PMID + 3 in in_catalog(db)
    pubmed.corpus.put(article(3))
    run(pubmed, db)
    assert status_of(db).no_longer_found == 0


def test_a_deleted_pmid_leaves_the_catalog(pubmed: PubMed, tmp_path: Path) -> None:
    """A PMID that NLM deleted is marked, leaves the catalog, and stays in the store with its bytes."""
    db = tmp_path / "p.db"
    run(pubmed, db)
    digest_of(db)
    assert FIRST_PMID + 2 in in_catalog(db)
    pubmed.corpus.delete(FIRST_PMID + 2)
    assert run(pubmed, db).exit_status == 1
    assert run(pubmed, db).deleted == 1
    digest_of(db)
    assert in_catalog(db) == set(served(pubmed))
    with Store.read(db) as store:
        assert FIRST_PMID + 2 in store.pmids()
        assert [pmid for pmid, _, _ in store.deletions()] == [FIRST_PMID + 2]


def test_full_rereads_what_files_brought(pubmed: PubMed, tmp_path: Path) -> None:
    """--full asks PubMed also for records that only files brought; one that PubMed does not have stays as it came."""
    db, file = tmp_path / "p.db", tmp_path / "a.xml"
    elsewhere = article(500, "Ozone in water, old copy (invented)")
    unknown = article(600, "Ozone for back pain, a preprint (invented)")
    file.write_bytes(b"<PubmedArticleSet>" + elsewhere + unknown + b"</PubmedArticleSet>")
    harvest_files(db, [file], topics=TOPICS, keep_all=True)
    newer = article(500, "Ozone in water (invented)", publication_types=("Retracted Publication",))
    pubmed.corpus.put(newer)
    run(pubmed, db)
    assert stored(db)[FIRST_PMID + 500] == elsewhere
    harvested = run(pubmed, db, full=True)
    assert (harvested.exit_status, harvested.fetched) == (0, 22)
    assert stored(db)[FIRST_PMID + 500] == newer
    assert stored(db)[FIRST_PMID + 600] == unknown
    assert status_of(db).deleted == 0


def test_a_clock_that_ran_ahead_hides_no_revision(pubmed: PubMed, tmp_path: Path) -> None:
    """Where our clock was years ahead in the last run, PubMed's own date says from when on changes are asked for."""
    db = tmp_path / "p.db"
    run(pubmed, db)
    sql(db, "UPDATE runs SET started='2090-01-01T00:00:00Z', pubmed_date='2021-06-01T00:00:00Z'")
    pubmed.corpus.put(article(1, "Ozone for back pain, corrected (invented)", revised=date(2021, 6, 2)))
    assert run(pubmed, db).kept.changed == 1
    assert stored(db) == served(pubmed)


def test_without_any_clock_to_trust_all_is_read_again(pubmed: PubMed, tmp_path: Path) -> None:
    """A last run that lies in the future, by our clock alone, tells nothing: every record found is fetched again."""
    db = tmp_path / "p.db"
    run(pubmed, db)
    sql(db, "UPDATE runs SET started='2090-01-01T00:00:00Z', pubmed_date=NULL")
    pubmed.corpus.put(article(1, "Ozone for back pain, corrected (invented)", revised=date(2021, 6, 2)))
    harvested = run(pubmed, db)
    assert (harvested.fetched, harvested.kept.changed) == (20, 1)
    assert stored(db) == served(pubmed)


def test_a_clock_that_was_behind_asks_for_more(pubmed: PubMed, tmp_path: Path) -> None:
    """Where our clock was behind PubMed's, changes are asked for from the earlier of the two days."""
    db = tmp_path / "p.db"
    run(pubmed, db)
    sql(db, "UPDATE runs SET started='2019-03-10T00:00:00Z'")
    run(pubmed, db)
    assert '"2019/03/07":"3000"[mdat]' in pubmed.requests[2].params["term"]


def test_pubmeds_own_date_is_on_record(pubmed: PubMed, tmp_path: Path) -> None:
    """Each run keeps the date that PubMed's first answer bears."""
    run(pubmed, tmp_path / "p.db")
    [(said,)] = sql(tmp_path / "p.db", "SELECT pubmed_date FROM runs")
    assert abs(datetime.fromisoformat(said) - datetime.now(UTC)) < timedelta(minutes=5)


def test_a_search_for_revisions_that_is_too_much_is_asked_by_topic(pubmed: PubMed, tmp_path: Path) -> None:
    """Where PubMed does not answer the one search for all topics, each topic is asked for alone."""
    db = tmp_path / "p.db"
    run(pubmed, db)
    pubmed.faults.append(
        lambda _n, _p, params: f.ServerError() if params.get("term", "").startswith("(((ozone") else None
    )
    pubmed.corpus.put(article(1, "Ozone for back pain, corrected (invented)", revised=TODAY))
    assert run(pubmed, db).exit_status == 0
    assert stored(db) == served(pubmed)
    with Store.read(db) as store:
        assert [s.topic for s in store.searches() if s.purpose == "revised"] == ["ozone", "platelets"]
