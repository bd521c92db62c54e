"""The site in a real browser: clicks, typing, narrow screens, no JavaScript, hostile text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest

from tests.site_fixtures import (
    EXTENSION,
    GRADED,
    HOSTILE,
    HOSTILE_PMID,
    REPORT,
    TRIAL,
    Site,
)
from tests.site_fixtures import browser as browser
from tests.site_fixtures import full_site as full_site
from tests.site_fixtures import sample_site as sample_site
from tests.site_fixtures import site as site

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser


@pytest.fixture
def page(browser: Browser, site: Site) -> Iterator[Page]:
    """A page that fails the test on any console message, script error or request to elsewhere."""
    context = browser.new_context(base_url=site.url)
    opened = context.new_page()
    troubles: list[str] = []
    opened.on("console", lambda message: troubles.append(message.text))
    opened.on("pageerror", lambda error: troubles.append(str(error)))
    opened.on("request", lambda request: None if request.url.startswith(site.url) else troubles.append(request.url))
    yield opened
    context.close()
    assert [t for t in troubles if "404 (Not Found)" not in t] == []


def test_from_the_map_to_why(page: Page) -> None:
    """Home, a count, the list, a paper, and the words that decided its level, reached from their quote."""
    page.goto("/")
    cell = page.get_by_role("link", name=re.compile("PRP, Level 2, compared with: sham or placebo"))
    count = int(cell.locator("b").inner_text())
    cell.click()
    assert page.get_by_role("heading", level=1).inner_text() == f"{count} study"
    assert page.locator("article.card").count() == count
    page.locator("article.card a").first.click()
    assert "randomized controlled trial" in page.get_by_role("heading", level=1).inner_text()
    why = page.get_by_role("region", name="Why this level")
    assert why.get_by_text("It starts at Level 2").is_visible()
    why.get_by_role("link", name="randomized").click()
    marked = page.locator("mark:has(:target)")
    assert marked.inner_text() == "randomized"
    assert marked.is_visible()


def test_search_by_typing_and_narrow_by_clicking(page: Page) -> None:
    """Words typed, Enter; a facet, its chip and back; the words stay in the box."""
    page.goto("/")
    page.get_by_role("searchbox").fill("ozone")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("/search"))  # a key press does not wait for the page it opens
    all_papers = page.get_by_role("heading", level=1).inner_text()
    page.get_by_role("navigation", name="Filters").get_by_role("link", name=re.compile("Systematic review")).click()
    assert page.get_by_role("heading", level=1).inner_text().startswith("1 paper ")
    assert page.get_by_role("searchbox").input_value() == "ozone"
    page.get_by_role("link", name=re.compile("Remove: Systematic review")).click()
    assert page.get_by_role("heading", level=1).inner_text() == all_papers
    page.get_by_role("link", name="Next →").click()
    assert page.get_by_text("Page 2 of 3").is_visible()
    page.get_by_role("searchbox").fill("quince")
    page.get_by_role("button", name="Search").click()
    assert "for “quince”" in page.get_by_role("heading", level=1).inner_text()


def test_nothing_found_helps(page: Page) -> None:
    """An empty list offers what to leave out, and that works."""
    page.goto("/search?q=xylophones+quince")
    page.get_by_role("link", name="Without quince").click()
    assert page.get_by_role("heading", level=1).inner_text().startswith("1 paper ")


def test_from_the_map_through_a_trial_without_javascript(browser: Browser, full_site: Site) -> None:
    """A number of the map, the trial it counts once, its other papers, the words of a prompt, all without scripts."""
    context = browser.new_context(base_url=full_site.url, java_script_enabled=False)
    page = context.new_page()
    page.goto("/")
    page.get_by_role("link", name="1 study: Ozone, Level 2", exact=True).click()
    assert page.get_by_role("heading", level=1).inner_text() == "1 study"
    page.get_by_role("link", name="3 more reports").click()
    assert page.url.endswith(f"/articles/{REPORT}#family")
    page.locator(".family").get_by_role("link", name=re.compile("Two years after")).click()
    assert page.url.endswith(f"/articles/{EXTENSION}")
    page.go_back()
    grade = page.get_by_role("region", name="Questions to grade by")
    grade.get_by_role("link", name="open-label").click()
    assert page.locator("mark:has(:target)").first.inner_text() == "open-label"
    page.goto(f"/articles/{GRADED}")
    page.get_by_role("link", name="Corrected by hand").first.click()
    assert page.get_by_text("Serious risk of bias").first.is_visible()
    context.close()


def test_the_map_fits_a_phone(page: Page) -> None:
    """At 360 px every number of the map is within the screen, large enough to touch, without scrolling sideways."""
    page.set_viewport_size({"width": 360, "height": 740})
    page.goto("/")
    for box in (cell.bounding_box() for cell in page.locator(".map td a:visible").all()):
        assert box is not None
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= 360
        assert min(box["width"], box["height"]) >= 24


def test_filters_open_on_a_phone(page: Page) -> None:
    """Filters are folded on a phone and open with a tap; on a desk they stand open."""
    page.goto("/search")
    inside = page.get_by_role("link", name=re.compile("Level 4"))
    page.set_viewport_size({"width": 1280, "height": 800})
    assert inside.first.is_visible()
    page.set_viewport_size({"width": 390, "height": 800})
    assert not inside.first.is_visible()
    page.locator(".filters > summary").click()
    assert inside.first.is_visible()


def test_everything_works_without_javascript(browser: Browser, site: Site) -> None:
    """With scripts switched off the whole way from the map to the evidence is there."""
    context = browser.new_context(base_url=site.url, java_script_enabled=False)
    page = context.new_page()
    page.goto("/")
    page.get_by_role("link", name="1 study: PRP, Level 2", exact=True).click()
    page.locator("article.card a").first.click()
    page.locator("summary", has_text="that did not win").or_(
        page.locator("summary", has_text="more sign")
    ).first.click()
    assert page.locator("details[open] .proofs").first.is_visible()
    context.close()


@pytest.mark.parametrize(
    "path", [f"/articles/{HOSTILE_PMID}", "/search?q=sciatica", f"/search?q={quote(HOSTILE)}&level={quote(HOSTILE)}"]
)
def test_hostile_text_does_nothing(page: Page, path: str) -> None:
    """Markup in a title, an abstract or an address neither runs nor becomes elements."""
    page.goto(path)
    assert "taken" not in page.title().replace(HOSTILE[:40], "").split("<")[0]
    assert page.evaluate("document.querySelectorAll('main script, main img').length") == 0
    assert "<script>document.title" in page.locator("main").inner_text()


def test_the_keyboard_reaches_everything(page: Page) -> None:
    """The first stop is the skip link; focus is visible wherever it goes."""
    page.goto("/")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    for _ in range(12):
        page.keyboard.press("Tab")
        outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
        assert outline != "none"


def test_from_home_to_a_citation_with_the_keyboard_alone(page: Page) -> None:
    """Search, the first paper, its citation for a reference manager: by Tab, Enter and letters, nothing else."""

    def tab_to(wanted: str, most: int = 150) -> None:
        for _ in range(most):
            page.keyboard.press("Tab")
            if page.evaluate(f"(() => {{ const e = document.activeElement; return {wanted}; }})()"):
                assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") != "none"
                return
        raise AssertionError(f"Tab never came to {wanted}")

    page.goto("/")
    tab_to("e.matches('main input[type=search]')")
    page.keyboard.type("discogenic")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("/search"))
    tab_to("e.matches('a.skip')", 1)
    page.keyboard.press("Enter")  # past header and search box
    tab_to("e.matches('article.card .title a')")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(f"/articles/{TRIAL}"))
    tab_to("e.matches('a[href$=\".ris\"]')")
    with page.expect_download() as saved:
        page.keyboard.press("Enter")
    assert saved.value.suggested_filename.endswith(".ris")
    assert str(TRIAL) in saved.value.path().read_text("utf-8")


def test_the_sample_says_so_on_datasettes_pages(browser: Browser, sample_site: Site) -> None:
    """The notice is in sight on our pages and on Datasette's."""
    page = browser.new_page()
    for path in (
        "",
        "search?q=ozone",
        "articles/970000001",
        "catalog",
        "catalog/articles",
        "catalog/articles/970000001",
    ):
        page.goto(sample_site.url + path)
        assert page.get_by_text("SAMPLE: invented records").first.is_visible()
    page.close()


def test_a_phone_tells_each_numbers_level(page: Page) -> None:
    """Where the map's headings do not fit, each number says its level, in the words of the headings."""
    page.goto("/")
    heads = page.locator(".map thead th .badge").all_inner_texts()
    page.set_viewport_size({"width": 360, "height": 740})
    told = page.evaluate(
        "[...document.querySelectorAll('.map tbody td a')].map(a => [a.closest('td').cellIndex,"
        " getComputedStyle(a, '::before').content.split('\"')[1]])"
    )
    assert told
    assert all(heads[place - 1] == words for place, words in told)
