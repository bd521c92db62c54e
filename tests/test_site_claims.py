"""The pages of claims: every number leads to as many papers, hostile text is text, and the same as JSON."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import pytest
from lxml import html

from catalog.claims import load_claims
from harvest.topics import load_topics
from tests.claim_records import (
    DAYS,
    FIRST_REVIEW,
    HOSTILE_TRIAL,
    LATE_REPORT,
    LEANING_REVIEW,
    RETRACTED_TRIAL,
    SECOND_REVIEW,
    SERIOUS_CASE,
    WITHIN_REVIEW,
)
from tests.site_fixtures import HOSTILE, Site
from tests.site_fixtures import browser as browser
from tests.site_fixtures import claims_site as claims_site
from tests.site_fixtures import full_site as full_site
from tests.site_fixtures import sample_site as sample_site

if TYPE_CHECKING:
    from playwright.sync_api import Browser

CLAIM = "msc-less-pain-than-drugs"
CLAIMS = [claim.id for claim in load_claims(load_topics()).claims]


def tree(site: Site, path: str) -> Any:
    answer = site.get(path)
    assert answer.status_code == 200, path
    return html.fromstring(answer.content)


def pick(element: Any, selector: str) -> list[Any]:
    """Elements by tag, `#id`, `.class` and `[name="value"]`, one inside another."""
    path = ""
    for part in selector.split():
        tag = re.match(r"\w*", part)
        path += f"//{(tag and tag[0]) or '*'}"
        for sign, name in re.findall(r"([#.])([\w-]+)", part):
            path += f"[@id='{name}']" if sign == "#" else f"[contains(concat(' ', @class, ' '), ' {name} ')]"
        path += "".join(f"[@{name}='{value}']" for name, value in re.findall(r'\[(\w+)="([^"]*)"\]', part))
    return list(element.xpath("." + path))


def words(element: Any) -> str:
    return " ".join(element.text_content().split())


def numbered(page: Any) -> Iterator[tuple[int, str]]:
    """(number, address) of each link to a search, or to a list on the page, that begins or ends with a number."""
    for link in pick(page, "main a"):
        address = link.get("href")
        found = re.match(r"(?:All )?([\d,]+)\b", words(link)) or re.search(r": ([\d,]+)$", words(link))
        if found and (address.startswith("/search?") or (address.startswith("#") and link.getparent().tag != "nav")):
            yield int(found[1].replace(",", "")), address


@pytest.mark.parametrize("name", ["claims_site", "sample_site", "full_site"])
def test_every_number_leads_to_as_many(name: str, request: pytest.FixtureRequest) -> None:
    """On the list of claims and on every card, each number is the total of the list it links to."""
    site: Site = request.getfixturevalue(name)
    totals: dict[str, int] = {}
    seen = 0
    for path in ("/claims", *(f"/claims/{claim}" for claim in CLAIMS)):
        page = tree(site, path)
        for number, address in numbered(page):
            if address.startswith("#"):
                (listed,) = pick(page, address)
                assert len(pick(listed, "li")) == number, (path, address)
            else:
                if address not in totals:
                    totals[address] = site.get(address.replace("/search?", "/search.json?")).json()["total"]
                assert totals[address] == number, (path, address)
            seen += 1
    assert seen > 100


def test_the_card_says_what_there_is_and_what_is_missing(claims_site: Site) -> None:
    """Level 1 is held, but none of it against drugs; one trial is; the missing is said; nothing is ruled."""
    page = tree(claims_site, f"/claims/{CLAIM}")
    text = words(pick(page, "main")[0])
    assert "Cultured mesenchymal stromal cells: 11 studies in people" in text
    assert "The catalog holds 3 studies at level 1; of these, none compare it as the claim does." in text
    assert "2 studies in people compare it with usual care (medication, exercise, physiotherapy) or steroid" in text
    assert "No randomised trial in the catalog compares cultured mesenchymal stromal cells with steroid." in text
    assert "does not rule" in text
    for verdict in ("proven", "disproved", "refuted", "true", "false", "myth", "verdict"):
        assert not re.search(rf"\b{verdict}\b", text, re.IGNORECASE), verdict


def test_before_and_after_is_apart_from_comparisons(claims_site: Site) -> None:
    """In reviews too: change from baseline has its own heading and words, and never reads as benefit."""
    page = tree(claims_site, f"/claims/{CLAIM}")
    (bare,) = pick(page, "#msc .bare")
    assert words(bare).startswith("Nothing compared, before and after only: 3 studies")
    assert "2 studies: better than before" in words(bare)
    assert "in favour" not in words(bare)
    review = [item for item in pick(page, "#msc .studies li") if f"/articles/{WITHIN_REVIEW}" in _links(item)]
    assert "includes studies without a control group" in words(review[0])


def _links(element: Any) -> list[str]:
    return [link.get("href") for link in pick(element, "a")]


def test_products_stay_apart(claims_site: Site) -> None:
    """Marrow and fat follow under a heading of their own; no product of theirs is under the cells."""
    page = tree(claims_site, f"/claims/{CLAIM}")
    assert [section.get("id") for section in pick(page, "section.product")] == ["msc", "bone_marrow", "adipose"]
    assert [section.get("id") for section in pick(page, "section.apart section.product")] == [
        "bone_marrow",
        "adipose",
    ]
    searched = [parse_qs(urlsplit(a).query)["intervention"] for a in _links(pick(page, "#msc")[0]) if "/search?" in a]
    assert {tuple(names) for names in searched} == {("msc",)}


def test_a_trial_is_listed_once_and_newest_come_first(claims_site: Site) -> None:
    """By the report that stands for it, with word of its other paper; years descend within a level."""
    page = tree(claims_site, f"/claims/{CLAIM}")
    for rung in pick(page, "#msc .rung"):
        said = [re.search(r"\b20\d\d\b", words(pick(item, ".what")[0])) for item in pick(rung, ".studies li")]
        years = [int(year[0]) for year in said if year]
        assert len(years) == len(said)
        assert years == sorted(years, reverse=True)
    (trial,) = [i for i in pick(page, "#msc .studies li") if f"/articles/{LATE_REPORT}" in _links(i)]
    assert "counted once, with 1 more report" in words(trial)


def test_a_review_that_cites_a_retracted_paper_counts_and_is_marked(claims_site: Site) -> None:
    """In short, at its level with a link to the list of such, and on the review itself: counted as on the map."""
    page = tree(claims_site, f"/claims/{CLAIM}")
    assert "1 review or guideline counted here cites a retracted paper" in words(pick(page, ".top")[0])
    (badge,) = pick(page, "#msc .rung h4 a.leans")
    assert words(badge) == "1 cites a retracted paper"
    assert str(LEANING_REVIEW) in claims_site.get(str(badge.get("href"))).text
    (marked,) = [i for i in pick(page, "#msc .studies li") if pick(i, ".badge.leans")]
    assert f"/articles/{LEANING_REVIEW}" in _links(marked)


def test_retracted_papers_are_marked_and_not_counted(claims_site: Site) -> None:
    """They are listed under what is not counted, with their badge."""
    page = tree(claims_site, f"/claims/{CLAIM}")
    gone = " ".join(words(element) for element in pick(page, "#msc .gone"))
    assert "a withdrawn randomized trial 2016 Retracted" in gone
    assert f"/articles/{RETRACTED_TRIAL}" not in [a for i in pick(page, "#msc .studies li") for a in _links(i)]


def test_serious_harms_are_quoted_whatever_their_level(claims_site: Site) -> None:
    """A case report stands beside a trial; no bound is given where somebody was harmed."""
    page = tree(claims_site, "/claims/msc-safe")
    serious = pick(page, "#msc .serious")[0]
    assert {f"/articles/{SERIOUS_CASE}", f"/articles/{HOSTILE_TRIAL}"} <= set(_links(serious))
    assert len(pick(serious, "q")) == 2
    text = words(page)
    assert "As serious events were reported, no upper bound is given" in text
    assert text.index("Harms, at any level") < text.index("Studies in people, by level")


def test_none_in_n_has_its_upper_bound(claims_site: Site) -> None:
    """Fifty people in one trial with controls: 6 % or more, by the rule of three, which is told."""
    text = words(tree(claims_site, "/claims/prp-better-than-steroid-sacroiliac"))
    assert "None serious in 50 people in 1 study that stated events and how many took part." in text
    assert "for the treated the 95 % upper bound is 6.0 % or more" in text
    assert "Hanley and Lippman-Hand" in text


def test_reviews_that_share_trials_are_named(claims_site: Site) -> None:
    """For how many it is known, which share, and with which."""
    page = tree(claims_site, f"/claims/{CLAIM}")
    sharing = pick(page, "#msc-sharing")[0]
    assert {f"/articles/{FIRST_REVIEW}", f"/articles/{SECOND_REVIEW}"} <= set(_links(sharing))
    assert "partly known for 4 of 4 systematic reviews" in words(page)


def test_a_mechanism_shows_preclinical_work_first_and_apart(claims_site: Site) -> None:
    """Animals and cells come before people, and people are no evidence of how."""
    text = words(tree(claims_site, "/claims/msc-differentiation"))
    assert "1 study in animals or cells" in text
    assert text.index("In animals and cells") < text.index("Other products")
    card = words(tree(claims_site, "/claims/dextrose-turns-on-healing"))
    assert "They are no evidence of how." in card


def test_an_outcome_the_catalog_does_not_judge_has_no_direction(claims_site: Site) -> None:
    """Conclusions on pain are not shown for a claim on bony union."""
    page = tree(claims_site, "/claims/orthobiologics-improve-fusion")
    assert pick(page, ".rung .studies li")
    assert not pick(page, ".directions")
    assert "None is shown here, for the claim is on bony union." in words(page)


def test_what_is_outside_is_neither_assessed_nor_endorsed(claims_site: Site) -> None:
    """Rest and the like: said so, with no number."""
    page = tree(claims_site, "/claims/rest-for-acute-pain")
    assert "Not assessed here, and not endorsed." in words(page)
    assert list(numbered(page)) == []
    assert pick(page, "section.product") == []


def test_news_of_the_latest_harvest(claims_site: Site) -> None:
    """What came with it is listed, what fell is said, and the day is told."""
    page = tree(claims_site, f"/claims/{CLAIM}")
    text = words(page)
    assert "2 studies here came with the latest harvest, of 1 April 2026." in text
    assert "1 paper was found retracted since the harvest before." in text
    assert set(_links(pick(page, "#new")[0])) == {f"/articles/{SECOND_REVIEW}", f"/articles/{HOSTILE_TRIAL}"}
    assert "PubMed searched on 1 April 2026." in text


def test_a_card_can_be_cited_followed_and_taken_away(claims_site: Site) -> None:
    """Its address, its state and its day; feed and exports of its papers answer."""
    page = tree(claims_site, f"/claims/{CLAIM}")
    cited = words(pick(page, ".citation")[0])
    assert f"{claims_site.url.rstrip('/')}/claims/{CLAIM}" in cited
    assert f"State {claims_site.get(f'/claims/{CLAIM}.json').json()['state']}" in cited
    assert "1 April 2026" in cited
    out = {words(link): link.get("href") for link in pick(page, ".out a")}
    papers = claims_site.get(out["Its papers"].replace("/search?", "/search.json?")).json()["total"]
    ris = claims_site.get(next(address for address in out.values() if address.startswith("/search.ris?")))
    assert ris.text.count("TY  - ") == papers
    feed = claims_site.get(out["Feed"])
    assert feed.headers["content-type"].startswith("application/atom+xml")
    assert "RETRACTED: Synthetic mesenchymal" in feed.text
    assert pick(page, 'link[rel="canonical"]')[0].get("href").endswith(f"/claims/{CLAIM}")


def test_hostile_text_is_text(claims_site: Site) -> None:
    """Markup in a title and in a quote of harm is shown, not obeyed; in an address it is not repeated as markup."""
    for path in (f"/claims/{CLAIM}", "/claims/msc-safe"):
        raw = claims_site.get(path).text
        assert "<script" not in raw
        assert "<img" not in raw
        assert "&lt;script&gt;document.title" in raw
        assert "{{7*7}}" in raw
    for wanted in (HOSTILE, "../search", "%00", "a" * 5000, "msc-safe/", "MSC-SAFE"):
        answer = claims_site.get("/claims/" + wanted.replace("/", "%2F").replace("?", "%3F").replace("#", "%23"))
        assert answer.status_code == 404, wanted
        assert "<script" not in answer.text
    assert claims_site.get("/claims/nothing.json").json()["ok"] is False


def test_json_says_what_the_page_says(claims_site: Site) -> None:
    """The card's numbers with the address of each list, its sentences, and what is not counted."""
    answer = claims_site.get(f"/claims/{CLAIM}.json").json()
    assert answer["ok"] is True
    assert answer["searched"] == DAYS[1][:10]
    cells, marrow, fat = answer["products"]
    assert (cells["apart"], marrow["apart"], fat["apart"]) == (False, True, True)
    assert [level["level"] for level in cells["levels"]] == ["1", "2", "3", "4"]
    assert cells["levels"][3]["against"]["nothing"]["directions"]["favours"]["studies"] == 2
    assert cells["not_counted"]["retracted"]["pmids"] == [RETRACTED_TRIAL]
    assert {event["pmid"] for event in cells["harms"]["serious"]} == {SERIOUS_CASE, HOSTILE_TRIAL}
    assert cells["harms"]["none_in"] is None
    page = words(tree(claims_site, f"/claims/{CLAIM}"))
    for sentence in (*cells["summary"], *cells["missing"]):
        assert sentence in page
    every = [*_lists(answer)]
    assert len(every) > 40
    for count, address in every:
        assert claims_site.get(address.replace("/search?", "/search.json?")).json()["total"] == count, address


def _lists(value: Any) -> Iterator[tuple[int, str]]:
    if isinstance(value, dict):
        if "list" in value and "studies" in value and isinstance(value["studies"], int):
            yield value["studies"], value["list"]
        for inner in value.values():
            yield from _lists(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _lists(inner)


def test_json_of_all_claims(claims_site: Site) -> None:
    """Every claim in the file's order within its kind, with counts that are those of its card."""
    answer = claims_site.get("/claims.json").json()
    assert sorted(claim["id"] for claim in answer["claims"]) == sorted(CLAIMS)
    (found,) = [claim for claim in answer["claims"] if claim["id"] == CLAIM]
    assert found["evidence"][0]["in_people"]["studies"] == 11
    assert {level: held["studies"] for level, held in found["evidence"][0]["compared_as_claimed"].items()} == {"2": 2}


def test_a_card_is_read_not_written(claims_site: Site) -> None:
    """POST is refused; HEAD and a second GET answer as the first."""
    import requests

    assert requests.post(f"{claims_site.url}claims", timeout=20).status_code == 405
    first, second = claims_site.get(f"/claims/{CLAIM}"), claims_site.get(f"/claims/{CLAIM}")
    assert first.content == second.content
    assert first.headers["content-security-policy"].startswith("default-src 'none'")


def test_whoever_asks_by_another_name_gets_that_name(claims_site: Site) -> None:
    """The address a card tells as its own is the one it was asked at, also after others asked otherwise."""
    for host in ("evidence.example", "127.0.0.1:1", "evidence.example"):
        told = claims_site.get(f"/claims/{CLAIM}", headers={"host": host}).text
        assert f"http://{host}/claims/{CLAIM}" in told


@pytest.mark.browser
def test_from_the_claims_to_the_papers_without_javascript(browser: Browser, claims_site: Site) -> None:
    """The list of claims, a card, the papers behind a number, and back to what a fold holds; no script needed."""
    context = browser.new_context(base_url=claims_site.url, java_script_enabled=False)
    page = context.new_page()
    page.goto("/")
    page.get_by_role("navigation", name="Site").get_by_role("link", name="Claims").click()
    page.get_by_role("link", name=re.compile("Level 1 evidence shows")).click()
    assert "Level 1 evidence shows" in page.get_by_role("heading", level=1).inner_text()
    page.get_by_role("region", name="In short").get_by_role("link", name="11 studies").click()
    assert page.get_by_role("heading", level=1).inner_text() == "11 studies"
    assert page.get_by_text("Claim: Level 1 evidence shows").first.is_visible()
    page.go_back()
    page.get_by_text("How this card counts").click()
    assert page.get_by_text("Retracted papers do not count").is_visible()
    context.close()


@pytest.mark.browser
def test_a_card_prints_whole(browser: Browser, claims_site: Site) -> None:
    """On paper: no menus or buttons, how it counts unfolded, and the address to find it by."""
    page = browser.new_page(base_url=claims_site.url)
    page.goto(f"/claims/{CLAIM}")
    page.emulate_media(media="print")
    assert not page.get_by_role("navigation", name="Site").is_visible()
    assert not page.get_by_role("link", name="For programs").is_visible()
    assert page.get_by_text("Retracted papers do not count").is_visible()
    assert page.get_by_text(f"{claims_site.url.rstrip('/')}/claims/{CLAIM}").is_visible()
    assert page.pdf().startswith(b"%PDF")
    page.close()


def test_the_picture_draws_each_study_in_people_once(claims_site: Site) -> None:
    """As many bars as the card counts in people, none of another product; without a judged outcome there is none."""
    page = tree(claims_site, f"/claims/{CLAIM}")
    counted = claims_site.get(f"/claims/{CLAIM}.json").json()["products"][0]["in_people"]["studies"]
    bars = [title for title in page.iter("title") if title.getparent().tag == "g"]
    assert len(bars) == counted
    assert not list(tree(claims_site, "/claims/msc-safe").iter("svg", "pattern"))
