"""`harvest bulk` over HTTP from a file area like NLM's: resumed, verified, and each fault named."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from harvest.bulk import Bulked, harvest_bulk
from harvest.errors import Unreachable, WrongUse
from harvest.eutils import Patience
from harvest.store import Store
from harvest.topics import Topics, load_topics
from tests.ncbi import FIRST_PMID, synthetic_article
from tests.ncbi.bulk import Asked, Fault, FileArea, area, deletion

# Room for a busy machine: only the stall waits for `read`
QUICK = Patience(delays=(0.01, 0.05, 0.1), read=2, connect=3, no_connection=2)
ONE, TWO, THREE = (f"baseline/pubmed26n000{n}.xml.gz" for n in (1, 2, 3))


@pytest.fixture(scope="session")
def topics() -> Topics:
    return load_topics()


@pytest.fixture
def db(tmp_path: Path) -> Path:
    return tmp_path / "pubmed.db"


@pytest.fixture
def nlm() -> Iterator[FileArea]:
    """A baseline of three files with ten records each, too long for one packet, and an update file."""
    baseline = [
        [
            synthetic_article(FIRST_PMID + 10 * f + n, "Ozone for low back pain (invented)", os.urandom(10000).hex())
            for n in range(10)
        ]
        for f in range(3)
    ]
    with FileArea(area(baseline, [[deletion(FIRST_PMID)]])) as server:
        yield server


def run(db: Path, nlm: FileArea, topics: Topics, **more: object) -> Bulked:
    nlm.asked.clear()
    return harvest_bulk(db, nlm.url, topics=topics, patience=QUICK, **more)  # type: ignore[arg-type]  # by name


def stored(db: Path) -> set[int]:
    with Store.read(db) as store:
        return {record.pmid - FIRST_PMID for record in store.records()}


def test_a_whole_area(db: Path, nlm: FileArea, topics: Topics) -> None:
    """Baseline and update files are downloaded, verified and applied in order; downloads do not pile up."""
    bulked = run(db, nlm, topics)
    assert (bulked.applied, bulked.kept.new, bulked.deleted, bulked.exit_status) == (4, 30, 1, 0)
    assert stored(db) == set(range(1, 30))
    assert [path.name for path in db.parent.iterdir() if "bulk" in path.name] == []
    with Store.read(db) as store:
        assert store.runs()[-1].base_url == nlm.url.split("/")[2]


def test_a_second_run_asks_for_the_lists_alone(db: Path, nlm: FileArea, topics: Topics) -> None:
    """Nothing that is applied is asked for again; where the listing shows another time, the .md5 alone is."""
    run(db, nlm, topics)
    again = run(db, nlm, topics)
    assert [asked.path for asked in nlm.asked] == ["", "baseline/", "updatefiles/"]
    assert (again.applied, again.already) == (0, 4)
    nlm.stamp = "2026-02-02 10:00"
    run(db, nlm, topics)
    assert len(nlm.asked) == 7
    assert all(asked.path.endswith((".md5", "/")) or not asked.path for asked in nlm.asked)
    run(db, nlm, topics)
    assert len(nlm.asked) == 3


def test_new_files_of_the_day(db: Path, nlm: FileArea, topics: Topics) -> None:
    """Update files that came since are fetched, and only those; a folder address works as well as the root."""
    run(db, nlm, topics)
    new = synthetic_article(FIRST_PMID + 50, "Prolotherapy for sciatica (invented)")
    nlm.files |= area([], [[], [], [], [], [new]])  # number 5, and others as they were not: put back below
    bulked = harvest_bulk(db, nlm.url + "updatefiles", topics=topics, patience=QUICK)
    assert 50 in stored(db)
    assert bulked.listed == 5


def test_downloads_are_kept_where_asked(db: Path, nlm: FileArea, topics: Topics, tmp_path: Path) -> None:
    """With a folder given, files stay there and are not fetched again, whatever the topics."""
    run(db, nlm, topics, folder=tmp_path / "kept")
    assert len(list((tmp_path / "kept").iterdir())) == 4
    run(tmp_path / "other.db", nlm, topics, folder=tmp_path / "kept")
    assert sum(nlm.times(path) for path in (ONE, TWO, THREE)) == 0


@pytest.mark.parametrize(
    "faults",
    [
        [Fault("cut", 20000)],
        [Fault("cut", 17000)] * 5,
        [Fault("reset", 20000)],
        [Fault("status", 503), Fault("status", 429)],
        [Fault("cut", 20000), Fault("no range")],
        [Fault("cut", 20000), Fault("other range")],
        [Fault("stall")],
        [Fault("damage", 3000)],
        [Fault("page")],
    ],
    ids=lambda faults: "+".join(fault.kind for fault in faults),
)
def test_troubles_that_pass(db: Path, nlm: FileArea, topics: Topics, faults: list[Fault]) -> None:
    """A download that is cut, reset, refused for a while, damaged or answered with a page is had whole all the same."""
    nlm.faults[TWO] = list(faults)
    bulked = run(db, nlm, topics)
    assert (bulked.problems, stored(db)) == ((), set(range(1, 30)))
    # At least: on a busy machine a connection may fail by itself, and is tried again too.
    assert nlm.times(TWO) >= sum(fault.kind != "no range" for fault in faults) + 1


def test_a_cut_download_is_resumed(db: Path, nlm: FileArea, topics: Topics) -> None:
    """What came, but for less than 16 KiB, is not asked for again: the next request begins after it."""
    nlm.faults[TWO] = [Fault("cut", 20000), Fault("cut", 40000)]
    run(db, nlm, topics)
    assert [asked for asked in nlm.asked if asked.path == TWO] == [
        *(Asked(TWO, None), Asked(TWO, 16384), Asked(TWO, 16384 + 32768))
    ]


def test_a_download_is_resumed_by_the_next_run(db: Path, nlm: FileArea, topics: Topics) -> None:
    """A run that could not finish a file leaves its part, and the next run goes on with it."""
    nlm.faults[TWO] = [Fault("cut", 20000), *[Fault("status", 503)] * 3]
    first = run(db, nlm, topics)
    assert first.problems == (f"{Path(TWO).name}: cannot be downloaded from {nlm.url.split('/')[2]}: HTTP 503",)
    assert stored(db) == set(range(1, 10)) | set(range(20, 30))
    second = run(db, nlm, topics)
    assert (second.applied, second.already, second.problems) == (1, 3, ())
    assert [asked.start for asked in nlm.asked if asked.path == TWO] == [16384]
    assert stored(db) == set(range(1, 30))
    assert not db.with_name("pubmed.db.bulk").exists()


def test_a_stale_part_is_found_out(db: Path, nlm: FileArea, topics: Topics) -> None:
    """A part of some other file is noticed by the MD5, a part longer than the file by the server; both start over."""
    folder = db.with_name("pubmed.db.bulk")
    folder.mkdir()
    (folder / f"{Path(ONE).name}.part").write_bytes(b"x" * 100)
    (folder / f"{Path(TWO).name}.part").write_bytes(b"x" * 10**6)
    (folder / f"{Path(THREE).name}.part").write_bytes(nlm.files[THREE])
    assert run(db, nlm, topics).problems == ()
    assert [asked.start for asked in nlm.asked if asked.path in (ONE, TWO, THREE)] == [
        *(100, None),
        *(10**6, None),
        len(nlm.files[THREE]),
    ]
    assert stored(db) == set(range(1, 30))


def test_a_wrong_md5_twice(db: Path, nlm: FileArea, topics: Topics) -> None:
    """A file that is wrong twice is named and nothing of it is kept; the next run tries it again."""
    nlm.faults[TWO] = [Fault("damage", 3000), Fault("damage", 3000)]
    bulked = run(db, nlm, topics)
    assert nlm.times(TWO) == 2
    assert bulked.exit_status == 1
    assert bulked.problems[0].startswith(f"{Path(TWO).name}: its MD5 is ")
    assert bulked.problems[0].endswith("twice")
    assert stored(db) == set(range(1, 10)) | set(range(20, 30))
    assert run(db, nlm, topics).exit_status == 0
    assert stored(db) == set(range(1, 30))


def test_a_missing_md5(db: Path, nlm: FileArea, topics: Topics) -> None:
    """A file without .md5, or whose .md5 is listed but not there, is named and left out."""
    del nlm.files[f"{ONE}.md5"]
    nlm.faults[f"{TWO}.md5"] = [Fault("status", 404)]
    bulked = run(db, nlm, topics)
    assert (bulked.applied, len(bulked.problems), stored(db)) == (2, 2, set(range(20, 30)))
    assert (nlm.times(ONE), nlm.times(TWO)) == (0, 0)
    assert run(db, nlm, topics, need_md5=False).problems == ()
    assert stored(db) == set(range(1, 30))


def test_a_404_in_the_middle(db: Path, nlm: FileArea, topics: Topics) -> None:
    """A file that is listed but not there is named at once, and the files after it are applied."""
    nlm.faults[TWO] = [Fault("status", 404)]
    bulked = run(db, nlm, topics)
    assert (bulked.applied, nlm.times(TWO)) == (3, 1)
    assert bulked.problems == (f"{Path(TWO).name}: cannot be downloaded from {nlm.url.split('/')[2]}: HTTP 404",)
    with Store.read(db) as store:
        assert [row.source for row in store.open_set_aside()] == [f"bulk:{Path(TWO).name}"]


@pytest.mark.parametrize("fault", [Fault("page"), Fault("status", 404), Fault("elsewhere")])
def test_a_listing_that_is_none(db: Path, nlm: FileArea, topics: Topics, fault: Fault) -> None:
    """A root that lists nothing is wrong use; a folder that cannot be listed stops the run before it begins."""
    nlm.faults[""] = [fault]
    with pytest.raises(WrongUse, match="check the address"):
        run(db, nlm, topics)
    nlm.faults["updatefiles/"] = [fault]
    with pytest.raises(Unreachable, match="updatefiles"):
        run(db, nlm, topics)
    assert not db.exists()


def test_an_empty_folder_of_updates(db: Path, nlm: FileArea, topics: Topics) -> None:
    """Right after a new baseline there may be no update file yet: that is no fault."""
    nlm.files = {name: body for name, body in nlm.files.items() if name.startswith("baseline/")}
    nlm.files["updatefiles/README.txt"] = b"words"
    assert (run(db, nlm, topics).problems, stored(db)) == ((), set(range(30)))


def test_a_redirect_elsewhere_is_refused(db: Path, nlm: FileArea, topics: Topics) -> None:
    """A file that another host should give is not asked for there."""
    nlm.faults[TWO] = [Fault("elsewhere")]
    bulked = run(db, nlm, topics)
    assert "redirects to another server (localhost), which is refused" in bulked.problems[0]


def test_a_server_that_stops_giving_files(db: Path, nlm: FileArea, topics: Topics) -> None:
    """Five files in a row that cannot be had end the run with status 3; what was applied stays applied."""
    many = area([[synthetic_article(FIRST_PMID + n, "Ozone for low back pain (invented)")] for n in range(9)])
    nlm.files = many
    for n in range(2, 10):
        nlm.faults[f"baseline/pubmed26n{n:04}.xml.gz"] = [Fault("status", 403)]
    with pytest.raises(Unreachable, match="5 files in a row") as caught:
        run(db, nlm, topics)
    assert caught.value.exit_status == 3
    assert stored(db) == {0}


def test_a_server_that_is_not_there(db: Path, topics: Topics) -> None:
    """A refused connection ends with status 3 within the time allowed, and makes no store."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(Unreachable, match="cannot be reached"):
        harvest_bulk(db, f"http://127.0.0.1:{port}/pubmed/", topics=topics, patience=QUICK)
    assert not db.exists()


def test_workers_and_downloads_together(db: Path, nlm: FileArea, topics: Topics) -> None:
    """Files are scanned by processes while the next are downloaded, faults and all."""
    nlm.faults[TWO] = [Fault("cut", 20000)]
    bulked = run(db, nlm, topics, workers=2)
    assert (bulked.applied, bulked.problems, stored(db)) == (4, (), set(range(1, 30)))
    assert not db.with_name("pubmed.db.bulk").exists()
