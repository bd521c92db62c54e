"""`catalog serve --workers 2`: two processes answer at one port, are kept running, and end together, answers whole."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests

from tests.records import article_xml
from tests.running import Served, start
from tests.site_fixtures import wait_until, write_site

pytestmark = pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="children are listed in /proc on Linux")


@pytest.fixture(scope="module")
def catalog(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_site(tmp_path_factory.mktemp("workers") / "catalog.db", [article_xml("Synthetic", pmid=970060001)])


@contextmanager
def started(catalog: Path, folder: Path, *more: str) -> Iterator[Served]:
    """The command, ready; killed at the end where it still runs."""
    served = start("catalog", ["serve", str(catalog), "--workers", "2", "--port", "0", *more], folder)
    try:
        served.wait_ready()
        yield served
    finally:
        if served.process.poll() is None:
            served.process.kill()
            served.process.wait(20)


def processes(served: Served) -> list[int]:
    """Those that answer."""
    pid = served.process.pid
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def gone(pid: int) -> bool:
    """Whether a process has ended; one that waits to be collected has."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z"
    except (FileNotFoundError, ProcessLookupError):
        return True


def measured(served: Served, name: str) -> dict[str, float]:
    """A metric by its labels, as any of the processes tells it of all."""
    text = requests.get(f"{served.address}/-/metrics", timeout=20).text
    return {labels: float(value) for labels, value in re.findall(rf"^catalog_{name}(\{{.*\}})? (\S+)$", text, re.M)}


class SlowText:
    """A request whose text has not yet arrived in full."""

    def __init__(self, served: Served) -> None:
        host, port = served.address.removeprefix("http://").split(":")
        self._body = json.dumps({"text": "Ozone relieves back pain."}).encode()
        self._socket = socket.create_connection((host, int(port)), timeout=30)
        head = f"POST /quotes.json HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\n"
        self._socket.sendall(f"{head}Content-Length: {len(self._body)}\r\n\r\n".encode() + self._body[:9])

    def finish(self) -> bytes:
        """Send the rest; everything that comes back."""
        self._socket.sendall(self._body[9:])
        return self.read()

    def read(self) -> bytes:
        """What comes until the connection ends."""
        with self._socket:
            return b"".join(iter(lambda: self._socket.recv(65536), b""))


def test_stopped_while_every_process_answers(catalog: Path, tmp_path: Path) -> None:
    """After SIGTERM health says 503, each process answers whole what it was asked, then the port is free."""
    with started(catalog, tmp_path, "--stop-delay", "2", "--log", "json") as served:
        slow: list[SlowText] = []

        def each_is_busy() -> bool:
            busy = measured(served, "requests_in_flight")
            if min(busy['{worker="0"}'], busy['{worker="1"}']) >= 2:  # one of them is this very question
                return True
            if len(slow) < 60:
                slow.append(SlowText(served))
            return False

        wait_until(each_is_busy, within=60)
        helpers = processes(served)
        served.process.terminate()
        wait_until(lambda: requests.get(f"{served.address}/-/health", timeout=20).status_code == 503)
        for one in slow:
            answer = one.finish()
            head, _, body = answer.partition(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 200 ")
            assert body.endswith(b"\r\n0\r\n\r\n")  # the last piece of an answer sent in pieces
            assert b'{"ok": true, ' in body
            assert b"connection: close" in head.lower()
        assert served.process.wait(40) == 0
        assert all(gone(pid) for pid in helpers)
        with pytest.raises(requests.ConnectionError):
            requests.get(served.address, timeout=5)
    events = [json.loads(line) for line in served.err.read_text().splitlines()]
    assert {(event["event"], event["worker"]) for event in events} >= {("ended", 0), ("ended", 1)}


def test_a_bound_on_what_is_waited_for(catalog: Path, tmp_path: Path) -> None:
    """Texts that never arrive do not keep the site from ending; what was cut is told in one line a process."""
    with started(catalog, tmp_path, "--stop-within", "1") as served:
        slow = [SlowText(served) for _ in range(8)]
        wait_until(lambda: sum(measured(served, "requests_in_flight").values()) == 9)
        served.process.terminate()
        assert served.process.wait(40) == 0
        for one in slow:
            with contextlib.suppress(ConnectionResetError):
                one.read()
    assert set(served.err.read_text().splitlines()) == {"answers that took longer than --stop-within were cut"}


def test_both_processes_answer_and_one_that_died_is_replaced(catalog: Path, tmp_path: Path) -> None:
    """A process that is killed is told of and replaced; the site goes on, and its counts do not go back."""
    with started(catalog, tmp_path) as served:
        first = processes(served)
        assert len(first) == 2
        os.kill(first[0], signal.SIGKILL)
        wait_until(lambda: len(set(processes(served)) - set(first)) == 1, within=30)

        def both_serve() -> bool:
            try:
                said = requests.get(f"{served.address}/-/health", timeout=20).json()
            except requests.ConnectionError:  # the killed one's port
                return False
            return bool(said["processes_serving"] == said["processes_of_this_generation"] == 2)

        wait_until(both_serve, within=30)
        assert "ended by accident (status -9); another takes its place" in served.err.read_text()
        assert sum(measured(served, "process_state").values()) == 2
        assert served.stop() == 0


def test_no_process_outlives_the_first(catalog: Path, tmp_path: Path) -> None:
    """Where the first process is killed outright, the others end by themselves."""
    with started(catalog, tmp_path) as served:
        helpers = processes(served)
        os.kill(served.process.pid, signal.SIGKILL)
        wait_until(lambda: all(gone(pid) for pid in helpers), within=30)
