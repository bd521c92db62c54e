"""The numbers of a PRISMA 2020 flow diagram that a machine may fill in, from what the harvests recorded.

What was identified less duplicates, what automation marked as ineligible and what was removed for other reasons is
exactly the records in the store. Screening and inclusion are people's judgement; there the numbers stay open. A record
counts as identified once for each topic whose search ever found it, and once for each file that held it.
Source: Page et al., "The PRISMA 2020 statement", BMJ 2021;372:n71, flow diagram for new reviews with other sources.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from harvest.rows import FileRead, Search
from harvest.store import PUBMED, Store

__all__ = ["Flow", "Identified", "Removed", "prisma"]

NOTE = (
    "Screened, assessed and included are for people to fill in: nothing here judged a record's relevance but the rule"
    " named under ineligible."
)


@dataclass(frozen=True, slots=True)
class Identified:
    """So many records by one source; `via`: a PubMed search, or a file."""

    source: str
    via: Literal["search", "file"]
    records: int


@dataclass(frozen=True, slots=True)
class Removed:
    """So many records left out, and why."""

    reason: str
    records: int


@dataclass(frozen=True, slots=True)
class Flow:
    """identified = duplicates + ineligible + other_reasons + records. `screened`, `included`: None, for people."""

    db: str
    last_search: str | None
    identified: tuple[Identified, ...]
    duplicates_between_topics: int
    duplicates_between_sources: int
    ineligible_by_automation: tuple[Removed, ...]
    other_reasons: tuple[Removed, ...]
    records: int
    screened: None
    included: None
    searches: tuple[Search, ...]
    note: str = NOTE

    @property
    def identified_in_all(self) -> int:
        """The sum over sources, duplicates counted as often as they were found."""
        return sum(found.records for found in self.identified)


def prisma(db: Path) -> Flow:
    """The flow of a store. Raises WrongUse or HarvestError where it cannot be read."""
    with Store.read(db) as store:
        return _flow(store, str(db))


def _flow(store: Store, db: str) -> Flow:
    topics: dict[str, set[int]] = {}
    for hit in store.hits():
        topics.setdefault(hit.topic, set()).add(hit.pmid)
    hits = set().union(*topics.values())
    held = store.sources()
    stored = {pmid for pmid, _, _ in held}
    files, requests = store.files_read(), store.requests()
    identified = [Identified(f"PubMed, topic {topic}", "search", len(pmids)) for topic, pmids in topics.items()]
    identified += [Identified(f"{file.source} ({file.kind})", "file", file.records) for file in files]
    identified += _unread(held, {file.source for file in files}, hits | {request.pmid for request in requests})
    off_topic = Counter[str]({file.source: file.off_topic for file in files if file.off_topic})
    off_topic += Counter(request.source for request in requests if request.outcome == "off topic")
    other = Counter[str]()
    other["a file's entry that cannot be read"] += sum(file.bad for file in files)
    other["a PMID in a file that PubMed does not have"] += sum(r.outcome == "not in PubMed" for r in requests)
    other["a PMID in a file that is not fetched yet"] += sum(r.outcome is None for r in requests)
    # What lists name twice is a duplicate already when the list is read.
    named = Counter(request.source for request in requests)
    once = sum(max(0, file.records - file.bad - named[file.source]) for file in files if file.off_topic is None)
    removed = off_topic.total() + other.total()
    duplicates = sum(found.records for found in identified) - removed - len(stored | hits)
    if duplicates < once:  # kept by an earlier reading, with another vocabulary or before files were counted
        identified.append(Identified("earlier readings of files", "file", once - duplicates))
        duplicates = once
    aside = {row.pmid: row.reason for row in store.open_set_aside() if row.source == PUBMED}
    for pmid in hits - stored:
        other[f"set aside: {aside[pmid]}" if pmid in aside else "found by a search, not fetched yet"] += 1
    other["deleted by NLM"] += len(store.deleted() & stored)
    latest = {s.topic: s for s in store.searches() if s.purpose == "topic"}
    between_topics = sum(map(len, topics.values())) - len(hits)
    return Flow(
        db=db,
        last_search=max((search.at for search in latest.values()), default=None),
        identified=tuple(identified),
        duplicates_between_topics=between_topics,
        duplicates_between_sources=duplicates - between_topics,
        ineligible_by_automation=tuple(Removed(_rule(files, source), n) for source, n in sorted(off_topic.items())),
        other_reasons=tuple(Removed(reason, n) for reason, n in other.items() if n),
        records=store.count_records(),
        screened=None,
        included=None,
        searches=tuple(latest.values()),
    )


def _unread(held: list[tuple[int, str, str]], counted: set[str], known: set[int]) -> list[Identified]:
    """Sources that stored records name and no reading of a file or search accounts for."""
    found: Counter[str] = Counter()
    for pmid, first, current in held:
        sources = {first, current} - counted
        if PUBMED in sources and pmid in known:
            sources.discard(PUBMED)
        found.update(sources)
    return [Identified(source, "search" if source == PUBMED else "file", n) for source, n in sorted(found.items())]


def _rule(files: list[FileRead], source: str) -> str:
    used = [file for file in files if file.source == source and file.topics_sha256]
    name = f"{used[-1].topics_name}, sha256 {used[-1].topics_sha256}" if used else "unknown"
    return f"{source}: on none of the topics ({name}): no intervention of a topic together with a condition of it"
