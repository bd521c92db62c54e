"""`catalog serve`: the address when it answers, a new catalog taken up by itself, quiet ends, clear refusals."""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
from contextlib import closing
from pathlib import Path

import pytest
import requests

from catalog.errors import WrongUse
from catalog.serve import serve
from catalog.serving.editions import open_datasette
from tests.records import article_xml
from tests.site_fixtures import Site, serving, wait_until, write_site


def catalog_of(path: Path, *titles: str) -> Path:
    return write_site(path, [article_xml(title, pmid=970020001 + i) for i, title in enumerate(titles)])


def swap(path: Path, *titles: str) -> None:
    """As a build does: written beside, renamed into place."""
    catalog_of(path.with_name("fresh.db"), *titles).replace(path)


def generation(path: Path) -> str:
    """What answers over a catalog file say in their header."""
    return hashlib.sha256(path.read_bytes()).hexdigest()[:16]


def wait_for(site: Site, count: int) -> None:
    """Until the site shows this many papers."""
    wait_until(lambda: site.get("/search.json").json()["total"] == count)


def test_the_site_answers_when_it_says_so(tmp_path: Path) -> None:
    """The address is given once it answers; the database is called catalog whatever the file's name."""
    with serving(catalog_of(tmp_path / "odd #name% ?.sqlite", "Synthetic one")) as site:
        assert requests.get(site.url, timeout=5).status_code == 200
        assert site.get("/catalog/articles.json?_shape=array").json()[0]["title"] == "Synthetic one"
        assert site.get("/_memory").status_code == 404


def test_every_answer_says_its_catalog(tmp_path: Path) -> None:
    """Pages, data, files, style and refusals bear the beginning of the file's SHA-256."""
    path = catalog_of(tmp_path / "catalog.db", "Synthetic one")
    with serving(path) as site:
        style = re.search(r"/-/catalog/\w+\.css", site.get("/").text)
        assert style
        for address in (
            "/",
            "/",
            "/search.json",
            "/catalog/articles",
            "/catalog.db",
            "/nothing",
            "/-/threads",
            style[0],
        ):
            assert site.get(address).headers["x-catalog-generation"] == generation(path), address


def test_a_new_catalog_is_taken_up(tmp_path: Path) -> None:
    """A build's swap shows within seconds, in our pages and Datasette's alike, and the old file is let go."""
    path = catalog_of(tmp_path / "catalog.db", "Synthetic one")
    with serving(path) as site:
        site.get("/catalog")
        for count in range(2, 5):
            swap(path, *(f"Synthetic {n}" for n in range(count)))
            wait_for(site, count)
            assert len(site.get("/catalog/articles.json?_shape=array").json()) == count


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="open files are listed in /proc on Linux only")
def test_old_files_are_let_go(tmp_path: Path) -> None:
    """After a swap no deleted catalog stays open: a server that runs for months does not fill the disk."""
    path = catalog_of(tmp_path / "catalog.db", "Synthetic one")
    code = (
        "import os, sys; from pathlib import Path; from catalog.serve import serve;"
        "serve(Path(sys.argv[1]), '127.0.0.1', 0, on_ready=lambda url: print(url, os.getpid(), flush=True))"
    )
    process = subprocess.Popen([sys.executable, "-c", code, str(path)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    url, pid = process.stdout.readline().split()

    def held() -> list[str]:
        found = []
        for descriptor in Path(f"/proc/{pid}/fd").iterdir():
            with contextlib.suppress(FileNotFoundError):  # closed meanwhile
                found.append(os.readlink(descriptor))  # noqa: PTH115 - "... (deleted)" is no path
        return [link for link in found if "catalog.db" in link]

    try:
        requests.get(f"{url}catalog", timeout=5)
        assert held()
        swap(path, "Synthetic one", "Synthetic two")
        wait_until(lambda: requests.get(f"{url}search.json", timeout=5).json()["total"] == 2)
        wait_until(lambda: not [link for link in held() if "(deleted)" in link])
    finally:
        process.terminate()
        assert process.wait(20) == 0
        process.stdout.close()


def test_no_answer_mixes_two_catalogs(tmp_path: Path) -> None:
    """While catalogs are swapped under load, an answer counts what it lists, and what the catalog it names holds."""
    path = catalog_of(tmp_path / "catalog.db", "Synthetic 0")
    counts = {generation(path): 1}
    wrong: list[object] = []
    stop = threading.Event()
    with serving(path) as site:

        def ask() -> None:
            with requests.Session() as session:
                while not stop.is_set():
                    answer = session.get(f"{site.url}search.json", timeout=10)
                    found = answer.json()
                    said = answer.headers["x-catalog-generation"]
                    if answer.status_code != 200 or {found["total"], len(found["articles"])} != {counts.get(said)}:
                        wrong.append((said, found))

        readers = [threading.Thread(target=ask) for _ in range(4)]
        for reader in readers:
            reader.start()
        for count in (5, 12, 3, 8):
            fresh = catalog_of(tmp_path / "fresh.db", *(f"Synthetic {n}" for n in range(count)))
            counts[generation(fresh)] = count
            fresh.replace(path)
            wait_for(site, count)
        stop.set()
        for reader in readers:
            reader.join()
    assert wrong == []


def test_a_broken_swap_leaves_the_old_site(tmp_path: Path) -> None:
    """What is no catalog is refused in one line, and the site goes on with what it had."""
    path = catalog_of(tmp_path / "catalog.db", "Synthetic one")
    with serving(path) as site:
        (tmp_path / "bad.db").write_bytes(b"not a catalog" * 200)
        (tmp_path / "bad.db").replace(path)
        threading.Event().wait(2.5)
        assert site.get("/search.json").json()["total"] == 1
        swap(path, "Synthetic one", "Synthetic two")
        wait_for(site, 2)


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_quietly(tmp_path: Path, how: signal.Signals) -> None:
    """SIGTERM and Ctrl-C end the command with status 0 and no word, though a reader keeps a connection open."""
    path = catalog_of(tmp_path / "catalog.db", "Synthetic one")
    code = (
        "import sys; from pathlib import Path; from catalog.serve import serve;"
        "serve(Path(sys.argv[1]), '127.0.0.1', 0, on_ready=lambda url: print(url, flush=True))"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code, str(path)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    url = process.stdout.readline().strip()
    with requests.Session() as session:
        session.get(url, timeout=5)
        process.send_signal(how)
        output, errors = process.communicate(timeout=20)
    assert (process.returncode, output, errors) == (0, "", "")


def test_a_port_in_use_is_one_clear_line(tmp_path: Path) -> None:
    """The message names the flag and another port."""
    path = catalog_of(tmp_path / "catalog.db", "Synthetic one")
    with closing(socket.create_server(("127.0.0.1", 0))) as other:
        port = other.getsockname()[1]
        with pytest.raises(
            WrongUse, match=rf"^--port {port}: something else listens there; choose another.*--port \d+$"
        ):
            serve(path, "127.0.0.1", port)


@pytest.mark.parametrize(("host", "port"), [("no.such.host.invalid", 8001), ("127.0.0.1", 700000), ("192.0.2.1", 8001)])
def test_an_address_that_cannot_be_is_one_clear_line(tmp_path: Path, host: str, port: int) -> None:
    """A host that is not this machine's, or a port that is none, is refused by its flag."""
    path = catalog_of(tmp_path / "catalog.db", "Synthetic one")
    with pytest.raises(WrongUse, match="--port"):
        serve(path, host, port)


def test_a_missing_or_foreign_file_is_one_clear_line(tmp_path: Path) -> None:
    """No catalog, or another kind of database, is refused by name."""
    with pytest.raises(WrongUse, match="no such catalog"):
        serve(tmp_path / "catalog.db", "127.0.0.1", 0)
    with closing(sqlite3.connect(tmp_path / "other.db")) as conn, conn:
        conn.execute("CREATE TABLE things (id)")
    with pytest.raises(WrongUse, match="is not a catalog"):
        open_datasette(tmp_path / "other.db")
