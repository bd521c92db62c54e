"""A search that finds nothing helps: slips are corrected from the catalog's own words, with what each advice finds."""

from __future__ import annotations

from html import unescape

import pytest

from catalog.site.advice import _one_slip, _slips
from tests.search_records import Searched
from tests.search_records import searched as searched
from tests.search_records import searched_site as searched_site
from tests.site_fixtures import Site


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("platlet plasma", "platelet plasma"),
        ("platelte", "platelet"),
        ("ozzone", "ozone"),
        ("hernaited discs", "herniated discs"),
        ("anesthatised", "anaesthetised"),
        ("mesenchmal stem", "mesenchymal stem"),
        ("herniateddiscs", "herniated discs"),
        ("author:doee", "author:doe"),
        ("journal:spyne sitting", "journal:spine sitting"),
        ("xylophone", None),
        ("nurses cooks", None),
        ("zz", None),
    ],
)
def test_a_slip_is_corrected_from_the_catalogs_words(searched: Searched, typed: str, meant: str | None) -> None:
    """A word no paper has is offered as papers spell it; words that papers have are left alone."""
    results = searched.results(typed)
    assert results.total == 0
    if meant is None:
        assert results.meant == ()
    else:
        assert results.meant[0].text == meant
        assert searched.results(meant).total == results.meant[0].count > 0


def test_advice_keeps_the_filters_where_it_can(searched: Searched) -> None:
    """Beside a filter the corrected words are sought with it, and without it where that finds nothing."""
    assert searched.results("platlet", level="1").meant[0].address == "/search?q=platelet&level=1"
    assert searched.results("herniatd", level="1").meant[0].address == "/search?q=herniated"


@pytest.mark.parametrize(
    ("typed", "meant", "address"),
    [
        ("platelet 2019", "platelet year:2019", "/search?q=platelet&year=2019"),
        ("level 1 PRP", "level:1 PRP", "/search?q=PRP&level=1"),
        ("PRP level II", "PRP level:II", "/search?q=PRP&level=2"),
    ],
)
def test_a_year_or_level_typed_as_a_word_may_be_meant_as_one(
    searched: Searched, typed: str, meant: str, address: str
) -> None:
    """The year or level is offered as a field, whether or not the words find anything."""
    assert (meant, address) in [(advice.text, advice.address) for advice in searched.results(typed).meant]
    assert searched.results(typed.replace(" ", ' "') + '"').meant == ()


def test_an_empty_list_says_what_can_be_done(searched_site: Site) -> None:
    """It offers the corrected words, what to leave out, PubMed, and how to search."""
    page = unescape(searched_site.get("/search?q=platlet+cooks+nurses").text)
    assert "No paper here matches all of that" in page
    assert '<a href="/search?q=cooks+nurses">' not in page  # it would find nothing either
    page = unescape(searched_site.get("/search?q=platlet+lumbar").text)
    assert '<a href="/search?q=platelet+lumbar">platelet lumbar</a> <span class="count">2 papers</span>' in page
    assert '<a href="/search?q=lumbar">Without platlet</a>' in page
    assert "https://pubmed.ncbi.nlm.nih.gov/?term=platlet%20lumbar" in page
    assert '<details class="tips" id="tips" open>' in page
    answer = searched_site.get("/search.json?q=platlet+lumbar").json()
    assert answer["did_you_mean"] == [{"query": "platelet lumbar", "total": 2}]


def test_a_paper_that_is_not_here_leads_to_pubmed(searched_site: Site) -> None:
    """A PMID or DOI outside the catalog says so, with its address at PubMed or the publisher."""
    page = searched_site.get("/search?q=PMID:+12345678").text
    assert 'Not in this catalog: <a href="https://pubmed.ncbi.nlm.nih.gov/12345678/">PMID 12345678</a>.' in page
    page = searched_site.get("/search?q=10.5555/none+PMC7654321").text
    assert '<a href="https://doi.org/10.5555/none">10.5555/none</a>' in page
    assert "https://pmc.ncbi.nlm.nih.gov/articles/PMC7654321" in page
    assert searched_site.get("/search.json?q=12345678").json()["understood"]["not_in_catalog"] == ["PMID 12345678"]


@pytest.mark.parametrize(
    ("one", "other", "slips"),
    [("ozone", "ozone", 0), ("ozone", "ozon", 1), ("ozone", "oznoe", 1), ("ozone", "ozzone", 1), ("ozone", "azano", 3)],
)
def test_slips_are_counted(one: str, other: str, slips: int) -> None:
    """A letter left out, added, changed, or two exchanged, is one slip; more than two are not counted further."""
    assert min(_slips(one, other, 2), 3) == slips
    assert (other in set(_one_slip(one))) == (slips <= 1)


def test_an_endless_word_is_not_corrected(searched: Searched) -> None:
    """A thousand letters in a row once took all the time a page has: no slip makes a word of them."""
    assert searched.results("a" * 1_000).meant == ()
