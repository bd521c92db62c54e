"""What `harvest status` and `harvest prisma` print for people, line by line."""

from __future__ import annotations

from collections.abc import Iterator

from harvest.commands import LISTED
from harvest.prisma import Flow, Removed
from harvest.rows import Run, Search
from harvest.status import Status

__all__ = ["prisma_lines", "status_lines"]

RUNS = 5


def status_lines(found: Status) -> Iterator[str]:
    """The state of a store."""
    yield f"{found.db}: {found.records:,} records, {found.deleted:,} PMIDs deleted by NLM"
    yield "Runs, newest first"
    for run in reversed(found.runs[-RUNS:]):
        yield from _run(run)
    if found.searches:
        asked = found.searches[0]
        yield f"Searches of {asked.database} through {asked.interface}, the latest of each topic"
    for search in found.searches:
        yield from _search(search)
    if found.searches:
        yield "  Strategies as written, sent and translated: --json"
    if found.files:
        yield "Files"
    for file in found.files[:LISTED]:
        off = f", {file.off_topic:,} off topic" if file.off_topic is not None else ""
        bad = f", {file.bad:,} not readable" if file.bad else ""
        yield f"  {file.at}  {file.source.removeprefix('file:')}: {file.kind}, {file.records:,} records{off}{bad}"
    yield from _more(len(found.files))
    if found.no_longer_found:
        yield f"No longer found by any search, still kept and refreshed: {found.no_longer_found:,}"
    if found.not_fetched:
        yield f"Named by files and not fetched yet: {len(found.not_fetched):,}; the next `harvest pubmed` fetches them"
    yield f"Set aside: {len(found.set_aside):,}"
    for row in found.set_aside[:LISTED]:
        yield f"  {'PMID ' + str(row.pmid) if row.pmid else row.source}: {row.reason} (since {row.at})"
    yield from _more(len(found.set_aside))


def _run(run: Run) -> Iterator[str]:
    message = f" ({run.message})" if run.message else ""
    yield f"  {run.started}  {run.command}: {run.state}{message}"
    used = f", topics {run.topics_name} (sha256 {run.topics_sha256[:12]})" if run.topics_sha256 else ""
    host = f", from {run.base_url}" if run.base_url else ""
    yield f"    harvester {run.harvester}{used}{host}"


def _search(search: Search) -> Iterator[str]:
    limits = f", limits {search.limits}" if search.limits else ""
    parts = f" in {search.parts:,} parts" if (search.parts or 0) > 1 else ""
    listed = f" ({search.listed:,} listed{parts})" if search.listed is not None else ""
    yield f"  {search.at}  {search.topic}: {search.count:,} found{listed}, {search.state}{limits}"
    for line in search.warnings:
        yield f"    {line}"


def _more(count: int) -> Iterator[str]:
    if count > LISTED:
        yield f"  ... and {count - LISTED:,} more; --json lists all"


def prisma_lines(flow: Flow) -> Iterator[str]:
    """The upper part of a PRISMA 2020 flow diagram."""
    yield f"{flow.db}, last search {flow.last_search or 'none'}"
    yield f"Records identified: {flow.identified_in_all:,}"
    for found in flow.identified:
        yield f"  {found.source}: {found.records:,}"
    yield "Removed before screening"
    yield f"  Duplicates between topics: {flow.duplicates_between_topics:,}"
    yield f"  Duplicates between or within other sources: {flow.duplicates_between_sources:,}"
    yield from _removed("Marked as ineligible by automation", flow.ineligible_by_automation)
    yield from _removed("Removed for other reasons", flow.other_reasons)
    yield f"Records in the store, to be screened: {flow.records:,}"
    yield "Records screened, reports sought and assessed, studies included: for people to fill in"


def _removed(title: str, removed: tuple[Removed, ...]) -> Iterator[str]:
    yield f"  {title}: {sum(entry.records for entry in removed):,}"
    for entry in removed:
        yield f"    {entry.records:,}: {entry.reason}"
