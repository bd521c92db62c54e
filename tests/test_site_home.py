"""The first page: what this is, how old it is, and the map of treatments by level, each study once."""

from __future__ import annotations

import re
from html import unescape

import pytest

from tests.site_fixtures import ANALYSIS, PROTOCOL, Site
from tests.site_fixtures import full_site as full_site
from tests.site_fixtures import sample_site as sample_site
from tests.site_fixtures import site as site

CELL = re.compile(r'<a href="(/search\?[^"]*)">([\d,]+)<span class="vh"> (?:study|studies): ([^<]*)</span></a>')


def cells(page: str) -> list[tuple[str, int, str]]:
    return [(unescape(a), int(n.replace(",", "")), unescape(what)) for a, n, what in CELL.findall(page)]


@pytest.mark.parametrize("name", ["site", "sample_site", "full_site"])
def test_every_count_equals_its_list_and_sql(name: str, request: pytest.FixtureRequest) -> None:
    """A number on the map, the list it links to and SQL on `studies` are the same, retracted papers left out."""
    shown: Site = request.getfixturevalue(name)
    found = cells(shown.get("/").text)
    assert len(found) >= 6
    counted = 0
    for address, count, _ in found:
        listed = shown.get(address.replace("/search?", "/search.json?")).json()
        assert listed["total"] == count
        assert (listed["retracted"], listed["studies"]) == ("exclude", "once")
        values = listed["filters"]
        level = values.get("level", [None])[0]
        sql = (
            "SELECT count(DISTINCT s.study) FROM studies s JOIN article_interventions i USING (pmid)"
            " WHERE i.intervention = ?1 AND s.status != 'retracted' AND (?2 IS NULL OR s.level = ?2)"
        )
        assert shown.value(sql, values["intervention"][0], level) == count
        counted += count if level else 0
    tagged = "SELECT count(*) FROM studies s JOIN article_interventions USING (pmid) WHERE s.status != 'retracted'"
    assert counted == shown.value(tagged)


def test_the_map_says_that_it_counts_studies(full_site: Site) -> None:
    """It says so in plain words, with both totals, each of which opens the list it counts."""
    page = full_site.get("/").text
    assert "Each number counts studies: <strong>a trial with five papers counts once.</strong>" in page
    totals = re.search(r'<a href="([^"]*)">(\d+) studies</a> in <a href="([^"]*)">(\d+) papers</a>', page)
    assert totals is not None
    studies, papers = int(totals[2]), int(totals[4])
    assert studies == full_site.value("SELECT count(*) FROM studies WHERE status != 'retracted'")
    assert papers == full_site.value("SELECT count(*) FROM articles WHERE status != 'retracted'")
    assert studies < papers
    for address, count in ((totals[1], studies), (totals[3], papers)):
        assert full_site.get(unescape(address).replace("/search?", "/search.json?")).json()["total"] == count


def test_a_family_with_a_retracted_paper_still_counts(full_site: Site) -> None:
    """The trial counts by a report that stands; its retracted analysis and its protocol count nowhere."""
    cell = full_site.get("/search.json?intervention=ozone&level=2&retracted=exclude&studies=once").json()
    (trial,) = cell["articles"]
    assert trial["pmid"] not in (ANALYSIS, PROTOCOL)
    assert trial["family"]["retracted"] == 1


def test_map_names_come_from_the_catalog_in_its_order(site: Site) -> None:
    """Rows are the vocabulary's treatments in order, columns the levels, preclinical by name."""
    page = site.get("/").text
    rows = re.findall(r'<th scope="row"><span class="long">([^<]*)</span>', page)
    assert [unescape(row) for row in rows] == [
        r[0] for r in site.rows("SELECT name FROM interventions ORDER BY position")
    ]
    columns = re.findall(r'aria-label="([^"]*)"', page[page.index("<table") :])
    assert columns == ["Level 1", "Level 2", "Level 3", "Level 4", "Preclinical", "No level"]


def test_home_says_what_it_is_how_old_and_its_limits(site: Site) -> None:
    """Title, description, date of the last search of PubMed, examples that find something, and the honest sentence."""
    page = site.get("/").text
    title, description, examples = site.rows("SELECT title, description, json_array_length(examples) FROM about")[0]
    assert f"<h1>{title}</h1>" in page
    assert description in page
    assert re.search(r"PubMed searched on \d{1,2} [A-Z][a-z]+ 20\d\d\.", page)
    assert page.count("/search?q=") == examples
    assert "Levels are starting levels given by rule from title and abstract; read the paper." in page
    assert re.search(r">1 retracted paper</a>\s+is\s+left out", page)


def test_newest_evidence_is_newest_first_without_retracted(site: Site) -> None:
    """Five papers by year, none of them retracted."""
    page = site.get("/").text
    section = page[page.index('id="new-title"') :]
    shown = [int(pmid) for pmid in re.findall(r"/articles/(\d+)", section)]
    expected = [
        row[0]
        for row in site.rows(
            "SELECT pmid FROM articles WHERE status != 'retracted'"
            " ORDER BY year DESC, published DESC, pmid DESC LIMIT 5"
        )
    ]
    assert shown == expected


def test_sample_says_so(sample_site: Site) -> None:
    """Over invented records the page says so, and so does a header of every answer, whatever its kind."""
    assert "SAMPLE: invented records" in sample_site.get("/").text
    assert "PubMed searched on" not in sample_site.get("/").text
    style = re.search(r'href="(/-/catalog/[^"]*)"', sample_site.get("/").text)
    assert style is not None
    for path in (
        "/",
        "/search.json?q=ozone",
        "/articles/1",
        "/catalog",
        "/catalog/articles.json",
        "/nowhere",
        style[1],
    ):
        assert sample_site.get(path).headers["x-catalog-sample"] == "SAMPLE: invented records"
    for path in ("/catalog", "/catalog/articles", "/catalog/articles/970000001", "/nowhere"):
        assert "SAMPLE: invented records" in sample_site.get(path).text


def test_a_real_catalog_is_not_called_a_sample(site: Site) -> None:
    """No banner and no header where the records are not the sample's."""
    answer = site.get("/")
    assert "x-catalog-sample" not in answer.headers
    assert "SAMPLE" not in answer.text
