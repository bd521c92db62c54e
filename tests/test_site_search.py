"""Lists: search, facets, chips, orders, pages, and the way out of an empty list."""

from __future__ import annotations

import re
from html import unescape
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.site.filters import years_of
from catalog.site.shelf import positions
from tests.site_fixtures import (
    BARE,
    CONCERN,
    HOSTILE,
    HOSTILE_PMID,
    RETRACTED,
    REVIEW,
    TRIAL,
    Site,
)
from tests.site_fixtures import site as site


def pmids(site: Site, address: str) -> list[int]:
    return [article["pmid"] for article in site.get(f"/search.json{address}").json()["articles"]]


def test_search_agrees_with_the_index(site: Site) -> None:
    """The papers listed are those SQL finds in the full-text index."""
    expected = site.value("SELECT count(*) FROM articles_fts WHERE articles_fts MATCH 'quince'")
    assert site.get("/search.json?q=quince").json()["total"] == expected > 20
    assert site.get("/search.json?q=ozone+-quince").json()["total"] == site.value(
        "SELECT count(*) FROM articles_fts WHERE articles_fts MATCH 'ozone NOT quince'"
    )
    assert site.get("/search.json?q=-quince").json()["total"] == site.value("SELECT count(*) FROM articles") - expected


def test_a_word_of_the_title_ranks_first(site: Site) -> None:
    """Relevance puts the paper with the word in its title before those that have it in the abstract."""
    assert pmids(site, "?q=discogenic")[0] == TRIAL
    assert pmids(site, "?q=COVID-19") == [TRIAL]


def test_hits_are_marked(site: Site) -> None:
    """Title and snippet mark what was searched for; without a search the abstract's first lines stand there."""
    page = site.get("/search?q=xylophones").text
    assert re.search(r'class="lines">…?[^<]*Zygomatic <mark>xylophones</mark>', page)
    assert "Discogenic low back pain is common." in site.get("/search?level=2&retracted=exclude").text


def test_orders(site: Site) -> None:
    """Newest, oldest and by level; relevance is for searches."""
    newest = site.get("/search.json?sort=newest").json()["articles"]
    years = [article["year"] for article in newest]
    assert years == sorted(years, reverse=True)
    assert pmids(site, "?sort=oldest")[0] == BARE
    levels = [article["level"] for article in site.get("/search.json?sort=level").json()["articles"]]
    assert levels == sorted(levels)
    assert levels[0] == "1"
    assert site.get("/search.json?sort=relevance").json()["sort"] == "newest"
    assert site.get("/search.json?q=ozone").json()["sort"] == "relevance"


@pytest.mark.parametrize("order", ["newest", "oldest", "level", "relevance"])
def test_pages_hold_every_paper_once(site: Site, order: str) -> None:
    """Going through the pages meets each paper of the list exactly once, in each order."""
    first = site.get(f"/search.json?q=low+back+pain&sort={order}").json()
    assert first["pages"] > 2
    seen: list[int] = []
    address = f"?q=low+back+pain&sort={order}"
    for page in range(1, first["pages"] + 1):
        seen += pmids(site, f"{address}&page={page}")
    assert len(seen) == len(set(seen)) == first["total"]
    beyond = site.get(f"/search.json{address}&page=999").json()
    assert beyond["page"] == first["pages"]
    assert beyond["notes"] == ["There is no page 999; this is the last one."]


def test_facets_are_counted_and_in_order(site: Site) -> None:
    """Levels ascend, years descend, and each count is what choosing the value gives."""
    answer = site.get("/search.json?q=ozone").json()
    levels = [choice["value"] for choice in answer["facets"]["level"]]
    assert levels == sorted(levels)
    years = [years_of(choice["value"]) for choice in answer["facets"]["year"]]
    assert years == sorted(years, reverse=True, key=lambda pair: pair or (0, 0))
    assert any(first != last for first, last in filter(None, years))
    for facet, choices in answer["facets"].items():
        for choice in choices:
            chosen = site.get(f"/search.json?q=ozone&{facet}={choice['value']}").json()
            assert chosen["total"] == choice["count"]


def test_two_values_of_a_facet_add_up(site: Site) -> None:
    """Values of one facet widen, facets narrow each other, and the chosen one still shows what else there is."""
    one, two, both = (
        site.get(f"/search.json?{query}").json()["total"] for query in ("level=1", "level=2", "level=1&level=2")
    )
    assert both == one + two
    narrowed = site.get("/search.json?level=2&status=current").json()
    assert [choice["value"] for choice in narrowed["facets"]["level"]] == ["1", "2", "4", "none"]
    assert narrowed["total"] < two


def test_filters_can_be_taken_off(site: Site) -> None:
    """Each chip is a link to the list without its filter."""
    page = site.get("/search?q=ozone&level=4&year=2010-2019&retracted=exclude").text
    chips = {
        re.sub(r"\s+", " ", name).strip(): unescape(address)
        for address, name in re.findall(r'class="chip" href="([^"]*)"><span class="vh">Remove: </span>([^<]*)', page)
    }
    assert chips == {
        "“ozone”": "/search?level=4&year=2010-2019&retracted=exclude",
        "Level 4": "/search?q=ozone&year=2010-2019&retracted=exclude",
        "2010–2019": "/search?q=ozone&level=4&retracted=exclude",
        "Retracted papers left out": "/search?q=ozone&level=4&year=2010-2019",
    }


def test_retracted_papers_are_marked_and_can_be_left_out(site: Site) -> None:
    """By default a retracted paper is listed, unmistakably; retracted=exclude leaves it out; status finds it."""
    page = site.get("/search?q=prolotherapy").text
    assert 'class="card retracted"' in page
    assert "It is retracted." in page
    assert "1 retracted paper among them, marked." in site.get("/search?level=2").text
    assert '<span class="badge status status-retracted">Retracted</span>' in page
    assert site.get("/search.json?q=prolotherapy&retracted=exclude").json()["total"] == 0
    assert pmids(site, "?status=retracted") == [RETRACTED]
    assert pmids(site, "?status=concern") == [CONCERN]


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("?level=9", "Level of evidence “9” is not known here and was left out."),
        ("?intervention=leeches", "Treatment “leeches” is not known here and was left out."),
        ("?year=long+ago", "Year “long ago” is not known here and was left out."),
        ("?sort=luck", "Order “luck” is not known here and was left out."),
        ("?retracted=maybe", "The parameter retracted knows exclude and include; anything else was left out."),
    ],
)
def test_unknown_values_are_said_and_left_out(site: Site, address: str, said: str) -> None:
    """A value nobody knows narrows nothing; one line says so."""
    answer = site.get(f"/search.json{address}").json()
    assert answer["notes"] == [said]
    assert answer["total"] == site.value("SELECT count(*) FROM articles")
    assert said in unescape(site.get(f"/search{address}").text)


@pytest.mark.parametrize(
    "address", ["?page=abc", "?page=-1", "?page=99999999999999999999", "?year=9999-1", "?q=%FF%FE"]
)
def test_odd_addresses_are_answered(site: Site, address: str) -> None:
    """Nothing in an address breaks a list."""
    assert site.get(f"/search{address}").status_code == 200


def test_an_empty_list_shows_the_way_out(site: Site) -> None:
    """It says what to leave out with how many papers that gives, and each way gives that many."""
    page = site.get("/search?q=xylophones+quince&level=1&retracted=exclude").text
    assert "No paper here matches all of that" in page
    ways = re.findall(r'<li><a href="([^"]*)">([^<]*)</a> <span class="count">(\d+) papers?</span>', page)
    assert ways
    for address, name, count in ways:
        total = site.get(unescape(address).replace("/search", "/search.json", 1)).json()["total"]
        assert (name, total) == (name, int(count))
        assert total > 0
    assert "https://pubmed.ncbi.nlm.nih.gov/?term=xylophones%20quince" in page
    assert [name for _, name, _ in ways] == ["Without the words searched for"]
    only_words = site.get("/search?q=xylophones+quince").text
    assert [unescape(w) for w in re.findall(r'">(Without [^<]*)</a>', only_words)][:2] == [
        "Without quince",
        "Without xylophones",
    ]


def test_hostile_text_is_text(site: Site) -> None:
    """A query, a title, an abstract or a keyword full of markup reaches the page as text."""
    page = site.get(f"/search?q={quote(HOSTILE)}").text
    assert "<script" not in page
    assert "<img" not in page
    assert "{{7*7}}" in page
    listed = site.get("/search?q=ozone+sciatica").text
    assert "<script" not in listed
    assert f"/articles/{HOSTILE_PMID}" in listed


def test_years_are_read() -> None:
    """A year, a range, an open range; all else is no year."""
    assert [years_of(text) for text in ("2019", "2010-2019", "-1999", "2019-", "_none")] == [
        *((2019, 2019), (2010, 2019), (1, 1999), (2019, 9999), (0, 0)),
    ]
    assert [years_of(text) for text in ("", "-", "19", "2019-2010", "20190", "２０１９", "0000")] == [None] * 7


@given(st.integers(min_value=0, max_value=2**90), st.integers(0, 60), st.integers(0, 30))
def test_positions_are_the_set_bits(bits: int, start: int, size: int) -> None:
    """A page of a set is a slice of its places, from either end."""
    places = [n for n in range(bits.bit_length()) if bits >> n & 1]
    assert list(positions(bits, start, start + size)) == places[start : start + size]
    assert list(positions(bits, start, start + size, backwards=True)) == places[::-1][start : start + size]


def test_the_address_without_a_list_leads_to_it(site: Site) -> None:
    """/articles is where people look for the list."""
    answer: Any = site.get("/articles", allow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (302, "/search")
    assert site.get("/search.json").json()["total"] == site.value("SELECT count(*) FROM articles")
    assert REVIEW in pmids(site, "?level=1")
