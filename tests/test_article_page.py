"""A paper's page: what it is, what it found and harms first; conflicts, similar papers, citing, reporting."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from catalog.cite.embedded import coins, meta_tags
from catalog.site.facts import Facts, load_facts
from catalog.site.reporting import report_address
from catalog.site.similar import MOST, similar_papers
from tests.asking import asking
from tests.citable import ARTICLE, CHAPTER, WITHDRAWN, citable_catalog, citations_of
from tests.linked import linked_xml
from tests.site_fixtures import HOSTILE, HOSTILE_PMID, RETRACTED, TRIAL, Site, write_site
from tests.site_fixtures import site as site

FIRST = 970030001
SPUN, COMPARED, REVIEW, SERIES, ANIMAL, LETTER, GONE, OTHER, PLAIN = (FIRST + i for i in range(9))
OZONE = "ozone for sciatica"


def records() -> list[bytes]:
    """One record a thing the page shows."""
    assigned = "Patients with sciatica were randomly assigned to ozone or saline injection."
    return [
        linked_xml(
            f"Synthetic {OZONE}: a randomized controlled trial",
            [
                ("METHODS", f"We enrolled 40 patients. {assigned}"),
                (
                    "RESULTS",
                    "Pain did not differ between the groups. VAS fell from 7.1 to 3.1 at 6 months. One had discitis.",
                ),
                ("CONCLUSIONS", "Ozone is an effective treatment for sciatica."),
            ],
            pmid=SPUN,
            year=2020,
        ),
        linked_xml(
            "Synthetic platelet-rich plasma versus ozone for sciatica: a randomized controlled trial",
            [
                ("METHODS", "Patients with sciatica were randomly assigned to platelet-rich plasma or ozone."),
                ("RESULTS", "Pain was lower with platelet-rich plasma than with ozone."),
                ("CONCLUSIONS", "Platelet-rich plasma was superior to ozone."),
            ],
            pmid=COMPARED,
            year=2021,
        ),
        linked_xml(
            f"Synthetic {OZONE}: a systematic review of randomized controlled trials",
            f"We searched PubMed. We included randomized controlled trials only of {OZONE}.",
            pmid=REVIEW,
            types=("Systematic Review",),
            year=2010,
        ),
        linked_xml(f"Synthetic {OZONE}: a case series", f"A case series of 12 patients given {OZONE}.", pmid=SERIES),
        linked_xml(f"Synthetic {OZONE} in rats", "Rats with sciatica were given ozone.", pmid=ANIMAL),
        linked_xml(f"Synthetic letter on {OZONE}", pmid=LETTER, types=("Letter",)),
        linked_xml(
            f"Synthetic {OZONE}: another randomized trial",
            assigned,
            pmid=GONE,
            types=("Randomized Controlled Trial", "Retracted Publication"),
        ),
        linked_xml(
            "Synthetic ozone for the sacroiliac joint: a randomized trial",
            "Patients with sacroiliac joint pain were randomly assigned to ozone or saline.",
            pmid=OTHER,
            year=2024,
        ),
        linked_xml("Synthetic remarks", pmid=PLAIN, year=1955),
    ]


@pytest.fixture(scope="module")
def catalog(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_site(tmp_path_factory.mktemp("page") / "catalog.db", records())


@pytest.fixture(scope="module")
def ask(catalog: Path) -> Iterator[Callable[[str], Any]]:
    with asking(catalog, immutable=True) as ask:
        yield ask


@pytest.fixture(scope="module")
def facts(catalog: Path) -> Facts:
    with closing(sqlite3.connect(catalog)) as conn:
        return load_facts(conn)


def text_of(page: str) -> str:
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]*>", " ", page)))


def test_what_it_found_and_harms_stand_first(ask: Callable[[str], Any]) -> None:
    """Level and design, title, conclusion, harms, numbers, abstract, why, likes, citations: in this order."""
    page = ask(f"/articles/{SPUN}").text
    order = [
        *('class="tags"', "<h1>", 'class="because"', 'id="field-direction"', 'id="field-harms"', 'id="overclaim"'),
        *('id="field-participants"', 'id="abstract-title"', 'id="why-title"', 'id="effects-title"'),
        *('id="related-title"', 'id="cite-title"', 'id="more-title"'),
    ]
    places = [page.index(mark) for mark in order]
    assert places == sorted(places)


def test_a_conclusion_beyond_its_results_is_a_conflict(ask: Callable[[str], Any]) -> None:
    """Both are quoted, marked in the abstract, and the rule is named."""
    page = ask(f"/articles/{SPUN}").text
    told = text_of(page[page.index('id="overclaim"') : page.index('id="field-participants"')])
    assert "The conclusion favours the treatment; the results report no difference between the arms." in told
    assert "“" not in told  # quotation marks are the browser's
    assert "It concludes Ozone is an effective treatment for sciatica." in told
    assert "did not differ between the groups" in told
    assert "Read by rule spin.no_difference · after Boutron 2010" in told
    assert 'href="#overclaim" title="Conclusion that claims more than the results"' in page
    assert "claims more than its results" not in ask(f"/articles/{COMPARED}").text


def test_key_results_are_quoted(ask: Callable[[str], Any]) -> None:
    """The clause as written with outcome, scale and time, and its place in the abstract."""
    page = ask(f"/articles/{SPUN}").text
    found = re.search(
        r'<li id="effect-(\d+)"><span class="field">([^<]*)</span> <q><a href="#words-(\d+)">([^<]*)<', page
    )
    assert found is not None
    number, field, words, quote = found.groups()
    assert number == words
    assert f'id="words-{words}"' in page
    assert field.startswith("Pain · VAS")
    assert "from 7.1 to 3.1" in quote
    assert ask(f"/articles/{SPUN}.json").json()["results"][0]["measures"] == ["VAS"]


def test_the_better_of_two_treatments_is_named(ask: Callable[[str], Any]) -> None:
    """In a comparison of two of ours each says whether it did better; elsewhere nothing does."""
    page = ask(f"/articles/{COMPARED}").text
    treatments = text_of(page[page.index('id="field-interventions"') : page.index('id="field-conditions"')])
    assert "Platelet-rich plasma (the better of these, it says)" in treatments
    assert "Ozone (the other did better, it says)" in treatments
    assert "did better" not in ask(f"/articles/{SPUN}").text


def test_marked_words_lead_to_what_they_decided(ask: Callable[[str], Any]) -> None:
    """Every mark is a link to the place that says why, and back: by mouse, finger or keyboard, without a script."""
    for pmid in (SPUN, COMPARED, REVIEW, SERIES, PLAIN):
        page = ask(f"/articles/{pmid}").text
        ids = re.findall(r'\bid="([^"]+)"', page)
        assert len(ids) == len(set(ids))
        assert set(re.findall(r'href="#([^"]+)"', page)) <= set(ids)
        for mark in re.findall(r"<mark class=\"[a-z]+\">(.*?)</mark>", page.partition('class="key"')[0]):
            assert re.search(r'<a href="#[^"]+" title="[^"]+">', mark), mark
    assert '<a href="#field-participants" title="Participants: 40' in ask(f"/articles/{SPUN}").text


def test_similar_papers_are_the_strongest_first(catalog: Path, facts: Facts) -> None:
    """Same treatment and condition by level, then the treatment alone; no letters, rats or retracted papers."""
    with closing(sqlite3.connect(catalog)) as conn:
        found = similar_papers(conn, facts, SPUN, ("ozone",), ("sciatica",))
        assert [paper.pmid for paper in found] == [REVIEW, COMPARED, SERIES, OTHER]
        assert [paper.shares for paper in found][-2:] == ["treatment and condition", "the treatment only"]
        rats = similar_papers(conn, facts, ANIMAL, ("ozone",), ("sciatica",), preclinical=True)
        assert rats[0].pmid == REVIEW
        assert similar_papers(conn, facts, PLAIN, (), ()) == ()
        both = similar_papers(conn, facts, REVIEW, ("ozone", "prp"), ("sciatica",))
        assert (both[0].pmid, both[0].shares) == (COMPARED, "the same treatments and condition")


def test_similar_papers_are_few(site: Site) -> None:
    """However many there are."""
    page = site.get(f"/articles/{HOSTILE_PMID}").text
    assert page.count('<span class="rule">Shares ') == MOST
    assert HOSTILE not in page


def test_the_cite_box(site: Site) -> None:
    """Three styles to copy and four downloads; of a retracted paper each says so."""
    page = site.get(f"/articles/{RETRACTED}").text
    box = page[page.index('id="cite"') : page.index('id="more-title"')]
    assert re.findall(rf'href="/articles/{RETRACTED}\.([a-z.]+)"', box) == ["ris", "bib", "nbib", "csl.json"]
    cited = re.findall(r'<p class="citation">(.*?)</p>', box)
    assert len(cited) == 3
    for said in cited:
        assert "RETRACTED: Synthetic prolotherapy for low back pain" in said
        assert "Retraction in: Synth J Tests. 2024;1:1." in said
    assert "<i>Synthetic Journal of Tests</i>" in cited[2]
    assert "It is retracted, and every citation of it here says so." in box
    assert "What it said before it was retracted" in page


def test_buttons_of_browsers_see_the_paper(site: Site) -> None:
    """Highwire and Dublin Core tags, and the identifier by which Zotero asks for the whole record."""
    page = site.get(f"/articles/{TRIAL}").text
    head = page[: page.index("</head>")]
    tags = re.findall(r'<meta name="((?:citation_|DC\.)[^"]+)" content="([^"]*)">', head)
    named = dict(tags)
    assert named["citation_title"].startswith("Synthetic platelet-rich plasma")
    assert (named["citation_pmid"], named["citation_publication_date"]) == (str(TRIAL), "2023")
    assert named["citation_author"] == named["DC.creator"] == "Synthetic, S"
    assert "Starting level by rule" in named["DC.description"]
    assert '<link rel="unapi-server" type="application/xml" title="unAPI" href="/unapi">' in head
    assert f'<abbr class="unapi-id" title="{TRIAL}"></abbr>' in page
    assert "Z3988" not in page  # Zotero would take it before the fuller tags


def test_meta_tags_in_full(tmp_path: Path) -> None:
    """Journal, pages, both dates, each author and type of an article; the book of a chapter; no PMID of a sample."""
    path = citable_catalog(tmp_path / "catalog.db")
    article, chapter, gone = citations_of(path, [ARTICLE, CHAPTER, WITHDRAWN])
    tags = meta_tags(article)
    named = dict(tags)
    assert [content for name, content in tags if name == "citation_author"][1] == "van der Berg, Jan Peter, Jr"
    assert {name: named[name] for name in ("citation_journal_title", "citation_firstpage", "citation_lastpage")} == {
        "citation_journal_title": "The synthetic journal of tests : an invention",
        "citation_firstpage": "123",
        "citation_lastpage": "128",
    }
    assert (named["citation_online_date"], named["citation_issn"]) == ("2018/12/24", "1234-5679")
    assert ("DC.identifier", "doi:10.5555/a_b(1)<2>") in tags
    assert dict(meta_tags(chapter))["citation_inbook_title"] == "Synthetic Pearls"
    assert dict(meta_tags(gone))["citation_title"].startswith("RETRACTED: ")
    assert ("DC.type", "Retracted Publication") in meta_tags(gone)
    crowd = replace(article, authors=article.authors * 200)
    assert sum(name == "citation_author" for name, _ in meta_tags(crowd)) == 50  # a page stays small
    (sample,) = citations_of(citable_catalog(tmp_path / "sample.db", sample=True), [ARTICLE])
    assert "citation_pmid" not in dict(meta_tags(sample))


def test_each_paper_on_a_list_can_be_taken(site: Site) -> None:
    """COinS and an identifier for each, the retracted one saying so, hostile text escaped twice over."""
    page = site.get("/search?q=prolotherapy+OR+ozone&sort=newest").text
    spans = [parse_qs(unescape(said)) for said in re.findall(r'<span class="Z3988" title="([^"]*)">', page)]
    assert len(spans) == len(re.findall(r'<abbr class="unapi-id" title="\d+">', page)) == page.count("<article class")
    by_pmid = {span["rft_id"][0]: span for span in spans}
    assert by_pmid[f"info:pmid/{RETRACTED}"]["rft.atitle"][0].startswith("RETRACTED: ")
    assert HOSTILE in by_pmid[f"info:pmid/{HOSTILE_PMID}"]["rft.atitle"][0]
    said = parse_qs(coins(pmid=1, title="a\nb\x02", journal=None, year=None, authors=None, status="current"))
    assert said == {
        "ctx_ver": ["Z39.88-2004"],
        "rft_val_fmt": ["info:ofi/fmt:kev:mtx:journal"],
        "rft.genre": ["article"],
        "rft.atitle": ["a b"],
        "rft_id": ["info:pmid/1"],
    }


def setting(address: object) -> dict[str, Any]:
    return {"plugins": {"lbp-evidence-catalog": {"report_wrong_tags_to": address}}}


def test_a_wrong_tag_is_reported_where_the_setting_says(catalog: Path) -> None:
    """A mail with the paper, its tags and the rules' version filled in, and nothing of the reader."""
    with asking(catalog, immutable=True, metadata=setting("mailto:curator@example.org")) as ask:
        page = ask(f"/articles/{SPUN}?q=private").text
    found = re.search(r'<a href="(mailto:[^"]+)" rel="noreferrer nofollow">Report it</a>', page)
    assert found is not None
    address = urlsplit(unescape(found[1]))
    assert address.path == "curator@example.org"
    filled = parse_qs(address.query)
    assert filled["subject"] == [f"Wrong tag: PMID {SPUN}"]
    body = filled["body"][0]
    assert f"PMID {SPUN}: Synthetic ozone for sciatica" in body
    assert "Design: Randomised controlled trial" in body
    assert re.search(r"rules [0-9a-f]{12}", body)
    assert "private" not in found[1]
    assert len(found[1]) < 2000


def test_without_the_setting_there_is_no_link(ask: Callable[[str], Any], catalog: Path) -> None:
    """None configured, or an address of a kind that no link may have: nothing is shown."""
    assert "Report it" not in ask(f"/articles/{SPUN}").text
    for address in ("javascript:alert(1)", "data:text/html,x", "curator@example.org", ["x"], None, 5):
        with asking(catalog, immutable=True, metadata=setting(address)) as other:
            assert "Report it" not in other(f"/articles/{SPUN}").text


def test_addresses_of_trackers_are_filled(facts: Facts) -> None:
    """An issue tracker gets title and body; an address with places for them gets them there."""
    plain = report_address("https://example.org/issues/new?labels=tag", 5, "A & B", [("Level", "2")], facts.imprint)
    assert plain.startswith("https://example.org/issues/new?labels=tag&title=Wrong%20tag%3A%20PMID%205&body=PMID%205")
    assert "A%20%26%20B" in plain
    placed = report_address("https://example.org/new?t={title}&b={body}", 5, "x" * 400, [], facts.imprint)
    assert placed.startswith("https://example.org/new?t=Wrong%20tag%3A%20PMID%205&b=PMID%205")
    assert "%20%E2%80%A6" in placed
    assert "x" * 151 not in placed


def test_provenance_names_the_rules(ask: Callable[[str], Any], facts: Facts) -> None:
    """Which version of the rules tagged it."""
    assert f"rules (fingerprint {facts.imprint.rules})" in ask(f"/articles/{SPUN}").text
