"""Feeds: valid Atom that feed readers read, with ids and times that stay."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any
from urllib.parse import quote

import feedparser
import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from catalog.build import build
from catalog.site.atom import Entry, Feed, Link, as_xml, entry_id, timestamp
from tests.changed import DAYS, FALLEN, FALLEN_ON_ARRIVAL, GONE, LATE, LEFT, NOTED, RAISED, STEADY, three_harvests
from tests.site_fixtures import HOSTILE, HOSTILE_PMID, TRIAL, Site, serving
from tests.site_fixtures import changed_site as changed_site
from tests.site_fixtures import full_site as full_site
from tests.site_fixtures import sample_site as sample_site
from tests.site_fixtures import site as site

ATOM = "{http://www.w3.org/2005/Atom}"
RFC3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)")
EVERY = [
    "/feeds/new.atom",
    "/feeds/retractions.atom",
    "/feeds/changes.atom",
    "/feeds/intervention-ozone.atom",
    "/feeds/intervention-prolozone.atom",
    "/feeds/level-2.atom",
    "/search.atom?q=ozone&level=2,4&sort=oldest&page=3",
    f"/search.atom?q={quote(HOSTILE)}",
    "/search.atom?q=zzzz",
]


def faults(document: bytes) -> list[str]:
    """What RFC 4287 wants and the document has not, a line each."""
    root = etree.fromstring(document)
    found = [] if root.tag == f"{ATOM}feed" else ["the root is no feed"]
    entries = root.findall(f"{ATOM}entry")
    for element, what in [(root, "feed"), *((entry, "entry") for entry in entries)]:
        for name in ("id", "title", "updated"):
            values = element.findall(ATOM + name)
            if len(values) != 1 or not (values[0].text or "").strip():
                found.append(f"{what}: {name}: {len(values)}")
        if not re.match(r"[a-z][a-z0-9+.-]*:.+", element.findtext(f"{ATOM}id") or ""):
            found.append(f"{what}: id is no IRI")
        for name in ("updated", "published"):
            times = [value.text for value in element.findall(ATOM + name)]
            found += [f"{what}: {name}: {time}" for time in times if not RFC3339.fullmatch(time or "")]
        links = element.findall(f"{ATOM}link")
        keys = [(link.get("rel"), link.get("type"), link.get("hreflang")) for link in links]
        if keys.count(("alternate", "text/html", None)) != 1:
            found.append(f"{what}: no one alternate link")
        found += [f"{what}: link: {link.get('href')}" for link in links if "://" not in (link.get("href") or "")]
        for person in element.findall(f"{ATOM}author"):
            if len(person.findall(f"{ATOM}name")) != 1:
                found.append(f"{what}: author without one name")
        known = (
            "author category contributor generator icon id link logo rights subtitle title updated entry"
            if (what == "feed")
            else "author category content contributor id link published rights source summary title updated"
        )
        found += [f"{what}: {child.tag}" for child in element if child.tag.replace(ATOM, "") not in known.split()]
    if not root.findall(f"{ATOM}author") and not all(entry.findall(f"{ATOM}author") for entry in entries):
        found.append("no author")
    if [link.get("rel") for link in root.findall(f"{ATOM}link")].count("self") != 1:
        found.append("no self link")
    ids = [(entry.findtext(f"{ATOM}id"), entry.findtext(f"{ATOM}updated")) for entry in entries]
    if len({number for number, _ in ids}) != len(ids):
        found.append("an id stands twice")
    if [when for _, when in ids] != sorted((when for _, when in ids), key=str, reverse=True):
        found.append("not the newest first")
    return found


def read(site: Site, path: str) -> Any:
    answer = site.get(path)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/atom+xml; charset=utf-8"
    assert faults(answer.content) == []
    parsed = feedparser.parse(answer.content)
    assert not parsed.bozo
    return parsed


def entry_of(parsed: Any, pmid: int) -> Any:
    return next(entry for entry in parsed.entries if entry.link.endswith(f"/articles/{pmid}"))


@pytest.mark.parametrize("which", ["site", "full_site", "changed_site", "sample_site"])
@pytest.mark.parametrize("path", EVERY)
def test_every_feed_is_valid(path: str, which: str, request: pytest.FixtureRequest) -> None:
    """Each has what RFC 4287 requires, feed readers read it, and its own address is the one asked for."""
    opened: Site = request.getfixturevalue(which)
    parsed = read(opened, path)
    assert parsed.version == "atom10"
    itself = next(link.href for link in parsed.feed.links if link.rel == "self")
    assert itself.startswith(opened.url)
    assert opened.get(itself.removeprefix(opened.url.rstrip("/"))).content == opened.get(path).content


def test_new_papers_come_latest_first_and_retracted_ones_as_retractions(changed_site: Site) -> None:
    """What came last stands first; a retracted paper's entry is its retraction, with an id and a time of its own."""
    parsed = read(changed_site, "/feeds/new.atom")
    assert parsed.entries[-1].updated == DAYS[0]
    late = entry_of(parsed, LATE)
    assert late.title.startswith("Level 1 · Systematic review · Synthetic ozone")
    assert late.published == late.updated == DAYS[2]
    assert late.author == "Synthetic S"
    assert {tag.term for tag in late.tags} >= {"level-1", "ozone", "sciatica"}
    for pmid in (FALLEN, FALLEN_ON_ARRIVAL):
        fallen = entry_of(parsed, pmid)
        assert fallen.title.startswith("RETRACTED: ")
        assert "do not rely on it" in fallen.summary
        assert fallen.updated == DAYS[2]
        assert fallen.id == entry_id("retracted", pmid) != entry_id("paper", pmid)


def test_ids_and_times_stay_from_harvest_to_harvest(changed_site: Site, tmp_path: Path) -> None:
    """A paper's entry is the same in the catalog of a month ago, on another port; the fallen one was an entry then."""
    build(three_harvests(tmp_path / "pubmed.db", until=2), tmp_path / "catalog.db")
    with serving(tmp_path / "catalog.db") as before:
        old = read(before, "/feeds/new.atom")
    new = read(changed_site, "/feeds/new.atom")
    assert old.feed.id == new.feed.id
    for name in ("id", "updated", "published", "title", "summary"):
        assert entry_of(old, STEADY)[name] == entry_of(new, STEADY)[name]
    assert entry_of(old, FALLEN).id == entry_id("paper", FALLEN)
    assert old.feed.updated == DAYS[1]
    assert new.feed.updated == DAYS[2]


def test_feeds_of_a_treatment_and_a_level_hold_just_those(changed_site: Site) -> None:
    """The same papers as the list; both retracted and not."""
    for path, listed in (
        ("/feeds/intervention-prp.atom", "/search.json?intervention=prp"),
        ("/feeds/level-2.atom", "/search.json?level=2"),
        ("/search.atom?q=trial&retracted=exclude", "/search.json?q=trial"),
    ):
        papers = {f"/articles/{article['pmid']}" for article in changed_site.get(listed).json()["articles"]}
        found = {"/" + entry.link.split("/", 3)[3] for entry in read(changed_site, path).entries}
        assert found == papers


def test_a_list_that_leaves_retracted_papers_out_still_tells_of_a_retraction(changed_site: Site) -> None:
    """Followed lists of evidence, with each study once, retracted excluded: the reader learns that a paper fell."""
    parsed = read(changed_site, "/search.atom?intervention=prp&retracted=exclude&studies=once&evidence=counted")
    assert entry_of(parsed, FALLEN).title.startswith("RETRACTED: ")


def test_one_list_is_one_feed_whatever_its_order(site: Site) -> None:
    """Order and page make no other feed; another word does; what is not known is said, not followed in silence."""
    feed = read(site, "/search.atom?q=ozone&level=4&level=2").feed
    assert read(site, "/search.atom?level=2,4&q=ozone&sort=oldest&page=2").feed.id == feed.id
    assert read(site, "/search.atom?q=ozones&level=4&level=2").feed.id != feed.id
    assert "“99” is not known here" in read(site, "/search.atom?level=99").feed.subtitle


def test_retractions_and_concerns(changed_site: Site, full_site: Site) -> None:
    """All that fell, the latest first; one known only from Retraction Watch bears the list's day."""
    parsed = read(changed_site, "/feeds/retractions.atom")
    assert {entry.link.rsplit("/", 1)[1] for entry in parsed.entries} == {
        str(pmid) for pmid in (FALLEN, FALLEN_ON_ARRIVAL, NOTED)
    }
    assert entry_of(parsed, NOTED).title.startswith("EXPRESSION OF CONCERN: ")
    assert len(read(full_site, "/feeds/retractions.atom").entries) == 2


def test_changes(changed_site: Site) -> None:
    """One entry a paper and harvest, the weightiest first; what was deleted leads to PubMed."""
    parsed = read(changed_site, "/feeds/changes.atom")
    titles = [entry.title for entry in parsed.entries]
    assert [title.split(":")[0] for title in titles] == [
        "Expression of concern",
        "RETRACTED",
        "Deleted from PubMed",
        "Now Level 2 (was No level)",
        "No longer found by the searches",
    ]
    raised = entry_of(parsed, RAISED)
    assert raised.summary.startswith("Level: Level 2 (was No level). Design: Randomised controlled trial (was ")
    assert "Participants: 40 (was not known)." in raised.summary
    assert entry_of(parsed, LEFT).updated == DAYS[1]
    assert parsed.entries[2].link == f"https://pubmed.ncbi.nlm.nih.gov/{GONE}/"


def test_markup_in_a_title_stays_text(site: Site) -> None:
    """A hostile title is text to the feed reader, whole, and no element of the feed."""
    answer = site.get("/search.atom?q=sciatica")
    root = etree.fromstring(answer.content)
    assert not [element for element in root.iter() if not str(element.tag).startswith(ATOM)]
    titles = [entry.findtext(f"{ATOM}title") or "" for entry in root.findall(f"{ATOM}entry")]
    assert any(HOSTILE in title for title in titles)
    assert entry_of(read(site, "/search.atom?q=sciatica"), HOSTILE_PMID)


def test_a_feed_reader_is_told_when_nothing_is_new(site: Site) -> None:
    """With the tag of the last answer there is nothing to send."""
    first = site.get("/feeds/new.atom")
    again = site.get("/feeds/new.atom", headers={"if-none-match": f'"other", W/{first.headers["etag"]}'})
    assert again.status_code == 304
    assert again.content == b""
    assert site.get("/feeds/new.atom", headers={"if-none-match": '"other"'}).status_code == 200
    assert first.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    "path", ["/feeds/nothing.atom", "/feeds/level-9.atom", "/feeds/intervention-.atom", f"/feeds/{quote('<b>')}.atom"]
)
def test_no_such_feed(site: Site, path: str) -> None:
    """A name that is no feed is a page that says where the feeds are."""
    answer = site.get(path)
    assert answer.status_code == 404
    assert "/feeds" in answer.text
    assert "<b>" not in answer.text


def test_pages_name_their_feeds(site: Site, changed_site: Site) -> None:
    """Feed readers find the feed of new papers from every page, and on a list the list's own."""
    found = re.findall(
        r'<link rel="alternate" type="application/atom\+xml" title="[^"]*" href="([^"]*)"',
        site.get(f"/articles/{TRIAL}").text + site.get("/search?q=ozone&level=4").text + site.get("/changes").text,
    )
    assert set(found) == {
        "/feeds/new.atom",
        "/search.atom?q=ozone&amp;level=4",
        "/feeds/changes.atom",
        "/feeds/retractions.atom",
    }
    for address in found:
        read(site, address.replace("&amp;", "&"))


def test_every_feed_of_the_page_of_feeds_answers(site: Site) -> None:
    """Each link of `/feeds` leads to a feed that is valid."""
    addresses = re.findall(r'href="(/feeds/[^"]+\.atom)" type', site.get("/feeds").text)
    assert len(addresses) == 3 + 8 + 5
    for address in addresses:
        read(site, address)


@given(st.text(), st.text(max_size=60))
def test_any_text_makes_a_well_formed_feed(title: str, path: str) -> None:
    """Control characters, surrogates, markup: what XML can hold is kept, the rest left out, never an error."""
    links = (Link("alternate", f"https://example.org/{path}", "text/html"),)
    entry = Entry(entry_id(title), f"T{title}", "2026-01-01T00:00:00Z", title, links, authors=(title,))
    itself = Link("self", "https://example.org/feed", "application/atom+xml")
    feed = Feed(entry_id("x"), f"T{title}", title, "2026-01-01T00:00:00Z", "a", title, (*links, itself), (entry,))
    assert faults(as_xml(feed)) == []


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("2026-03-02", "2026-03-02T00:00:00Z"),
        ("2026-03-02T10:11:12Z", "2026-03-02T10:11:12Z"),
        ("2026-03-02T10:11:12", "2026-03-02T10:11:12Z"),
        ("2026-03-02T10:11:12.5+01:00", "2026-03-02T10:11:12+01:00"),
        ("2026-03", None),
        ("", None),
        (None, None),
    ],
)
def test_times_as_rfc_3339_wants_them(text: str | None, wanted: str | None) -> None:
    """Days become times; what is no time becomes none."""
    assert timestamp(text) == wanted
