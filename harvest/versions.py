"""Which of a PMID's versions is the current one, and the keeping of one record; nothing here commits.

- PubMed itself (`order="arrival"`): what it answers today is the record; it also lifts a deletion.
- Files (`order="revision"`): the newer by (version, DateRevised) stays, whichever order the files come in. Of two that
  are equal in both but differ in their bytes, PubMed's own answer stays, else the later file's; bytes once replaced
  never come back. A deletion stands, wherever in the order its file comes.
Everything that is not current is kept in `record_versions`.
"""

from __future__ import annotations

import hashlib
import sqlite3
import zlib
from typing import Any, Literal

from harvest.rows import Incoming, Kept

__all__ = ["PUBMED", "Order", "keep_one", "unpacked"]

PUBMED = "pubmed"
Order = Literal["arrival", "revision"]


def keep_one(conn: sqlite3.Connection, record: Incoming, source: str, order: Order, run: int, now: str) -> Kept:
    """Keep a record within a transaction; `run` is the run's id, `now` a UTC time. Returns a Kept of one."""
    sha256 = hashlib.sha256(record.raw).hexdigest()
    arrival = order == "arrival"
    if arrival:
        conn.execute("UPDATE deletions SET lifted_at=? WHERE pmid=? AND lifted_at IS NULL", (now, record.pmid))
    conn.execute(
        "UPDATE set_aside SET resolved_at=? WHERE resolved_at IS NULL AND pmid=? AND source=?",
        (now, record.pmid, source),
    )
    held = conn.execute(
        "SELECT version, date_revised, sha256, source, xml FROM records WHERE pmid=?", (record.pmid,)
    ).fetchone()
    packed = zlib.compress(record.raw)
    if held is None:
        conn.execute(
            "INSERT INTO records(pmid, version, date_revised, sha256, source, first_source, first_seen, last_seen,"
            " version_seen, run_id, xml) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (record.pmid, record.version, record.date_revised, sha256, source, source, now, now, now, run, packed),
        )
        return Kept(new=1)
    if held[2] == sha256:
        # max(): a clock that was set back does not take back when a record was last seen.
        conn.execute(
            "UPDATE records SET last_seen=max(last_seen, ?), source=CASE WHEN ? THEN ? ELSE source END WHERE pmid=?",
            (now, arrival, source, record.pmid),
        )
        if unpacked(held[4]) != record.raw:  # damaged on the disk: this is the remedy
            conn.execute("UPDATE records SET xml=? WHERE pmid=?", (packed, record.pmid))
        return Kept(unchanged=1)
    if not arrival and not _replaces(conn, record, sha256, held):
        conn.execute(
            "INSERT OR IGNORE INTO record_versions(pmid, version, date_revised, sha256, source, first_seen,"
            " replaced_at, run_id, xml) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (record.pmid, record.version, record.date_revised, sha256, source, now, now, run, packed),
        )
        return Kept(older=1)
    conn.execute(
        "INSERT INTO record_versions(pmid, version, date_revised, sha256, source, first_seen, replaced_at, run_id, xml)"
        " SELECT pmid, version, date_revised, sha256, source, version_seen, ?, run_id, xml FROM records WHERE pmid=?"
        " ON CONFLICT(pmid, sha256) DO UPDATE SET replaced_at=excluded.replaced_at",
        (now, record.pmid),
    )
    conn.execute(
        "UPDATE records SET version=?, date_revised=?, sha256=?, source=?, last_seen=max(last_seen, ?), version_seen=?,"
        " run_id=?, xml=? WHERE pmid=?",
        (record.version, record.date_revised, sha256, source, now, now, run, packed, record.pmid),
    )
    return Kept(changed=1)


def unpacked(packed: bytes) -> bytes:
    """The bytes as NLM sent them; nothing where they are damaged."""
    try:
        return zlib.decompress(packed)
    except zlib.error:
        return b""


def _replaces(conn: sqlite3.Connection, record: Incoming, sha256: str, held: tuple[Any, ...]) -> bool:
    """Whether a file's record takes the place of the one held."""
    version, date_revised, _, source, _ = held
    mine, theirs = (record.version, record.date_revised or ""), (version, date_revised or "")
    if mine != theirs:
        return mine > theirs
    seen = conn.execute("SELECT 1 FROM record_versions WHERE pmid=? AND sha256=?", (record.pmid, sha256)).fetchone()
    return source != PUBMED and seen is None
