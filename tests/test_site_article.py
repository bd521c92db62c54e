"""A paper's page: its level and the words that decided it, its status, its links, its citation, where it came from."""

from __future__ import annotations

import re
from html import unescape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.site.marks import KINDS, Span, blocks, segments
from catalog.site.outlinks import doi_url, pmc_url
from catalog.site.words import day
from tests.site_fixtures import BARE, CONCERN, HOSTILE, HOSTILE_PMID, RETRACTED, REVIEW, TRIAL, Site
from tests.site_fixtures import sample_site as sample_site
from tests.site_fixtures import site as site

MARK = re.compile(
    r'<mark class="(decides|supports|topic)">(?:<span id="words-\d+"></span>)*<a href="#[a-z]+-[\w-]+" title="([^"]*)">'
    r"([^<]*)</a></mark>"
)


def page_of(site: Site, pmid: int) -> str:
    answer = site.get(f"/articles/{pmid}")
    assert answer.status_code == 200
    return answer.text


def test_the_words_that_decided_are_marked_in_place(site: Site) -> None:
    """The level, the sentence why, the quoted words in the title, each with its rule."""
    page = page_of(site, TRIAL)
    assert '<span class="badge level level-2">Level 2</span>' in page
    marks = MARK.findall(page)
    assert ("decides", "Design: Randomised controlled trial", "randomized") in marks
    assert any(kind == "topic" and "Platelet-rich plasma" in label for kind, label, _ in marks)
    why = page[page.index('id="why-title"') :]
    assert (
        "The record describes: <strong>Randomised controlled trial</strong>. It starts at <strong>Level 2</strong>."
        in why
    )
    number = re.search(r'<q><a href="#words-(\d+)">randomized</a></q>', why)
    assert number is not None
    assert f'<span id="words-{number[1]}"></span>' in page
    rule = site.value("SELECT rule FROM tags WHERE pmid = ? AND field = 'level' AND chosen", TRIAL)
    assert rule.removeprefix("level.from.") in why


def test_every_sample_page_marks_what_its_tags_say(sample_site: Site) -> None:
    """On every sample record the marked words, put together, are the words of the chosen tags with a place."""
    for (pmid,) in sample_site.rows("SELECT pmid FROM articles"):
        page = page_of(sample_site, pmid)
        assert len(page.encode()) < 100_000
        marks = {unescape(text) for _, _, text in MARK.findall(page)}
        for quote, field in sample_site.rows(
            "SELECT quote, field FROM tags WHERE pmid = ? AND chosen AND start IS NOT NULL"
            " AND field IN ('design', 'included', 'interventions', 'conditions')",
            pmid,
        ):
            assert any(mark in quote or quote in mark for mark in marks), (pmid, field, quote)
        text = unescape(re.sub(r"<[^>]*>", "", page))
        title, abstract = sample_site.rows("SELECT title, abstract FROM articles WHERE pmid = ?", pmid)[0]
        assert title in text
        for (section,) in sample_site.rows("SELECT text FROM sections WHERE pmid = ?", pmid):
            assert section in text
        assert (abstract is None) == ("PubMed holds no abstract" in text)


def test_a_review_says_what_it_includes_and_whose_rule_that_is(site: Site) -> None:
    """Level 1 follows from randomised trials only; the house rule is called ours."""
    page = page_of(site, REVIEW)
    assert "(studies included: randomised trials only). It starts at <strong>Level 1</strong>." in page
    assert "is our own rule" in page


def test_a_retracted_paper_is_unmistakable(site: Site) -> None:
    """A banner before anything else, the notice cited, the page's title and the citation say so."""
    page = page_of(site, RETRACTED)
    assert page.index("This paper has been retracted") < page.index("<h1>")
    assert "Synth J Tests. 2024;1:1" in page
    assert "<title>Retracted: " in page
    assert "RETRACTED: Synthetic prolotherapy" in page[page.index('class="citation"') :]


def test_an_expression_of_concern_is_shown_with_its_notice(site: Site) -> None:
    """Status and notice of a paper under concern."""
    page = page_of(site, CONCERN)
    assert "The journal has published an expression of concern about this paper" in page
    assert "Synth J Tests. 2023;2:2" in page


def test_notices_link_to_papers_held_here(sample_site: Site) -> None:
    """A notice the catalog holds is linked here, not at PubMed."""
    found = sample_site.rows(
        "SELECT n.pmid, n.notice_pmid FROM notices n JOIN articles a ON a.pmid = n.notice_pmid WHERE n.kind != 'Cites'"
    )
    assert found
    for pmid, notice in found:
        assert f'href="/articles/{notice}"' in page_of(sample_site, pmid)


def test_what_is_unknown_is_said(site: Site) -> None:
    """No abstract, no design, no treatment, no conflict statement: each in words, never blank."""
    page = page_of(site, BARE)
    for said in (
        "PubMed holds no abstract of this paper.",
        "No rule found words that name a design",
        "none named",
        "not stated in PubMed",
    ):
        assert said in page


def test_links_citation_and_provenance(site: Site) -> None:
    """PubMed and the registry linked, a Vancouver citation to copy, where the record came from and since when."""
    page = page_of(site, TRIAL)
    assert f'href="https://pubmed.ncbi.nlm.nih.gov/{TRIAL}/"' in page
    assert 'href="https://clinicaltrials.gov/study/NCT00000001"' in page
    assert f"Synth J Tests. 2023. PubMed PMID: {TRIAL}." in page
    assert "In this catalog since" in page
    assert "PubMed last revised its record on 3 February 2021." in page
    assert '<a class="topic" href="/search?intervention=prp">Platelet-rich plasma</a>' in page


def test_hostile_text_stays_text(site: Site) -> None:
    """Markup in title, abstract and keywords is shown, not obeyed."""
    page = page_of(site, HOSTILE_PMID)
    assert "<script" not in page
    assert "<img" not in page
    assert HOSTILE in unescape(re.sub(r"</?(?:mark|span)[^>]*>", "", page))


def test_json_gives_the_same(site: Site, sample_site: Site) -> None:
    """Level, evidence with code points into the stored text, citation; and whether it is a sample."""
    record = site.get(f"/articles/{TRIAL}.json").json()
    assert (record["pmid"], record["level"], record["design"], record["sample"]) == (TRIAL, "2", "rct", False)
    placed = [p for p in record["evidence"]["deciding"] if p["start"] is not None]
    assert placed
    for proof in placed:
        assert record[proof["source"]][proof["start"] : proof["end"]] == proof["quote"]
    invented = sample_site.get("/articles/970000001.json").json()
    assert invented["sample"] is True
    assert invented["title"].startswith("[SAMPLE] ")


@pytest.mark.parametrize("wanted", ["1", "999999999", "0", "abc", "12345678901234567890", "%F0%9F%92%A9", "-1", "1.5"])
def test_an_unknown_pmid_is_answered_kindly(site: Site, wanted: str) -> None:
    """A page with status 404 that leads on; never an error."""
    answer = site.get(f"/articles/{wanted}")
    assert answer.status_code == 404
    assert "/search" in answer.text
    if wanted.isdigit() and 0 < int(wanted) < 10**9:
        assert f"https://pubmed.ncbi.nlm.nih.gov/{wanted}/" in answer.text
    assert site.get(f"/articles/{wanted}.json").json()["ok"] is False


def test_one_address_a_paper(site: Site) -> None:
    """Leading zeros lead to the one address."""
    answer = site.get(f"/articles/000{TRIAL}", allow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (301, f"/articles/{TRIAL}")


SPANS = st.lists(
    st.builds(
        lambda start, size, kind, number: Span(start, start + size, kind, number, f"label {number}"),
        st.integers(0, 40),
        st.integers(0, 20),
        st.sampled_from(KINDS),
        st.integers(1, 9),
    ),
    max_size=6,
)


@given(st.text(max_size=40), SPANS)
def test_marks_lose_and_double_nothing(text: str, spans: list[Span]) -> None:
    """However spans overlap or overrun, the pieces together are the text, and every spanned character is marked."""
    pieces = segments(text, spans)
    assert "".join(piece.text for piece in pieces) == text
    at = 0
    for piece in pieces:
        for offset in range(len(piece.text)):
            assert (piece.kind is not None) == any(s.start <= at + offset < s.end for s in spans)
        at += len(piece.text)


@given(
    st.lists(
        st.tuples(st.one_of(st.none(), st.text(min_size=1, max_size=5)), st.text(max_size=12)), min_size=1, max_size=4
    ),
    SPANS,
)
def test_sections_are_the_abstract(sections: list[tuple[str | None, str]], spans: list[Span]) -> None:
    """Labels and texts come back as they were, whatever is marked."""
    abstract = "\n".join(f"{label}: {text}" if label else text for label, text in sections)
    found = blocks(abstract, sections, spans)
    shown = [("".join(s.text for s in b.label) or None, "".join(s.text for s in b.text)) for b in found]
    assert shown == sections


def test_an_abstract_that_is_not_its_sections_is_shown_whole() -> None:
    """What is stored is what is shown, with its marks."""
    (block,) = blocks("as stored", [("A", "something else")], [Span(0, 2, "decides", 1, "x")])
    assert [(s.text, s.kind) for s in block.text] == [("as", "decides"), (" stored", None)]


def test_addresses_elsewhere_are_quoted() -> None:
    """A DOI or PMCID of any characters stays within its address."""
    assert doi_url('10.1000/a<b>"c" d?e#f') == "https://doi.org/10.1000/a%3Cb%3E%22c%22%20d%3Fe%23f"
    assert pmc_url("PMC1/../x") == "https://pmc.ncbi.nlm.nih.gov/articles/PMC1%2F..%2Fx/"


def test_dates_read_as_dates() -> None:
    """As much of a date as is known, in words; what is no date stays."""
    assert [day(text) for text in ("2026-11-03T07:42:00Z", "2026-11", "2026", "Spring 1999", "2026-13-01", None)] == [
        *("3 November 2026", "November 2026", "2026", "Spring 1999", "2026-13-01", None),
    ]
