"""Nobody can make the site do what it should not: hostile text, endless requests, diagnostics, heavy SQL."""

from __future__ import annotations

import re
import socket
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

import pytest
import requests
from datasette.app import Datasette

from catalog.site.guard import LONGEST_ADDRESS, MOST_WAITING
from catalog.site.robots import DISALLOWED
from tests.site_fixtures import TRIAL, Site, wait_until, write_site
from tests.site_fixtures import browser as browser
from tests.site_fixtures import site as site

if TYPE_CHECKING:
    pass

HEAVY = "with recursive n(i) as (select 1 union all select i + 1 from n) select count(*) from n"
SQL = "/catalog.json?_shape=array&sql="


@pytest.mark.parametrize(
    "path", ["/", "/search", f"/articles/{TRIAL}", "/changes", "/catalog", "/catalog/articles", "/nothing"]
)
def test_every_answer_has_safe_headers(site: Site, path: str) -> None:
    """Ours, Datasette's and errors: what a browser may do with them, and no cookie."""
    answer = site.get(path)
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["x-frame-options"] == "DENY"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert "geolocation=()" in answer.headers["permissions-policy"]
    assert answer.headers["cross-origin-opener-policy"] == "same-origin"
    assert answer.headers["cross-origin-resource-policy"] == "same-origin"
    policy = answer.headers["content-security-policy"]
    assert "frame-ancestors 'none'" in policy
    assert "http" not in policy
    assert "set-cookie" not in answer.headers
    assert "server" not in answer.headers


@pytest.mark.parametrize(
    "name",
    [
        "threads",
        "threads.json",
        "databases",
        "databases.json",
        "metadata.json",
        "plugins.json",
        "settings",
        "config",
        "actor.json",
        "permissions",
        "messages",
        "allow-debug",
        "patterns",
        "logs",
    ],
)
def test_diagnostics_are_closed(site: Site, name: str) -> None:
    """What tells of threads, paths, settings and permissions is not there, however it is spelled."""
    for address in (f"/-/{name}", f"//-/{name}", f"/-/{name}?x=1"):
        assert requests.get(site.url + address[1:], timeout=20).status_code == 404


def test_what_pages_and_data_people_need_is_open(site: Site) -> None:
    """Style sheets, scripts of Datasette's pages, and which versions answer."""
    assert site.get("/-/versions.json").json()["datasette"]["version"] == version("datasette")
    page = site.get("/catalog/articles").text
    needed = set(re.findall(r'(?:src|href)="(/-/[^"]+)"', page))
    assert needed
    for address in needed:
        assert site.get(address).status_code == 200


def test_who_signs_in_sees_diagnostics(tmp_path: Path) -> None:
    """Plain `datasette --root`: the token still signs in, and then everything of Datasette is there."""
    import asyncio

    path = write_site(tmp_path / "catalog.db", [])

    async def ask() -> None:
        datasette = Datasette([str(path)])
        datasette._root_token = "token"  # noqa: S105 - of this test
        datasette.root_enabled = True  # as --root does on Datasette 1.0
        signed = await datasette.client.get("/-/auth-token?token=token")
        assert signed.status_code == 302
        cookies = {"ds_actor": signed.cookies["ds_actor"]}
        assert (await datasette.client.get("/-/threads.json")).status_code == 404
        assert (await datasette.client.get("/-/threads.json", cookies=cookies)).status_code == 200
        forged = {"ds_actor": "e30.forged"}
        assert (await datasette.client.get("/-/threads.json", cookies=forged)).status_code == 404
        datasette.executor.shutdown()
        datasette.get_database("catalog").close()

    asyncio.run(ask())


def test_diagnostics_are_closed_under_a_prefix(tmp_path: Path) -> None:
    """Behind a proxy under /papers/ the same addresses are closed, with and without the prefix."""
    import asyncio

    path = write_site(tmp_path / "catalog.db", [])

    async def ask() -> None:
        datasette = Datasette([str(path)], settings={"base_url": "/papers/"})
        for address in ("/-/threads", "//-/threads", "/-/databases.json"):  # the client puts the prefix before them
            assert (await datasette.client.get(address)).status_code == 404
        assert (await datasette.client.get("/-/versions.json")).status_code == 200
        assert (await datasette.client.get("/robots.txt")).text.count("Disallow: /papers/") == len(DISALLOWED)
        datasette.executor.shutdown()
        datasette.get_database("catalog").close()

    asyncio.run(ask())


def test_robots_may_read_what_readers_read(site: Site) -> None:
    """Papers and lists may be found; data pages, feeds, exports and combinations of filters are left alone."""
    from urllib.robotparser import RobotFileParser

    answer = site.get("/robots.txt")
    assert answer.headers["content-type"].startswith("text/plain")
    robots = RobotFileParser()
    robots.parse(answer.text.splitlines())
    for path in ("/", "/search", "/search?page=2", f"/articles/{TRIAL}", "/changes", "/feeds"):
        assert robots.can_fetch("*", path), path
    for path in ("/catalog", "/catalog/articles?_facet=journal", "/catalog.db", "/-/versions", "/feeds/new.atom"):
        assert not robots.can_fetch("*", path), path


def test_an_endless_address_is_refused(site: Site) -> None:
    """Longer than any page needs: said, not tried."""
    answer = site.get("/search?q=" + "a" * LONGEST_ADDRESS)
    assert answer.status_code == 414
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert site.get("/search?q=" + "a" * (LONGEST_ADDRESS - 20)).status_code == 200


def raw_answer(site: Site, request: bytes) -> bytes:
    place = urlsplit(site.url)
    assert place.hostname is not None
    assert place.port is not None
    with socket.create_connection((place.hostname, place.port), timeout=20) as connection:
        connection.sendall(request)
        connection.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: connection.recv(65_536), b""))


@pytest.mark.parametrize(
    "line",
    [
        b"GET /\xff\xfe HTTP/1.1",
        b"GET /search?q=\xff HTTP/1.1",
        b"GET /%00%ff HTTP/1.1",
        b"GET /articles/%c3%28 HTTP/1.1",
        b"BREW / HTTP/1.1",
        b"GET /" + b"a" * 100_000 + b" HTTP/1.1",
        b"\x16\x03\x01",
    ],
)
def test_no_request_breaks_it(site: Site, line: bytes) -> None:
    """Bytes that are no address, no method or no HTTP: an answer that is no server error, or none; the site goes on."""
    answer = raw_answer(site, line + b"\r\nHost: localhost\r\nConnection: close\r\n\r\n")
    assert not re.match(rb"HTTP/1\.1 5", answer), answer[:200]
    assert b"Traceback" not in answer
    assert site.get("/").status_code == 200


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"])
@pytest.mark.parametrize("path", ["/", "/search", f"/articles/{TRIAL}", "/changes", "/catalog", "/catalog/articles"])
def test_pages_can_only_be_read(site: Site, path: str, method: str) -> None:
    """Nothing but GET and HEAD does anything."""
    assert requests.request(method, site.url + path[1:], timeout=20).status_code in (403, 405)


@pytest.mark.parametrize(
    ("sql", "why"),
    [
        (HEAVY, "SQL query took too long|interrupted"),
        ("delete from articles", "Statement must be a SELECT"),
        ("pragma writable_schema=1", "Statement must be a SELECT"),
        ("select * from pragma_journal_mode('wal')", "disallowed PRAGMA"),
        ("attach 'x.db' as x", "Statement must be a SELECT"),
        ("select load_extension('x')", "not authorized|no such function"),
        ("select length(randomblob(900000000))", "too big"),
        ("select length(zeroblob(900000000))", "too big"),
        ("select length(printf('%.*c', 900000000, 'x'))", "user-defined function raised exception"),
        ("select format('%.*c', 900000000, 'x')", "user-defined function raised exception"),
        ("select 'a' like replace(hex(zeroblob(900)), '0', '%')", "pattern too complex"),
        ("select length(replace(hex(zeroblob(9000000)), '0', '0000000000'))", "too big"),
    ],
    ids=lambda value: value[:30],
)
def test_sql_is_bounded(site: Site, sql: str, why: str) -> None:
    """Reading only, within time and memory; the error is one line."""
    answer = site.get(SQL + quote(sql))
    assert answer.status_code == 400
    assert re.search(why, answer.json()["error"]), answer.json()["error"]


def test_rows_are_bounded(site: Site) -> None:
    """No more than 1,000 rows in one answer."""
    sql = "with recursive n(i) as (select 1 union all select i + 1 from n limit 5000) select i from n"
    assert len(site.get(SQL + quote(sql)).json()) == 1_000


def test_heavy_sql_leaves_readers_a_thread(site: Site) -> None:
    """While more SQL than there are threads runs to its time limit, a reader's page is answered."""
    with ThreadPoolExecutor(8) as pool:
        asked = [pool.submit(site.get, SQL + quote(f"{HEAVY} where i > {number}")) for number in range(8)]
        wait_until(lambda: any(future.running() for future in asked))
        assert site.get(f"/articles/{TRIAL}").status_code == 200
        assert not all(future.done() for future in asked)
        assert {future.result().status_code for future in asked} == {400}


def test_too_many_waiting_are_sent_away(site: Site) -> None:
    """Beyond those that run and those that may wait, a request for data is told to come back; readers are not."""
    count = MOST_WAITING + 12
    with ThreadPoolExecutor(count) as pool:
        asked = [
            pool.submit(
                requests.get, f"{site.url}{SQL[1:]}{quote(f'{HEAVY} where i > {n}')}&_timelimit=700", timeout=90
            )
            for n in range(count)
        ]
        answers = [future.result() for future in asked]
    away = [answer for answer in answers if answer.status_code == 503]
    assert away
    assert {answer.headers["retry-after"] for answer in away} == {"5"}
    assert {answer.status_code for answer in answers} == {400, 503}
    assert site.get(SQL + quote("select 1 as one")).json() == [{"one": 1}]
