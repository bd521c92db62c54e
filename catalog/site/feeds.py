"""What stands in each feed: the papers that came last, and those that fell, each an entry with an id that stays."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from catalog.cite.imprint import ATTRIBUTION
from catalog.site.atom import EPOCH, Entry, Feed, Link, entry_id, timestamp
from catalog.site.changes import Change, latest_changes
from catalog.site.facts import Facts
from catalog.site.outlinks import pubmed_url
from catalog.site.search import Paper, papers
from catalog.site.words import STATUSES

__all__ = ["LONGEST", "Named", "changes_feed", "evidence_feed", "retractions_feed"]

LONGEST = 50  # entries
_MOST_AUTHORS = 10
_LIMITS = "Starting levels given by rule from title and abstract; not medical advice."
Absolute = Callable[[str], str]  # a path of this site to its full address


@dataclass(frozen=True, slots=True)
class Named:
    """What a feed is: `name` makes its id and never changes; paths are of this site."""

    name: str
    title: str
    subtitle: str
    path: str  # of the feed
    page: str  # of the same for people


def evidence_feed(
    conn: sqlite3.Connection,
    facts: Facts,
    listed: int,
    named: Named,
    absolute: Absolute,
    *,
    watched: int | None = None,
) -> Feed:
    """The papers of a set that came last. A retracted one is no evidence: its retraction is the entry.

    Args:
        conn: the catalog.
        facts: the same, in memory.
        listed: the set of papers, as bits of the shelf (`facts.shelf.of(pmids)` makes one of PMIDs).
        named: what the feed is.
        absolute: gives the full address of a path.
        watched: the papers whose retraction is told, where they are others: what counts as evidence, for one, leaves
            its set when it is retracted.
    """
    fallen = facts.shelf.having("status", ["retracted"])
    latest = facts.arrivals.latest(listed & ~fallen, LONGEST)
    entries = _papers(conn, facts, [facts.shelf.pmids[place] for place in latest], absolute)
    gone = (listed if watched is None else watched) & fallen
    entries += _falls(
        conn,
        facts,
        [
            (fall.pmid, fall.status, fall.at)
            for fall in facts.arrivals.falls
            if fall.status == "retracted" and gone >> facts.shelf.places[fall.pmid] & 1
        ][:LONGEST],
        absolute,
    )
    return _feed(facts, named, entries, absolute)


def retractions_feed(conn: sqlite3.Connection, facts: Facts, named: Named, absolute: Absolute) -> Feed:
    """Every retraction and expression of concern, the latest first."""
    told = [(fall.pmid, fall.status, fall.at) for fall in facts.arrivals.falls[:LONGEST]]
    return _feed(facts, named, _falls(conn, facts, told, absolute), absolute)


def changes_feed(conn: sqlite3.Connection, facts: Facts, named: Named, absolute: Absolute) -> Feed:
    """What later harvests changed, a paper and day an entry, the latest first."""
    entries = [_change(facts, change, absolute) for change in latest_changes(conn, facts, LONGEST)]
    return _feed(facts, named, entries, absolute)


def _feed(facts: Facts, named: Named, entries: Iterable[Entry], absolute: Absolute) -> Feed:
    kept = sorted(entries, key=lambda entry: entry.updated, reverse=True)[:LONGEST]
    title = f"{facts.about.title}: {named.title}"
    return Feed(
        id=entry_id("feed", named.name),
        title=f"SAMPLE {title}" if facts.about.sample else title,
        subtitle=f"{named.subtitle} {_LIMITS}",
        updated=kept[0].updated if kept else EPOCH,
        author=facts.about.title,
        rights=ATTRIBUTION,
        links=(
            Link("self", absolute(named.path), "application/atom+xml"),
            Link("alternate", absolute(named.page), "text/html"),
        ),
        entries=tuple(kept),
    )


def _papers(conn: sqlite3.Connection, facts: Facts, pmids: Sequence[int], absolute: Absolute) -> list[Entry]:
    times = {
        pmid: (timestamp(since), timestamp(revised))
        for pmid, since, revised in conn.execute(
            "SELECT pmid, in_catalog_since, revised FROM articles WHERE pmid IN (SELECT value FROM json_each(?))",
            (json.dumps(list(pmids)),),
        )
    }
    entries = []
    for paper in papers(conn, facts.shelf, pmids):
        since, revised = times[paper.pmid]
        design = facts.name("design", paper.design).name
        entries.append(
            Entry(
                id=entry_id("paper", paper.pmid),
                title=f"{facts.name('level', paper.level).name} · {design} · {paper.plain_title}",
                updated=max(since or EPOCH, revised or EPOCH),
                published=since,
                summary=_summary(facts, paper),
                links=_paper_links(paper.pmid, absolute),
                authors=_authors(paper),
                categories=(
                    (f"level-{paper.level}", facts.name("level", paper.level).name),
                    *((i, facts.name("intervention", i).name) for i in paper.interventions),
                    *((c, facts.name("condition", c).name) for c in paper.conditions),
                ),
            )
        )
    return entries


def _falls(
    conn: sqlite3.Connection, facts: Facts, falls: Sequence[tuple[int, str, str | None]], absolute: Absolute
) -> list[Entry]:
    told = {pmid: (status, at) for pmid, status, at in falls}
    entries = []
    for paper in papers(conn, facts.shelf, [pmid for pmid, _, _ in falls]):
        status, at = told[paper.pmid]
        name = STATUSES[status]
        what = (
            "This paper has been retracted: do not rely on it. It counts nowhere in the catalog."
            if status == "retracted"
            else "The journal has published an expression of concern about this paper."
        )
        entries.append(
            Entry(
                id=entry_id(status, paper.pmid),
                title=f"{name.upper()}: {paper.plain_title}",
                updated=timestamp(at) or EPOCH,
                summary=f"{what} {_summary(facts, paper)}",
                links=_paper_links(paper.pmid, absolute),
                authors=_authors(paper),
                categories=((status, name),),
            )
        )
    return entries


def _change(facts: Facts, change: Change, absolute: Absolute) -> Entry:
    title = change.title or f"PMID {change.pmid}"
    links = (
        _paper_links(change.pmid, absolute)
        if change.here
        else (Link("alternate", pubmed_url(change.pmid), "text/html"),)
    )
    return Entry(
        id=entry_id("change", change.pmid, change.at),
        title=f"{change.headline}: {title}",
        updated=timestamp(change.at) or EPOCH,
        summary=" ".join(f"{line}." for line in change.lines),
        links=links,
    )


def _paper_links(pmid: int, absolute: Absolute) -> tuple[Link, ...]:
    return (
        Link("alternate", absolute(f"/articles/{pmid}"), "text/html"),
        Link("related", pubmed_url(pmid), "text/html", "PubMed"),
    )


def _authors(paper: Paper) -> tuple[str, ...]:
    names = [name for name in (paper.authors or "").split(", ") if name]
    return (*names[:_MOST_AUTHORS], "et al.") if len(names) > _MOST_AUTHORS else tuple(names)


def _summary(facts: Facts, paper: Paper) -> str:
    """A paper in a few sentences: what it is, never what it would have us believe."""
    said = [
        f"{facts.name('level', paper.level).name}, {facts.name('design', paper.design).name.lower()}.",
        " · ".join(part for part in (paper.journal, str(paper.year) if paper.year else None) if part) + ".",
    ]
    for label, facet, values in (
        ("Treatment", "intervention", paper.interventions),
        ("Condition", "condition", paper.conditions),
    ):
        if values:
            said.append(f"{label}: {', '.join(facts.name(facet, value).name for value in values)}.")
    if paper.cites_retracted:
        said.append("It cites a retracted paper.")
    return " ".join(part for part in said if part != ".")
