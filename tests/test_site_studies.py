"""Lists with each study once: a trial with all its papers, or the versions of one paper, in one row."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from html import unescape
from urllib.parse import parse_qs, urlsplit

import pytest

from catalog.site.facts import load_facts
from catalog.site.filters import read_filters
from tests.site_fixtures import ANALYSIS, EXTENSION, LEANING, NEW, OLD, PROTOCOL, REPORT, Site
from tests.site_fixtures import full_site as full_site
from tests.site_fixtures import sample_site as sample_site
from tests.site_fixtures import site as site


def listed(site: Site, address: str) -> list[int]:
    return [article["pmid"] for article in site.get(f"/search.json?{address}").json()["articles"]]


@pytest.mark.parametrize("name", ["site", "sample_site", "full_site"])
def test_once_lists_the_view_studies(name: str, request: pytest.FixtureRequest) -> None:
    """`studies=once` lists one paper a study, the one the view `studies` names, on pages that meet each once."""
    shown: Site = request.getfixturevalue(name)
    first = shown.get("/search.json?studies=once").json()
    seen: list[int] = []
    for page in range(1, first["pages"] + 1):
        seen += listed(shown, f"studies=once&page={page}")
    assert sorted(seen) == [row[0] for row in shown.rows("SELECT pmid FROM studies ORDER BY pmid")]
    every = shown.get("/search.json").json()
    assert first["further_papers_left_out"] == every["further_papers_among_them"] == every["total"] - first["total"]
    for facet, choices in first["facets"].items():
        for choice in choices[:3]:
            chosen = shown.get(f"/search.json?studies=once&{facet}={choice['value']}").json()
            assert chosen["total"] == choice["count"]


def test_a_list_says_what_it_counts_and_leads_to_the_other(full_site: Site) -> None:
    """Papers or studies in the heading; what is left out is said, with a link to it, and a chip takes it off."""
    once = unescape(full_site.get("/search?q=ozone+sciatica&studies=once").text)
    assert re.search(r"<h1>\d+ stud(?:y|ies) ", once)
    assert "A trial with all its papers counts once" in once
    left_out = full_site.get("/search.json?q=ozone+sciatica&studies=once").json()["further_papers_left_out"]
    assert left_out == 3
    assert '3 more papers on such studies match and are not listed: <a href="/search?q=ozone+sciatica">' in once
    assert 'class="chip" href="/search?q=ozone+sciatica"><span class="vh">Remove: </span>Each study once' in once
    every = unescape(full_site.get("/search?q=ozone+sciatica").text)
    assert re.search(r"<h1>\d+ papers ", every)
    assert '<a href="/search?q=ozone+sciatica&studies=once">list each study once</a>' in every


def test_a_paper_that_does_not_stand_for_its_trial_is_not_lost(full_site: Site) -> None:
    """Words that only a trial's protocol has find nothing once a study; the page leads to the protocol."""
    page = unescape(full_site.get("/search?q=tangerine&studies=once").text)
    assert "No studies" in page
    assert '<a href="/search?q=tangerine">With every paper of a study</a> <span class="count">1 paper</span>' in page
    assert listed(full_site, "q=tangerine") == [PROTOCOL]


def test_cards_name_the_other_papers(full_site: Site) -> None:
    """A card of a trial or review with more papers says how many, links to them, and says if one is retracted."""
    once = full_site.get("/search?intervention=ozone&level=2&studies=once&retracted=exclude").text
    link = f'And <a href="/articles/{REPORT}#family">3 more reports</a> of the same trial'
    assert link in once
    assert "1 of them retracted" in once
    every = full_site.get("/search?q=extension").text
    assert f'Same trial as <a href="/articles/{EXTENSION}#family">3 more reports</a>' in every
    versions = full_site.get("/search?q=prolozone").text
    assert f'Same paper as <a href="/articles/{OLD}#family">1 more version</a>' in versions
    assert f'<a href="/articles/{NEW}#family">' in versions


def test_cards_show_certainty_and_retractions_beside_the_level(full_site: Site) -> None:
    """A review's card carries the certainty it states itself, and that it cites a retracted paper."""
    page = full_site.get("/search?level=1&q=sciatica").text
    badges = page[page.index('<article class="card">') :]
    assert badges.index("Level 1") < badges.index("Certainty it states: very low") < badges.index("<h2")
    assert badges.index("Cites a retracted paper") < badges.index("<h2")
    (review,) = full_site.get("/search.json?level=1&q=sciatica").json()["articles"]
    assert (review["pmid"], review["certainty"], review["cites_retracted"]) == (LEANING, "very_low", True)
    assert review["family"] is None
    (trial,) = full_site.get("/search.json?intervention=ozone&level=2&studies=once&retracted=exclude").json()[
        "articles"
    ]
    assert (trial["certainty"], trial["cites_retracted"]) == (None, False)
    family = {"of": "reports", "represented_by": REPORT, "retracted": 1}
    assert trial["family"] == family | {"pmids": [PROTOCOL, REPORT, ANALYSIS, EXTENSION]}


def test_the_parameter_knows_two_values(full_site: Site) -> None:
    """`all` is the default, `once` the other; anything else is left out and said; the address keeps it."""
    everything = full_site.get("/search.json").json()
    assert full_site.get("/search.json?studies=all").json() == everything
    odd = full_site.get("/search.json?studies=twice").json()
    assert odd["notes"] == ["The parameter studies knows once and all; anything else was left out."]
    assert odd["total"] == everything["total"]
    with closing(sqlite3.connect(full_site.path)) as conn:
        facts = load_facts(conn)
    asked = {"q": ["ozone"], "level": ["2"], "studies": ["once"], "retracted": ["exclude"], "sort": ["oldest"]}
    filters = read_filters(asked, facts)
    assert parse_qs(urlsplit(filters.address()).query) == asked
    assert read_filters(parse_qs(urlsplit(filters.address()).query), facts) == filters
