"""Files that PubMed saves: XML, MEDLINE text, lists of PMIDs. What only names records is fetched, or stays on order."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from click.testing import CliRunner

from harvest.cli import main
from harvest.eutils import Client
from harvest.files import Filed, harvest_files
from harvest.saved import kind_of, pmids_in
from harvest.status import status_of
from harvest.store import Store
from tests.loopback import QUICK, TOPICS, article, fetches, run, stored
from tests.ncbi import FIRST_PMID, PubMed
from tests.ncbi.server import API_KEY

P = FIRST_PMID


@pytest.fixture(autouse=True)
def _settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("NCBI_API_KEY", "NCBI_EMAIL", "NCBI_BASE_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@pytest.fixture
def pubmed() -> Iterator[PubMed]:
    """Ten records: five on topic and found by the searches, five in water."""
    water = [article(10 + n, "Ozone in drinking water (invented)") for n in range(5)]
    with PubMed([*(article(n) for n in range(5)), *water], rate=100_000) as server:
        yield server


@pytest.fixture
def db(tmp_path: Path) -> Path:
    return tmp_path / "p.db"


def connected(base_url: str) -> Callable[[], Client]:
    return lambda: Client(base_url, patience=QUICK, per_second=10_000)


def take(pubmed: PubMed, db: Path, *paths: Path, **more: Any) -> Filed:
    return harvest_files(db, paths, topics=TOPICS, connect=connected(pubmed.base_url), **more)


def saved_as(pubmed: PubMed, path: Path, *numbers: int, **params: str) -> Path:
    """What this PubMed itself answers for these records, as somebody saved it."""
    ids = ",".join(str(P + n) for n in numbers)
    path.write_bytes(requests.get(f"{pubmed.base_url}efetch.fcgi", {"id": ids, **params}, timeout=10).content)
    return path


def test_every_saved_format_gives_the_same_records(pubmed: PubMed, tmp_path: Path) -> None:
    """XML, MEDLINE text and a list of PMIDs of the same save end with the same stored bytes."""
    numbers = (0, 1, 2, 10)
    files = [
        saved_as(pubmed, tmp_path / "pubmed-set.xml", *numbers),
        saved_as(pubmed, tmp_path / "pubmed-set.txt", *numbers, rettype="medline", retmode="text"),
        saved_as(pubmed, tmp_path / "export.nbib", *numbers, rettype="medline", retmode="text"),
        saved_as(pubmed, tmp_path / "pmid-set.txt", *numbers, rettype="uilist"),
    ]
    assert [kind_of(file) for file in files] == ["PubMed XML", "MEDLINE text", "MEDLINE text", "PMID list"]
    for file in files:
        db = tmp_path / f"{file.stem}{file.suffix}.db"
        filed = take(pubmed, db, file)
        assert (filed.exit_status, filed.off_topic, filed.kept.new) == (0, 1, 3)
        assert stored(db) == {P + n: article(n) for n in (0, 1, 2)}
        again = take(pubmed, db, file, keep_all=True)
        assert (again.exit_status, again.kept.new) == (0, 1)
        with Store.read(db) as store:
            [read] = store.files_read()
        assert read.sha256 == hashlib.sha256(file.read_bytes()).hexdigest()
        assert read.records == 4


def test_a_list_on_order_when_pubmed_cannot_be_reached(pubmed: PubMed, tmp_path: Path, db: Path) -> None:
    """One line says how many are missing and exit status 1 follows; the next `harvest pubmed` fetches them."""
    pubmed.corpus.put(article(50, "Ozone for sciatica (invented)"))
    listed = saved_as(pubmed, tmp_path / "list.txt", 0, 10, 50, rettype="uilist")
    with PubMed([]) as nobody:
        gone = nobody.base_url
    filed = harvest_files(db, [listed], topics=TOPICS, connect=connected(gone))
    assert filed.exit_status == 1
    assert len(filed.problems) == 1
    assert filed.problems[0].startswith("3 PMIDs are not fetched yet; the next `harvest pubmed` does it (PubMed at")
    assert [request.pmid - P for request in status_of(db).not_fetched] == [0, 10, 50]
    assert [ran.state for ran in status_of(db).runs] == ["incomplete"]
    assert "not fetched yet: 3" in CliRunner().invoke(main, ["status", "--db", str(db)]).stdout
    harvested = run(pubmed, db)
    assert harvested.exit_status == 0
    assert sorted(pmid - P for pmid in stored(db)) == [0, 1, 2, 3, 4, 50]
    assert status_of(db).not_fetched == ()
    run(pubmed, db)
    assert P + 10 not in {pmid for batch in fetches(pubmed) for pmid in batch}


def test_a_list_asked_for_whole_keeps_what_is_off_topic(pubmed: PubMed, tmp_path: Path, db: Path) -> None:
    """--all holds for what is fetched later too."""
    listed = saved_as(pubmed, tmp_path / "list.txt", 10, 11, rettype="uilist")
    with PubMed([]) as nobody:
        gone = nobody.base_url
    harvest_files(db, [listed], topics=TOPICS, keep_all=True, connect=connected(gone))
    run(pubmed, db)
    assert {P + 10, P + 11} <= set(stored(db))


def test_a_fetched_list_is_kept_up_to_date(pubmed: PubMed, tmp_path: Path, db: Path) -> None:
    """A retraction reaches a record that came by a list and that no search finds."""
    listed = saved_as(pubmed, tmp_path / "list.txt", 10, rettype="uilist")
    take(pubmed, db, listed, keep_all=True)
    newer = article(10, "Ozone in drinking water (invented)", publication_types=("Retracted Publication",))
    pubmed.corpus.put(newer)
    run(pubmed, db)
    assert stored(db)[P + 10] == newer


def test_what_is_held_is_not_fetched_again(pubmed: PubMed, tmp_path: Path, db: Path) -> None:
    """A list of records that PubMed has sent already costs no request."""
    run(pubmed, db)
    listed = saved_as(pubmed, tmp_path / "list.txt", 0, 1, rettype="uilist")
    pubmed.forget_requests()
    assert take(pubmed, db, listed).exit_status == 0
    assert pubmed.requests == []


def test_bad_lines_are_named_and_the_rest_goes_on(pubmed: PubMed, tmp_path: Path, db: Path) -> None:
    """A DOI, a title, a zero and a PMID that PubMed does not have are a line each, with file and line number."""
    file = tmp_path / "mixed.txt"
    file.write_text(f"{P}\nPMID: {P + 1}\n10.5555/invented\n0\n{P + 2}, {P + 3}\n\nfree text\n{P + 99}\n")
    filed = take(pubmed, db, file)
    assert set(stored(db)) == {P, P + 1, P + 2, P + 3}
    assert filed.exit_status == 1
    assert filed.problems == (
        f"{file}: line 3: '10.5555/invented' is no PMID",
        f"{file}: line 4: '0' is no PMID",
        f"{file}: line 7: 'free text' is no PMID",
        f"{file}: PubMed has no PMID {P + 99}; check the number",
    )
    assert run(pubmed, db).exit_status == 0


MEDLINE_ODD = f"""
      a line that continues nothing

PMID- {P}
OWN - NLM
TI  - Ozone for back pain
      (invented)

TI  - A record without a PMID (invented)
PMC - PMC1

PMID- {P + 1}
PMID- {P + 2}
"""


def test_odd_medline_text(pubmed: PubMed, tmp_path: Path, db: Path) -> None:
    """A broken MEDLINE record spoils only itself and is named by its number; two that run together are both read."""
    file = tmp_path / "odd.nbib"
    for text in (MEDLINE_ODD, MEDLINE_ODD.replace("\n", "\r\n"), "\ufeff" + MEDLINE_ODD.lstrip("\n")):
        file.write_text(text, encoding="utf-8", newline="")
        assert kind_of(file) == "MEDLINE text"
        named = pmids_in(file, "MEDLINE text")
        assert named.pmids == (P, P + 1, P + 2)
        assert [problem.split()[1] for problem in named.problems] == ["1", "3"]
    filed = take(pubmed, db, file)
    assert set(stored(db)) == {P, P + 1, P + 2}
    assert len(filed.problems) == 2
    assert all(line.startswith(f"{file}: record ") for line in filed.problems)


def test_other_files_are_refused_in_a_line(pubmed: PubMed, tmp_path: Path, db: Path) -> None:
    """Text that is none of the formats is one line; in a folder it is left alone."""
    folder = tmp_path / "saved"
    folder.mkdir()
    (folder / "README.txt").write_text("notes on the search\n")
    saved_as(pubmed, folder / "list.txt", 0, rettype="uilist")
    saved_as(pubmed, folder / "set.xml", 1)
    filed = take(pubmed, db, folder)
    assert (filed.exit_status, set(stored(db))) == (0, {P, P + 1})
    alone = take(pubmed, db, folder / "README.txt")
    assert (alone.exit_status, len(alone.problems)) == (1, 1)
    assert "is neither PubMed XML, MEDLINE text nor a list of PMIDs" in alone.problems[0]


def test_the_command(pubmed: PubMed, tmp_path: Path, db: Path) -> None:
    """`harvest files` takes the server's settings, fetches a list and says what it kept; the key stays unwritten."""
    listed = saved_as(pubmed, tmp_path / "list.txt", 0, 1, 10, rettype="uilist")
    topics = tmp_path / "topics.yml"
    topics.write_text(TOPICS.text)
    args = ["files", str(listed), "--db", str(db), "--topics", str(topics), "--base-url", pubmed.base_url]
    done = CliRunner().invoke(main, [*args, "--api-key", API_KEY, "--email", "somebody@example.org"])
    assert (done.exit_code, done.stderr) == (0, "")
    said = "0 records read, 3 PMIDs named, 1 files whole: 2 new, 0 changed, 0 unchanged, 1 off topic.\n"
    assert done.stdout == said
    written = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert API_KEY.encode() not in written
    assert b"somebody@example.org" not in written
