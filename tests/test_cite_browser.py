"""Citing in a real browser: three clicks from a list to a file; without script, by keyboard, on paper."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import rispy

from tests.site_fixtures import RETRACTED, TRIAL, Site
from tests.site_fixtures import browser as browser
from tests.site_fixtures import site as site

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser


@pytest.fixture(params=[True, False], ids=["script", "no script"])
def page(browser: Browser, site: Site, request: pytest.FixtureRequest) -> Iterator[Page]:
    """A page in a browser with scripts, and in one without."""
    context = browser.new_context(base_url=site.url, java_script_enabled=request.param)
    yield context.new_page()
    context.close()


def saved(page: Page, name: str, folder: Path) -> str:
    """What a click on a link saves, and its file's name on a line before it."""
    with page.expect_download() as waiting:
        page.get_by_role("link", name=name).click()
    download = waiting.value
    path = folder / "saved"
    download.save_as(path)
    return f"{download.suggested_filename}\n{path.read_text('utf-8')}"


def test_three_clicks_from_the_list_to_a_file(page: Page, tmp_path: Path) -> None:
    """A paper of the list, Cite, RIS: the file holds the paper, with the note on its level."""
    page.goto("/search?q=discogenic&level=2")
    page.locator("article.card a").first.click()
    page.get_by_role("link", name="Cite", exact=True).click()
    assert page.get_by_role("heading", name="Cite", exact=True).is_visible()
    name, _, text = saved(page, "RIS EndNote", tmp_path).partition("\n")
    assert name == f"pmid-{TRIAL}.ris"
    (entry,) = rispy.loads(text)
    assert entry["accession_number"] == str(TRIAL)
    assert any("Starting level by rule" in note for note in entry["notes"])


def test_ticked_papers_are_saved(page: Page, tmp_path: Path) -> None:
    """Two papers ticked on a list, one button: a file of these two."""
    page.goto("/search?q=quince")
    boxes = page.get_by_role("checkbox")
    wanted = [boxes.nth(at).get_attribute("value") for at in (1, 3)]
    boxes.nth(1).check()
    boxes.nth(3).check()
    with page.expect_download() as waiting:
        page.get_by_role("button", name="the ticked, as RIS").click()
    waiting.value.save_as(tmp_path / "saved")
    entries = rispy.loads((tmp_path / "saved").read_text("utf-8"))
    assert [entry["accession_number"] for entry in entries] == wanted


def test_every_download_is_a_file(page: Page, tmp_path: Path) -> None:
    """Each of the four is saved under the paper's name."""
    page.goto(f"/articles/{RETRACTED}#cite")
    for button, extension in (("RIS", "ris"), ("BibTeX", "bib"), ("NBIB", "nbib"), ("CSL", "csl.json")):
        name, _, text = saved(page, button, tmp_path).partition("\n")
        assert name == f"pmid-{RETRACTED}.{extension}"
        assert "RETRACTED" in text


def test_a_click_selects_a_citation_whole(browser: Browser, site: Site) -> None:
    """What is then copied is the citation and nothing else."""
    context = browser.new_context(base_url=site.url)
    page = context.new_page()
    page.goto(f"/articles/{TRIAL}")
    citation = page.locator(".citation").first
    citation.click()
    assert page.evaluate("getSelection().toString().trim()") == citation.inner_text()
    context.close()


def test_marked_words_and_their_proof_by_keyboard(page: Page) -> None:
    """Tab to a marked word, Enter to what it decided, and from its quote back to the word."""
    page.goto(f"/articles/{TRIAL}")
    mark = page.locator("h1 mark.decides a").first
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.locator("h1 mark.decides a:focus").count():
            break
    assert mark.get_attribute("title") == "Design: Randomised controlled trial"
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("#sign-"))
    sign = page.locator("li:target")
    assert "Design: Randomised controlled trial" in sign.inner_text()
    assert sign.is_visible()
    sign.get_by_role("link").first.click()
    assert page.locator("mark:has(:target)").first.inner_text().startswith("randomized")


def test_on_paper(page: Page) -> None:
    """Printed, the page has its findings, abstract, proof and citations, and no buttons."""
    page.goto(f"/articles/{TRIAL}")
    page.emulate_media(media="print")
    for name in ("In brief", "Abstract", "Why this level"):
        assert page.get_by_role("region", name=name).is_visible()
    assert page.locator(".citation").first.is_visible()
    for gone in (".downloads", ".out", "header.site .search", ".key"):
        assert not page.locator(gone).first.is_visible()
    assert page.locator(".why details li").first.is_visible()  # folded away on the screen
