"""What goes into and comes out of `pubmed.db`, one small class a row."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["FileRead", "Hit", "Incoming", "Kept", "Request", "Run", "Search", "SetAside", "StoredRecord"]


@dataclass(frozen=True, slots=True)
class Incoming:
    """A record as it arrived: what decides which version is current, and NLM's bytes."""

    pmid: int
    version: int
    date_revised: str | None
    raw: bytes


@dataclass(frozen=True, slots=True)
class Kept:
    """What became of records given to `keep`; `older` came after a newer version and went to `record_versions`."""

    new: int = 0
    changed: int = 0
    unchanged: int = 0
    older: int = 0

    def __add__(self, other: Kept) -> Kept:
        return Kept(
            self.new + other.new,
            self.changed + other.changed,
            self.unchanged + other.unchanged,
            self.older + other.older,
        )


@dataclass(frozen=True, slots=True)
class StoredRecord:
    """A current record; `raw` is NLM's own bytes, checked against `sha256`. Times are UTC ISO 8601."""

    pmid: int
    version: int
    raw: bytes
    sha256: str
    source: str
    first_seen: str
    last_seen: str


@dataclass(frozen=True, slots=True)
class Run:
    """One harvest command and how it ended."""

    id: int
    command: str
    started: str
    finished: str | None
    state: str
    harvester: str
    topics_sha256: str | None
    topics_name: str | None
    base_url: str | None
    message: str | None


@dataclass(frozen=True, slots=True)
class Search:
    """One search as PRISMA-S asks for it, sent as `strategy` or `(strategy) AND limits`; `warnings` are lines."""

    id: int
    run_id: int
    topic: str
    purpose: str
    database: str
    interface: str
    written: str
    strategy: str
    limits: str | None
    translation: str | None
    count: int
    listed: int | None
    parts: int | None
    at: str
    state: str
    warnings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Hit:
    """A topic's searches found the PMID from `search_id` on, until `gone_search_id` (None: they still do)."""

    topic: str
    pmid: int
    search_id: int
    gone_search_id: int | None


@dataclass(frozen=True, slots=True)
class SetAside:
    """Something that could not be kept and is not resolved yet."""

    pmid: int | None
    source: str
    reason: str
    at: str


@dataclass(frozen=True, slots=True)
class FileRead:
    """What a file held when it was read last; `off_topic` None: PMIDs alone, see the requests.

    `topics_name`, `topics_sha256`: the topics file that decided.
    """

    source: str
    kind: str
    sha256: str | None
    at: str
    records: int
    off_topic: int | None
    bad: int
    topics_name: str | None
    topics_sha256: str | None


@dataclass(frozen=True, slots=True)
class Request:
    """A PMID that a file names; `outcome` None: not fetched yet. `keep_all`: kept whatever its topic."""

    pmid: int
    source: str
    keep_all: bool
    at: str
    outcome: str | None
