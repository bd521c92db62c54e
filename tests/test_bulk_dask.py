"""`harvest bulk --dask` on a real cluster of several processes: the same catalog as one process, whatever dies."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from catalog.build import build
from catalog.digest import digest
from harvest.topics import Topics, load_topics
from tests.bulk import gone, held, run, sources
from tests.ncbi import synthetic_records
from tests.ncbi.bulk import area, write_area
from tests.running import run as command

# Each worker says which file it begins, and takes its time over it, so that it can be killed or stopped meanwhile.
SLOW = """
import os, time
from pathlib import Path
import harvest.cluster as cluster
from harvest.scan import scan
def slow(path, name, matcher, held):
    Path(os.environ["TEST_MARKS"], f"{name} {os.getpid()}").touch()
    time.sleep(float(os.environ["TEST_SECONDS"]))
    return scan(path, name, matcher, held)
cluster.scan = slow
"""


Made = tuple[dict[int, bytes], dict[int, str], str]


@dataclass
class Cluster:
    """A scheduler and its workers, each a process of its own."""

    address: str
    marks: Path
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def first_at_work(self) -> int:
        """The process that began a file first; waits for it."""
        until = time.monotonic() + 60
        while time.monotonic() < until:
            begun = sorted(self.marks.iterdir(), key=lambda mark: mark.stat().st_mtime_ns)
            if begun:
                return int(begun[0].name.split()[1])
            time.sleep(0.02)
        raise AssertionError("no worker began a file")


@contextmanager
def cluster(folder: Path, workers: int, seconds: float) -> Iterator[Cluster]:
    preload, marks, log = folder / "slow.py", folder / "marks", folder / "scheduler.log"
    preload.write_text(SLOW)
    marks.mkdir()
    env = {**os.environ, "TEST_MARKS": str(marks), "TEST_SECONDS": str(seconds)}
    env |= {"DASK_DISTRIBUTED__ADMIN__TICK__INTERVAL": "1s", "PYTHONPATH": os.pathsep.join(sys.path)}
    scheduler = [
        *(sys.executable, "-m", "dask", "scheduler"),
        *("--host", "127.0.0.1", "--port", "0"),
        "--no-dashboard",
    ]
    processes: list[subprocess.Popen[bytes]] = []
    try:
        with log.open("wb") as said:
            processes.append(subprocess.Popen(scheduler, stderr=said, stdout=said, env=env, cwd=folder))
        until = time.monotonic() + 60
        while not (at := re.search(r"Scheduler at:\s+(tcp://\S+)", log.read_text())):
            assert time.monotonic() < until, log.read_text()
            time.sleep(0.05)
        worker = [*(sys.executable, "-m", "dask", "worker", at[1]), "--no-dashboard", "--no-nanny", "--nthreads", "1"]
        worker += ["--host", "127.0.0.1", "--preload", str(preload), "--local-directory", str(folder)]
        with (folder / "workers.log").open("wb") as said:
            processes += [
                subprocess.Popen(worker, stderr=said, stdout=said, env=env, cwd=folder) for _ in range(workers)
            ]
        while log.read_text().count("Register worker") < workers:
            assert time.monotonic() < until, (folder / "workers.log").read_text()
            time.sleep(0.05)
        yield Cluster(at[1], marks, processes)
    finally:
        for process in processes:
            process.kill()
            process.wait(10)


@pytest.fixture(scope="module")
def topics() -> Topics:
    return load_topics()


@pytest.fixture(scope="module")
def files() -> dict[str, bytes]:
    """Eight baseline files and three updates that revise and delete."""
    raws = list(synthetic_records(160))
    updates = [[raws[n].replace(b"invented record", b"revised record"), gone(n + 1)] for n in range(0, 30, 10)]
    return dict(area([raws[n : n + 20] for n in range(0, 160, 20)], updates))


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory, topics: Topics, files: dict[str, bytes]) -> Made:
    """What one process makes of the files: the records, where each came from, and the catalog's digest."""
    folder = tmp_path_factory.mktemp("alone")
    run(folder / "pubmed.db", folder / "in", topics, files)
    return _made(folder)


def _made(folder: Path) -> Made:
    build(folder / "pubmed.db", folder / "catalog.db")
    return held(folder / "pubmed.db"), sources(folder / "pubmed.db"), digest(folder / "catalog.db")


def test_four_workers_one_killed(tmp_path: Path, files: dict[str, bytes], alone: Made) -> None:
    """One of four workers is killed over its file: another does it, and store and catalog are those of one process."""
    write_area(tmp_path / "in", files)
    with cluster(tmp_path, 4, 0.5) as workers:
        arguments = [sys.executable, "-m", "harvest.cli", "bulk", "in", "--dask", workers.address]
        with subprocess.Popen(arguments, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as harvesting:
            os.kill(workers.first_at_work(), signal.SIGKILL)
            out, err = harvesting.communicate(timeout=120)
        assert (harvesting.returncode, err) == (0, b""), err.decode()
        assert b"11 of 11 files applied" in out
    assert _made(tmp_path) == alone


def test_a_straggler_is_overtaken(
    tmp_path: Path,
    files: dict[str, bytes],
    alone: Made,
    topics: Topics,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A worker that stands still does not hold up the run: its file is given to another as well."""
    write_area(tmp_path / "in", files)
    script = (
        "import sys; from pathlib import Path; from harvest import cluster;"
        "cluster.STRAGGLES_AFTER, cluster.STRAGGLES = 1.0, 0.0;"
        "from harvest.bulk import harvest_bulk;"
        "sys.exit(harvest_bulk(Path('pubmed.db'), 'in', dask=sys.argv[1]).exit_status)"
    )
    with (
        cluster(tmp_path, 3, 0.3) as workers,
        subprocess.Popen([sys.executable, "-c", script, workers.address], cwd=tmp_path) as harvesting,
    ):
        stopped = workers.first_at_work()
        os.kill(stopped, signal.SIGSTOP)
        try:
            assert harvesting.wait(120) == 0
        finally:
            os.kill(stopped, signal.SIGCONT)
    assert _made(tmp_path) == alone


def test_the_scheduler_is_killed(tmp_path: Path) -> None:
    """Without its scheduler the run ends with one line and status 3; what was applied stays."""
    write_area(tmp_path / "in", area([[next(iter(synthetic_records(1)))]]))
    with cluster(tmp_path, 1, 30) as workers:
        script = (
            "from harvest import cluster; cluster.CONNECT_WITHIN = 3; from harvest.cli import main;"
            f"main(['bulk', 'in', '--dask', '{workers.address}'])"
        )
        arguments = [sys.executable, "-c", script]
        with subprocess.Popen(arguments, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as harvesting:
            workers.first_at_work()
            workers.processes[0].kill()  # the scheduler itself
            _, err = harvesting.communicate(timeout=120)
        assert harvesting.returncode == 3, err.decode()
        assert len(err.splitlines()) == 1
        assert b"the scheduler is gone" in err


def test_no_scheduler_there(tmp_path: Path) -> None:
    """An address where nothing answers, and one that is none: one line, and what to do."""
    write_area(tmp_path / "in", area([[next(iter(synthetic_records(1)))]]))
    refused = command("harvest", ["bulk", "in", "--dask", "tcp://127.0.0.1:9"], tmp_path)
    assert (refused.returncode, len(refused.stderr.splitlines())) == (3, 1), refused.stderr
    assert "no scheduler answers there" in refused.stderr
    nonsense = command("harvest", ["bulk", "in", "--dask", "nonsense://x"], tmp_path)
    assert (nonsense.returncode, len(nonsense.stderr.splitlines())) == (2, 1), nonsense.stderr
    both = command("harvest", ["bulk", "in", "--dask", "tcp://127.0.0.1:9", "--workers", "2"], tmp_path)
    assert both.returncode == 2
    assert "give one of them" in both.stderr
