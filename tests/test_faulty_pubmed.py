"""Whole harvests of a PubMed in which things go wrong: what is kept is what is served, exactly once each."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from random import Random
from typing import Any
from urllib.parse import urlsplit

import pytest
from click.testing import CliRunner

from catalog.build import build
from catalog.digest import digest
from harvest.cli import main
from harvest.errors import Unreachable
from harvest.eutils import Client
from harvest.pubmed import harvest
from harvest.store import Store
from tests.loopback import QUICK, TOPICS, VOCABULARY, on_topic, run, served, stored
from tests.ncbi import PubMed
from tests.ncbi import faults as f
from tests.ncbi.schedules import every
from tests.ncbi.server import API_KEY
from tests.ncbi.storm import EVERY_FAULT, tenth_request


@pytest.fixture(autouse=True)
def _settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("NCBI_API_KEY", "NCBI_EMAIL", "NCBI_BASE_URL", "http_proxy", "HTTP_PROXY", "no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


EACH: dict[str, f.Fault] = {
    "429": f.RateLimited(),
    "429 with Retry-After": f.RateLimited(retry_after=0),
    "429 body with HTTP 200": f.RateLimited(status=200),
    "429 body with HTTP 200 and a raw newline": f.RawLimited(),
    "500": f.ServerError(500),
    "502": f.ServerError(502),
    "503 with Retry-After": f.ServerError(503, retry_after=0),
    "HTML page with HTTP 200": f.HtmlPage(),
    "ERROR with HTTP 200": f.ErrorElement(),
    "ERROR with HTTP 400": f.BackendTimeout(),
    "search error with HTTP 200": f.SearchFailed(),
    "empty body": f.EmptyBody(),
    "reset before the answer": f.ResetBefore(),
    "reset midway": f.ResetMidway(),
    "body cut": f.CutBody(),
    "chunked body cut": f.CutChunked(),
    "XML cut, nothing wrong on the wire": f.CutXml(),
    "stall": f.Stall(0.4),
    "stall midway": f.StallMidway(0.4),
    "Content-Length too short": f.WrongLength(),
    "Content-Length too long": f.WrongLength(by=40),
    "damaged gzip": f.DamagedGzip(),
    "wrong charset": f.WrongCharset(),
    "wrong Count": f.WrongCount(),
    "duplicate records": f.DuplicateRecords(2),
    "missing records": f.MissingRecords(2),
    "a record nobody asked for": f.ExtraRecord(),
    "a broken record": f.BrokenRecord(),
}


@pytest.mark.parametrize("fault", EACH.values(), ids=EACH)
def test_a_harvest_outlasts(fault: f.Fault, tmp_path: Path) -> None:
    """With every third request going wrong in this way, one run ends with all that is served, and exit status 0.

    Every fifth where Counts are wrong: a search and its repetitions that all lie are rightly called incomplete.
    """
    often = 5 if isinstance(fault, f.WrongCount) else 3
    with PubMed(on_topic(24), rate=100_000, faults=[every(often, fault)]) as pubmed:
        harvested = run(pubmed, tmp_path / "p.db", batch=4, cap=8)
        assert harvested.exit_status == 0
        assert stored(tmp_path / "p.db") == served(pubmed)
        assert sum(request.fault is not None for request in pubmed.requests) >= 2


def test_every_tenth_request_fails_in_another_way(tmp_path: Path) -> None:
    """Far above the cap, with every tenth request failing in another way: the set served, exactly once each."""
    with PubMed(on_topic(800), rate=100_000, faults=[tenth_request()]) as pubmed:
        harvested = run(pubmed, tmp_path / "p.db", batch=3, cap=20)
        assert (harvested.exit_status, harvested.found, harvested.kept.new) == (0, 800, 800)
        assert stored(tmp_path / "p.db") == served(pubmed)
        failed = [request for request in pubmed.requests if request.fault]
        assert len(failed) >= len(pubmed.requests) // 10 - 1
        assert len({request.fault for request in failed}) >= len({type(fault) for fault in EVERY_FAULT}) - 2


SCRIPT = """
import sys
from pathlib import Path
from harvest.eutils import Client, Patience
from harvest.pubmed import harvest
from harvest.topics import load_topics
patience = Patience(delays=(0.01,) * 6, read=0.5)
with Client(sys.argv[1], per_second=10_000, patience=patience) as client:
    harvest(Path(sys.argv[2]), topics=load_topics(Path(sys.argv[3])), client=client, batch=4, cap=40)
"""


def test_killed_again_and_again_the_digest_is_the_same(tmp_path: Path) -> None:
    """SIGKILL at random moments over a harvest of a faulty PubMed, until one completes: the same catalog digest."""
    random = Random(20240117)  # noqa: S311 - a test's own dice
    db, vocabulary = tmp_path / "p.db", tmp_path / "test.yml"
    vocabulary.write_text(VOCABULARY)
    kills = 0
    with PubMed(on_topic(160), rate=100_000, latency=0.005, faults=[tenth_request()]) as pubmed:
        command = [sys.executable, "-c", SCRIPT, pubmed.base_url, str(db), str(vocabulary)]
        for _ in range(60):
            pubmed.forget_requests()
            with subprocess.Popen(command) as process:
                while not pubmed.requests and process.poll() is None:
                    time.sleep(0.002)
                try:
                    assert process.wait(random.uniform(0.02, 0.45)) == 0
                    break
                except subprocess.TimeoutExpired:
                    process.kill()
                    kills += 1
        else:
            pytest.fail("never completed")
        assert kills >= 3
        assert stored(db) == served(pubmed)
        run(pubmed, tmp_path / "undisturbed.db")
    digests = []
    for name in ("p.db", "undisturbed.db"):
        build(tmp_path / name, tmp_path / "catalog.db", topics=TOPICS)
        digests.append(digest(tmp_path / "catalog.db"))
    assert digests[0] == digests[1]
    with Store.read(db) as store:
        states = [ran.state for ran in store.runs()]
        # A run killed between its last word and its end has told that it is complete.
        assert states[-1] == "complete"
        assert "incomplete" in states[:-1]
        assert set(states) == {"complete", "incomplete"}


def test_gzip_or_not_is_the_same(tmp_path: Path) -> None:
    """Compressed answers and plain ones end with the same stored bytes."""
    for compress in (True, False):
        with PubMed(on_topic(10), rate=100_000, compress=compress) as pubmed:
            run(pubmed, tmp_path / f"{compress}.db")
            assert stored(tmp_path / f"{compress}.db") == served(pubmed)


def test_a_redirect_elsewhere_ends_the_run(tmp_path: Path) -> None:
    """A redirect to another host is refused at once, in one line, and nothing is sent there."""
    with PubMed(on_topic(4), rate=100_000, faults=[every(1, f.Redirect())]) as pubmed:
        with pytest.raises(Unreachable, match=r"redirects to another server \(pubmed\.invalid\), which is refused"):
            run(pubmed, tmp_path / "p.db")
        assert len(pubmed.requests) == 1


class _Proxy(BaseHTTPRequestHandler):
    """The smallest HTTP proxy there is: whatever host is asked for, `upstream` answers."""

    upstream = ""
    seen: list[tuple[str, str | None]]

    def do_POST(self) -> None:
        self.seen.append((urlsplit(self.path).netloc, self.headers.get("Proxy-Authorization")))
        body = self.rfile.read(int(self.headers["Content-Length"]))
        connection = HTTPConnection(self.upstream, timeout=10)
        try:
            headers = {"Content-Type": self.headers["Content-Type"]}
            connection.request("POST", urlsplit(self.path).path, body, headers)
            answer = connection.getresponse()
            content = answer.read()
            self.send_response(answer.status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)
        finally:
            connection.close()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class names it so
        """Quiet."""


@contextmanager
def proxy_to(upstream: str) -> Iterator[tuple[str, list[tuple[str, str | None]]]]:
    """A proxy's host and port, and what it saw."""
    seen: list[tuple[str, str | None]] = []
    kind = type("Proxy", (_Proxy,), {"upstream": upstream, "seen": seen})
    with ThreadingHTTPServer(("127.0.0.1", 0), kind) as server:
        server.daemon_threads = False
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield f"127.0.0.1:{server.server_address[1]}", seen
        finally:
            server.shutdown()
            thread.join()


def test_a_proxy_from_the_environment_is_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With http_proxy set, every request goes through the proxy, and its password is written nowhere."""
    db = tmp_path / "p.db"
    with PubMed(on_topic(10), rate=100_000) as pubmed, proxy_to(urlsplit(pubmed.base_url).netloc) as (place, seen):
        monkeypatch.setenv("http_proxy", f"http://user:hush-hush@{place}")
        with Client("http://pubmed.invalid/entrez/eutils/", patience=QUICK, per_second=10_000) as client:
            harvested = harvest(db, topics=TOPICS, client=client)
        assert harvested.exit_status == 0
        assert stored(db) == served(pubmed)
        assert len(seen) == len(pubmed.requests) == harvested.requests
        assert {host for host, _ in seen} == {"pubmed.invalid"}
        assert all(authorization for _, authorization in seen)
    shown = CliRunner().invoke(main, ["status", "--db", str(db), "--json"]).output
    written = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()) + shown.encode()
    assert b"hush-hush" not in written


SECRETS = (API_KEY, "somebody@example.org", "hush-hush")


FOR_GOOD = [fault for fault in EVERY_FAULT if fault not in (f.StallMidway(1.0), f.RateLimited(retry_after=1))]


@pytest.mark.parametrize("fault", [*FOR_GOOD, f.Redirect(), f.ErrorElement(f"key {API_KEY} somebody@example.org")])
def test_no_fault_makes_a_secret_seen(fault: f.Fault, tmp_path: Path) -> None:
    """Whatever fails, and for good, neither key nor e-mail address is in what is printed or stored."""
    db, vocabulary = tmp_path / "p.db", tmp_path / "test.yml"
    vocabulary.write_text(VOCABULARY)
    said: list[str] = []
    with (
        PubMed(on_topic(4), rate=100_000, faults=[every(1, fault)]) as pubmed,
        Client(pubmed.base_url, SECRETS[1], API_KEY, patience=QUICK, per_second=10_000, on_retry=said.append) as client,
    ):
        try:
            harvested = harvest(db, topics=TOPICS, client=client)
            said.append(repr(harvested))
        except Unreachable as error:
            said.append(str(error))
    for name in ("status", "prisma", "verify"):
        said += [CliRunner().invoke(main, [name, "--db", str(db)]).output]
    said += [CliRunner().invoke(main, ["status", "--db", str(db), "--json"]).output]
    written = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()) + "".join(said).encode()
    assert not [secret for secret in SECRETS if secret.encode() in written]


PACED = """
import sys
from pathlib import Path
from harvest.pubmed import harvest
from harvest.topics import load_topics
sys.exit(harvest(Path(sys.argv[2]), topics=load_topics(Path(sys.argv[3])), base_url=sys.argv[1], batch=8).exit_status)
"""


def test_harvests_that_share_a_key_share_its_pace(tmp_path: Path) -> None:
    """Three harvests at once with one key stay under ten requests in any second together, and none is turned away."""
    vocabulary = tmp_path / "test.yml"
    vocabulary.write_text(VOCABULARY)
    env = {**os.environ, "NCBI_API_KEY": API_KEY}
    with PubMed(on_topic(40), rate=3, key_rate=10) as pubmed:
        processes = [
            subprocess.Popen(
                [sys.executable, "-c", PACED, pubmed.base_url, str(tmp_path / f"{n}.db"), str(vocabulary)], env=env
            )
            for n in range(3)
        ]
        assert [process.wait() for process in processes] == [0, 0, 0]
        assert pubmed.max_per_second <= 10
        assert pubmed.throttled == 0
        for n in range(3):
            assert stored(tmp_path / f"{n}.db") == served(pubmed)
