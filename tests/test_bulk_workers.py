"""`harvest bulk` with worker processes, killed, stopped by hand and run again: the same store as undisturbed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from harvest.bulkstore import BulkStore
from harvest.topics import Topics, load_topics
from tests.bulk import applied, article, gone, held, run, sources
from tests.ncbi import synthetic_records
from tests.ncbi.bulk import area, write_area


@pytest.fixture(scope="session")
def topics() -> Topics:
    return load_topics()


@pytest.fixture
def db(tmp_path: Path) -> Path:
    return tmp_path / "pubmed.db"


# Workers, stops


def test_workers_give_the_same_store(tmp_path: Path, topics: Topics) -> None:
    """Any number of processes gives the same records, versions, deletions and counts as one."""
    raws = list(synthetic_records(240))
    updates = [[raws[n].replace(b"invented record", b"revised record"), gone(n + 1)] for n in range(0, 60, 6)]
    files = area([raws[n : n + 40] for n in range(0, 240, 40)], updates)
    found = {}
    for workers in (1, 2, 5):
        db = tmp_path / f"{workers}.db"
        bulked = run(db, tmp_path / "in", topics, files, workers=workers)
        found[workers] = (held(db), sources(db), bulked.kept, bulked.deleted, bulked.off_topic, bulked.exit_status)
    assert found[1] == found[2] == found[5]
    assert found[1][5] == 0


def die_once(pipe: Any, topics: Any, held: Any) -> None:
    """A worker that is killed over the second file, the first time."""
    mark = Path(os.environ["TEST_MARK"])
    if not mark.exists():
        mark.touch()
        pipe.recv()
        os.kill(os.getpid(), signal.SIGKILL)
    from harvest.workers import work

    work(pipe, topics, held)


def die_always(pipe: Any, topics: Any, held: Any) -> None:
    """A worker that cannot stand one file."""
    from harvest import workers

    class Pipe:
        def recv(self) -> Any:
            task = pipe.recv()
            if "n0002" in task.name:
                os.kill(os.getpid(), signal.SIGKILL)
            return task

        def send(self, message: Any) -> None:
            pipe.send(message)

    workers.work(Pipe(), topics, held)  # type: ignore[arg-type]  # as much of a Connection as a worker uses


def test_a_dead_worker_is_noticed(tmp_path: Path, db: Path, topics: Topics, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file of a worker that was killed is done again; where it kills two it is named and the rest goes on."""
    monkeypatch.setenv("TEST_MARK", str(tmp_path / "mark"))
    files = area([[article(n)] for n in range(1, 7)])
    bulked = run(db, tmp_path / "in", topics, files, workers=2, target=die_once)
    assert (bulked.applied, bulked.problems, set(held(db))) == (6, (), set(range(1, 7)))
    other = tmp_path / "other.db"
    bulked = run(other, tmp_path / "in", topics, workers=2, target=die_always)
    assert (bulked.applied, set(held(other)), bulked.exit_status) == (5, {1, 3, 4, 5, 6}, 1)
    assert bulked.problems == ("pubmed26n0002.xml.gz: not applied: its worker process was ended by SIGKILL, twice",)
    assert run(other, tmp_path / "in", topics, workers=2).applied == 1
    assert held(other) == held(db)


def test_killed_and_run_again(tmp_path: Path, db: Path, topics: Topics) -> None:
    """A run killed again and again leaves whole files behind it and ends with the store of an undisturbed one."""
    raws = list(synthetic_records(2000))
    folder = write_area(tmp_path / "in", area([raws[n : n + 200] for n in range(0, 2000, 200)], [[gone(1, 2, 3)]]))
    calm = tmp_path / "calm.db"
    run(calm, folder, topics)
    command = [sys.executable, "-m", "harvest.cli", "bulk", str(folder), "--db", str(db)]
    kills = 0
    for pause in (0.6, 0.75, 0.9, 60):
        with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
            until = time.monotonic() + pause
            while process.poll() is None and time.monotonic() < until:
                time.sleep(0.02)
            if process.poll() is None:
                process.send_signal(signal.SIGKILL)
                kills += 1
        if db.exists() and process.returncode != 0:
            with BulkStore.open(db) as store:
                done = store.applied()
                assert sum(file.kept for file in done) >= store.count_records()
    assert process.returncode == 0
    assert kills >= 1
    assert held(db) == held(calm)
    with BulkStore.read(db) as store, BulkStore.read(calm) as other:
        assert [(f.name, f.md5, f.kept) for f in store.applied()] == [(f.name, f.md5, f.kept) for f in other.applied()]


@pytest.mark.parametrize(("sent", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_stopped_by_hand(tmp_path: Path, db: Path, sent: signal.Signals, status: int) -> None:
    """Ctrl-C and SIGTERM to the whole group end a run in one line; what was applied stays, no worker does."""
    raws = list(synthetic_records(400))
    folder = write_area(tmp_path / "in", area([raws] * 60))
    command = [sys.executable, "-m", "harvest.cli", "bulk", str(folder), "--db", str(db), "--workers", "2"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    ) as process:
        until = time.monotonic() + 30
        while time.monotonic() < until and process.poll() is None and len(applied(db)) < 2:
            time.sleep(0.02)
        os.killpg(process.pid, sent)
        out, err = process.communicate(timeout=30)
    assert (process.returncode, out) == (status, "")
    assert err == "Stopped. What was kept stays kept; run the same command again to go on.\n"
    assert 2 <= len(applied(db)) < 60
    assert gone_within(process.pid, 10)


def gone_within(group: int, seconds: float) -> bool:
    """Whether every process of a group has ended by then."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.05)
    return False
