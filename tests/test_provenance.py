"""What PRISMA-S asks for is on record for every run and search, and the flow's numbers add up exactly."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest
from click.testing import CliRunner
from sqlite_utils import Database

from harvest.cli import main
from harvest.eutils import Client, package_version
from harvest.files import harvest_files
from harvest.harvester import harvester
from harvest.prisma import Flow, prisma
from harvest.schema import APPLICATION_ID, migrations
from harvest.store import Store
from tests.loopback import QUICK, TOPICS, article, on_topic, run
from tests.ncbi import FIRST_PMID, PubMed
from tests.ncbi import faults as f

P = FIRST_PMID


@pytest.fixture(autouse=True)
def _settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("NCBI_API_KEY", "NCBI_EMAIL", "NCBI_BASE_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@pytest.fixture
def pubmed() -> Iterator[PubMed]:
    """Twenty records: every fifth on both topics."""
    with PubMed(on_topic(20), rate=100_000) as server:
        yield server


def connected(pubmed: PubMed) -> Callable[[], Client]:
    return lambda: Client(pubmed.base_url, patience=QUICK, per_second=10_000)


def command(*args: str) -> Any:
    done = CliRunner().invoke(main, args)
    assert done.exit_code == 0, done.output
    return done.stdout


def check(flow: Flow) -> None:
    """Nothing falls through: identified is exactly what was removed and what is held."""
    removed = flow.duplicates_between_topics + flow.duplicates_between_sources
    removed += sum(entry.records for entry in (*flow.ineligible_by_automation, *flow.other_reasons))
    assert flow.identified_in_all == removed + flow.records
    assert flow.duplicates_between_topics >= 0
    assert flow.duplicates_between_sources >= 0
    assert (flow.screened, flow.included) == (None, None)


def test_status_shows_what_prisma_s_asks_for(pubmed: PubMed, tmp_path: Path) -> None:
    """Database, interface, date, strategy as written, sent and translated, limits, counts, versions: all in --json."""
    db = tmp_path / "p.db"
    run(pubmed, db)
    run(pubmed, db)
    shown = json.loads(command("status", "--db", str(db), "--json"))
    for search in shown["searches"]:
        assert (search["database"], search["interface"]) == ("PubMed", "NCBI E-utilities (ESearch, EFetch)")
        assert search["written"] == search["strategy"] == TOPICS.strategy(search["topic"])
        assert "[Title/Abstract]" in search["translation"]
        assert (search["count"], search["listed"], search["state"]) == (12, 12, "complete")
        assert search["at"].endswith("Z")
    for ran in shown["runs"]:
        assert ran["harvester"] == harvester()
        assert ran["harvester"].startswith(package_version())
        assert (ran["topics_name"], ran["topics_sha256"]) == ("test.yml", TOPICS.sha256)
        assert ran["base_url"] in pubmed.base_url
        assert str(ran["id"]) in shown["pubmed_dates"]
    with Store.read(db) as store:
        [revised] = [search for search in store.searches() if search.purpose == "revised"]
        assert (revised.limits or "").endswith(':"3000"[mdat]')
        assert revised.topic == "ozone + platelets"
        found = {(hit.pmid, hit.topic) for hit in store.hits()}
    assert {(P, "platelets"), (P + 1, "ozone"), (P + 4, "ozone"), (P + 4, "platelets")} <= found
    text = command("status", "--db", str(db))
    assert "Searches of PubMed through NCBI E-utilities (ESearch, EFetch)" in text
    assert "ozone: 12 found (12 listed), complete" in text
    assert f"topics test.yml (sha256 {TOPICS.sha256[:12]})" in text
    assert harvester() in text


def test_the_flow_of_topics_files_and_lists(pubmed: PubMed, tmp_path: Path) -> None:
    """Each source's number, the duplicates, what automation marked and by which rule, what is set aside."""
    db = tmp_path / "p.db"
    broken = article(40).replace(b"</MedlineCitation>", b"&broken;</MedlineCitation>")
    xml = tmp_path / "set.xml"
    parts = [article(0), article(30), article(31, "Ozone in water (invented)"), broken]
    xml.write_bytes(b"<PubmedArticleSet>" + b"".join(parts) + b"</PubmedArticleSet>")
    listed = tmp_path / "list.txt"
    pubmed.corpus.put(article(35, "Ozone in water (invented)"))
    listed.write_text(f"{P}\n{P}\n{P + 35}\n{P + 99}\nnot one\n")
    pubmed.faults.append(
        lambda _n, _p, params: f.ServerError() if str(P + 7) in params.get("id", "").split(",") else None
    )
    run(pubmed, db)
    harvest_files(db, [xml, listed], topics=TOPICS, connect=connected(pubmed))
    flow = prisma(db)
    check(flow)
    assert {(found.source, found.records) for found in flow.identified} == {
        ("PubMed, topic ozone", 12),
        ("PubMed, topic platelets", 12),
        (f"file:{xml} (PubMed XML)", 4),
        (f"file:{listed} (PMID list)", 5),
    }
    assert (flow.duplicates_between_topics, flow.duplicates_between_sources) == (4, 3)
    marked = {entry.reason.partition(": ")[0]: entry.records for entry in flow.ineligible_by_automation}
    assert marked == {f"file:{xml}": 1, f"file:{listed}": 1}
    assert all(
        "no intervention of a topic together with a condition" in e.reason for e in flow.ineligible_by_automation
    )
    assert all(TOPICS.sha256 in entry.reason for entry in flow.ineligible_by_automation)
    other = {entry.reason.partition(":")[0]: entry.records for entry in flow.other_reasons}
    assert other == {
        "a file's entry that cannot be read": 2,
        "a PMID in a file that PubMed does not have": 1,
        "set aside": 1,
    }
    assert flow.records == 20
    text = command("prisma", "--db", str(db))
    assert "Records identified: 33" in text
    assert "Records in the store, to be screened: 20" in text
    assert "for people to fill in" in text
    document = json.loads(command("prisma", "--db", str(db), "--json"))
    assert (document["identified_in_all"], document["screened"], document["included"]) == (33, None, None)
    assert {search["topic"] for search in document["searches"]} == {"ozone", "platelets"}


@pytest.mark.parametrize("seed", range(6))
def test_the_flow_adds_up_whatever_happened(tmp_path: Path, seed: int) -> None:
    """After any mix of harvests, files, lists, faults, deletions and changed files, the numbers still add up."""
    random = Random(seed)  # noqa: S311 - a test's own dice
    db, files = tmp_path / "p.db", [tmp_path / f"{name}" for name in ("a.xml", "b.xml", "c.txt")]
    with PubMed(on_topic(20), rate=100_000) as pubmed:
        for _ in range(6):
            numbers = random.sample(range(40), 8)
            action = random.choice(("run", "xml", "list", "delete", "unreachable"))
            raws = [article(n, random.choice(("Ozone for back pain (invented)", "Water (invented)"))) for n in numbers]
            if action == "run":
                run(pubmed, db)
            elif action == "xml":
                file = random.choice(files[:2])
                file.write_bytes(b"<PubmedArticleSet>" + b"".join(raws) + b"</PubmedArticleSet>")
                harvest_files(db, [file], topics=TOPICS, keep_all=random.random() < 0.3)
            elif action == "delete":
                pubmed.corpus.delete(P + random.randrange(20))
            else:
                files[2].write_text("".join(f"{P + n}\n" for n in numbers) + "x\n")
                if action == "unreachable":
                    pubmed.faults.append(lambda _n, _p, _q: f.ServerError())
                harvest_files(db, [files[2]], topics=TOPICS, connect=connected(pubmed))
                pubmed.faults.clear()
            if db.is_file():
                check(prisma(db))


def test_a_store_of_the_first_version_can_be_read(tmp_path: Path) -> None:
    """Status, flow and check read a store that no later version has written to yet."""
    db = tmp_path / "p.db"
    conn = sqlite3.connect(db, isolation_level=None)
    conn.execute(f"PRAGMA application_id={APPLICATION_ID}")
    migrations.apply(Database(conn, execute_plugins=False), stop_before=["0002_files_and_requests"])
    conn.execute(
        "INSERT INTO runs(command, started, state, harvester) VALUES ('x', '2020-01-01T00:00:00Z', 'complete', '0.1')"
    )
    conn.close()
    for name in ("status", "prisma", "verify"):
        assert command(name, "--db", str(db))
    check(prisma(db))
