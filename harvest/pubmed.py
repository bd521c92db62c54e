"""`harvest pubmed`: search each topic, fetch what is not held or was revised, keep it as it arrives.

A run that was killed at any moment is simply run again: searches are cheap and asked anew, records already kept are not
fetched again. What PubMed's search found is kept whatever the local match says of it.

What a run fetches
- PMIDs that a search found and that PubMed has not sent yet (also those known only from files),
- those found that PubMed changed since the last complete run began (`[mdat]`, with some days to spare),
- those that no search of this run finds any more: a retraction must reach them too,
- what lists asked for and earlier runs could not fetch, what they had to set aside; with `full`, everything held.

On an unchanged PubMed that is one request a topic and one for what was revised.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal

from harvest.eutils import Client, NoUsableAnswer
from harvest.fetch import BATCH, Fetch, incoming
from harvest.harvester import harvester
from harvest.phrases import joined
from harvest.progress import Progress, Quiet
from harvest.rows import Kept, Search, SetAside
from harvest.search import (
    CAP,
    PHRASE_ASKED_ANEW,
    Found,
    left_out_of,
    limited,
    now_found,
    revised_since,
    search_all,
)
from harvest.shapes import Record
from harvest.store import PUBMED, Store
from harvest.topics import Topics, load_topics

__all__ = ["BATCH", "Harvested", "TopicFound", "harvest", "incoming"]

INTERFACE = "NCBI E-utilities (ESearch, EFetch)"
# A change may show in PubMed's index some days after the date it bears.
DAYS_TO_SPARE = 3
# Between the names of topics that one search stands for.
AND_TOPIC = " + "
NOT_SENT = "PubMed lists it but does not send it"
GONE = "PubMed neither finds nor sends it any more; if the next run meets the same, it counts as deleted"


@dataclass(frozen=True, slots=True)
class TopicFound:
    """What a topic's search found; `complete`: as many PMIDs were listed as PubMed counts."""

    topic: str
    count: int
    listed: int
    complete: bool
    warnings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Harvested:
    """A run and its outcome.

    `found`: different PMIDs over all topics; `fetched`: PMIDs asked for; `revisions_known`: every search for what was
    revised was listed completely; `set_aside`: all that is still open, of earlier runs too.
    """

    run_id: int
    topics: tuple[TopicFound, ...]
    found: int
    fetched: int
    kept: Kept
    deleted: int
    revisions_known: bool
    set_aside: tuple[SetAside, ...]
    requests: int
    retries: int
    has_email: bool

    @property
    def complete(self) -> bool:
        """Whether every search listed everything it counted."""
        return self.revisions_known and all(topic.complete for topic in self.topics)

    @property
    def exit_status(self) -> int:
        """0 all done, 1 something is missing and listed."""
        return 0 if self.complete and not self.set_aside else 1


def harvest(
    db: Path,
    *,
    topics: Topics | None = None,
    base_url: str | None = None,
    email: str | None = None,
    api_key: str | None = None,
    full: bool = False,
    progress: Progress | None = None,
    client: Client | None = None,
    batch: int = BATCH,
    cap: int = CAP,
) -> Harvested:
    """Bring `db` up to date with PubMed for every topic; `client` replaces the three settings before it.

    Raises:
        Unreachable: PubMed cannot be reached or gives no usable answer; what was kept stays kept.
        WrongUse: a setting, the topics file or the database cannot be used.
        HarvestError: the disk or the database fails.
    """
    progress = progress or Quiet()
    topics = topics or load_topics()
    if client is None:
        with Client(base_url, email, api_key, on_retry=progress.note) as made:
            return _harvest(db, topics, made, progress, full=full, batch=batch, cap=cap)
    return _harvest(db, topics, client, progress, full=full, batch=batch, cap=cap)


def _harvest(
    db: Path, topics: Topics, client: Client, progress: Progress, *, full: bool, batch: int, cap: int
) -> Harvested:
    with Store.open(db) as store:
        run_id = store.begin_run(
            "harvest pubmed --full" if full else "harvest pubmed",
            harvester=harvester(),
            topics=(topics.sha256, topics.source, topics.text),
            host=client.host,
        )
        run = _Run(store, client, topics, progress, batch, cap)
        with closing(progress), store.run_under_way():
            harvested = run.all(run_id, full=full)
        if harvested.complete:
            aside = f"{len(harvested.set_aside)} set aside" if harvested.set_aside else None
            store.finish_run("complete", aside)
        else:
            store.finish_run("incomplete", "a search could not be listed completely; the next run tries again")
        return harvested


class _Run:
    """One run over an open store."""

    def __init__(self, store: Store, client: Client, topics: Topics, progress: Progress, batch: int, cap: int) -> None:
        self.store = store
        self.client = client
        self.topics = topics
        self.progress = progress
        self.cap = cap
        self.fetch = Fetch(store, client, progress, wanted=self._wanted, not_sent=self._not_sent, batch=batch)
        self.deleted = 0
        self.revisions_known = True
        self.no_longer_found: set[int] = set()
        self.gone_before: set[int] = set()
        self.from_files: set[int] = set()
        self.requested: set[int] = set()
        self.whatever_topic: set[int] = set()

    def all(self, run_id: int, *, full: bool) -> Harvested:
        """Search every topic, then fetch what is needed."""
        changed_since = self._changed_since()
        earlier = self.store.open_set_aside()
        self.gone_before = {aside.pmid for aside in earlier if aside.reason == GONE and aside.pmid is not None}
        found, searched = self._search_topics()
        self._note_date()
        deleted = self.store.deleted()
        held = self.store.pmids(source=PUBMED) - deleted
        self.no_longer_found = held - found
        self._take_requests(found | held)
        wanted = (found - held) | self.no_longer_found | self.requested
        aside = {row.pmid for row in earlier if row.source == PUBMED and row.pmid is not None}
        # Set aside once, and neither found, held nor asked for any more.
        no_use = aside - found - self.store.pmids() - self.requested
        self.store.resolve_pmids(no_use)
        wanted |= aside - no_use
        if full:
            self.from_files = self.store.pmids() - held - deleted - found
            wanted |= found | self.from_files
        elif changed_since is None:
            wanted |= found
        elif found & held:
            wanted |= self._revised(searched, changed_since)
        self.fetch.all(sorted(wanted))
        self.store.answer_requests(self.store.pmids(source=PUBMED) - self.store.deleted(), "kept")
        self.store.answer_requests(self.fetch.unwanted, "off topic")
        return Harvested(
            run_id=run_id,
            topics=tuple(
                TopicFound(topic, part.count, len(part.pmids), part.complete, part.warnings)
                for topic, part in searched.items()
            ),
            found=len(found),
            fetched=len(wanted),
            kept=self.fetch.kept,
            deleted=self.deleted,
            revisions_known=self.revisions_known,
            set_aside=tuple(aside for aside in self.store.open_set_aside() if aside.source == PUBMED),
            requests=self.client.requests,
            retries=self.client.retries,
            has_email=self.client.email is not None,
        )

    # Searching

    def _search_topics(self) -> tuple[set[int], dict[str, Found]]:
        """Every topic's search, recorded; and every PMID that a topic of this run is known to find."""
        before = self._latest_searches()
        searched: dict[str, Found] = {}
        self.progress.stage("Searching PubMed, topic", len(self.topics.topics))
        for topic in self.topics.topics:
            written = self.topics.strategy(topic.id)
            last = before.get(topic.id)
            if last is not None and last.written == written:
                # What PubMed did not know last time need not be found out again.
                anew = [line for line in last.warnings if line.startswith(PHRASE_ASKED_ANEW)]
                out = [line for line in last.warnings if left_out_of([line])]
                part = search_all(self.client, last.strategy, cap=self.cap, known=[*anew, *out])
            else:
                part = search_all(self.client, written, cap=self.cap)
            part = part.with_warnings(_compared(part, last))
            self._record(topic.id, "topic", written, part)
            searched[topic.id] = part
            self.progress.advance()
        # An incomplete search may have missed what earlier ones found: what is still open counts.
        found = {hit.pmid for topic in searched for hit in self.store.hits(topic) if hit.gone_search_id is None}
        return found, searched

    def _latest_searches(self) -> dict[str, Search]:
        """Each topic's last complete search, unless PubMed has learnt a term meanwhile that was left out of it."""
        searches = self.store.searches()
        latest = {s.topic: s for s in searches if s.purpose == "topic" and s.state == "complete"}
        ours = {topic.id for topic in self.topics.topics}
        out = {topic: left_out_of(s.warnings) for topic, s in latest.items() if topic in ours}
        if now_found(self.client, list(dict.fromkeys(term for terms in out.values() for term in terms))):
            latest = {topic: search for topic, search in latest.items() if not out.get(topic)}
        return latest

    def _revised(self, searched: dict[str, Found], day: str) -> set[int]:
        """The PMIDs found that PubMed changed on or after a day: one search for all topics."""
        limits = revised_since(day)
        parts = {topic: part for topic, part in searched.items() if part.count}
        self.progress.stage("Asking what was revised")
        try:
            revised = self._ask_revised(AND_TOPIC.join(parts), joined([p.strategy for p in parts.values()]), limits)
        except NoUsableAnswer:  # so long a search may be too much for it
            revised = set()
            for topic, part in parts.items():
                revised |= self._ask_revised(topic, part.strategy, limits)
        return revised

    def _ask_revised(self, topics: str, strategy: str, limits: str) -> set[int]:
        changed = search_all(self.client, limited(strategy, limits), cap=self.cap)
        self.revisions_known &= changed.complete
        if changed.strategy == limited(strategy, limits):
            # On record without the limit, which changes with each day: so the long texts are kept once.
            plain, _, limit = (changed.translation or "").rpartition(" AND ")
            kept = plain if plain and "[" in limit and not set("()") & set(limit) else changed.translation
            changed = replace(changed, strategy=strategy, translation=kept)
        self._record(topics, "revised", strategy, changed, limits=limits)
        return set(changed.pmids)

    def _record(
        self, topic: str, purpose: Literal["topic", "revised"], written: str, part: Found, *, limits: str | None = None
    ) -> None:
        self.store.record_search(
            topic=topic,
            purpose=purpose,
            interface=INTERFACE,
            written=written,
            strategy=part.strategy,
            translation=part.translation,
            limits=limits,
            count=part.count,
            parts=part.parts,
            at=part.at,
            complete=part.complete,
            warnings=part.warnings,
            pmids=part.pmids,
        )

    # Days

    def _note_date(self) -> None:
        if self.client.first_date is not None:
            self.store.note_pubmed_date(self.client.first_date.strftime("%Y-%m-%dT%H:%M:%SZ"))

    def _changed_since(self) -> str | None:
        """The day (YYYY/MM/DD) from which PubMed's changes may not be held yet; None where that cannot be told.

        By PubMed's own clock where that is on record, or by ours where it was behind. A day by our clock alone that
        lies ahead of now says nothing: the clock has gone backwards.
        """
        runs = [run for run in self.store.runs() if run.command.startswith("harvest pubmed") and run.state != "running"]
        complete = [run for run in runs if run.state == "complete"]
        # Without a complete run, records may be as old as the first one.
        candidates = reversed(complete) if complete else iter(runs[:1])
        dates = self.store.pubmed_dates()
        now = datetime.now(UTC)
        for run in candidates:
            clocks = [datetime.fromisoformat(text) for text in (run.started, dates.get(run.id)) if text]
            if (started := min(clocks)) <= now or run.id in dates:
                return (started - timedelta(days=DAYS_TO_SPARE)).strftime("%Y/%m/%d")
        return None

    # Fetching

    def _take_requests(self, known: set[int]) -> None:
        """What lists asked for and is not fetched yet; records that a search found or PubMed sent need no asking."""
        requests = self.store.requests(open_only=True)
        self.requested = {request.pmid for request in requests} - known
        self.whatever_topic = {request.pmid for request in requests if request.keep_all}

    def _wanted(self, record: Record) -> bool:
        """Whatever a search found is kept; what only a list names, by its topic."""
        alone = record.pmid in self.requested and record.pmid not in self.whatever_topic
        return not alone or bool(self.topics.match(record).topics)

    def _not_sent(self, pmid: int) -> None:
        if pmid in self.requested:
            self.store.answer_requests([pmid], "not in PubMed")
        elif pmid in self.from_files:
            return  # it came from a file, and stays as it came
        elif pmid not in self.no_longer_found:
            self.store.set_aside(pmid, source=PUBMED, reason=NOT_SENT)
        elif pmid in self.gone_before:
            self.deleted += self.store.delete([pmid], source=PUBMED)
            self.store.resolve_pmids([pmid])
        else:
            self.store.set_aside(pmid, source=PUBMED, reason=GONE)


def _compared(part: Found, last: Search | None) -> Iterable[str]:
    """What a person should know of a search that answers unlike its last time."""
    if last is None or last.strategy != part.strategy:
        return
    if last.translation != part.translation:
        yield "PubMed translates the search otherwise than last time"
    if part.count < 0.9 * last.count:
        yield f"PubMed finds {part.count:,} records where it found {last.count:,} the last time"
