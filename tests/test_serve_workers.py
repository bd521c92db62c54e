"""`catalog serve --workers 2`: two processes answer at one port, and neither outlives the other's end."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests

from tests.records import article_xml
from tests.site_fixtures import wait_until, write_site

pytestmark = pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="children are listed in /proc on Linux")


@contextmanager
def started(path: Path) -> Iterator[tuple[subprocess.Popen[str], str, int]]:
    """(the first process, its address, the helper)."""
    command = [sys.executable, "-c", "from catalog.cli import main; main()", "serve", str(path), "--workers", "2"]
    process = subprocess.Popen([*command, "--port", "0"], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    found = re.search(r"http://\S+", process.stdout.readline())
    try:
        assert found
        (helper,) = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
        yield process, found[0], int(helper)
    finally:
        process.kill()
        process.wait(20)
        process.stdout.close()


def gone(pid: int) -> bool:
    """Whether a process has ended; one that waits to be collected has."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z"
    except (FileNotFoundError, ProcessLookupError):
        return True


def asked(pid: int) -> float:
    """Processor time a process has used: it grows where it answers."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return int(fields[11]) + int(fields[12])


def test_two_processes_answer_and_end_together(tmp_path: Path) -> None:
    """Requests reach both; SIGTERM ends both and frees the port."""
    path = write_site(tmp_path / "catalog.db", [article_xml("Synthetic one", pmid=970060001)])
    with started(path) as (process, address, helper):
        before = {pid: asked(pid) for pid in (process.pid, helper)}

        def both() -> bool:
            assert requests.get(f"{address}search.json", timeout=20).json()["total"] == 1
            return all(asked(pid) > before[pid] for pid in before)

        wait_until(both, within=30)
        process.terminate()
        assert process.wait(20) == 0
        assert gone(helper)
        with pytest.raises(requests.ConnectionError):
            requests.get(address, timeout=5)


def test_a_helper_does_not_outlive_the_first(tmp_path: Path) -> None:
    """Where the first process is killed outright, its helper ends by itself."""
    path = write_site(tmp_path / "catalog.db", [article_xml("Synthetic one", pmid=970060001)])
    with started(path) as (process, _, helper):
        os.kill(process.pid, signal.SIGKILL)
        wait_until(lambda: gone(helper), within=30)
