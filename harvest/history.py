"""What the store kept of earlier days: versions that newer ones replaced, and records that NLM deleted."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from harvest.store import Store
from harvest.versions import unpacked

__all__ = ["DeletedRecord", "HistoryStore", "Superseded"]


@dataclass(frozen=True, slots=True)
class Superseded:
    """A version of a record that was current until `until` (UTC, ISO 8601); nothing in `raw` where it is damaged."""

    pmid: int
    raw: bytes
    until: str


@dataclass(frozen=True, slots=True)
class DeletedRecord:
    """A record that NLM deleted: its last bytes and when the harvest learned of it."""

    pmid: int
    raw: bytes
    at: str


class HistoryStore(Store):
    """A `Store` that also reads what is current no longer."""

    def superseded(self) -> Iterator[Superseded]:
        """Versions that once were current, of records that still stand, by PMID and oldest first.

        A version that came after a newer one never was current and is left out.
        """
        rows = self._rows(
            "SELECT v.pmid, v.xml, v.replaced_at FROM record_versions v JOIN records r ON r.pmid = v.pmid"
            " WHERE v.replaced_at > v.first_seen"
            " AND v.pmid NOT IN (SELECT pmid FROM deletions WHERE lifted_at IS NULL)"
            " ORDER BY v.pmid, v.replaced_at, v.first_seen, v.sha256"
        )
        for pmid, packed, until in rows:
            yield Superseded(pmid, unpacked(packed), until)

    def deleted_records(self) -> Iterator[DeletedRecord]:
        """Records held whose PMIDs NLM deleted, by PMID."""
        rows = self._rows(
            "SELECT d.pmid, r.xml, d.at FROM deletions d JOIN records r ON r.pmid = d.pmid"
            " WHERE d.lifted_at IS NULL ORDER BY d.pmid"
        )
        for pmid, packed, at in rows:
            yield DeletedRecord(pmid, unpacked(packed), at)
