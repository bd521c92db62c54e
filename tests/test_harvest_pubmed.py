"""`harvest pubmed` against a PubMed on loopback: everything served is kept, once, whatever fails."""

from __future__ import annotations

import io
import os
import re
import signal
import sqlite3
import subprocess
import sys
import time
import zlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from harvest.cli import main
from harvest.errors import Unreachable
from harvest.eutils import Client, Patience
from harvest.phrases import joined
from harvest.progress import Quiet, progress_for
from harvest.pubmed import Harvested, harvest
from harvest.store import Store
from harvest.topics import Topics, read_topics
from tests.ncbi import FIRST_PMID, PubMed, synthetic_article, synthetic_corpus
from tests.ncbi import faults as f
from tests.ncbi.server import API_KEY

QUICK = Patience(delays=(0.01,) * 4, read=0.5, no_connection=1)
TODAY = datetime.now(UTC).date()
VOCABULARY = """
interventions:
  - {id: ozone, name: Ozone, words: [ozone]}
  - {id: platelets, name: Platelets, words: [platelet rich]}
conditions:
  - {id: back, name: Back, words: [back pain, sciatica]}
topics:
  - {id: ozone, name: Ozone, interventions: [ozone]}
  - {id: platelets, name: Platelets, interventions: [platelets]}
"""


@pytest.fixture(autouse=True)
def _no_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("NCBI_API_KEY", "NCBI_EMAIL", "NCBI_BASE_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@pytest.fixture(scope="session")
def topics() -> Topics:
    return read_topics(VOCABULARY, "test.yml")


def article(n: int, title: str = "Ozone for back pain (invented)", **more: Any) -> bytes:
    return synthetic_article(FIRST_PMID + n, title, **more)


@pytest.fixture
def pubmed() -> Iterator[PubMed]:
    """Thirty on-topic records and ten others."""
    on_topic = [
        article(n, f"{'Ozone' if n % 2 else 'Platelet-rich plasma'} for back pain (invented)") for n in range(30)
    ]
    others = [article(100 + n, "Ozone in water (invented)") for n in range(10)]
    with PubMed([*on_topic, *others], rate=100_000) as server:
        yield server


def run(pubmed: PubMed, db: Path, topics: Topics, **more: Any) -> Harvested:
    pubmed.forget_requests()
    with Client(pubmed.base_url, patience=QUICK, per_second=10_000) as client:
        return harvest(db, topics=topics, client=client, **more)


def stored(db: Path) -> dict[int, bytes]:
    with Store.read(db) as store:
        return {record.pmid: record.raw for record in store.records()}


def served(pubmed: PubMed, below: int = 100) -> dict[int, bytes]:
    held = {pmid: pubmed.corpus.get(pmid) for pmid in pubmed.corpus.pmids() if pmid < FIRST_PMID + below}
    return {pmid: raw for pmid, raw in held.items() if raw is not None}


def fetches(pubmed: PubMed) -> list[list[int]]:
    return [[int(pmid) for pmid in r.params["id"].split(",")] for r in pubmed.requests if r.program == "efetch"]


def test_everything_on_topic_is_kept_as_sent(pubmed: PubMed, topics: Topics, tmp_path: Path) -> None:
    """The records kept are those that PubMed's search finds, byte for byte, and the searches are on record."""
    db = tmp_path / "pubmed.db"
    harvested = run(pubmed, db, topics)
    assert (harvested.exit_status, harvested.found, harvested.kept.new) == (0, 30, 30)
    assert stored(db) == served(pubmed)
    with Store.read(db) as store:
        assert [(s.topic, s.count, s.state) for s in store.searches()] == [
            ("ozone", 15, "complete"),
            ("platelets", 15, "complete"),
        ]
        assert store.searches()[0].strategy == topics.strategy("ozone")
        assert store.searches()[0].translation
        assert [(r.state, r.topics_name) for r in store.runs()] == [("complete", "test.yml")]
        assert store.topics_text() == ("test.yml", VOCABULARY)
        assert sum(1 for _ in store.hits("ozone")) == 15


def test_a_second_run_fetches_nothing(pubmed: PubMed, topics: Topics, tmp_path: Path) -> None:
    """On an unchanged PubMed a run makes one request a topic and one more, fetches nothing and changes no record."""
    db = tmp_path / "pubmed.db"
    run(pubmed, db, topics)
    before = stored(db)
    harvested = run(pubmed, db, topics)
    assert (harvested.fetched, fetches(pubmed), len(pubmed.requests)) == (0, [], 3)
    assert stored(db) == before
    with Store.read(db) as store:
        searches = [(s.purpose, s.topic, s.limits is None) for s in store.searches()]
        assert searches == [("topic", "ozone", True), ("topic", "platelets", True)] * 2 + [
            ("revised", "ozone + platelets", False)
        ]
        assert sum(1 for _ in store.hits()) == 30
    conn = sqlite3.connect(db)
    # Each topic's strategy and translation once, those of the search for revisions once.
    assert conn.execute("SELECT count(*) FROM search_texts").fetchone() == (6,)
    conn.close()


def test_new_and_revised_records_are_fetched(pubmed: PubMed, topics: Topics, tmp_path: Path) -> None:
    """The next run fetches what is new and what PubMed revised since, and keeps the version that was replaced."""
    db = tmp_path / "pubmed.db"
    run(pubmed, db, topics)
    pubmed.corpus.put(article(50))
    pubmed.corpus.put(article(1, "RETRACTED: Ozone for back pain (invented)", revised=TODAY))
    harvested = run(pubmed, db, topics)
    assert fetches(pubmed) == [[FIRST_PMID + 1, FIRST_PMID + 50]]
    assert (harvested.kept.new, harvested.kept.changed) == (1, 1)
    assert stored(db) == served(pubmed)


def test_full_fetches_all(pubmed: PubMed, topics: Topics, tmp_path: Path) -> None:
    """--full fetches every record again, and finds even a change that bears no new date."""
    db = tmp_path / "pubmed.db"
    run(pubmed, db, topics)
    pubmed.corpus.put(article(1, "Ozone for back pain, quietly changed (invented)"))
    assert run(pubmed, db, topics).fetched == 0
    harvested = run(pubmed, db, topics, full=True)
    assert (harvested.fetched, harvested.kept.changed, harvested.kept.unchanged) == (30, 1, 29)
    assert stored(db) == served(pubmed)


def test_records_that_left_the_search_are_refreshed(pubmed: PubMed, topics: Topics, tmp_path: Path) -> None:
    """A record that no search finds any more stays, marked so, and its retraction still reaches it."""
    db = tmp_path / "pubmed.db"
    run(pubmed, db, topics)
    pubmed.corpus.put(article(1, "Retracted (invented)", publication_types=("Retracted Publication",)))
    harvested = run(pubmed, db, topics)
    assert (harvested.exit_status, harvested.kept.changed) == (0, 1)
    assert b"Retracted Publication" in stored(db)[FIRST_PMID + 1]
    with Store.read(db) as store:
        assert [h.pmid for h in store.hits() if h.gone_search_id is not None] == [FIRST_PMID + 1]


def test_a_record_gone_from_pubmed_counts_as_deleted_the_second_time(
    pubmed: PubMed, topics: Topics, tmp_path: Path
) -> None:
    """A record that PubMed neither finds nor sends is listed, then marked as deleted; it may come back."""
    db = tmp_path / "pubmed.db"
    run(pubmed, db, topics)
    pubmed.corpus.delete(FIRST_PMID + 1)
    first = run(pubmed, db, topics)
    assert (first.exit_status, first.deleted, [row.pmid for row in first.set_aside]) == (1, 0, [FIRST_PMID + 1])
    assert FIRST_PMID + 1 in stored(db)
    second = run(pubmed, db, topics)
    assert (second.exit_status, second.deleted, second.set_aside) == (0, 1, ())
    assert FIRST_PMID + 1 not in stored(db)
    assert run(pubmed, db, topics).fetched == 0
    pubmed.corpus.put(article(1))
    run(pubmed, db, topics)
    assert stored(db) == served(pubmed)


def test_a_record_kept_from_a_file_is_fetched_from_pubmed(pubmed: PubMed, topics: Topics, tmp_path: Path) -> None:
    """PubMed's own copy of a record known only from a file is fetched once it is found."""
    from harvest.files import harvest_files

    db, file = tmp_path / "pubmed.db", tmp_path / "old.xml"
    file.write_bytes(
        b"<PubmedArticleSet>" + article(1, "Ozone, back pain, old copy (invented)") + b"</PubmedArticleSet>"
    )
    harvest_files(db, [file], topics=topics)
    run(pubmed, db, topics)
    assert stored(db) == served(pubmed)
    assert run(pubmed, db, topics).fetched == 0


def test_an_unfinished_first_run_does_not_hide_revisions(pubmed: PubMed, topics: Topics, tmp_path: Path) -> None:
    """Records kept by a run that never completed are checked for revisions by the next one."""
    db = tmp_path / "pubmed.db"
    pubmed.faults.append(
        lambda _n, path, _p: f.ServerError() if "efetch" in path and len(fetches(pubmed)) > 1 else None
    )
    with pytest.raises(Unreachable):
        run(pubmed, db, topics, batch=20)
    assert len(stored(db)) == 20
    pubmed.faults.clear()
    pubmed.corpus.put(article(0, "Platelet-rich plasma, back pain, revised (invented)", revised=TODAY))
    run(pubmed, db, topics)
    assert stored(db) == served(pubmed)
    with Store.read(db) as store:
        assert [r.state for r in store.runs()] == ["failed", "complete"]


EVERY_FAULT: list[f.Fault] = [
    f.RateLimited(),
    f.RawLimited(),
    f.WrongCount(),
    f.ServerError(),
    f.HtmlPage(),
    f.ErrorElement(),
    f.BackendTimeout(),
    f.ResetBefore(),
    f.ResetMidway(),
    f.CutBody(),
    f.CutChunked(),
    f.CutXml(),
    f.EmptyBody(),
    f.MissingRecords(3),
    f.DuplicateRecords(2),
    f.ExtraRecord(),
    f.BrokenRecord(),
    f.WrongCharset(),
    f.WrongLength(),
    f.WrongLength(by=40),
    f.DamagedGzip(),
]


def test_every_second_request_failing_in_another_way(pubmed: PubMed, topics: Topics, tmp_path: Path) -> None:
    """Whatever goes wrong with every second request, the set kept is the set served, each once."""
    to_come: list[f.Fault] = []

    def schedule(number: int, path: str, params: Any) -> f.Fault | None:
        to_come[:] = to_come or EVERY_FAULT
        fault = next((fault for fault in to_come if number % 2 == 0 and fault.concerns(path, params)), None)
        if fault is not None:
            to_come.remove(fault)
        return fault

    pubmed.faults.append(schedule)
    harvested = run(pubmed, tmp_path / "p.db", topics, batch=2, cap=6)
    assert (harvested.exit_status, harvested.kept.new) == (0, 30)
    assert stored(tmp_path / "p.db") == served(pubmed)
    assert {r.fault for r in pubmed.requests if r.fault} == {type(fault).__name__ for fault in EVERY_FAULT}


def test_a_missing_record_is_set_aside_and_got_next_time(pubmed: PubMed, topics: Topics, tmp_path: Path) -> None:
    """A record that PubMed lists but does not send is asked for again, singly, then set aside; the next run gets it."""
    db = tmp_path / "p.db"
    lacking = FIRST_PMID + 7

    def schedule(_number: int, path: str, params: Any) -> f.Fault | None:
        ids = params.get("id", "").split(",")
        return f.MissingRecords(1) if "efetch" in path and ids[-1] == str(lacking) else None

    pubmed.faults.append(schedule)
    harvested = run(pubmed, db, topics, batch=8)
    assert harvested.exit_status == 1
    assert [(row.pmid, row.reason) for row in harvested.set_aside] == [
        (lacking, "PubMed lists it but does not send it")
    ]
    assert set(served(pubmed)) - set(stored(db)) == {lacking}
    pubmed.faults.clear()
    assert run(pubmed, db, topics).exit_status == 0
    assert stored(db) == served(pubmed)


def test_a_record_that_cannot_be_parsed_is_kept_raw(pubmed: PubMed, topics: Topics, tmp_path: Path) -> None:
    """A broken record spoils only itself: it is kept raw, listed, asked for at each run, and resolved when whole."""
    db = tmp_path / "p.db"
    pmid = FIRST_PMID + 3

    def schedule(_number: int, _path: str, params: Any) -> f.Fault | None:
        ids = params.get("id", "").split(",")
        return f.BrokenRecord(ids.index(str(pmid))) if str(pmid) in ids else None

    pubmed.faults.append(schedule)
    for _ in range(2):
        harvested = run(pubmed, db, topics)
        assert (harvested.exit_status, [row.pmid for row in harvested.set_aside]) == (1, [pmid])
        assert pmid in fetches(pubmed)[0]
    assert len(stored(db)) == 29
    conn = sqlite3.connect(db)
    kept = conn.execute("SELECT pmid, raw FROM set_aside").fetchall()
    conn.close()
    assert [(pmid, b"&broken;" in zlib.decompress(raw)) for pmid, raw in kept] == [(pmid, True)]
    pubmed.faults.clear()
    assert run(pubmed, db, topics).exit_status == 0
    assert stored(db) == served(pubmed)


def test_a_poisonous_record_does_not_cost_its_batch(pubmed: PubMed, topics: Topics, tmp_path: Path) -> None:
    """One PMID that PubMed cannot answer for is found by halving its batch, and the others are kept."""
    poison = str(FIRST_PMID + 9)
    pubmed.faults.append(lambda _n, _p, params: f.ServerError() if poison in params.get("id", "").split(",") else None)
    harvested = run(pubmed, tmp_path / "p.db", topics, batch=16)
    assert [row.pmid for row in harvested.set_aside] == [int(poison)]
    assert set(served(pubmed)) - set(stored(tmp_path / "p.db")) == {int(poison)}


def test_a_pubmed_that_is_down_ends_the_run(pubmed: PubMed, topics: Topics, tmp_path: Path) -> None:
    """Errors without end are PubMed being down: the run ends with exit status 3 and keeps what came before."""
    pubmed.faults.append(lambda n, path, _p: f.ServerError(503) if "efetch" in path and n > 4 else None)
    with pytest.raises(Unreachable, match="HTTP 503") as caught:
        run(pubmed, tmp_path / "p.db", topics, batch=2)
    assert caught.value.exit_status == 3
    assert len(stored(tmp_path / "p.db")) == 4


def test_the_cap_is_worked_around(pubmed: PubMed, topics: Topics, tmp_path: Path) -> None:
    """Topics with more records than PubMed lists are split and complete."""
    harvested = run(pubmed, tmp_path / "p.db", topics, cap=4)
    assert (harvested.exit_status, harvested.found) == (0, 30)
    assert stored(tmp_path / "p.db") == served(pubmed)


def test_an_incomplete_search_says_so_and_is_repaired(pubmed: PubMed, topics: Topics, tmp_path: Path) -> None:
    """A search whose parts do not add up makes the run incomplete; the next one repairs it."""
    db = tmp_path / "p.db"
    pubmed.faults.append(lambda n, path, params: f.WrongCount(by=2) if "platelet" in params.get("term", "") else None)
    harvested = run(pubmed, db, topics)
    assert (harvested.exit_status, harvested.complete) == (1, False)
    assert stored(db) == served(pubmed)
    pubmed.faults.clear()
    assert run(pubmed, db, topics).exit_status == 0
    with Store.read(db) as store:
        assert [r.state for r in store.runs()] == ["incomplete", "complete"]


def test_a_revision_that_was_not_listed_is_not_lost(pubmed: PubMed, topics: Topics, tmp_path: Path) -> None:
    """Where the list of revisions is incomplete, so is the run, and the next one asks from the same day again."""
    db = tmp_path / "p.db"
    run(pubmed, db, topics)
    pubmed.faults.append(lambda _n, _path, params: f.WrongCount() if "[mdat]" in params.get("term", "") else None)
    assert run(pubmed, db, topics).exit_status == 1
    pubmed.faults.clear()
    assert run(pubmed, db, topics).exit_status == 0
    with Store.read(db) as store:
        assert [r.state for r in store.runs()] == ["complete", "incomplete", "complete"]


def test_unknown_phrases_are_named_and_remembered(topics: Topics, tmp_path: Path) -> None:
    """A phrase unknown to PubMed is asked by proximity; the next run does so at once and still names it."""
    with PubMed([article(0)], rate=100_000, unknown_phrases=["back pain"]) as pubmed:
        for requests in (5, 4):  # 2 topics, the first run each twice and a fetch; then each once, and what was revised
            harvested = run(pubmed, tmp_path / "p.db", topics)
            assert [len(topic.warnings) for topic in harvested.topics] == [1, 1]
            assert '"back pain"[tiab:~0]' in harvested.topics[0].warnings[0]
            assert harvested.exit_status == 0
            assert len(pubmed.requests) <= requests
    with Store.read(tmp_path / "p.db") as store:
        assert '"back pain"[tiab:~0]' in store.searches()[0].strategy
        assert '"back pain"[tiab]' in store.searches()[0].written


def test_a_search_that_shrinks_is_reported(pubmed: PubMed, topics: Topics, tmp_path: Path) -> None:
    """A search that suddenly finds fewer records says so, and loses none of those kept."""
    db = tmp_path / "p.db"
    run(pubmed, db, topics)
    for n in range(1, 9, 2):
        pubmed.corpus.put(article(n, "Something else (invented)"))
    harvested = run(pubmed, db, topics)
    assert "finds 11 records where it found 15" in harvested.topics[0].warnings[0]
    assert len(stored(db)) == 30


SCRIPT = """
import sys
from pathlib import Path
from harvest.eutils import Client
from harvest.pubmed import harvest
from harvest.topics import load_topics
with Client(sys.argv[1], per_second=10_000) as client:
    harvest(Path(sys.argv[2]), topics=load_topics(Path(sys.argv[3])), client=client, batch=3)
"""


def test_killed_at_any_moment_it_goes_on(pubmed: PubMed, topics: Topics, tmp_path: Path) -> None:
    """Killed (SIGKILL) again and again and run again, a harvest ends with what an undisturbed one has."""
    db, vocabulary = tmp_path / "p.db", tmp_path / "test.yml"
    vocabulary.write_text(VOCABULARY)
    pubmed.latency = 0.01
    command = [sys.executable, "-c", SCRIPT, pubmed.base_url, str(db), str(vocabulary)]
    for at in (1, 3, 4, 5, 7):
        pubmed.forget_requests()
        with subprocess.Popen(command) as process:
            while len(pubmed.requests) < at and process.poll() is None:
                time.sleep(0.001)
            process.kill()
    assert 0 < len(stored(db)) < 30
    run(pubmed, db, topics)
    assert stored(db) == served(pubmed)
    run(pubmed, tmp_path / "undisturbed.db", topics)
    assert stored(db) == stored(tmp_path / "undisturbed.db")


# The command


def command(*args: str) -> Any:
    return CliRunner().invoke(main, args)


def test_the_command_says_what_it_did(pubmed: PubMed, tmp_path: Path) -> None:
    """The command ends with one line on stdout; advice and warnings go to stderr."""
    db = str(tmp_path / "p.db")
    done = command("pubmed", "--db", db, "--base-url", pubmed.base_url, "--api-key", API_KEY)
    assert (done.exit_code, done.stdout) == (0, "30 records found by 5 searches: 30 new, 0 changed, 0 unchanged.\n")
    assert "NCBI_EMAIL" in done.stderr
    shown = command("status", "--db", db)
    assert shown.exit_code == 0
    assert "30 records" in shown.stdout
    assert '"records": 30' in command("status", "--db", db, "--json").stdout


def test_no_secret_is_written_anywhere(pubmed: PubMed, tmp_path: Path) -> None:
    """Neither key nor e-mail address is in the database, its journal, the output or the shared pacing file."""
    db = tmp_path / "p.db"
    email = "somebody@example.org"
    pubmed.faults.append(lambda n, _path, _params: f.ServerError() if n % 7 == 0 else None)
    settings = ("--base-url", pubmed.base_url, "--api-key", API_KEY, "--email", email)
    done = command("pubmed", "--db", str(db), *settings)
    failed = command(
        "pubmed", "--db", str(db), "--base-url", pubmed.base_url, "--api-key", "no-such-key", "--email", email
    )
    assert (done.exit_code, failed.exit_code) == (0, 2)
    written = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    written += (done.output + failed.output + command("status", "--db", str(db), "--json").output).encode()
    assert len(written) > 10_000
    for secret in (API_KEY, "no-such-key", email):
        assert secret.encode() not in written


def test_unreachable_is_one_line_and_exit_3(tmp_path: Path) -> None:
    """Where nothing listens, one line says so within 30 seconds; the exit status is 3, and a catalog's data stay."""
    with PubMed([]) as server:
        url = server.base_url
    began = time.monotonic()
    with pytest.raises(Unreachable) as caught, Client(url, patience=QUICK) as client:
        harvest(tmp_path / "p.db", client=client)
    assert time.monotonic() - began < 5
    assert "\n" not in str(caught.value)
    with Store.read(tmp_path / "p.db") as store:
        assert [(r.state, r.message) for r in store.runs()] == [("failed", str(caught.value))]


@pytest.mark.parametrize(
    "args",
    [
        ("pubmed", "--base-url", "nowhere"),
        ("pubmed", "--topics", "no-such.yml"),
        ("pubmed", "--db", "no/such/folder/p.db"),
        ("pubmed", "--no-such-flag"),
        ("status", "--db", "no-such.db"),
        ("topics", "--topic", "no-such-topic"),
        ("files",),
    ],
)
def test_wrong_use_is_exit_2(args: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Wrong use ends with exit status 2 and a line that names what is wrong, never with a traceback."""
    monkeypatch.chdir(tmp_path)
    done = command(*args)
    assert done.exit_code == 2
    assert "Traceback" not in done.output
    assert done.stderr.strip().splitlines()[-1].startswith("Error: ")


def test_topics_prints_strategies() -> None:
    """`harvest topics` prints each topic's search strategy, or that of one alone."""
    every = command("topics")
    one = command("topics", "--topic", "ozone")
    assert (every.exit_code, one.exit_code) == (0, 0)
    assert one.stdout in every.stdout
    assert "[tiab]" in one.stdout
    assert one.stdout.count("\n") == 1


def test_version() -> None:
    """`harvest --version` prints the version."""
    assert re.fullmatch(r"harvest, version \S+\n", command("--version").stdout)


@pytest.mark.parametrize(("number", "status"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_stopped_by_a_signal(pubmed: PubMed, tmp_path: Path, number: int, status: int) -> None:
    """SIGTERM and Ctrl-C end a harvest with one line; what was kept stays, and the run is marked."""
    db = tmp_path / "p.db"
    pubmed.faults.append(lambda _n, path, _params: f.Stall(20) if "efetch" in path else None)
    args = [sys.executable, "-m", "harvest.cli", "pubmed", "--db", str(db), "--base-url", pubmed.base_url]
    env = {**os.environ, "NCBI_API_KEY": API_KEY}
    with subprocess.Popen(args, env=env, stderr=subprocess.PIPE, text=True) as process:
        while not fetches(pubmed) and process.poll() is None:
            time.sleep(0.01)
        process.send_signal(number)
        _, said = process.communicate(timeout=10)
    assert process.returncode == status
    assert said.strip() == "Stopped. What was kept stays kept; run the same command again to go on."
    with Store.read(db) as store:
        assert [r.state for r in store.runs()] == ["incomplete"]


def test_a_full_disk_is_one_line(
    pubmed: PubMed, topics: Topics, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A disk that fills up ends the run in one line; what was kept before stays."""
    db = tmp_path / "p.db"
    opened = Store.open

    def small(path: Path) -> Store:
        store = opened(path)
        pages = store._conn.execute("PRAGMA page_count").fetchone()[0]
        store._conn.execute(f"PRAGMA max_page_count={pages + 5}")
        return store

    monkeypatch.setattr(Store, "open", small)
    from harvest.errors import HarvestError

    with pytest.raises(HarvestError, match="disk is full"):
        run(pubmed, db, topics, batch=3)
    monkeypatch.undo()
    kept = len(stored(db))
    assert 0 < kept < 30
    run(pubmed, db, topics)
    assert stored(db) == served(pubmed)


def test_synthetic_corpus_with_the_bundled_topics(tmp_path: Path) -> None:
    """The bundled vocabulary finds records of the synthetic corpus, and the database is sound."""
    from harvest.topics import load_topics

    with PubMed(synthetic_corpus(200), rate=100_000) as pubmed:
        harvested = run(pubmed, tmp_path / "p.db", load_topics())
    assert harvested.exit_status == 0
    assert harvested.found == harvested.kept.new > 50
    conn = sqlite3.connect(tmp_path / "p.db")
    assert conn.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    assert conn.execute("PRAGMA foreign_key_check").fetchall() == []
    conn.close()


def test_runs_long_ago_still_tell_what_is_revised(pubmed: PubMed, topics: Topics, tmp_path: Path) -> None:
    """Revisions are asked for from some days before the last complete run began."""
    db = tmp_path / "p.db"
    run(pubmed, db, topics)
    run(pubmed, db, topics)
    day = (TODAY - timedelta(days=3)).strftime("%Y/%m/%d")
    asked = [r.params["term"] for r in pubmed.requests if "[mdat]" in r.params.get("term", "")]
    strategy = joined([topics.strategy(t) for t in ("ozone", "platelets")])
    assert asked == [f'({strategy}) AND "{day}":"3000"[mdat]']


def test_progress_is_one_line_on_a_terminal_only(pubmed: PubMed, topics: Topics, tmp_path: Path) -> None:
    """Progress is drawn over one line of a terminal and cleared at the end; elsewhere there is none."""

    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    terminal = Terminal()
    progress = progress_for(terminal)
    run(pubmed, tmp_path / "p.db", topics, progress=progress)
    progress.note("waiting")
    shown = terminal.getvalue()
    assert "Fetching records 0 of 30" in shown
    assert "\n" not in shown
    assert isinstance(progress_for(io.StringIO()), Quiet)
