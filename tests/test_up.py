"""`catalog up`: harvest, build, serve in one step; the sample where nothing is harvested and PubMed is out of reach."""

from __future__ import annotations

import json
import random
import signal
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from urllib.request import urlopen

import pytest

from catalog.build import build
from catalog.digest import digest
from tests.harvests import harvest_of
from tests.ncbi import Corpus, PubMed, synthetic_records
from tests.running import run, serving, start

# Nothing listens there, so a connection is refused at once.
NOWHERE = "http://127.0.0.1:9/entrez/eutils/"


@pytest.fixture(scope="module")
def pubmed() -> Iterator[PubMed]:
    with PubMed(Corpus(synthetic_records(400, 7)), rate=1000) as server:
        yield server


def page(address: str) -> str:
    with urlopen(address, timeout=10) as answer:  # noqa: S310 - loopback
        return str(answer.read().decode())


def test_harvests_builds_and_serves(pubmed: PubMed, tmp_path: Path) -> None:
    """From an empty folder to the site in one command; the page's counts are the database's."""
    with serving(["up", "--port", "0"], tmp_path, base_url=pubmed.base_url) as served:
        home = page(served.address + "/")
        listed = json.loads(page(served.address + "/search.json"))
        with closing(sqlite3.connect(tmp_path / "catalog.db")) as conn:
            (articles,) = conn.execute("SELECT count(*) FROM articles").fetchone()
        assert articles > 50
        assert f"{articles:,} papers" in home
        assert listed["total"] == articles
        assert "SAMPLE" not in home
        assert served.stop() == 0
    said = served.err.read_text()
    assert "Harvested:" in said
    assert f"Built: {articles:,} articles in catalog.db." in said
    assert "Traceback" not in said


def test_without_pubmed_and_without_a_catalog_it_serves_the_sample(tmp_path: Path) -> None:
    """It says that PubMed cannot be reached, shows invented records, and writes no catalog.db."""
    with serving(["up", "--port", "0"], tmp_path, base_url=NOWHERE) as served:
        home = page(served.address + "/")
        assert "SAMPLE: invented records" in home
        with urlopen(served.address + "/catalog/articles.json?_size=1", timeout=10) as answer:  # noqa: S310 - loopback
            assert answer.headers["X-Catalog-Sample"] == "SAMPLE: invented records"
            assert "[SAMPLE] " in answer.read().decode()
    said = served.err.read_text()
    assert "cannot be reached" in said
    assert "SAMPLE" in said
    assert not (tmp_path / "catalog.db").exists()


def test_without_pubmed_a_harvested_catalog_is_served_never_the_sample(tmp_path: Path) -> None:
    """What was harvested before is shown as it is, and stays."""
    build(harvest_of(tmp_path / "pubmed.db", synthetic_records(30, 3)), tmp_path / "catalog.db")
    with serving(["up", "--port", "0"], tmp_path, base_url=NOWHERE) as served:
        home = page(served.address + "/")
        assert "SAMPLE: invented" not in home
        assert "30 papers" in home
    assert "cannot be reached" in served.err.read_text()


def test_killed_at_random_moments_it_resumes_to_the_same_catalog(pubmed: PubMed, tmp_path: Path) -> None:
    """SIGKILL while harvesting or building loses nothing: run again, the digest is that of an undisturbed run."""
    undisturbed, disturbed = tmp_path / "a", tmp_path / "b"
    undisturbed.mkdir()
    disturbed.mkdir()
    began = time.monotonic()
    with serving(["up", "--port", "0"], undisturbed, base_url=pubmed.base_url):
        took = time.monotonic() - began
    moments = random.Random(11)  # noqa: S311 - when to kill is no secret
    for _ in range(4):
        killed = start("catalog", ["up", "--port", "0"], disturbed, base_url=pubmed.base_url)
        time.sleep(moments.uniform(0.3, took))
        killed.stop(signal.SIGKILL)
    with serving(["up", "--port", "0"], disturbed, base_url=pubmed.base_url):
        pass
    assert digest(disturbed / "catalog.db") == digest(undisturbed / "catalog.db")


def test_a_port_in_use_is_one_clear_line(tmp_path: Path) -> None:
    """The port and the flag are named; exit status 2."""
    build(harvest_of(tmp_path / "pubmed.db", synthetic_records(3, 3)), tmp_path / "catalog.db")
    with serving(["serve", "--port", "0"], tmp_path) as served:
        port = served.address.rsplit(":", 1)[1]
        refused = run("catalog", ["serve", "--port", port], tmp_path)
    assert refused.returncode == 2
    assert "--port" in refused.stderr
    assert len(refused.stderr.strip().splitlines()) == 1
