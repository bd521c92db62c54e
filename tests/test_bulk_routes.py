"""The bulk route against the search route, and NLM's own files against what a careful reader found in them."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

import pytest

from harvest.bulk import harvest_bulk
from harvest.eutils import Client, Patience
from harvest.pubmed import harvest
from harvest.record import parse_article, parse_deletions
from harvest.store import Store
from harvest.stream import elements, open_xml
from harvest.topics import Topics, load_topics, read_topics
from tests.bulk import EVERYTHING, article, dump, held, run
from tests.ncbi import PubMed, synthetic_records
from tests.ncbi.bulk import area


@pytest.fixture(scope="session")
def topics() -> Topics:
    return load_topics()


@pytest.fixture
def db(tmp_path: Path) -> Path:
    return tmp_path / "pubmed.db"


# Both routes


def by_search(raws: Iterable[bytes], db: Path, topics: Topics) -> dict[str, set[int]]:
    """What each topic's search of a PubMed that holds these records finds."""
    with (
        PubMed(raws, rate=100_000) as pubmed,
        Client(pubmed.base_url, patience=Patience(delays=(0.01,)), per_second=10_000) as client,
    ):
        harvest(db, topics=topics, client=client)
    with Store.read(db) as store:
        found: dict[str, set[int]] = {topic.id: set() for topic in topics.topics}
        for hit in store.hits():
            found[hit.topic].add(hit.pmid)
        return found


def by_bulk(raws: list[bytes], db: Path, topics: Topics, folder: Path) -> dict[str, set[int]]:
    """What each topic matches locally among the records that the bulk route keeps of the same ones."""
    run(db, folder, topics, area([raws[n : n + 100] for n in range(0, len(raws), 100)]))
    found: dict[str, set[int]] = {topic.id: set() for topic in topics.topics}
    with Store.read(db) as store:
        for stored in store.records():
            for topic in topics.match(parse_article(stored.raw)).topics:
                found[topic].add(stored.pmid)
    return found


@pytest.fixture
def _cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("NCBI_API_KEY", "NCBI_EMAIL", "NCBI_BASE_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@pytest.mark.usefixtures("_cache")
def test_both_routes_find_the_same(tmp_path: Path, topics: Topics) -> None:
    """E-utilities search and bulk scan of the same 600 invented records give the same PMIDs, topic by topic."""
    raws = list(synthetic_records(600))
    search, bulk = by_search(raws, tmp_path / "s.db", topics), by_bulk(raws, tmp_path / "b.db", topics, tmp_path / "in")
    assert search == bulk
    assert sum(map(len, bulk.values())) > 250
    assert set(held(tmp_path / "s.db")) == set(held(tmp_path / "b.db"))


UNLISTED = """
interventions: [{id: ozone, name: Ozone, words: [ozone]}]
conditions: [{id: back, name: Back, mesh: [Spondylosis]}]
topics: [{id: ozone, name: Ozone, interventions: [ozone], conditions: [back]}]
"""


@pytest.mark.usefixtures("_cache")
@pytest.mark.parametrize(
    ("rule", "title", "mesh", "search", "bulk"),
    [
        ("the heading itself: both", "Ozone (invented)", ("Spondylosis",), True, True),
        (
            "a narrower heading that `narrower` does not list: PubMed explodes",
            "Ozone (invented)",
            ("Spondylolysis",),
            True,
            False,
        ),
        ("two levels down: likewise", "Ozone (invented)", ("Spondylolisthesis",), True, False),
        ("a broader heading: neither", "Ozone (invented)", ("Spinal Diseases",), False, False),
        ("no word: neither", "Water (invented)", ("Spondylosis",), False, False),
    ],
)
def test_where_the_routes_differ(
    tmp_path: Path, rule: str, title: str, mesh: tuple[str, ...], search: bool, bulk: bool
) -> None:
    """The one known rule: PubMed searches every narrower heading, the local match those that `narrower` lists."""
    own = read_topics(UNLISTED, "unlisted.yml")
    raws = [article(1, title, mesh=mesh)]
    found = by_search(raws, tmp_path / "s.db", own)["ozone"], by_bulk(raws, tmp_path / "b.db", own, tmp_path / "in")
    assert (bool(found[0]), bool(found[1]["ozone"])) == (search, bulk), rule


@pytest.mark.shared
@pytest.mark.usefixtures("_cache")
def test_both_routes_on_real_records(tmp_path: Path, topics: Topics, shared_data: Path) -> None:
    """On the real records of our field both routes agree, but for narrower headings and what PubMed cannot search."""
    paths = [shared_data / "ontopic" / "ontopic.xml", *(shared_data / "pubmed").glob("efetch-*.xml.gz")]
    raws: dict[int, bytes] = {}
    for path in paths:
        with open_xml(path) as stream:
            for element in elements(stream):
                if element.kind == "PubmedArticle":
                    raws[parse_article(element.raw).pmid] = element.raw
    search = by_search(raws.values(), tmp_path / "s.db", topics)
    bulk = by_bulk(list(raws.values()), tmp_path / "b.db", topics, tmp_path / "in")
    assert sum(map(len, bulk.values())) > 50
    for topic in topics.topics:
        assert search[topic.id] == bulk[topic.id], topic.id


# NLM's own files


@pytest.mark.shared
@pytest.mark.parametrize("folder", ["updates", "chain"])
def test_real_files_in_order(tmp_path: Path, db: Path, shared_data: Path, folder: str) -> None:
    """NLM's own files: the last file's record of each PMID is current, deletions hold, and again changes nothing."""
    everything = read_topics(EVERYTHING, "all.yml")
    place = shared_data / "pubmed" / folder
    current: dict[int, tuple[int, bytes]] = {}
    deleted: set[int] = set()
    for path in sorted(place.glob("*.xml.gz")):
        with open_xml(path) as stream:
            for element in elements(stream):
                if element.kind == "DeleteCitation":
                    deleted |= set(parse_deletions(element.raw))
                    continue
                record = parse_article(element.raw)
                if everything.match(record).topics or record.pmid in current:
                    deleted.discard(record.pmid)
                    if record.version >= current.get(record.pmid, (0, b""))[0]:
                        current[record.pmid] = (record.version, element.raw)
    for workers in (1, 2):
        store_path = tmp_path / f"{workers}.db"
        bulked = harvest_bulk(store_path, str(place), topics=everything, workers=workers)
        assert bulked.problems == ()
        with Store.read(store_path) as store:
            assert {r.pmid: r.raw for r in store.records()} == {
                pmid: raw for pmid, (_, raw) in current.items() if pmid not in deleted
            }
            assert store.deleted() == deleted
        before = dump(store_path)
        again = harvest_bulk(store_path, str(place), topics=everything, workers=workers)
        assert (again.applied, dump(store_path)) == (0, before)
    truth = place / "truth.jsonl"
    if truth.exists():
        lines = [json.loads(line) for line in truth.read_text("utf-8").splitlines()]
        assert deleted == {int(pmid) for line in lines for pmid in line.get("_deleted_pmids", ())}
        versions = {int(line["pmid"]): line["version"] for line in lines if "pmid" in line}
        assert len(current) > 0.9 * len(versions)
        assert all(versions[pmid] == version for pmid, (version, _) in current.items())
