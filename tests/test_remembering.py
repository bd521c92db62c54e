"""Pages asked for again come from a bounded memory of the catalog, which goes when the catalog does."""

from __future__ import annotations

from pathlib import Path

import requests

from catalog.site.recent import Recent
from tests.records import article_xml
from tests.search_records import searched as searched
from tests.search_records import searched_site as searched_site
from tests.site_fixtures import Site, serving, wait_until, write_site


def test_a_page_asked_again_is_the_same(searched_site: Site) -> None:
    """Body and headers are those of the first answer; HEAD, a cookie or an authorization is answered afresh."""
    for path in ("/", "/search?q=PRP", "/search.json?q=PRP", "/articles/970030002"):
        first, again = (searched_site.get(path) for _ in range(2))
        assert (first.status_code, first.content) == (again.status_code, again.content)
        assert {k: v for k, v in first.headers.items() if k != "date"} == {
            k: v for k, v in again.headers.items() if k != "date"
        }
        assert "content-security-policy" in again.headers
        assert requests.head(searched_site.url.rstrip("/") + path, timeout=20).content == b""
        assert searched_site.get(path, cookies={"a": "b"}).content == first.content


def test_what_was_not_found_is_not_remembered(searched_site: Site) -> None:
    """An error stays an error, and other queries are other pages."""
    assert [searched_site.get("/articles/1").status_code for _ in range(2)] == [404, 404]
    assert searched_site.get("/search?q=PRP").text != searched_site.get("/search?q=ozone").text


def test_a_new_catalog_forgets_the_old_ones_pages(tmp_path: Path) -> None:
    """After a build's swap no page of the catalog before is shown."""
    path = write_site(tmp_path / "catalog.db", [article_xml("Synthetic first", pmid=970050001)])
    with serving(path) as site:
        assert site.get("/search.json").json()["total"] == 1
        fresh = [article_xml(f"Synthetic {n}", pmid=970050001 + n) for n in range(2)]
        write_site(tmp_path / "fresh.db", fresh).replace(path)
        wait_until(lambda: site.get("/search.json").json()["total"] == 2)


def test_the_memory_is_bounded() -> None:
    """The longest unasked entry goes first; one too heavy for the whole is not kept."""
    memory: Recent[str, bytes] = Recent(10, weigh=len)
    for name in "abc":
        memory.put(name, b"1234")
        memory.get("a")
    assert [memory.get(name) for name in "abc"] == [b"1234", None, b"1234"]
    memory.put("d", b"12345678901")
    assert memory.get("d") is None
    memory.put("a", b"1")
    assert len(memory) == 2
