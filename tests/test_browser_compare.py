"""Comparing in a real browser: ticks on a list, the table on a desk and a phone, files taken along, the keyboard."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from lxml import etree

from tests.site_fixtures import HOSTILE_PMID, RETRACTED, TRIAL, Site
from tests.site_fixtures import browser as browser
from tests.site_fixtures import sample_site as sample_site
from tests.site_fixtures import site as site

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser


@pytest.fixture
def page(browser: Browser, sample_site: Site) -> Iterator[Page]:
    """A page over the sample with scripts switched off: nothing here needs any."""
    context = browser.new_context(base_url=sample_site.url, java_script_enabled=False, accept_downloads=True)
    yield context.new_page()
    context.close()


def test_tick_compare_leave_out_and_take_along(page: Page, tmp_path: Path) -> None:
    """Tick two papers on a list, compare, add one by PMID, untick another, download the spreadsheet and the picture."""
    page.goto("/search?evidence=counted&intervention=ozone&level=2")
    ticks = page.get_by_role("checkbox", name=re.compile("^Compare "))
    for tick in ticks.all()[:2]:
        tick.check()
    page.get_by_role("button", name="Compare ticked papers").click()
    assert page.get_by_role("heading", level=1).inner_text() == "2 papers side by side"
    assert page.locator(".evidence tbody tr").count() == 2
    page.get_by_label(re.compile("Add papers by PMID")).fill("970000064")
    page.get_by_role("button", name="Update").click()
    assert page.get_by_role("heading", level=1).inner_text() == "3 papers side by side"
    page.get_by_role("checkbox", name="Keep row 1").uncheck()
    page.get_by_role("button", name="Update").click()
    rows = page.locator(".evidence tbody th[scope=row] a")
    assert rows.count() == 2
    with page.expect_download() as saved:
        page.get_by_role("link", name="Spreadsheet (CSV)").click()
    saved.value.save_as(tmp_path / "comparison.csv")
    with (tmp_path / "comparison.csv").open(encoding="utf-8-sig", newline="") as file:
        lines = list(csv.DictReader(file))
    assert [line["study"] for line in lines] == rows.all_inner_texts()
    with page.expect_download() as saved:
        page.get_by_role("link", name="Harvest plot (SVG)").click()
    saved.value.save_as(tmp_path / "plot.svg")
    assert etree.parse(tmp_path / "plot.svg").getroot().tag.endswith("svg")
    page.get_by_role("link", name="participants").click()
    assert "height=participants" in page.url
    rows.first.click()
    assert "/articles/" in page.url


def test_the_manuscript_table_opens_bare(page: Page) -> None:
    """The table for a manuscript is a page of its own with nothing to copy but the table and its note."""
    page.goto("/compare?level=2&evidence=counted")
    page.get_by_role("link", name="Evidence table for a manuscript").click()
    assert page.locator("table").count() == 1
    assert page.locator("a, script, style, link").count() == 0
    assert page.locator("tbody tr").count() > 5


def test_on_a_phone_every_word_has_its_heading(page: Page) -> None:
    """At 360 px rows are cards within the screen; the picture scrolls in its own frame, which the keyboard reaches."""
    page.set_viewport_size({"width": 360, "height": 740})
    page.goto("/compare?level=2&evidence=counted")
    for cell in page.locator(".evidence tbody tr").first.locator("td, th").all():
        box = cell.bounding_box()
        assert box is not None
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= 360
    frame = page.get_by_role("region", name="Harvest plot")
    box = frame.bounding_box()
    assert box is not None
    assert box["width"] <= 360
    frame.focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_timeout(300)  # the browser glides
    inner = page.locator(".harvest").bounding_box()
    assert inner is not None
    assert inner["x"] < box["x"] + 10


def test_every_heading_is_told_on_a_phone(browser: Browser, sample_site: Site) -> None:
    """Each cell of a card says what it is, in the words of the table's own headings."""
    context = browser.new_context(base_url=sample_site.url)
    page = context.new_page()
    page.goto("/compare?level=2")
    heads = page.locator(".evidence thead th").all_inner_texts()[2:]
    page.set_viewport_size({"width": 360, "height": 740})
    told = page.evaluate(
        "[...document.querySelectorAll('.evidence tbody tr:first-child td:not(.row)')]"
        ".map(cell => getComputedStyle(cell, '::before').content.replaceAll('\"', ''))"
    )
    assert [word.replace("Level, design", "Level and design") for word in told] == heads
    context.close()


def test_hostile_titles_do_nothing(browser: Browser, site: Site) -> None:
    """Markup in titles neither runs nor becomes elements, in the page, the bare table and the picture."""
    context = browser.new_context(base_url=site.url)
    page = context.new_page()
    troubles: list[str] = []
    page.on("console", lambda message: troubles.append(message.text))
    page.on("pageerror", lambda error: troubles.append(str(error)))
    for form in ("", ".html", ".svg"):
        page.goto(f"/compare{form}?pmid={HOSTILE_PMID},{TRIAL},{RETRACTED}")
        assert page.title() != "taken"
        assert page.locator("script, img").count() == 0
    context.close()
    assert troubles == []


def test_paper_takes_the_table_without_the_forms(page: Page) -> None:
    """Printed, buttons and boxes are gone, rows, picture and note stay."""
    page.goto("/compare?level=2&evidence=counted")
    page.emulate_media(media="print")
    assert not page.get_by_role("button", name="Update").is_visible()
    assert not page.locator(".files").is_visible()
    assert not page.get_by_role("checkbox").first.is_visible()
    assert page.locator(".harvest").is_visible()
    assert page.locator(".evidence tbody th[scope=row]").first.is_visible()
