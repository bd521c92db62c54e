"""A paper's page beyond its own record: prompts, certainty, family, notices, retractions cited, corrections by hand."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

import pytest

from tests.site_fixtures import (
    ANALYSIS,
    COMMENT,
    DISPUTED,
    ELSEWHERE,
    EXTENSION,
    GRADED,
    LEANING,
    NEW,
    OLD,
    PROTOCOL,
    REPLY,
    REPORT,
    TRIAL,
    WITHDRAWAL,
    WITHDRAWN,
    Site,
)
from tests.site_fixtures import full_site as full_site
from tests.site_fixtures import sample_site as sample_site
from tests.site_fixtures import site as site


def page_of(site: Site, pmid: int) -> str:
    answer = site.get(f"/articles/{pmid}")
    assert answer.status_code == 200
    return unescape(answer.text)


def json_of(site: Site, pmid: int) -> dict[str, Any]:
    found: dict[str, Any] = site.get(f"/articles/{pmid}.json").json()
    return found


def section(page: str, title: str) -> str:
    """The text of a section of the page, by the id of its heading, without markup."""
    start = page.index(f'id="{title}"')
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", page[start : page.index("</section>", start)]))


def test_prompts_are_listed_with_their_words(full_site: Site) -> None:
    """In display order, each with its quoted words linked to their place; for people, never graded by machine."""
    page = page_of(full_site, REPORT)
    text = section(page, "grade-title")
    assert "Questions to grade by" in text
    assert "Listed for people to grade by, never graded by machine." in text
    names = re.findall(r'class="prompt">([^<]*)<', page)
    expected = full_site.rows(
        "SELECT DISTINCT k.position, k.name FROM prompts p JOIN prompt_kinds k ON k.id = p.prompt"
        " WHERE p.pmid = ? ORDER BY 1",
        REPORT,
    )
    assert names == [name for _, name in expected]
    assert len(names) >= 4
    for quote, source in full_site.rows("SELECT quote, source FROM prompts WHERE pmid = ?", REPORT):
        number = re.search(rf'<q><a href="#words-(\d+)">{re.escape(quote)}</a></q>', page)
        assert number is not None, (quote, source)
        assert page.count(f'id="words-{number[1]}"') == 1


def test_an_absence_is_said_in_words(full_site: Site) -> None:
    """A prompt that rests on silence quotes nothing and says so."""
    assert full_site.rows("SELECT quote FROM prompts WHERE pmid = ? AND prompt = 'no_blinding'", GRADED) == [(None,)]
    assert "No blinding stated nothing in title or abstract says it" in section(
        page_of(full_site, GRADED), "grade-title"
    )
    (absent,) = [p for p in json_of(full_site, GRADED)["prompts"] if p["id"] == "no_blinding"]
    assert [e["quote"] for e in absent["evidence"]] == [None]


def test_no_prompt_does_not_mean_that_all_is_well(full_site: Site) -> None:
    """Where the rules list none, the page says what that means; papers without level are not asked."""
    assert full_site.value("SELECT count(*) FROM prompts WHERE pmid = ?", LEANING) == 0
    assert "That does not mean that all is well" in section(page_of(full_site, LEANING), "grade-title")
    assert "Questions to grade by" not in page_of(full_site, COMMENT)


def test_every_sample_prompt_is_on_its_page_and_in_json(sample_site: Site) -> None:
    """Over the whole sample: the prompts of the table are those of the page and of the JSON, spans into the text."""
    for (pmid,) in sample_site.rows("SELECT DISTINCT pmid FROM prompts"):
        page, record = page_of(sample_site, pmid), json_of(sample_site, pmid)
        rows = sample_site.rows("SELECT prompt, start, quote FROM prompts WHERE pmid = ?", pmid)
        assert {p["id"] for p in record["prompts"]} == {prompt for prompt, _, _ in rows}
        for prompt in record["prompts"]:
            assert prompt["name"] in page
            for proof in prompt["evidence"]:
                if proof["start"] is not None:
                    assert record[proof["source"]][proof["start"] : proof["end"]] == proof["quote"]
        for _, _, quote in rows:
            assert (quote or "nothing in title or abstract says it") in page


def test_certainty_stands_beside_the_level(full_site: Site) -> None:
    """A review's own word on its evidence is next to its level, quoted in place, with what else it says."""
    page = page_of(full_site, LEANING)
    head = page[page.index('<p class="tags">') : page.index("<h1>")]
    assert "Level 1" in head
    assert "Certainty it states: very low" in head
    text = section(page, "why-title")
    assert re.search(r"Very low : “?\s*very low-certainty evidence", text.replace("<q>", ""))
    assert "Elsewhere in it: high" in text
    assert "No certainty stated" in page_of(full_site, NEW)
    assert "Certainty" not in page_of(full_site, REPORT)
    record = json_of(full_site, LEANING)
    assert record["certainty"] == "very_low"
    assert {p["value"]: p["chosen"] for p in record["evidence"]["certainty"]} == {"very_low": True, "high": False}


def test_a_trials_papers_are_listed_on_each_other(full_site: Site) -> None:
    """Every report links to the others with what ties them; the one that counts and the retracted one are marked."""
    family = [PROTOCOL, REPORT, ANALYSIS, EXTENSION]
    for pmid in family:
        page = page_of(full_site, pmid)
        assert 'One of <a href="#family">4 reports of the same trial</a>' in page
        listed = page[page.index('<ol class="family">') : page.index("</ol>")]
        assert {int(n) for n in re.findall(r"/articles/(\d+)", listed)} == set(family) - {pmid}
        assert listed.count("NCT00000011") == 4
        assert listed.count("rule family.registry") == 4
        assert listed.count("counts</span>") == 1
        assert listed.count("Retracted</span>") == 1
        members = json_of(full_site, pmid)["family"]["members"]
        assert [m["pmid"] for m in members if m["represents"]] == [REPORT]
        assert [m["pmid"] for m in members if m["status"] == "retracted"] == [ANALYSIS]
    assert "2 versions of this paper" in page_of(full_site, OLD)
    assert "PubMed links them as versions" in page_of(full_site, NEW)
    assert json_of(full_site, DISPUTED)["family"] is None


def test_only_its_own_registration_is_shown_as_its_own(full_site: Site) -> None:
    """A number that only the background names is another trial's."""
    facts = section(page_of(full_site, REPORT), "more-title")
    assert "Trial registration NCT00000011" in facts
    assert "NCT00000099" not in facts
    assert json_of(full_site, REPORT)["trials"] == ["NCT00000011"]
    assert full_site.value("SELECT own FROM trials WHERE registry_id = 'NCT00000099'") == 0


def test_notices_are_shown_from_both_sides(full_site: Site) -> None:
    """A retraction that only the notice's record tells is on the paper's page, and says whose word it is."""
    page = page_of(full_site, WITHDRAWN)
    banner = page[: page.index("<article")]
    assert "This paper has been retracted" in banner
    assert f'href="/articles/{WITHDRAWAL}"' in banner
    assert "Told by that record; this paper’s own does not say so." in banner
    assert "Retraction of:" in section(page_of(full_site, WITHDRAWAL), "related-title")
    told = {n["kind"]: n["told_by"] for n in json_of(full_site, WITHDRAWN)["notices"]}
    assert told == {"RetractionIn": WITHDRAWAL}


def test_retraction_watch_is_named(full_site: Site) -> None:
    """What the list says, with its reason and notice, under its own name."""
    page = page_of(full_site, WITHDRAWN)
    assert "Retraction Watch lists it: <q>Retraction, 2024-08-31: Concerns/Issues About Data</q>" in page
    assert '<a href="https://doi.org/10.5555/notice">10.5555/notice</a>' in page
    assert "(matched by DOI)" in page
    (line,) = json_of(full_site, WITHDRAWN)["retraction_watch"]
    assert (line["nature"], line["matched_by"], line["notice_doi"]) == ("Retraction", "doi", "10.5555/notice")


def test_a_review_that_cites_a_retracted_paper_is_unmistakable(full_site: Site) -> None:
    """A banner before the title names each, linked, with how it is known; others say what is not known."""
    page = page_of(full_site, LEANING)
    banner = page[: page.index("<article")]
    assert "This review cites 2 retracted papers" in banner
    assert f'href="/articles/{WITHDRAWN}"' in banner
    assert f'href="https://pubmed.ncbi.nlm.nih.gov/{ELSEWHERE}/"' in banner
    assert "Known from Retraction Watch" in banner
    assert [c["pmid"] for c in json_of(full_site, LEANING)["cites_retracted"]] == [WITHDRAWN, ELSEWHERE]
    assert "None is known among the 1 that PubMed lists." in section(page_of(full_site, NEW), "related-title")
    assert "Not known: PubMed lists no references of this record." in section(page_of(full_site, OLD), "related-title")
    assert "This review cites" not in page_of(full_site, REPORT)


def test_a_comment_thread_is_whole(full_site: Site) -> None:
    """From each paper of an exchange the others are one click away, in both directions."""
    thread = {REPORT, COMMENT, REPLY}
    for pmid in thread:
        page = page_of(full_site, pmid)
        exchange = page[page.index("<h3>Comments and replies</h3>") :]
        assert {int(n) for n in re.findall(r"/articles/(\d+)\"", exchange.split("</ul>")[0])} == thread - {pmid}
        assert set(json_of(full_site, pmid)["comment_thread"]) == thread - {pmid}
    assert "Also in this exchange:" in page_of(full_site, REPORT)
    assert {n["pmid"] for n in json_of(full_site, REPORT)["notices"]} == {COMMENT}


def test_corrections_are_shown_as_such(full_site: Site) -> None:
    """Who corrected what, when and why, and what the rules say; a reason full of markup stays text."""
    raw = full_site.get(f"/articles/{EXTENSION}").text
    assert "<b>to all</b>" not in raw
    page = unescape(raw)
    head = page[page.index('<p class="tags">') : page.index("<h1>")]
    assert '<a class="badge byhand" href="#byhand">Corrected by hand</a>' in head
    box = page[page.index('id="byhand"') :]
    assert "<strong>Treatment: also Platelet-rich plasma (given to all groups)</strong>" in box
    assert "by R. Reader on 2 March 2026: <q>Plasma was given <b>to all</b></q>" in box
    assert "The rules alone say: Ozone (under test)." in box
    corrections = json_of(full_site, EXTENSION)["corrections"]
    assert [(c["field"], c["value"], c["who"], c["when"]) for c in corrections] == [
        ("interventions", "+prp:adjunct", "R. Reader", "2026-03-02"),
        ("participants", "26", "R. Reader", "2026-03-03"),
    ]
    assert "byhand" not in page_of(full_site, REPORT)


def test_a_level_graded_by_hand_is_no_starting_level(full_site: Site) -> None:
    """The page tells the rules' level from the person's."""
    text = section(page_of(full_site, GRADED), "why-title")
    assert "By rule it starts at Level 2; a person graded it: Level 3 ." in text
    assert "It starts at Level 3" not in text
    assert "Serious risk of bias" in text


def test_sources_that_disagree_are_shown(full_site: Site, sample_site: Site) -> None:
    """PubMed's publication type against the paper's own words, or a person's correction, in one sentence."""
    for shown, pmid, gave in (
        (full_site, DISPUTED, "a person corrected it to"),
        (sample_site, 970000036, "the paper’s words gave"),
    ):
        text = section(page_of(shown, pmid), "why-title")
        said = "PubMed’s publication type Randomized Controlled Trial says randomised controlled trial;"
        assert f"{said} {gave} single-arm study or case series." in text
        (conflict,) = json_of(shown, pmid)["conflicts"]
        assert (conflict["chosen"], conflict["disagrees"]) == ("single_arm", "rct")
    assert "Sources disagree" not in page_of(full_site, REPORT)


def test_numbers_are_shown_with_their_words(full_site: Site) -> None:
    """A person's number is shown as that; a field this catalog fills for others is "not stated" where unknown."""
    text = section(page_of(full_site, EXTENSION), "brief-title")
    assert re.search(r"Participants 26 people : Flow chart Corrected by hand", text)
    filled = full_site.value(
        "SELECT count(*) FROM articles WHERE participants IS NOT NULL AND pmid NOT IN (SELECT pmid FROM curation)"
    )
    unknown = full_site.value("SELECT participants FROM articles WHERE pmid = ?", ANALYSIS)
    page = page_of(full_site, ANALYSIS)
    if filled and unknown is None:
        assert "Participants Not stated" in section(page, "brief-title")
    assert "Participants" not in section(page_of(full_site, COMMENT), "brief-title")


@pytest.mark.parametrize("pmid", [REPORT, WITHDRAWN, LEANING, EXTENSION])
def test_quotes_keep_their_numbers_apart(full_site: Site, pmid: int) -> None:
    """Whatever is quoted on a page, each anchor is there once and each link to words leads to one."""
    page = page_of(full_site, pmid)
    anchors = re.findall(r'id="([^"]+)"', page)
    assert len(anchors) == len(set(anchors))
    assert set(re.findall(r'href="#([^"]+)"', page)) <= set(anchors)


def test_plain_papers_stay_plain(site: Site) -> None:
    """Without family, notices or corrections none of their sections is there."""
    page = page_of(site, TRIAL)
    for absent in ("Reports of the same trial", "Corrected by hand", "Versions of this paper", "Sources disagree"):
        assert absent not in page
