"""Datasette's own pages beside ours, plain `datasette`, headers, and a Datasette without a catalog."""

from __future__ import annotations

import asyncio
import re
import shutil
import socket
import sqlite3
import subprocess
import sys
import zipfile
from contextlib import closing
from pathlib import Path

import pytest
import requests
import yaml
from datasette.app import Datasette

from catalog.sample import write_sample
from catalog.site.metadata import metadata_path
from tests.asking import asking
from tests.site_fixtures import TRIAL, Site, wait_until, write_site
from tests.site_fixtures import sample_site as sample_site
from tests.site_fixtures import site as site


def test_our_pages_can_only_be_read(site: Site) -> None:
    """GET and HEAD are answered, nothing else."""
    assert requests.head(site.url, timeout=20).status_code == 200
    assert requests.post(f"{site.url}search", timeout=20).status_code == 405


def test_datasettes_pages_stay(site: Site) -> None:
    """Tables, rows, JSON, CSV and SQL under /catalog, described, with a way back to the reader's pages."""
    page = site.get("/catalog/articles")
    assert "Starting level of evidence, OCEBM 2011" in page.text
    assert "the reader’s pages" in page.text
    assert page.headers["x-content-type-options"] == "nosniff"
    rows = site.get("/catalog/articles.json?_shape=array&_size=3&_search=discogenic").json()
    assert [row["pmid"] for row in rows] == [TRIAL]
    assert site.get("/catalog/articles.csv?_size=2").text.startswith("pmid,title,")
    counted = site.get("/catalog.json?sql=select+count(*)+as+n+from+articles&_shape=array").json()
    assert counted == [{"n": site.value("SELECT count(*) FROM articles")}]
    assert site.get(f"/catalog/articles/{TRIAL}").status_code == 200
    missing = site.get("/catalog/nothing")
    assert missing.status_code == 404
    assert "Page not found" in missing.text


def test_metadata_describes_what_there_is(site: Site) -> None:
    """Every table of metadata.yml exists, and so does every column it describes; no table is left out."""
    described = yaml.safe_load(metadata_path().read_text("utf-8"))["databases"]["catalog"]["tables"]
    there = {
        name
        for (name,) in site.rows("SELECT name FROM sqlite_master WHERE type IN ('table', 'view')")
        if not re.match(r"articles_fts_|sqlite_", name)
    }
    assert set(described) == there
    for name, entry in described.items():
        columns = {row[1] for row in site.rows(f"PRAGMA table_info({name})")}
        assert set(entry.get("columns", {})) <= columns
        assert set(entry.get("facets", [])) <= columns
        if not entry.get("hidden"):
            assert set(entry["columns"]) == columns, name


@pytest.mark.parametrize("immutable", [False, True])
def test_plain_datasette_gives_the_site(tmp_path: Path, immutable: bool) -> None:
    """`datasette catalog.db` and `datasette -i catalog.db` show the same pages."""
    write_sample(tmp_path / "catalog.db")
    with asking(tmp_path / "catalog.db", immutable=immutable) as ask:
        for path in ("/", "/search?q=ozone&level=2", "/articles/970000001", "/search.json", "/catalog"):
            answer = ask(path)
            assert answer.status_code == 200
            assert answer.headers["x-catalog-sample"] == "SAMPLE: invented records"


def test_plain_datasette_from_the_command_line(tmp_path: Path) -> None:
    """The documented command, with metadata.yml, in a folder of its own."""
    write_sample(tmp_path / "catalog.db")
    shutil.copy(metadata_path(), tmp_path / "metadata.yml")
    with closing(socket.create_server(("127.0.0.1", 0))) as free:
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "datasette", "catalog.db", "-m", "metadata.yml", "-p", str(port)]
    running = subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:

        def answers() -> bool:
            try:
                return requests.get(f"http://127.0.0.1:{port}/", timeout=5).ok
            except requests.ConnectionError:
                return False

        wait_until(answers)
        assert "The evidence at a glance" in requests.get(f"http://127.0.0.1:{port}/", timeout=5).text
        assert "Starting level of evidence" in requests.get(f"http://127.0.0.1:{port}/catalog/articles", timeout=5).text
    finally:
        running.terminate()
        running.wait(20)


def test_a_file_others_write_is_read_anew(tmp_path: Path) -> None:
    """Plain `datasette` over a file that changes in place shows the change within a second or so."""
    path = tmp_path / "catalog.db"
    write_sample(path)
    with asking(path) as ask:
        assert "A new name" not in ask("/").text
        with closing(sqlite3.connect(path)) as conn, conn:
            conn.execute("UPDATE about SET title = 'A new name'")
        wait_until(lambda: "<h1>A new name</h1>" in ask("/").text)


def test_without_a_catalog_the_page_says_what_to_do(tmp_path: Path) -> None:
    """No database called catalog, or another kind of file under that name: one clear page, Datasette goes on."""
    for name in ("other.db", "catalog.db"):
        with closing(sqlite3.connect(tmp_path / name)) as conn, conn:
            conn.execute("CREATE TABLE things (id INTEGER PRIMARY KEY)")
        with asking(tmp_path / name) as ask:
            answer = ask("/")
            assert answer.status_code == 503
            assert "There is no catalog here" in answer.text
            assert "`catalog " in answer.text
            assert ask("/search.json").json()["ok"] is False
            assert ask(f"/{name.removesuffix('.db')}/things").status_code == 200
        (tmp_path / name).unlink()


def test_the_site_moves_under_a_prefix(tmp_path: Path) -> None:
    """Behind a proxy under /papers/ every link carries the prefix."""
    write_sample(tmp_path / "catalog.db")
    with asking(tmp_path / "catalog.db", base_url="/papers/") as ask:
        for path in ("/", "/search?q=ozone", "/articles/970000001"):
            links = re.findall(r'(?:href|action)="(/[^"]*)"', ask(path).text)
            assert links
            assert [link for link in links if not link.startswith("/papers/")] == []


def test_permissions_hold_for_our_pages(tmp_path: Path) -> None:
    """Who may not see the database through Datasette may not read it through our pages."""
    path = write_site(tmp_path / "catalog.db", [])
    datasette = Datasette([str(path)], metadata={"databases": {"catalog": {"allow": False}}})
    for address in ("/", "/search", "/search.json", "/articles/1"):
        assert asyncio.run(datasette.client.get(address)).status_code == 403
    datasette.executor.shutdown()
    datasette.get_database("catalog").close()


def test_an_empty_catalog_is_shown(tmp_path: Path) -> None:
    """No papers yet: every page still answers."""
    path = write_site(tmp_path / "catalog.db", [])
    with asking(path) as ask:
        assert "This catalog holds no papers yet." in ask("/").text
        assert "When PubMed was searched is not known." in ask("/").text
        assert ask("/search?q=ozone&level=1").status_code == 200


def test_another_topics_file_is_another_site(tmp_path: Path) -> None:
    """Nothing of backs or injections is in the pages themselves: names and words come from the catalog."""
    path = write_site(tmp_path / "catalog.db", [])
    with closing(sqlite3.connect(path)) as conn, conn:
        conn.execute(
            "UPDATE about SET title='Ears', subject='ears', short_subject='ears', description='Ears.', examples='[]'"
        )
        conn.execute("DELETE FROM interventions")
        conn.execute("DELETE FROM conditions")
        conn.execute("INSERT INTO interventions VALUES ('grommet', 1, 'Grommets', 'Grommet', 'Tubes.')")
    with asking(path) as ask:
        for address in ("/", "/search?q=zzz", "/articles/1"):
            text = ask(address).text
            assert not re.search(
                r"\b(back|spine|spinal|lumbar|disc|pain|inject\w*|ozone|platelet\w*|prp)\b", text, re.IGNORECASE
            )
        assert "Grommets" in ask("/feeds").text


def test_metadata_is_found(tmp_path: Path) -> None:
    """A checkout reads its own metadata.yml; a wheel would carry it, as the templates and the style sheet."""
    assert metadata_path().name == "metadata.yml"
    assert yaml.safe_load(metadata_path().read_text("utf-8"))["title"]
    assert not zipfile.is_zipfile(metadata_path())
