"""Searching in a real browser: typing, what was understood, chips, empty lists, tips; at 360 px, without scripts."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from tests.search_records import PMID
from tests.search_records import searched as searched
from tests.search_records import searched_site as searched_site
from tests.site_fixtures import Site
from tests.site_fixtures import browser as browser

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser


@pytest.fixture
def page(browser: Browser, searched_site: Site) -> Iterator[Page]:
    """A page at 360 px without JavaScript: whatever works here works for everyone."""
    context = browser.new_context(
        base_url=searched_site.url, java_script_enabled=False, viewport={"width": 360, "height": 740}
    )
    yield context.new_page()
    context.close()


def type_in(page: Page, text: str) -> None:
    page.goto("/search")
    page.get_by_role("searchbox").fill(text)
    page.get_by_role("button", name="Search").click()


def heading(page: Page) -> str:
    return page.get_by_role("heading", level=1).inner_text()


def test_typed_fields_become_chips_that_come_off(page: Page) -> None:
    """A level and years typed in the box stand as chips; taking one off widens the list, the words stay."""
    type_in(page, "PRP level:1,2 year:2019..")
    assert heading(page).startswith("2 papers ")
    assert page.get_by_role("searchbox").input_value() == "PRP"
    page.get_by_role("link", name=re.compile("Remove: 2019 and later")).click()
    assert heading(page).startswith("3 papers ")
    page.get_by_role("link", name=re.compile("Remove: Level 2")).click()
    assert heading(page).startswith("1 paper ")


def test_what_else_was_searched_is_said_and_undone(page: Page) -> None:
    """The synonym is named; one click searches only what was typed, and the box says so."""
    type_in(page, "PRP")
    assert page.get_by_text("Also searched: platelet-rich plasma for PRP.").is_visible()
    page.get_by_role("link", name="Search only what I typed").click()
    assert page.get_by_role("searchbox").input_value() == '"PRP"'
    assert heading(page).startswith("2 papers ")


def test_hits_are_marked_by_synonym_too(page: Page) -> None:
    """Words found for what was typed are marked in title and snippet."""
    type_in(page, "PRP lumbar")
    marked = [text.lower() for text in page.locator("article.card mark").all_inner_texts()]
    assert {"platelet-rich plasma", "lumbar"} <= set(marked)


def test_a_slip_finds_its_way(page: Page) -> None:
    """Nothing found, a word corrected from the catalog's own, one click to the papers."""
    type_in(page, "platlet lumbar")
    assert page.get_by_role("heading", name="No paper here matches all of that").is_visible()
    page.get_by_role("link", name="platelet lumbar").click()
    assert heading(page).startswith("2 papers ")


@pytest.mark.parametrize("pasted", [str(PMID["rat"]), f"PMID: {PMID['rat']}"])
def test_a_pasted_number_opens_its_paper(page: Page, pasted: str) -> None:
    """A PMID leads to its paper without a list between."""
    type_in(page, pasted)
    assert page.url.endswith(f"/articles/{PMID['rat']}")


@pytest.mark.parametrize("typed", ['"', "*", "COVID-19", "((", "AND OR", "😀", '"unfinished', "a" * 900])
def test_no_stray_character_breaks_the_page(page: Page, typed: str) -> None:
    """A page of results comes, within the screen, whatever was typed."""
    type_in(page, typed)
    assert re.match(r"\d+ papers?|No papers", heading(page))
    assert page.locator("main").bounding_box()["width"] <= 360  # type: ignore[index]  # main is shown


def test_search_tips_open_and_their_examples_work(page: Page) -> None:
    """The tips are folded under the list; an example searches."""
    page.goto("/search")
    page.locator("summary", has_text="Search tips").click()
    page.locator(".tips a").first.click()
    assert "randomised trial" in page.get_by_role("searchbox").input_value()
