"""The store as the bulk scan writes it: a file and its checkpoint in one transaction, versions by file order."""

from __future__ import annotations

import hashlib
import sqlite3
import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from harvest.fileorder import Deleted, FileKey, Held, deletes, key_of, place
from harvest.rows import Incoming, Kept
from harvest.scan import Deletion
from harvest.store import Store
from harvest.versions import PUBMED, keep_one, unpacked

__all__ = ["Applied", "BulkStore", "source_of"]


@dataclass(frozen=True, slots=True)
class Applied:
    """A file's checkpoint: what was applied with one topics file.

    `verified`: its MD5 was the one its `.md5` gives; `whole`: it was read to its end, without a fault; `area`:
    baseline or updatefiles where the folder said so; `newest`: the newest DateRevised in it.
    """

    name: str
    topics_sha256: str
    area: str | None
    md5: str
    size: int
    stamp: str | None
    verified: bool
    whole: bool
    newest: str | None
    read: int
    kept: int
    off_topic: int
    deleted: int
    bad: int


def source_of(name: str) -> str:
    """What a bulk file is called as a source of records."""
    return f"bulk:{name}"


_COLUMNS = (
    "name, topics_sha256, area, md5, size, stamp, verified, whole, newest, records_read, records_kept, off_topic,"
    " deletions, set_aside"
)


class BulkStore(Store):
    """A `Store` that knows NLM's file order and keeps a checkpoint for each file."""

    _together = False

    @contextmanager
    def together(self) -> Iterator[None]:
        """All that is written within is kept in one transaction, or nothing of it."""
        with super()._transaction():
            self._together = True
            try:
                yield
            finally:
                self._together = False

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        if self._together:
            yield self._conn
        else:
            with super()._transaction() as conn:
                yield conn

    def keep_from(self, key: FileKey, source: str, records: Iterable[Incoming]) -> Kept:
        """Keep a file's records; which become current is said in harvest/fileorder.py."""
        kept = Kept()
        run, now = self._running(), self._now()
        with self._transaction() as conn:
            for record in records:
                held, deleted = _held(conn, record.pmid), _deleted(conn, record.pmid)
                verdict = place(record.version, record.date_revised, key, held, deleted)
                if verdict.order == "older":
                    kept += _keep_older(conn, record, source, run, now)
                    continue
                kept += keep_one(conn, record, source, verdict.order, run, now)
                if held is not None and held.source == PUBMED:  # a file does not show that PubMed sent it today
                    conn.execute(
                        "UPDATE records SET last_seen=? WHERE pmid=? AND source=?",
                        (held.last_seen, record.pmid, PUBMED),
                    )
                if deleted is not None:  # `keep_one` lifts a deletion by its own rule
                    conn.execute(
                        "UPDATE deletions SET lifted_at=? WHERE pmid=?", (now if verdict.lifts else None, record.pmid)
                    )
        return kept

    def delete_from(self, key: FileKey, source: str, deletions: Sequence[Deletion], newest: str | None) -> int:
        """Mark what a file deletes; `newest` is the newest DateRevised in it. Returns how many are newly marked."""
        with self._transaction() as conn:
            count = [
                deletion.pmid
                for deletion in deletions
                if deletes(deletion.version, key, newest, _held(conn, deletion.pmid))
            ]
            standing = {pmid: _deleted(conn, pmid) for pmid in count}
            new = self.delete(count, source=source)
            for pmid, before in standing.items():
                # The latest file to delete it is what an older one must not lift.
                if before is not None and (key_of(before.source) or key) < key:
                    conn.execute("UPDATE deletions SET source=? WHERE pmid=?", (source, pmid))
        return new

    def checkpoint(self, file: Applied) -> None:
        """Note that a file is applied, in place of what was noted of it for the same topics."""
        key = key_of(file.name)
        assert key is not None, file.name  # noqa: S101 - names come from the listing, which knows bulk files alone
        with self._transaction() as conn:
            conn.execute(
                f"INSERT OR REPLACE INTO bulk_files({_COLUMNS}, year, number, at, run_id)"  # noqa: S608 - constant
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    *(file.name, file.topics_sha256, file.area, file.md5, file.size, file.stamp),
                    *(int(file.verified), int(file.whole), file.newest),
                    *(file.read, file.kept, file.off_topic, file.deleted, file.bad),
                    *(2000 + key.year, key.number, self._now(), self._running()),
                ),
            )

    def restamp(self, file: Applied, stamp: str | None) -> None:
        """The file is as it was, its place only tells another size or time."""
        with self._transaction() as conn:
            conn.execute(
                "UPDATE bulk_files SET stamp=? WHERE name=? AND topics_sha256=?",
                (stamp, file.name, file.topics_sha256),
            )

    def applied(self) -> list[Applied]:
        """Every checkpoint, by name and topics file."""
        rows = self._rows(f"SELECT {_COLUMNS} FROM bulk_files ORDER BY name, topics_sha256")  # noqa: S608 - constant
        return [
            Applied(name, topics, area, md5, size, stamp, bool(verified), bool(whole), *rest)
            for name, topics, area, md5, size, stamp, verified, whole, *rest in rows
        ]

    def all_bytes(self) -> Iterator[tuple[int, bytes]]:
        """(PMID, NLM's bytes) of every record held, deleted ones too, by PMID; damaged bytes come as none."""
        for pmid, packed in self._rows("SELECT pmid, xml FROM records ORDER BY pmid"):
            yield pmid, unpacked(packed)

    def left_behind(self, key: FileKey) -> list[tuple[int, str]]:
        """(PMID, source) of records whose current bytes came from a bulk file of a year before `key`'s, by PMID."""
        rows = self._rows(
            "SELECT pmid, source FROM records WHERE source<>'pubmed'"
            " AND pmid NOT IN (SELECT pmid FROM deletions WHERE lifted_at IS NULL) ORDER BY pmid"
        )
        return [
            (pmid, source)
            for pmid, source in rows
            if (before := key_of(source)) is not None and before.series == key.series and before.year < key.year
        ]


def _held(conn: sqlite3.Connection, pmid: int) -> Held | None:
    row = conn.execute("SELECT version, date_revised, source, last_seen FROM records WHERE pmid=?", (pmid,)).fetchone()
    return None if row is None else Held(*row)


def _deleted(conn: sqlite3.Connection, pmid: int) -> Deleted | None:
    row = conn.execute("SELECT source, at FROM deletions WHERE pmid=? AND lifted_at IS NULL", (pmid,)).fetchone()
    return None if row is None else Deleted(*row)


def _keep_older(conn: sqlite3.Connection, record: Incoming, source: str, run: int, now: str) -> Kept:
    """A record that a later file or version went before: kept, not current."""
    sha256 = hashlib.sha256(record.raw).hexdigest()
    if conn.execute("SELECT 1 FROM records WHERE pmid=? AND sha256=?", (record.pmid, sha256)).fetchone():
        return Kept(unchanged=1)
    keep_version(conn, record, sha256, source, run, now)
    return Kept(older=1)


def keep_version(conn: sqlite3.Connection, record: Incoming, sha256: str, source: str, run: int, now: str) -> None:
    """Keep bytes that are not the current ones, once."""
    conn.execute(
        "INSERT OR IGNORE INTO record_versions(pmid, version, date_revised, sha256, source, first_seen, replaced_at,"
        " run_id, xml) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            *(record.pmid, record.version, record.date_revised, sha256, source, now, now, run),
            zlib.compress(record.raw),
        ),
    )
