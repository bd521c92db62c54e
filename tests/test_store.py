"""pubmed.db: what is kept, which version is current, and that nothing is lost or silently replaced."""

from __future__ import annotations

import sqlite3
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from harvest.errors import HarvestError, WrongUse
from harvest.rows import Incoming, Kept
from harvest.schema import migrations
from harvest.store import PUBMED, Store


class Clock:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.time = "2024-01-01T00:00:00Z"

    def __call__(self) -> str:
        """The time now."""
        return self.time


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store(tmp_path: Path, clock: Clock) -> Iterator[Store]:
    with Store.open(tmp_path / "pubmed.db", now=clock) as opened:
        opened.begin_run("test", harvester="0")
        yield opened


def record(pmid: int = 970000001, version: int = 1, revised: str | None = "2020-01-01", text: str = "a") -> Incoming:
    return Incoming(
        pmid, version, revised, f"<PubmedArticle>{pmid} {version} {revised} {text}</PubmedArticle>".encode()
    )


def rows(path: Path, sql: str) -> list[tuple[Any, ...]]:
    conn = sqlite3.connect(path)
    try:
        return list(conn.execute(sql))
    finally:
        conn.close()


def search(store: Store, pmids: list[int], *, topic: str = "ozone", complete: bool = True) -> int:
    return store.record_search(
        topic=topic,
        purpose="topic",
        interface="test",
        written="x",
        strategy="x",
        translation=None,
        count=len(pmids),
        parts=1,
        at="2024-01-01T00:00:00Z",
        complete=complete,
        warnings=["a line"],
        pmids=pmids,
    )


def test_bytes_come_back_exactly(store: Store) -> None:
    """What NLM sent is what is read again, byte for byte, in PMID order."""
    raw = "<PubmedArticle>\r\n\t<b>é – \u2009</b> </PubmedArticle>".encode()
    store.keep([record(970000002), Incoming(970000001, 1, None, raw)], source=PUBMED)
    assert [r.pmid for r in store.records()] == [970000001, 970000002]
    assert next(store.records()).raw == raw


def test_same_bytes_again_move_only_last_seen(store: Store, clock: Clock) -> None:
    """Keeping the same bytes again changes nothing but when they were last seen."""
    assert store.keep([record()], source=PUBMED) == Kept(new=1)
    before = rows(
        store.path, "SELECT pmid, version, sha256, source, first_seen, version_seen, run_id, xml FROM records"
    )
    clock.time = "2024-02-02T00:00:00Z"
    assert store.keep([record()], source=PUBMED) == Kept(unchanged=1)
    after = rows(store.path, "SELECT pmid, version, sha256, source, first_seen, version_seen, run_id, xml FROM records")
    assert before == after
    assert [(r.first_seen, r.last_seen) for r in store.records()] == [("2024-01-01T00:00:00Z", "2024-02-02T00:00:00Z")]


def test_clock_set_back(store: Store, clock: Clock) -> None:
    """A clock that was set back does not take back when a record was last seen."""
    store.keep([record()], source=PUBMED)
    clock.time = "2019-01-01T00:00:00Z"
    store.keep([record()], source=PUBMED)
    assert next(store.records()).last_seen == "2024-01-01T00:00:00Z"


def test_a_replaced_version_is_kept(store: Store, clock: Clock) -> None:
    """A newer version takes the place of the old one, which stays in record_versions with when it was replaced."""
    store.keep([record(text="old")], source=PUBMED)
    clock.time = "2024-02-02T00:00:00Z"
    assert store.keep([record(text="new")], source=PUBMED) == Kept(changed=1)
    assert b"new" in next(store.records()).raw
    assert next(store.records()).first_seen == "2024-01-01T00:00:00Z"
    versions = rows(store.path, "SELECT pmid, first_seen, replaced_at FROM record_versions")
    assert versions == [(970000001, "2024-01-01T00:00:00Z", "2024-02-02T00:00:00Z")]


def test_pubmed_itself_is_believed(store: Store) -> None:
    """What PubMed answers today is current even where its dates went backwards."""
    store.keep([record(revised="2024-01-01", text="later")], source=PUBMED)
    store.keep([record(revised="2023-01-01", text="corrected date")], source=PUBMED)
    assert b"corrected date" in next(store.records()).raw


def test_a_file_does_not_replace_pubmeds_own_copy(store: Store) -> None:
    """Of two copies with the same version and date, PubMed's own answer outranks a file's, in either order."""
    store.keep([record(text="pubmed")], source=PUBMED)
    store.keep([record(text="file")], source="file:a.xml", order="revision")
    store.keep([record(970000002, text="file")], source="file:a.xml", order="revision")
    store.keep([record(970000002, text="pubmed")], source=PUBMED)
    assert [b"pubmed" in r.raw for r in store.records()] == [True, True]


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.tuples(st.integers(970000001, 970000003), st.integers(1, 3), st.sampled_from([None, "2020-01-01", "2021"])),
        max_size=12,
        unique=True,
    ),
    st.randoms(use_true_random=False),
)
def test_files_in_any_order_end_alike(
    tmp_path_factory: pytest.TempPathFactory, versions: list[tuple[int, int, str | None]], random: Random
) -> None:
    """Files in any order end with the same current records, and every version is still there."""
    ends = []
    for _ in range(2):
        random.shuffle(versions)
        with Store.open(tmp_path_factory.mktemp("s") / "pubmed.db") as store:
            store.begin_run("test", harvester="0")
            for pmid, version, revised in versions * 2:
                store.keep([record(pmid, version, revised)], source="file:x", order="revision")
            ends.append([(r.pmid, r.raw) for r in store.records()])
            held = rows(store.path, "SELECT sha256 FROM records UNION SELECT sha256 FROM record_versions")
            assert len(held) == len(versions)
    assert ends[0] == ends[1]
    assert dict(ends[0]) == {
        pmid: max(
            (record(*entry) for entry in versions if entry[0] == pmid), key=lambda r: (r.version, r.date_revised or "")
        ).raw
        for pmid in {entry[0] for entry in versions}
    }


def test_equal_versions_in_files_settle(store: Store) -> None:
    """Of two file copies equal in version and date the later stays, and reading both again changes nothing."""
    for _ in range(2):
        store.keep([record(text="first")], source="file:a", order="revision")
        store.keep([record(text="second")], source="file:b", order="revision")
    assert b"second" in next(store.records()).raw
    assert rows(store.path, "SELECT count(*) FROM record_versions") == [(1,)]


def test_deleted_records_leave_but_stay_stored(store: Store) -> None:
    """A deleted PMID is no longer read, its record stays in the file; no file brings it back, PubMed does."""
    store.keep([record()], source="file:a", order="revision")
    assert store.delete([970000001, 970000009], source="file:b") == 2
    assert store.delete([970000001], source="file:b") == 0
    assert list(store.records()) == []
    store.keep([record(version=2)], source="file:a", order="revision")
    assert list(store.records()) == []
    assert rows(store.path, "SELECT version FROM records") == [(2,)]
    store.keep([record(version=2)], source=PUBMED)
    assert [r.pmid for r in store.records()] == [970000001]
    assert [pmid for pmid, _, _ in store.deletions()] == [970000009]


def test_a_batch_is_kept_whole_or_not_at_all(store: Store) -> None:
    """An error in the middle of a batch leaves nothing of it behind."""

    def broken() -> Iterator[Incoming]:
        yield record()
        raise RuntimeError("stop")

    with pytest.raises(RuntimeError, match="stop"):
        store.keep(broken(), source=PUBMED)
    assert list(store.records()) == []


def test_hits_are_not_repeated(store: Store) -> None:
    """A search that finds what the last one found adds no hits; what it lost is marked, what comes back begins anew."""
    first = search(store, [1, 2])
    search(store, [1, 2])
    third = search(store, [2, 3])
    fourth = search(store, [1, 2, 3])
    assert [(h.pmid, h.search_id, h.gone_search_id) for h in store.hits("ozone")] == [
        (1, first, third),
        (1, fourth, None),
        (2, first, None),
        (3, third, None),
    ]
    found = rows(
        store.path, "SELECT search_id, group_concat(pmid) FROM (SELECT * FROM search_found ORDER BY 1, 2) GROUP BY 1"
    )
    assert [pmids for _, pmids in found] == ["1,2", "1,2", "2,3", "1,2,3"]


def test_an_incomplete_search_proves_no_absence(store: Store) -> None:
    """A search that could not be listed whole adds hits and marks none as gone."""
    search(store, [1, 2])
    search(store, [3], complete=False)
    assert {h.pmid for h in store.hits() if h.gone_search_id is None} == {1, 2, 3}
    assert [s.state for s in store.searches()] == ["complete", "incomplete"]
    assert store.searches()[0].warnings == ("a line",)


def test_set_aside_once_and_resolved(store: Store) -> None:
    """The same thing set aside twice is one row, and is resolved when its record comes."""
    for _ in range(2):
        store.set_aside(970000001, source=PUBMED, reason="broken", raw=b"<x")
    assert [(row.pmid, row.reason) for row in store.open_set_aside()] == [(970000001, "broken")]
    store.keep([record()], source=PUBMED)
    assert store.open_set_aside() == []


def test_a_killed_run_is_named(tmp_path: Path) -> None:
    """A run that never ended is marked incomplete by the next one."""
    with Store.open(tmp_path / "p.db") as store:
        store.begin_run("first", harvester="0", topics=("hash", "mine.yml", "topics: []"), host="example.org")
    with Store.open(tmp_path / "p.db") as store:
        store.begin_run("second", harvester="0")
        store.finish_run("complete")
        assert [(run.command, run.state) for run in store.runs()] == [("first", "incomplete"), ("second", "complete")]
        assert store.topics_text() == ("mine.yml", "topics: []")


def test_two_harvests_at_once(tmp_path: Path) -> None:
    """A second harvest of the same file is refused in one line; a reader is not, and sees what is committed."""
    path = tmp_path / "p.db"
    with Store.open(path) as first:
        first.begin_run("one", harvester="0")
        first.keep([record()], source=PUBMED)
        with pytest.raises(WrongUse, match="another harvest is writing it"):
            Store.open(path, wait=0.05)
        with Store.read(path) as reader:
            assert reader.count_records() == 1
    Store.open(path, wait=0.05).close()


def test_kept_survives_sigkill(tmp_path: Path) -> None:
    """What a process kept is there after it was killed without warning, and the next one may write at once."""
    path = tmp_path / "p.db"
    script = (
        "import sys, time; from pathlib import Path; from harvest.store import *\n"
        f"s = Store.open(Path({str(path)!r})); s.begin_run('x', harvester='0')\n"
        "s.keep([Incoming(970000001, 1, None, b'<PubmedArticle/>')], source='pubmed')\n"
        "print('kept', flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"kept\n"
        process.kill()
    with Store.open(path, wait=1) as store:
        assert [r.pmid for r in store.records()] == [970000001]


def test_a_folder_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    """A missing folder, a folder as file, a missing file to read: each is one clear line."""
    with pytest.raises(WrongUse, match="its folder does not exist"):
        Store.open(tmp_path / "no" / "p.db")
    with pytest.raises(WrongUse, match="is a folder"):
        Store.open(tmp_path)
    with pytest.raises(WrongUse, match="no such file"):
        Store.read(tmp_path / "p.db")


def test_foreign_and_damaged_files_are_refused(tmp_path: Path) -> None:
    """Text, another program's database and a newer version's are refused in one line and left as they were."""
    text = tmp_path / "text.db"
    text.write_text("not a database at all, but long enough to be read as one " * 40)
    other = tmp_path / "other.db"
    conn = sqlite3.connect(other)
    conn.execute("CREATE TABLE records(pmid)")
    conn.close()
    newer = tmp_path / "newer.db"
    Store.open(newer).close()
    conn = sqlite3.connect(newer)
    conn.execute(
        "INSERT INTO _sqlite_migrations(migration_set, name, applied_at) VALUES ('pubmed.db', '9999_later', 'x')"
    )
    conn.commit()
    conn.close()
    for path, line in ((text, "not an SQLite database"), (other, "another program"), (newer, "newer version")):
        before = path.read_bytes()
        for opening in (Store.open, Store.read):
            with pytest.raises(WrongUse, match=line) as caught:
                opening(path)
            assert "\n" not in str(caught.value)
        assert path.read_bytes() == before


def test_a_damaged_record_is_noticed_and_mended(store: Store) -> None:
    """Bytes that no longer fit their hash are never handed out, and fetching the record again mends them."""
    store.keep([record()], source=PUBMED)
    conn = sqlite3.connect(store.path)
    conn.execute("UPDATE records SET xml = x'00112233'")
    conn.commit()
    conn.close()
    with pytest.raises(HarvestError, match="PMID 970000001 is damaged"):
        list(store.records())
    store.keep([record()], source=PUBMED)
    assert next(store.records()).raw == record().raw


def test_a_damaged_file_is_one_line(tmp_path: Path) -> None:
    """A file with damaged pages is told in one line with how to save what is left."""
    path = tmp_path / "p.db"
    with Store.open(path) as store:
        store.begin_run("x", harvester="0")
        store.keep([record(970000001 + n, text="x" * 50) for n in range(500)], source=PUBMED)
    whole = path.read_bytes()
    path.write_bytes(whole[:4096] + b"\xff" * (len(whole) - 4096))
    with pytest.raises(HarvestError, match=r"damaged .* \.recover") as caught, Store.read(path) as reader:
        list(reader.records())
    assert "\n" not in str(caught.value)


def test_migrations_are_applied_once(tmp_path: Path) -> None:
    """Opening again applies no migration twice, and every migration has a number."""
    for _ in range(2):
        Store.open(tmp_path / "p.db").close()
    names = [name for (name,) in rows(tmp_path / "p.db", "SELECT name FROM _sqlite_migrations ORDER BY id")]
    assert names
    assert [name[:4] for name in names] == [f"{n:04d}" for n in range(1, len(names) + 1)]
    assert migrations.name == "pubmed.db"


def test_read_only_place(tmp_path: Path) -> None:
    """A store on a read-only disk can be read."""
    folder = tmp_path / "shelf"
    folder.mkdir()
    with Store.open(folder / "p.db") as store:
        store.begin_run("x", harvester="0")
        store.keep([record()], source=PUBMED)
    (folder / "p.db").chmod(stat.S_IREAD)
    folder.chmod(stat.S_IREAD | stat.S_IEXEC)
    try:
        with Store.read(folder / "p.db") as reader:
            assert reader.count_records() == 1
    finally:
        folder.chmod(stat.S_IRWXU)


def test_keeping_is_fast(store: Store) -> None:
    """A thousand records and a thousand unchanged ones are kept in seconds."""
    thousand = [record(970000001 + n) for n in range(1000)]
    began = time.monotonic()
    store.keep(thousand, source=PUBMED)
    store.keep(thousand, source=PUBMED)
    assert time.monotonic() - began < 5
