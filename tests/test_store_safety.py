"""pubmed.db through full, read-only and damaged disks, several writers, kills and upgrades: nothing is lost."""

from __future__ import annotations

import os
import resource
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from random import Random
from typing import Any

import pytest
from click.testing import CliRunner
from sqlite_utils import Database

from harvest.cli import main
from harvest.errors import HarvestError, WrongUse
from harvest.prisma import prisma
from harvest.schema import APPLICATION_ID, migrations
from harvest.status import status_of
from harvest.store import PUBMED, Store
from harvest.verify import verify
from tests.loopback import VOCABULARY, article, on_topic, run, served, stored
from tests.ncbi import FIRST_PMID, PubMed
from tests.ncbi import faults as f
from tests.ncbi.schedules import every
from tests.ncbi.server import API_KEY

TOP = Path(__file__).resolve().parents[1]


@pytest.fixture(autouse=True)
def _settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("NCBI_API_KEY", "NCBI_EMAIL", "NCBI_BASE_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@pytest.fixture
def db(tmp_path: Path) -> Path:
    """A store of 40 records, one of them with an earlier version, one text and one thing set aside."""
    path = tmp_path / "p.db"
    with PubMed(on_topic(40), rate=100_000) as pubmed:
        run(pubmed, path)
        pubmed.corpus.put(article(1, "Ozone for back pain, changed (invented)"))
        run(pubmed, path, full=True)
    with Store.open(path) as store:
        store.begin_run("test", harvester="0")
        store.set_aside(FIRST_PMID + 900, source=PUBMED, reason="broken", raw=b"<PubmedArticle>")
        store.finish_run("complete")
    return path


def command(*args: str) -> Any:
    return CliRunner().invoke(main, args)


# Damage


def test_verify_finds_a_whole_store_whole(db: Path) -> None:
    """`harvest verify` checks every hash and says that all is well, exit status 0."""
    found = verify(db)
    assert (found.records, found.versions, found.problems) == (40, 1, ())
    done = command("verify", "--db", str(db))
    assert (done.exit_code, done.stderr) == (0, "")
    assert done.stdout == f"{db}: 40 records and 1 earlier versions checked: whole.\n"


@pytest.mark.parametrize(
    ("damage", "line"),
    [
        ("UPDATE records SET xml = x'0011' WHERE pmid = 970000003", "record of PMID 970000003 does not fit its hash"),
        ("UPDATE records SET sha256 = 'x' WHERE pmid = 970000003", "record of PMID 970000003 does not fit its hash"),
        ("UPDATE records SET pmid = 970000999 WHERE pmid = 970000003", "record of PMID 970000999 does not fit"),
        ("UPDATE record_versions SET xml = x'00'", "earlier version of PMID 970000002 does not fit its hash"),
        ("UPDATE search_texts SET text = 'x'", "a text of search_texts"),
        ("UPDATE topics_files SET text = 'x'", "a text of topics_files"),
        ("UPDATE set_aside SET raw = x'00'", "what was set aside as number 1"),
        ("UPDATE records SET last_seen = '2O26-01-01T00:00:00Z'", "40 of records.last_seen are no times"),
        ("UPDATE runs SET harvester = CAST(x'ff' AS TEXT)", "the database is damaged"),
        ("UPDATE search_hits SET search_id = 99 WHERE pmid = 970000003", "a row of search_hits points to a row"),
    ],
)
def test_verify_names_what_is_damaged(db: Path, damage: str, line: str) -> None:
    """Each kind of damage is a line with what it is and how to mend it, exit status 1."""
    with closing(sqlite3.connect(db)) as conn, conn:
        conn.execute(damage)
    done = command("verify", "--db", str(db))
    assert done.exit_code == 1
    assert line in done.stderr
    assert done.stdout.endswith("damaged.\n")


def test_a_damaged_record_is_fetched_again(db: Path) -> None:
    """What verify says is the remedy: after `harvest pubmed --full` the store is whole."""
    with closing(sqlite3.connect(db)) as conn, conn:
        conn.execute("UPDATE records SET xml = x'0011' WHERE pmid = 970000003")
    assert "--full" in verify(db).problems[0]
    with PubMed(on_topic(40), rate=100_000) as pubmed:
        run(pubmed, db, full=True)
        assert verify(db).problems == ()
        assert stored(db) == served(pubmed)


def test_no_flipped_byte_goes_unnoticed(db: Path, tmp_path: Path) -> None:
    """Wherever a byte of the file is changed: it is detected, or every record is still as NLM sent it. No traceback."""
    random = Random(52)  # noqa: S311 - a test's own dice
    whole, before = db.read_bytes(), stored(db)
    copy = tmp_path / "copy.db"
    detected = 0
    for _ in range(250):
        at = random.randrange(len(whole))
        copy.write_bytes(whole[:at] + bytes([whole[at] ^ (1 << random.randrange(8))]) + whole[at + 1 :])
        for reading in (status_of, prisma):
            try:
                reading(copy)
            except HarvestError as error:
                assert "\n" not in str(error)  # noqa: PT017 - which reading fails depends on the byte
        try:
            found = verify(copy)
            told = bool(found.problems)
            assert not any("\n" in line for line in found.problems)
        except WrongUse:
            told = True
        detected += told
        if not told:
            assert stored(copy) == before
    assert detected > 50


def test_a_damaged_file_says_how_to_recover(db: Path) -> None:
    """A store with damaged pages ends every command in one line that says how to save what is left."""
    whole = db.read_bytes()
    db.write_bytes(whole[:4096] + b"\xff" * 40_000 + whole[44_096:])
    for name in ("status", "prisma", "verify", "pubmed"):
        done = command(name, "--db", str(db))
        assert done.exit_code == 1, name
        assert "Traceback" not in done.output
        assert ".recover" in done.stderr


def test_what_recover_saves_can_be_used(db: Path, tmp_path: Path) -> None:
    """The recovery that the message names: the sqlite3 shell saves the rows, a harvest then mends what is missing."""
    shell = shutil.which("sqlite3")
    if shell is None:
        pytest.skip("recovering needs the `sqlite3` shell")
    whole = db.read_bytes()
    half = len(whole) // 4096 // 2 * 4096
    db.write_bytes(whole[:half] + b"\xff" * 8192 + whole[half + 8192 :])
    assert verify(db).problems
    saved = subprocess.run([shell, str(db), ".recover"], capture_output=True, check=False).stdout
    subprocess.run([shell, str(tmp_path / "recovered.db")], input=saved, capture_output=True, check=False)
    recovered = tmp_path / "recovered.db"
    with PubMed(on_topic(40), rate=100_000) as pubmed:
        run(pubmed, recovered, full=True)
        assert stored(recovered) == served(pubmed)


# Disks


HARVEST = """
{python} -m harvest.cli pubmed --db {disk}/p.db --topics {topics} --base-url {url}; echo "exit $?"
"""


def in_own_mounts(script: str, env: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """A shell that may mount a small disk of its own; the test skips where the system allows nobody that."""
    unshare = shutil.which("unshare")
    if unshare is None:
        pytest.skip("mounting a small disk needs `unshare` (util-linux)")
    allowed = subprocess.run([unshare, "-rm", "true"], capture_output=True, check=False)
    if allowed.returncode:
        pytest.skip(f"this system lets nobody mount a disk of their own: {allowed.stderr.decode().strip()}")
    return subprocess.run(
        [unshare, "-rm", "sh", "-c", script], capture_output=True, text=True, env=env, timeout=60, check=False, cwd=TOP
    )


def test_a_full_disk_and_a_read_only_one(tmp_path: Path) -> None:
    """On a disk that is full: one line, what was kept is whole; with room again, all of it. Read-only: one line."""
    disk, topics = tmp_path / "disk", tmp_path / "test.yml"
    disk.mkdir()
    topics.write_text(VOCABULARY)
    noise = Random(3)  # noqa: S311 - text that does not compress
    records = [
        article(n, "Ozone for back pain (invented)", " ".join(f"{noise.getrandbits(64):x}" for _ in range(250)))
        for n in range(300)
    ]
    env = {**os.environ, "NCBI_API_KEY": API_KEY, "XDG_CACHE_HOME": str(tmp_path / "cache")}
    with PubMed(records, rate=100_000) as pubmed:
        once = HARVEST.format(python=sys.executable, disk=disk, topics=topics, url=pubmed.base_url)
        tool = f"{sys.executable} -m harvest.cli"
        done = in_own_mounts(
            f"mount -t tmpfs -o size=900k tmpfs {disk} && {once}"
            f"{tool} verify --db {disk}/p.db; echo verify $?\n"
            f"mount -o remount,size=40m {disk} && {once}"
            f"{tool} verify --db {disk}/p.db; echo verify $?\n"
            f"mount -o remount,ro {disk} && {once}"
            f"{tool} status --db {disk}/p.db; echo status $?\n"
            f"cp {disk}/p.db {tmp_path}/saved.db",
            env,
        )
        said = [line for line in done.stdout.splitlines() if line.startswith(("exit", "verify", "status"))]
        assert said == ["exit 1", "verify 0", "exit 0", "verify 0", "exit 2", "status 0"], done
        assert "the disk is full; make room and run again (what was kept stays kept)" in done.stderr
        assert "cannot be opened or written" in done.stderr
        assert "Traceback" not in done.stderr
        assert stored(tmp_path / "saved.db") == served(pubmed)


def test_a_limit_on_file_sizes(tmp_path: Path) -> None:
    """Where files may not grow any more (ulimit), a harvest ends in one line and keeps what it had."""
    topics = tmp_path / "test.yml"
    topics.write_text(VOCABULARY)
    env = {**os.environ, "NCBI_API_KEY": API_KEY, "XDG_CACHE_HOME": str(tmp_path / "cache")}
    args = ["pubmed", "--db", str(tmp_path / "p.db"), "--topics", str(topics)]

    def small() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (150_000, 150_000))

    with PubMed(on_topic(300), rate=100_000) as pubmed:
        command_line = [sys.executable, "-m", "harvest.cli", *args, "--base-url", pubmed.base_url]
        done = subprocess.run(
            command_line,
            capture_output=True,
            text=True,
            env=env,
            preexec_fn=small,
            timeout=60,
            check=False,
        )
        assert done.returncode == 1, done
        assert done.stderr.count("Error: ") == 1
        assert "Traceback" not in done.stderr
        assert verify(tmp_path / "p.db").problems == ()
        run(pubmed, tmp_path / "p.db")
        assert stored(tmp_path / "p.db") == served(pubmed)


# Several at once


def test_two_harvests_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """While one harvest runs, a second one on the same store is refused in one line, and the first ends well."""
    topics = tmp_path / "test.yml"
    topics.write_text(VOCABULARY)
    db = tmp_path / "p.db"
    opened = Store.open
    monkeypatch.setattr(Store, "open", lambda path: opened(path, wait=0.2))
    env = {**os.environ, "NCBI_API_KEY": API_KEY}
    with PubMed(on_topic(10), rate=100_000, latency=0.4) as pubmed:
        options = ["pubmed", "--db", str(db), "--topics", str(topics), "--base-url", pubmed.base_url]
        with subprocess.Popen([sys.executable, "-m", "harvest.cli", *options], env=env, stdout=-3, stderr=-3) as first:
            while not pubmed.requests:
                assert first.poll() is None
            second = command(*options)
            assert (second.exit_code, second.stderr.count("\n")) == (2, 1)
            assert "another harvest is writing it; wait for that one" in second.stderr
            assert command("status", "--db", str(db)).exit_code == 0
            assert first.wait(30) == 0
        assert stored(db) == served(pubmed)


def test_a_harvest_that_is_refused_leaves_the_data(db: Path) -> None:
    """PubMed down for good: exit status 3, and the store is as it was."""
    before = stored(db)
    with PubMed(on_topic(4), rate=100_000, faults=[every(1, f.ServerError(503))]) as pubmed:
        with pytest.raises(HarvestError, match="HTTP 503") as caught:
            run(pubmed, db)
        assert caught.value.exit_status == 3
    assert stored(db) == before


# Upgrades


NAMES = [migration.name for migration in migrations.pending(Database(memory=True, execute_plugins=False))]


def of_version(path: Path, number: int) -> None:
    """A store as the harvester with the first `number` migrations left it, with a run, a record and a search."""
    with closing(sqlite3.connect(path, isolation_level=None)) as conn:
        conn.execute(f"PRAGMA application_id={APPLICATION_ID}")
        conn.execute("PRAGMA journal_mode=WAL")
        if number:
            migrations.apply(Database(conn, execute_plugins=False), stop_before=NAMES[number : number + 1] or None)
            conn.execute(
                "INSERT INTO runs(command, started, state, harvester)"
                " VALUES ('x', '2020-01-01T00:00:00Z', 'complete', '0.1')"
            )
            conn.execute(
                "INSERT INTO records(pmid, version, sha256, source, first_source, first_seen, last_seen, version_seen,"
                " run_id, xml) VALUES (970000001, 1, ?, 'pubmed', 'pubmed', '2020', '2020', '2020', 1, ?)",
                ("6ab89aaae9d40d2fc19ef3c9bd9e4ebaf3f68b75e7ea1bb6e9ba4b03cb8e9ac8", b"x"),
            )


def schema_of(path: Path) -> Iterator[tuple[str, str, str]]:
    with closing(sqlite3.connect(path)) as conn:
        yield from conn.execute("SELECT type, name, sql FROM sqlite_master ORDER BY type, name").fetchall()


def rows_of(path: Path) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(path)) as conn:
        return [
            *conn.execute("SELECT id, command, started, state, harvester FROM runs"),
            *conn.execute("SELECT pmid, sha256, xml FROM records"),
        ]


@pytest.mark.parametrize("number", range(len(NAMES) + 1))
def test_upgrades_from_every_earlier_version(tmp_path: Path, number: int) -> None:
    """A store of any earlier version becomes one of this version and keeps its rows."""
    path, fresh = tmp_path / "old.db", tmp_path / "fresh.db"
    of_version(path, number)
    before = rows_of(path) if number else []
    Store.open(fresh).close()
    Store.open(path).close()
    assert list(schema_of(path)) == list(schema_of(fresh))
    assert rows_of(path) == before
    assert status_of(path).records == bool(number)


KILLED_UPGRADES = """
import os, signal, sqlite3, sys
from pathlib import Path
from harvest import database
from harvest.store import Store

path, copy = Path(sys.argv[1]), Path(sys.argv[2])
connect = sqlite3.connect
for kill_at in range(1, 1000, int(sys.argv[3])):
    copy.write_bytes(path.read_bytes())
    child = os.fork()
    if child == 0:
        count = 0
        def traced(statement):
            global count
            count += 1
            if count == kill_at:
                os.kill(os.getpid(), signal.SIGKILL)
        def connected(*args, **more):
            conn = connect(*args, **more)
            conn.set_trace_callback(traced)
            return conn
        database.sqlite3.connect = connected
        Store.open(copy).close()
        os._exit(0)
    _, status = os.waitpid(child, 0)
    killed = os.WIFSIGNALED(status)
    Store.open(copy).close()
    print(killed, flush=True)
    with_rows = connect(copy)
    assert with_rows.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    print(with_rows.execute("SELECT type, name, sql FROM sqlite_master ORDER BY type, name").fetchall())
    print(with_rows.execute("SELECT count(*) FROM records").fetchone())
    with_rows.close()
    for name in ("-wal", "-shm", ".lock"):
        copy.with_name(copy.name + name).unlink(missing_ok=True)
    if not killed:
        break
"""


@pytest.mark.parametrize("number", range(len(NAMES)))
def test_an_upgrade_killed_at_any_statement_is_finished_by_the_next(tmp_path: Path, number: int) -> None:
    """SIGKILL at any statement of an upgrade: the next start finishes it, with every row.

    At each single one from the version before this, at each third from those before.
    """
    path, fresh = tmp_path / "old.db", tmp_path / "fresh.db"
    of_version(path, number)
    Store.open(fresh).close()
    step = "1" if number == len(NAMES) - 1 else "3"
    done = subprocess.run(
        [sys.executable, "-c", KILLED_UPGRADES, str(path), str(tmp_path / "copy.db"), step],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[0::3][-1] == "False"
    assert len(lines[0::3]) > 5
    assert set(lines[0::3][:-1]) == {"True"}
    assert set(lines[1::3]) == {str(list(schema_of(fresh)))}
    assert set(lines[2::3]) == {f"({int(number > 0)},)"}
