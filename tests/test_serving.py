"""Health, metrics and the log of `catalog serve`, as whoever runs it meets them."""

from __future__ import annotations

import io
import json
import re
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from click.testing import CliRunner

import catalog.cli
from catalog.serve import Options
from catalog.serving import probe
from catalog.serving.board import BUCKETS, Board, State
from catalog.serving.kinds import KINDS, kind_of
from catalog.serving.logs import Answered, Log
from catalog.serving.metrics import metrics
from tests.records import article_xml
from tests.running import Served, start
from tests.site_fixtures import write_site

TYPED = "my herniated disc"  # what a reader typed, which no log may hold
SLOW = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 400000) SELECT count(*) FROM n"


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("serving")
    path = write_site(folder / "catalog.db", [article_xml("Synthetic", pmid=970061001)])
    running = start("catalog", ["serve", str(path), "--port", "0", "--log", "json"], folder)
    running.wait_ready()
    yield running
    assert running.stop() == 0


def test_health(served: Served) -> None:
    """200 with the catalog's hash and size, kept by no cache, for GET and HEAD alike, with a query or not."""
    found = requests.get(f"{served.address}/-/health?probe=1", timeout=20)
    said = found.json()
    assert (found.status_code, found.headers["cache-control"]) == (200, "no-store")
    assert (said["ok"], said["state"], said["articles"]) == (True, "serving", 1)
    assert said["generation"].startswith(found.headers["x-catalog-generation"])
    assert requests.head(f"{served.address}/-/health", timeout=20).status_code == 200
    assert requests.post(f"{served.address}/-/health", timeout=20).status_code == 404


def test_the_probe_of_a_container(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    """It ends with 0 where the site serves and with 1 where nothing answers."""
    monkeypatch.setenv("CATALOG_PORT", served.address.rpartition(":")[2])
    assert probe.main() == 0
    monkeypatch.setenv("CATALOG_PORT", "9")
    assert probe.main() == 1


def test_health_answers_while_every_thread_is_busy(served: Served) -> None:
    """Data pages hold all the threads they may; health and metrics answer, and tell of the readers turned away."""
    found: list[int] = []

    def ask(n: int) -> None:
        answer = requests.get(f"{served.address}/catalog.json", params={"sql": SLOW, "n": str(n)}, timeout=120)
        found.append(answer.status_code)

    threads = [threading.Thread(target=ask, args=(n,)) for n in range(20)]
    for thread in threads:
        thread.start()
    statuses = [requests.get(f"{served.address}/-/health", timeout=20).status_code for _ in range(10)]
    for thread in threads:
        thread.join()
    assert set(statuses) == {200}
    assert set(found) == {200, 503}
    text = requests.get(f"{served.address}/-/metrics", timeout=20).text
    (busy,) = re.findall(r'requests_refused_total\{reason="busy"\} (\d+)', text)
    (turned_away,) = re.findall(r'requests_total\{kind="data",status="503"\} (\d+)', text)
    assert int(busy) == int(turned_away) == found.count(503)


def test_metrics_are_for_this_machine(served: Served) -> None:
    """By default a request that a proxy passes on learns nothing of them."""
    address = f"{served.address}/-/metrics"
    assert requests.get(address, timeout=20).headers["content-type"].startswith("text/plain; version=0.0.4")
    for name, value in (("X-Forwarded-For", "192.0.2.7"), ("Forwarded", "for=127.0.0.1"), ("X-Real-IP", "127.0.0.1")):
        assert requests.get(address, headers={name: value}, timeout=20).status_code == 404
    assert requests.post(address, timeout=20).status_code == 404


def test_metrics_count(served: Served) -> None:
    """Answers by kind and status, those from memory, and a histogram whose buckets add up."""

    def counted() -> dict[str, float]:
        text = requests.get(f"{served.address}/-/metrics", timeout=20).text
        assert all(re.fullmatch(r'#.*|catalog_\w+(\{(\w+="[^"]*",?)+\})? \S+', line) for line in text.splitlines())
        return {name: float(value) for name, value in re.findall(r"^(catalog\S+) (\S+)$", text, re.M)}

    before = counted()
    for _ in range(3):
        requests.get(f"{served.address}/claims", timeout=20)
    requests.get(f"{served.address}/-/threads", timeout=20)
    after = counted()

    def grown(name: str) -> float:
        return after[name] - before.get(name, 0)

    assert grown('catalog_requests_total{kind="claims",status="200"}') == 3
    assert grown("catalog_answers_remembered_total") == 2
    assert grown('catalog_requests_refused_total{reason="closed"}') == 1
    assert grown('catalog_request_duration_seconds_count{kind="claims"}') == 3
    assert after['catalog_request_duration_seconds_bucket{kind="claims",le="+Inf"}'] == 3
    assert after['catalog_requests_in_flight{worker="0"}'] == 1
    assert after['catalog_articles{worker="0"}'] == 1
    assert after['catalog_process_resident_memory_bytes{worker="0"}'] > 10_000_000


def test_log_lines_tell_what_was_answered_and_not_who_asked_what(served: Served) -> None:
    """A line of JSON a request; nothing typed, no address of a reader, no browser."""
    requests.get(f"{served.address}/search", params={"q": TYPED}, timeout=20)
    requests.get(f"{served.address}/{TYPED}", timeout=20)
    requests.get(f"{served.address}/articles/{TYPED}", timeout=20)
    requests.post(f"{served.address}/check.json", json={"text": TYPED}, timeout=20)
    requests.get(f"{served.address}/search.json?q=" + "disc" * 5000, timeout=20)
    text = served.err.read_text()
    lines = [json.loads(line) for line in text.splitlines()]
    seen = [(line["method"], line["path"], line["status"]) for line in lines if line["event"] == "request"]
    assert {("GET", "/search", 200), ("GET", "(articles)", 404), ("POST", "/check.json", 200)} <= set(seen)
    assert ("GET", "/search.json", 414) in seen
    assert any(path == "(unknown)" for _, path, _ in seen)
    (searched,) = [line for line in lines if line.get("path") == "/search"]
    assert set(searched) == {
        *("time", "level", "event", "worker", "method", "path", "kind"),
        *("status", "ms", "bytes", "generation", "remembered"),
    }
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", searched["time"])
    for hidden in ("herniated", "disc", "127.0.0.1", "python-requests"):
        assert hidden not in text


def test_log_as_text_and_none() -> None:
    """As text a line is for people; without a log only what one has to know is told."""
    answered = Answered("GET", "/search", "search", 200, 0.0123, 4567, "0123456789abcdef", True, False)
    text, none = io.StringIO(), io.StringIO()
    Log("text", 1, text).request(answered)
    assert re.fullmatch(r"\S+Z 200 GET /search 12\.3 ms 4567 B 0123456789abcdef worker 1 remembered\n", text.getvalue())
    quiet = Log("none", 0, none)
    assert not quiet.each_request
    quiet.request(answered)
    quiet.event("serving", "serving 3 papers")
    quiet.warn("refused", "bad.db: is not a catalog")
    assert none.getvalue() == "bad.db: is not a catalog\n"


def test_a_reader_of_the_log_that_left_stops_nothing() -> None:
    """A closed pipe at the other end of stderr is no reason to answer nobody."""

    class Broken(io.StringIO):
        def write(self, text: str) -> int:
            raise BrokenPipeError

    Log("json", 0, Broken()).event("serving", "serving")


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/", "home"),
        ("/search.ris", "search"),
        ("/articles/1.json", "articles"),
        ("/catalog", "data"),
        ("/catalog/articles/1", "data"),
        ("/catalog.json", "data"),
        ("/catalog.db", "download"),
        ("/-/health", "health"),
        ("/-/catalog/ab.css", "static"),
        ("/favicon.ico", "static"),
        ("/wp-login.php", "unknown"),
        ("//search", "unknown"),
        ("", "unknown"),
    ],
)
def test_addresses_have_few_kinds(path: str, kind: str) -> None:
    """Whatever is typed, there are no more series than kinds."""
    assert kind_of(path) == kind
    assert kind in KINDS


def test_the_board_adds_up_processes() -> None:
    """Each writes its own column; the text tells of all, and a new process counts on from the one before."""
    board = Board(2)
    for n, column in enumerate(board.columns):
        column.begin(1000.0)
        for seconds in (0.001, 0.3, 99.0):
            column.answered("home", 200, seconds)
        column.answered("search", 299, BUCKETS[0])
        column.generation = f"{n + 1:064x}"
        column.state = State.SERVING
    text = metrics(board)
    assert 'catalog_requests_total{kind="home",status="200"} 6' in text
    assert 'catalog_requests_total{kind="search",status="other"} 2' in text
    assert 'catalog_request_duration_seconds_bucket{kind="home",le="0.005"} 2' in text
    assert 'catalog_request_duration_seconds_bucket{kind="home",le="0.5"} 4' in text
    assert 'catalog_request_duration_seconds_bucket{kind="home",le="+Inf"} 6' in text
    assert f'catalog_generation_info{{worker="1",generation="{2:064x}"}} 1' in text
    board.columns[0].begin(2000.0)
    assert board.columns[0].generation == ""
    assert 'catalog_requests_total{kind="home",status="200"} 6' in metrics(board)


def test_settings_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """A flag beats the environment, which beats the default; a wrong value is one clear line."""
    seen: list[tuple[Path, str, int, Options]] = []
    monkeypatch.setattr(catalog.cli, "_serve", lambda *given: seen.append(given))
    given = {"DB": "/data/c.db", "HOST": "::1", "PORT": "80", "LOG": "json", "METRICS": "all", "STOP_DELAY": "3"}
    env = {f"CATALOG_{name}": value for name, value in given.items()}
    done = CliRunner().invoke(catalog.cli.main, ["serve", "--log", "text"], env=env)
    assert done.exit_code == 0, done.output
    assert seen == [(Path("/data/c.db"), "::1", 80, Options(log="text", metrics="all", stop_delay=3.0))]
    wrong = CliRunner().invoke(catalog.cli.main, ["serve"], env={"CATALOG_LOG": "loud"})
    assert wrong.exit_code == 2
    assert "'loud' is not one of 'none', 'text', 'json'" in wrong.output
    wrong = CliRunner().invoke(catalog.cli.main, ["serve", "--forwarded-from", "10.0.0.0/8,proxy"])
    assert wrong.exit_code == 2
    assert "'proxy' does not appear to be an IPv4 or IPv6 network" in wrong.output
