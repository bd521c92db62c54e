"""`harvest pubmed`: search each topic, fetch what is not held or was revised, keep it as it arrives.

A run that was killed at any moment is simply run again: searches are cheap and asked anew, records already kept are not
fetched again. What PubMed's search found is kept whatever the local match says of it.

What a run fetches
- PMIDs that a search found and that PubMed has not sent yet (also those known only from files),
- those found that PubMed changed since the last complete run began (`[mdat]`, with some days to spare),
- those that no search of this run finds any more: a retraction must reach them too,
- what earlier runs had to set aside; with `full`, everything.
"""

from __future__ import annotations

import io
from collections import deque
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal

from harvest.errors import BadRecord, HarvestError
from harvest.eutils import Client, NoUsableAnswer, package_version
from harvest.progress import Progress, Quiet
from harvest.record import parse_article, pmid_of
from harvest.rows import Incoming, Kept, Search, SetAside
from harvest.search import CAP, PHRASE_ASKED_ANEW, Found, limited, revised_since, search_all
from harvest.store import PUBMED, Store
from harvest.stream import BrokenStream, NotRecords, elements
from harvest.topics import Topics, load_topics

__all__ = ["BATCH", "Harvested", "TopicFound", "harvest"]

BATCH = 200
INTERFACE = "NCBI E-utilities (ESearch, EFetch)"
# A change may show in PubMed's index some days after the date it bears.
DAYS_TO_SPARE = 3
# Requests in a row that fail after every retry, before PubMed as a whole is held to be down.
FAILURES_IN_A_ROW = 5
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
            harvester=package_version(),
            topics=(topics.sha256, topics.source, topics.text),
            host=client.host,
        )
        run = _Run(store, client, topics, progress, batch, cap)
        try:
            harvested = run.all(run_id, full=full)
        except HarvestError as error:
            with suppress(HarvestError):  # the first error is the one to tell
                store.finish_run("failed", str(error))
            raise
        except BaseException:  # Ctrl-C, SIGTERM
            with suppress(HarvestError):
                store.finish_run("incomplete", "stopped before its end")
            raise
        finally:
            progress.close()
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
        self.batch = batch
        self.cap = cap
        self.kept = Kept()
        self.deleted = 0
        self.revisions_known = True
        self.no_longer_found: set[int] = set()
        self.gone_before: set[int] = set()

    def all(self, run_id: int, *, full: bool) -> Harvested:
        """Search every topic, then fetch what is needed."""
        changed_since = self._changed_since()
        earlier = self.store.open_set_aside()
        self.gone_before = {aside.pmid for aside in earlier if aside.reason == GONE and aside.pmid is not None}
        found, searched = self._search_topics()
        held = self.store.pmids(source=PUBMED) - self.store.deleted()
        self.no_longer_found = held - found
        wanted = (found - held) | self.no_longer_found
        aside = {row.pmid for row in earlier if row.source == PUBMED and row.pmid is not None}
        no_use = aside - found - self.store.pmids()  # set aside once, and neither found nor held any more
        self.store.resolve_pmids(no_use)
        wanted |= aside - no_use
        if full:
            wanted |= found
        elif changed_since is not None and found & held:
            wanted |= self._revised(searched, changed_since)
        self._fetch(sorted(wanted))
        return Harvested(
            run_id=run_id,
            topics=tuple(
                TopicFound(topic, part.count, len(part.pmids), part.complete, part.warnings)
                for topic, part in searched.items()
            ),
            found=len(found),
            fetched=len(wanted),
            kept=self.kept,
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
                # Phrases that PubMed did not know last time need not be found out again.
                anew = [line for line in last.warnings if line.startswith(PHRASE_ASKED_ANEW)]
                part = search_all(self.client, last.strategy, cap=self.cap, known=anew)
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
        searches = self.store.searches()
        return {s.topic: s for s in searches if s.purpose == "topic" and s.state == "complete"}

    def _revised(self, searched: dict[str, Found], day: str) -> set[int]:
        """The PMIDs found that PubMed changed on or after a day."""
        revised: set[int] = set()
        limits = revised_since(day)
        self.progress.stage("Asking what was revised, topic", len(searched))
        for topic, part in searched.items():
            if part.count:
                changed = search_all(self.client, limited(part.strategy, limits), cap=self.cap)
                revised |= changed.pmids
                self.revisions_known &= changed.complete
                self._record_revised(topic, part, changed, limits)
            self.progress.advance()
        return revised

    def _record_revised(self, topic: str, part: Found, changed: Found, limits: str) -> None:
        """The strategy and its translation are on record already, unless PubMed took them otherwise this time."""
        if changed.strategy == limited(part.strategy, limits):
            changed = replace(changed, strategy=part.strategy)
        if part.translation and part.translation in (changed.translation or ""):
            changed = replace(changed, translation=None)
        self._record(topic, "revised", self.topics.strategy(topic), changed, limits=limits)

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

    def _changed_since(self) -> str | None:
        """The day (YYYY/MM/DD) from which PubMed's changes may not be held yet; None in a first run."""
        runs = [run for run in self.store.runs() if run.command.startswith("harvest pubmed") and run.state != "running"]
        complete = [run for run in runs if run.state == "complete"]
        if not runs:
            return None
        # Without a complete run, records may be as old as the first one.
        started = datetime.fromisoformat((complete[-1] if complete else runs[0]).started)
        return (min(started, datetime.now(UTC)) - timedelta(days=DAYS_TO_SPARE)).strftime("%Y/%m/%d")

    # Fetching

    def _fetch(self, wanted: Sequence[int]) -> None:
        """Fetch in batches. What fails as a batch is asked for in halves, what is missing is asked for again."""
        self.progress.stage("Fetching records", len(wanted))
        queue = deque((tuple(wanted[i : i + self.batch]), 0) for i in range(0, len(wanted), self.batch))
        failures = 0
        while queue:
            pmids, tries = queue.popleft()
            try:
                body = self.client.fetch(pmids)
            except NoUsableAnswer as error:
                failures += 1
                if failures >= FAILURES_IN_A_ROW:
                    raise
                if len(pmids) == 1:
                    self.store.set_aside(pmids[0], source=PUBMED, reason=str(error))
                else:
                    half = len(pmids) // 2
                    queue += [(pmids[:half], tries), (pmids[half:], tries)]
                continue
            failures = 0
            again = self._keep(pmids, body, last=tries > 0 and len(pmids) == 1)
            self.progress.advance(len(pmids) - len(again))
            if again and tries == 0:
                queue.append((again, 1))
            else:
                queue += [((pmid,), 2) for pmid in again]

    def _keep(self, pmids: Sequence[int], body: bytes, *, last: bool) -> tuple[int, ...]:
        """Keep what came of a batch; returns what is to be asked for again (nothing where this was the last time)."""
        good: dict[int, Incoming] = {}
        bad: dict[int, tuple[bytes, str]] = {}
        with suppress(BrokenStream, NotRecords):  # what is no record is missing, and so asked for again
            for element in elements(io.BytesIO(body), name="PubMed's answer"):
                pmid = pmid_of(element.raw)
                if pmid is None or pmid not in pmids:
                    continue  # a record nobody asked for
                try:
                    record = incoming(element.raw)
                except BadRecord as error:
                    bad[pmid] = (element.raw, str(error))
                    continue
                if pmid not in good or _rank(record) >= _rank(good[pmid]):
                    good[pmid] = record
        self.kept += self.store.keep(good.values(), source=PUBMED)
        lacking = tuple(pmid for pmid in pmids if pmid not in good)
        if not last:
            return lacking
        for pmid in lacking:
            if pmid in bad:
                raw, reason = bad[pmid]
                self.store.set_aside(pmid, source=PUBMED, reason=reason, raw=raw)
            elif pmid not in self.no_longer_found:
                self.store.set_aside(pmid, source=PUBMED, reason=NOT_SENT)
            elif pmid in self.gone_before:
                self.deleted += self.store.delete([pmid], source=PUBMED)
                self.store.resolve_pmids([pmid])
            else:
                self.store.set_aside(pmid, source=PUBMED, reason=GONE)
        return ()


def incoming(raw: bytes) -> Incoming:
    """A raw record with what the store orders versions by. Raises BadRecord where it cannot be parsed."""
    record = parse_article(raw)
    return Incoming(record.pmid, record.version, record.date_revised, raw)


def _rank(record: Incoming) -> tuple[int, str]:
    return record.version, record.date_revised or ""


def _compared(part: Found, last: Search | None) -> Iterable[str]:
    """What a person should know of a search that answers unlike its last time."""
    if last is None or last.strategy != part.strategy:
        return
    if last.translation != part.translation:
        yield "PubMed translates the search otherwise than last time"
    if part.count < 0.9 * last.count:
        yield f"PubMed finds {part.count:,} records where it found {last.count:,} the last time"
