"""What a store holds and how its harvests went, for people and for machines."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from harvest.rows import FileRead, Request, Run, Search, SetAside
from harvest.store import Store

__all__ = ["Status", "status_of"]


@dataclass(frozen=True, slots=True)
class Status:
    """The state of one `pubmed.db`.

    `runs` oldest first; `searches` the latest of each topic; `no_longer_found` counts PMIDs that some search found once
    and none finds any more; `pubmed_dates` PubMed's own date of a run, by its id; `files` what each held when it was
    read last; `not_fetched` PMIDs that files name and PubMed has not sent yet.
    """

    db: str
    records: int
    deleted: int
    no_longer_found: int
    runs: tuple[Run, ...]
    searches: tuple[Search, ...]
    set_aside: tuple[SetAside, ...]
    files: tuple[FileRead, ...]
    not_fetched: tuple[Request, ...]
    pubmed_dates: dict[int, str]


def status_of(db: Path) -> Status:
    """Read a store's state. Raises WrongUse or HarvestError where it cannot be read."""
    with Store.read(db) as store:
        latest = {search.topic: search for search in store.searches() if search.purpose == "topic"}
        hits = list(store.hits())
        still = {hit.pmid for hit in hits if hit.gone_search_id is None}
        return Status(
            db=str(db),
            records=store.count_records(),
            deleted=len(store.deleted()),
            no_longer_found=len({hit.pmid for hit in hits} - still),
            runs=tuple(store.runs()),
            searches=tuple(latest.values()),
            set_aside=tuple(store.open_set_aside()),
            files=tuple(store.files_read()),
            not_fetched=tuple(store.requests(open_only=True)),
            pubmed_dates=store.pubmed_dates(),
        )
