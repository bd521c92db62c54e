"""PMIDs to stored records: fetched in batches, each record kept as it arrives, nothing lost on the way.

What fails as a batch is asked for in halves, what is missing or broken is asked for again, at last one by one.
"""

from __future__ import annotations

import io
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress

from harvest.errors import BadRecord
from harvest.eutils import Client, NoUsableAnswer
from harvest.progress import Progress
from harvest.record import parse_article, pmid_of
from harvest.rows import Incoming, Kept
from harvest.shapes import Record
from harvest.store import PUBMED, Store
from harvest.stream import BrokenStream, NotRecords, elements

__all__ = ["BATCH", "Fetch", "incoming"]

BATCH = 200
# Requests in a row that fail after every retry, before PubMed as a whole is held to be down.
FAILURES_IN_A_ROW = 5


class Fetch:
    """Fetches into an open store with a run begun.

    Args:
        store: where records go.
        client: PubMed.
        progress: told how far it is.
        wanted: whether a record that came is to be kept; told of each whole record.
        not_sent: told of each PMID that PubMed does not send, even asked for singly.
        batch: PMIDs a request.

    `kept` counts what was kept, `unwanted` are the PMIDs that came and were not.
    """

    def __init__(
        self,
        store: Store,
        client: Client,
        progress: Progress,
        *,
        wanted: Callable[[Record], bool],
        not_sent: Callable[[int], None],
        batch: int = BATCH,
    ) -> None:
        self._store = store
        self._client = client
        self._progress = progress
        self._wanted = wanted
        self._not_sent = not_sent
        self._batch = batch
        self.kept = Kept()
        self.unwanted: set[int] = set()

    def all(self, pmids: Sequence[int]) -> None:
        """Fetch these PMIDs. Raises Unreachable where PubMed is down; what came before is kept."""
        self._progress.stage("Fetching records", len(pmids))
        queue = deque((tuple(pmids[i : i + self._batch]), 0) for i in range(0, len(pmids), self._batch))
        failures = 0
        while queue:
            batch, tries = queue.popleft()
            try:
                body = self._client.fetch(batch)
            except NoUsableAnswer as error:
                failures += 1
                if failures >= FAILURES_IN_A_ROW:
                    raise
                if len(batch) == 1:
                    self._store.set_aside(batch[0], source=PUBMED, reason=str(error))
                else:
                    half = len(batch) // 2
                    queue += [(batch[:half], tries), (batch[half:], tries)]
                continue
            failures = 0
            again = self._keep(batch, body, last=tries > 0 and len(batch) == 1)
            self._progress.advance(len(batch) - len(again))
            if again and tries == 0:
                queue.append((again, 1))
            else:
                queue += [((pmid,), 2) for pmid in again]

    def _keep(self, pmids: Sequence[int], body: bytes, *, last: bool) -> tuple[int, ...]:
        """Keep what came of a batch; returns what is to be asked for again (nothing where this was the last time)."""
        good: dict[int, Incoming] = {}
        bad: dict[int, tuple[bytes, str]] = {}
        unwanted: set[int] = set()
        asked = set(pmids)
        with suppress(BrokenStream, NotRecords):  # what is no record is missing, and so asked for again
            for element in elements(io.BytesIO(body), name="PubMed's answer"):
                pmid = pmid_of(element.raw)
                if pmid is None or pmid not in asked:
                    continue  # a record nobody asked for
                try:
                    record = parse_article(element.raw)
                except BadRecord as error:
                    bad[pmid] = (element.raw, str(error))
                    continue
                arrived = Incoming(record.pmid, record.version, record.date_revised, element.raw)
                if pmid in good and _rank(arrived) < _rank(good[pmid]):
                    continue
                if self._wanted(record):
                    good[pmid] = arrived
                else:
                    unwanted.add(pmid)
        self.kept += self._store.keep(good.values(), source=PUBMED)
        self.unwanted |= unwanted
        lacking = tuple(pmid for pmid in pmids if pmid not in good and pmid not in unwanted)
        if not last:
            return lacking
        for pmid in lacking:
            if pmid in bad:
                raw, reason = bad[pmid]
                self._store.set_aside(pmid, source=PUBMED, reason=reason, raw=raw)
            else:
                self._not_sent(pmid)
        return ()


def incoming(raw: bytes) -> Incoming:
    """A raw record with what the store orders versions by. Raises BadRecord where it cannot be parsed."""
    record = parse_article(raw)
    return Incoming(record.pmid, record.version, record.date_revised, raw)


def _rank(record: Incoming) -> tuple[int, str]:
    return record.version, record.date_revised or ""
