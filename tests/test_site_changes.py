"""The page of changes: what came, fell, was levelled anew or left, between harvests or days."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from catalog.build import write_catalog
from catalog.site.changes import MOST_SHOWN
from harvest.rows import StoredRecord
from harvest.topics import load_topics
from tests.changed import (
    ARRIVED,
    FALLEN,
    FALLEN_ON_ARRIVAL,
    GONE,
    LATE,
    LEFT,
    NOTED,
    NOTING,
    RAISED,
)
from tests.records import article_xml
from tests.site_fixtures import HOSTILE, Site, kept_records, serving
from tests.site_fixtures import browser as browser
from tests.site_fixtures import changed_site as changed_site
from tests.site_fixtures import sample_site as sample_site
from tests.site_fixtures import site as site

if TYPE_CHECKING:
    from playwright.sync_api import Browser


def told(opened: Site, query: str = "") -> dict[str, set[int]]:
    """Section to the PMIDs it tells of."""
    found: dict[str, Any] = opened.get(f"/changes.json{query}").json()["sections"]
    return {name: {paper["pmid"] for paper in section["papers"]} for name, section in found.items()}


LAST = {
    "status": {FALLEN, NOTED},
    "retracted": {FALLEN_ON_ARRIVAL},
    "new": {LATE, NOTING},
    "deleted": {GONE},
}


@pytest.mark.parametrize("query", ["", "?since=2", "?since=2026-02-11", "?since=2&until=3"])
def test_the_latest_harvest(changed_site: Site, query: str) -> None:
    """By itself, by number or by day, the page tells what the latest harvest changed."""
    assert told(changed_site, query) == LAST


def test_a_longer_time(changed_site: Site) -> None:
    """From the first harvest on, what the second and the third changed; a day counts from its morning."""
    both = {
        "status": {FALLEN, NOTED},
        "retracted": {FALLEN_ON_ARRIVAL},
        "new": {LATE, NOTING, ARRIVED},
        "level": {RAISED},
        "gone": {LEFT},
        "deleted": {GONE},
    }
    assert told(changed_site, "?since=1") == both
    assert told(changed_site, "?since=2026-02-10") == both


def test_only_the_second_harvest(changed_site: Site) -> None:
    """Between two harvests, or two days with both of them, only what lies between."""
    second = {"new": {ARRIVED}, "level": {RAISED}, "gone": {LEFT}}
    assert told(changed_site, "?since=1&until=2") == second
    assert told(changed_site, "?since=2026-02-10&until=2026-02-10") == second


def test_from_the_beginning_everything_is_new(changed_site: Site) -> None:
    """A paper that came within the time is new, whatever changed of it later."""
    found = told(changed_site, "?since=0")
    assert set(found) == {"new", "retracted", "deleted"}
    assert len(found["new"] | found["retracted"]) == changed_site.value("SELECT count(*) FROM articles")


def test_a_level_is_told_with_what_changed_beside_it(changed_site: Site) -> None:
    """Old and new level, design, numbers, and that the abstract came, in JSON as stored."""
    section = changed_site.get("/changes.json?since=1").json()["sections"]["level"]
    changes = {change["field"]: (change["before"], change["after"]) for change in section["papers"][0]["changes"]}
    assert changes["level"] == ("none", "2")
    assert changes["abstract"] == (None, "present")
    page = changed_site.get("/changes?since=1").text
    text = re.sub(r"\s+", " ", re.sub(r"<[^>]*>", "", page))
    assert "Level: was No level →, now Level 2" in text
    assert "Participants: 40 (was not known)" in text


@pytest.mark.parametrize("given", ["9", "yesterday", "2026-13-45", HOSTILE, "99999999999"])
def test_what_is_no_harvest_and_no_day_is_said(changed_site: Site, given: str) -> None:
    """Nothing is an error: the page says what it left out and shows the latest."""
    answer = changed_site.get("/changes.json", params={"since": given})
    assert answer.status_code == 200
    assert answer.json()["notes"] == [
        f"“{given.strip()[:40]}” is neither a harvest of this catalog nor a day (YYYY-MM-DD) and was left out."
    ]
    assert "<script>document" not in changed_site.get("/changes", params={"since": given}).text


def test_days_the_wrong_way_round(changed_site: Site) -> None:
    """The end before the beginning: said, and everything since the beginning is shown."""
    found = changed_site.get("/changes.json?since=2026-02-11&until=2026-01-01").json()
    assert "comes before" in found["notes"][0]
    assert set(found["sections"]) == set(LAST)


def test_nothing_changed(changed_site: Site, sample_site: Site) -> None:
    """A day after everything: nothing, plainly. A sample has no harvests."""
    assert "<strong>nothing</strong>" in changed_site.get("/changes?since=2027-01-01").text
    assert sample_site.get("/changes.json").json()["harvests"] == []


def test_what_the_page_cannot_show_is_said(changed_site: Site) -> None:
    """Changes of the rules, of corrections by hand, of what no harvest saw: named on the page and in its JSON."""
    page = changed_site.get("/changes").text
    assert "What this page cannot show" in page
    for line in changed_site.get("/changes.json").json()["limits"]:
        assert line in page
    assert any("rules themselves changed" in line for line in changed_site.get("/changes.json").json()["limits"])


def test_a_first_harvest_is_a_page_that_can_be_read(tmp_path: Path) -> None:
    """Hundreds of new papers: the best levels are shown, the rest counted, the page stays small."""
    raws = [
        article_xml(
            f"Synthetic trial {number}",
            "A randomized controlled trial of ozone." if number % 3 else "",
            pmid=970300000 + number,
        )
        for number in range(3 * MOST_SHOWN)
    ]
    records = [
        StoredRecord(r.pmid, r.version, r.raw, r.sha256, r.source, "2026-01-01T00:00:00Z", "")
        for r in kept_records(raws)
    ]
    write_catalog(tmp_path / "catalog.db", records, load_topics())
    with serving(tmp_path / "catalog.db") as opened:
        page = opened.get("/changes")
        section = opened.get("/changes.json").json()["sections"]["new"]
    assert len(page.content) < 100_000
    assert section["total"] == 3 * MOST_SHOWN
    assert {paper["level"] for paper in section["papers"]} == {"2"}
    assert "and 200 more" in page.text


@pytest.mark.browser
def test_choosing_a_day(browser: Browser, changed_site: Site) -> None:
    """A harvest is chosen by a click, a day by typing it; a level's change leads to its paper."""
    page = browser.new_page(base_url=changed_site.url)
    page.goto("/")
    page.get_by_role("navigation", name="Site").get_by_role("link", name="Changes").click()
    page.get_by_role("link", name="10 January 2026").click()
    assert page.get_by_text("Since the harvest of 10 January 2026").is_visible()
    page.get_by_role("link", name=re.compile("another level of evidence")).click()
    page.get_by_role("link", name="Synthetic ozone for sciatica without a word on its design").click()
    assert page.url.endswith(f"/articles/{RAISED}")
    page.goto("/changes")
    page.get_by_label("Since the day").fill("2026-02-11")
    page.get_by_role("button", name="Show").click()
    page.wait_for_url(re.compile("since=2026-02-11"))
    assert page.get_by_text("Since 11 February 2026").is_visible()
    page.close()
