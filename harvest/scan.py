"""One bulk file to what the store should know of it: a stream of small batches, never the file as a whole.

Memory: one element, one batch, and eight bytes for each record that is left out (its PMID, see `Ended`).
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Container, Iterator
from dataclasses import dataclass
from pathlib import Path

from harvest.errors import BadRecord, HarvestError
from harvest.prefilter import Prefilter
from harvest.record import parse_article, parse_deletions, pmid_of
from harvest.rows import Incoming
from harvest.stream import Element, elements, open_xml
from harvest.topics import Topics

__all__ = ["Bad", "Batch", "Deletion", "Ended", "Matcher", "Message", "scan"]

BATCH = 200
BATCH_BYTES = 2**20
_REVISED = re.compile(
    rb"<DateRevised>\s*<Year>(\d{4})</Year>\s*<Month>(\d\d)</Month>\s*<Day>(\d\d)</Day>\s*</DateRevised>"
)
_VERSION = re.compile(rb"<PMID(?:\s+Version\s*=\s*[\"'](\d{1,4})[\"'])?\s*>")


@dataclass(frozen=True, slots=True)
class Deletion:
    """A PMID that `DeleteCitation` names, and the version where it names one."""

    pmid: int
    version: int | None


@dataclass(frozen=True, slots=True)
class Bad:
    """A record that cannot be parsed."""

    pmid: int | None
    reason: str
    raw: bytes


@dataclass(frozen=True, slots=True)
class Batch:
    """Some of a file: records first, then deletions, as the file has them; what cannot be parsed."""

    records: tuple[Incoming, ...]
    deletions: tuple[Deletion, ...]
    bad: tuple[Bad, ...]


@dataclass(frozen=True, slots=True)
class Ended:
    """The end of a file.

    `read`: records in it; `left_out`: PMIDs off topic, 8 bytes each as the machine orders them; `newest`: the newest
    DateRevised (YYYY-MM-DD); `fault`: why the file could not be read whole.
    """

    read: int
    left_out: bytes
    newest: str | None
    fault: str | None


Message = Batch | Ended


class Matcher:
    """The local match with the fast look before it."""

    def __init__(self, topics: Topics) -> None:
        self.topics = topics
        self.prefilter = Prefilter(topics)


def scan(
    path: Path, name: str, matcher: Matcher, held: Container[int], *, only: Container[int] | None = None
) -> Iterator[Message]:
    """What is on topic or held already, in the file's order, and last an `Ended`.

    `name` is what messages call the file; with `only`, just these PMIDs, whatever their topic. A record that the look
    at its bytes leaves out is not parsed, so it is not known whether it could be. Raises nothing of the file's faults:
    they are in `Ended`.
    """
    collector = _Collector()
    ended = _Ended()
    seen: set[int] = set()
    try:
        with open_xml(path) as stream:
            for element in elements(stream, name=name):
                if element.kind == "DeleteCitation":
                    if only is None:
                        collector.deletions(element)
                else:
                    ended.note(element)
                    if _wanted(element, matcher, held, seen, only):
                        _record(element, matcher, held, seen, only, collector, ended)
                    else:
                        ended.leave_out(pmid_of(element.raw))
                if collector.full:
                    yield collector.take()
    except HarvestError as error:
        ended.fault = str(error).replace(str(path), name)
    except OSError as error:
        ended.fault = f"{name}: cannot be read ({error.strerror or error}); check the file and its disk"
    if collector.some:
        yield collector.take()
    yield ended.message()


def _wanted(
    element: Element, matcher: Matcher, held: Container[int], seen: set[int], only: Container[int] | None
) -> bool:
    pmid = pmid_of(element.raw)
    if only is not None:
        return pmid in only if pmid is not None else False
    return pmid is None or pmid in held or pmid in seen or matcher.prefilter.may_match(element.raw)


def _record(
    element: Element,
    matcher: Matcher,
    held: Container[int],
    seen: set[int],
    only: Container[int] | None,
    collector: _Collector,
    ended: _Ended,
) -> None:
    try:
        record = parse_article(element.raw)
    except BadRecord as error:
        collector.bad(Bad(pmid_of(element.raw), str(error), element.raw))
        return
    if only is not None or record.pmid in held or record.pmid in seen or matcher.topics.match(record).topics:
        seen.add(record.pmid)
        collector.record(Incoming(record.pmid, record.version, record.date_revised, element.raw))
    else:
        ended.leave_out(record.pmid)


class _Collector:
    """What has not been handed on yet."""

    def __init__(self) -> None:
        self._clear()

    def _clear(self) -> None:
        self._records: list[Incoming] = []
        self._deletions: list[Deletion] = []
        self._bad: list[Bad] = []
        self._bytes = 0

    @property
    def some(self) -> bool:
        """Whether there is anything."""
        return bool(self._records or self._deletions or self._bad)

    @property
    def full(self) -> bool:
        """Whether it is time to hand it on; deletions are, so that no later record comes before them."""
        return bool(self._deletions) or len(self._records) >= BATCH or self._bytes >= BATCH_BYTES

    def record(self, record: Incoming) -> None:
        """A record to keep."""
        self._records.append(record)
        self._bytes += len(record.raw)

    def bad(self, bad: Bad) -> None:
        """A record to set aside."""
        self._bad.append(bad)
        self._bytes += len(bad.raw)

    def deletions(self, element: Element) -> None:
        """A `DeleteCitation`; one that cannot be parsed is set aside."""
        try:
            pmids = parse_deletions(element.raw)
        except BadRecord as error:
            self.bad(Bad(None, str(error), element.raw))
            return
        versions = [int(version) if version else None for version in _VERSION.findall(element.raw)]
        if len(versions) != len(pmids):
            versions = [None] * len(pmids)
        self._deletions += [Deletion(pmid, version) for pmid, version in zip(pmids, versions, strict=True)]

    def take(self) -> Batch:
        """All of it."""
        batch = Batch(tuple(self._records), tuple(self._deletions), tuple(self._bad))
        self._clear()
        return batch


class _Ended:
    """What `Ended` will say."""

    def __init__(self) -> None:
        self._read = 0
        self._left_out = array("Q")
        self._newest: bytes = b""
        self.fault: str | None = None

    def note(self, element: Element) -> None:
        """A record was read."""
        self._read += 1
        revised = _REVISED.search(element.raw)
        if revised:
            self._newest = max(self._newest, b"-".join(revised.groups()))

    def leave_out(self, pmid: int | None) -> None:
        """A record is off topic."""
        if pmid is not None:
            self._left_out.append(pmid)

    def message(self) -> Ended:
        """As a message."""
        return Ended(self._read, self._left_out.tobytes(), self._newest.decode() or None, self.fault)
