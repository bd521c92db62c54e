"""`pubmed.db`: every record exactly as NLM sent it, which search on which day brought it, and how each run went.

Which version of a PMID is the current one is said in harvest/versions.py. Times are UTC, ISO 8601, to the second.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self

from harvest.database import explain, lock, open_reading, open_writing
from harvest.errors import HarvestError, WrongUse
from harvest.rows import FileRead, Hit, Incoming, Kept, Request, Run, Search, SetAside, StoredRecord
from harvest.versions import PUBMED, Order, keep_one, unpacked

__all__ = ["PUBMED", "Incoming", "Kept", "Store", "StoredRecord"]

# How long a second harvest waits for the first to end, in seconds.
WAIT_FOR_WRITER = 5.0
State = Literal["complete", "incomplete", "failed"]
Outcome = Literal["kept", "off topic", "not in PubMed"]


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


class Store:
    """One `pubmed.db`, open for writing (`open`) or reading (`read`); a context manager that closes it."""

    def __init__(self, path: Path, conn: sqlite3.Connection, lock: sqlite3.Connection | None, now: Callable[[], str]):
        self.path = path
        self._conn = conn
        self._lock = lock
        self._now = now
        self._run: int | None = None

    @classmethod
    def open(cls, path: Path, *, now: Callable[[], str] = _now, wait: float = WAIT_FOR_WRITER) -> Self:
        """Open for writing, creating the file and bringing its tables up to date.

        Raises:
            WrongUse: the folder is missing, the file is another program's, newer than this harvester, or another
                harvest is writing it (after `wait` seconds).
            HarvestError: the file is damaged, or the disk refuses.
        """
        if path.is_dir() or not path.parent.is_dir():
            raise WrongUse(
                f"{path}: {'is a folder' if path.is_dir() else 'its folder does not exist'}; give a file name"
            )
        held = lock(path, wait)
        try:
            conn = open_writing(path)
        except sqlite3.Error as error:
            held.close()
            raise explain(error, path) from error
        except BaseException:
            held.close()
            raise
        return cls(path, conn, held, now)

    @classmethod
    def read(cls, path: Path) -> Self:
        """Open for reading only; a harvest may be writing meanwhile. Raises WrongUse or HarvestError, one line."""
        if not path.is_file():
            raise WrongUse(f"{path}: no such file; `harvest pubmed` or `harvest files` makes it")
        try:
            conn = open_reading(path)
        except sqlite3.Error as error:
            raise explain(error, path) from error
        return cls(path, conn, None, _now)

    def close(self) -> None:
        """Close the file; an unfinished transaction is undone."""
        try:
            self._conn.close()
        finally:
            if self._lock is not None:
                self._lock.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # Writing

    def begin_run(
        self, command: str, *, harvester: str, topics: tuple[str, str, str] | None = None, host: str | None = None
    ) -> int:
        """Note that a command begins; returns the run's id. `topics` is (sha256, name, text); `host` holds no secrets.

        A run still marked as running was killed (only one harvest writes at a time): it becomes `incomplete`.
        """
        with self._transaction() as conn:
            conn.execute(
                "UPDATE runs SET state='incomplete', message='ended without finishing: killed, or the power was cut'"
                " WHERE state='running'"
            )
            if topics is not None:
                conn.execute("INSERT OR IGNORE INTO topics_files(sha256, name, text) VALUES (?, ?, ?)", topics)
            row = conn.execute(
                "INSERT INTO runs(command, started, state, harvester, topics_sha256, topics_name, base_url)"
                " VALUES (?, ?, 'running', ?, ?, ?, ?) RETURNING id",
                (command, self._now(), harvester, topics and topics[0], topics and topics[1], host),
            ).fetchone()
        self._run = int(row[0])
        return self._run

    def finish_run(self, state: State, message: str | None = None) -> None:
        """Note how the run ended."""
        with self._transaction() as conn:
            conn.execute(
                "UPDATE runs SET state=?, finished=?, message=? WHERE id=?",
                (state, self._now(), message, self._running()),
            )
        self._run = None

    @contextmanager
    def run_under_way(self) -> Iterator[None]:
        """Around a run's work: what ends it early is noted in its row and raised on; the end itself is the caller's."""
        try:
            yield
        except HarvestError as error:
            with suppress(HarvestError):  # the first error is the one to tell
                self.finish_run("failed", str(error))
            raise
        except BaseException:  # Ctrl-C, SIGTERM
            with suppress(HarvestError):
                self.finish_run("incomplete", "stopped before its end")
            raise

    def keep(self, records: Iterable[Incoming], *, source: str, order: Order = "arrival") -> Kept:
        """Keep records in one transaction (all or none); see harvest/versions.py for which becomes current."""
        kept = Kept()
        run, now = self._running(), self._now()
        with self._transaction() as conn:
            for record in records:
                kept += keep_one(conn, record, source, order, run, now)
        return kept

    def delete(self, pmids: Sequence[int], *, source: str) -> int:
        """Mark PMIDs as deleted by NLM; returns how many of them were newly marked. Their records stay stored."""
        run, now = self._running(), self._now()
        with self._transaction() as conn:
            before = conn.total_changes
            conn.executemany(
                "INSERT INTO deletions(pmid, source, at, run_id) VALUES (?, ?, ?, ?) ON CONFLICT(pmid) DO UPDATE SET"
                " source=excluded.source, at=excluded.at, run_id=excluded.run_id, lifted_at=NULL"
                " WHERE lifted_at IS NOT NULL",
                [(pmid, source, now, run) for pmid in pmids],
            )
            return conn.total_changes - before

    def set_aside(self, pmid: int | None, *, source: str, reason: str, raw: bytes | None = None) -> None:
        """Keep what could not be kept as a record; the same thing set aside again stays one row."""
        sha256 = None if raw is None else hashlib.sha256(raw).hexdigest()
        run, now = self._running(), self._now()
        with self._transaction() as conn:
            again = conn.execute(
                "UPDATE set_aside SET last_at=?, run_id=? WHERE resolved_at IS NULL AND pmid IS ? AND source=?"
                " AND reason=? AND sha256 IS ?",
                (now, run, pmid, source, reason, sha256),
            )
            if not again.rowcount:
                conn.execute(
                    "INSERT INTO set_aside(run_id, pmid, source, reason, raw, sha256, at, last_at)"
                    " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                    (run, pmid, source, reason, raw and zlib.compress(raw), sha256, now, now),
                )

    def resolve(self, *, source: str) -> None:
        """Whatever this source had set aside in earlier runs, and not again in this one, is resolved."""
        with self._transaction() as conn:
            conn.execute(
                "UPDATE set_aside SET resolved_at=? WHERE resolved_at IS NULL AND source=? AND run_id<>?",
                (self._now(), source, self._running()),
            )

    def resolve_pmids(self, pmids: Iterable[int]) -> None:
        """What was set aside under these PMIDs by PubMed is no longer wanted or no longer missing."""
        with self._transaction() as conn:
            now = self._now()
            conn.executemany(
                "UPDATE set_aside SET resolved_at=? WHERE resolved_at IS NULL AND source=? AND pmid=?",
                [(now, PUBMED, pmid) for pmid in pmids],
            )

    def record_search(
        self,
        *,
        topic: str,
        purpose: Literal["topic", "revised"],
        interface: str,
        written: str,
        strategy: str,
        translation: str | None,
        limits: str | None = None,
        count: int,
        parts: int,
        at: str,
        complete: bool,
        warnings: Sequence[str],
        pmids: Iterable[int],
    ) -> int:
        """Note a search and, for a topic, its hits, in one transaction; returns the search's id.

        An incomplete search adds hits but marks none as gone: what it did not list may still be there.
        """
        listed = sorted(set(pmids))
        state = "complete" if complete else "incomplete"
        with self._transaction() as conn:
            texts = [_text_kept(conn, text) for text in (written, strategy, translation)]
            row = conn.execute(
                "INSERT INTO search_log(run_id, topic, purpose, database, interface, written, strategy, translation,"
                " limits, count, listed, parts, at, state, warnings)"
                " VALUES (?, ?, ?, 'PubMed', ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING id",
                (
                    *(self._running(), topic, purpose, interface, *texts, limits, count, len(listed), parts, at, state),
                    json.dumps(list(warnings), ensure_ascii=False),
                ),
            ).fetchone()
            search_id = int(row[0])
            if purpose == "topic":
                _note_hits(conn, topic, search_id, listed, complete=complete)
        return search_id

    def note_pubmed_date(self, date: str) -> None:
        """Note PubMed's own date (UTC, ISO 8601) for this run: our clock may be wrong."""
        with self._transaction() as conn:
            conn.execute("UPDATE runs SET pubmed_date=? WHERE id=?", (date, self._running()))

    def note_file(
        self, source: str, *, kind: str, sha256: str | None, records: int, off_topic: int | None, bad: int
    ) -> None:
        """Note what a file held: `records` in all, of them `off_topic` (None: not known yet) and `bad`."""
        with self._transaction() as conn:
            conn.execute(
                "INSERT INTO files_read(run_id, source, kind, sha256, at, records, off_topic, bad)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (self._running(), source, kind, sha256, self._now(), records, off_topic, bad),
            )

    def request(self, pmids: Iterable[int], *, source: str, keep_all: bool) -> None:
        """Note that a file names these PMIDs, to be fetched; asked again, they are open again."""
        with self._transaction() as conn:
            conn.executemany(
                "INSERT INTO requests(pmid, source, keep_all, run_id, at) VALUES (?, ?, ?, ?, ?)"
                " ON CONFLICT(pmid, source) DO UPDATE SET keep_all=excluded.keep_all, run_id=excluded.run_id,"
                " at=excluded.at, outcome=NULL, outcome_at=NULL",
                [(pmid, source, int(keep_all), self._running(), self._now()) for pmid in pmids],
            )

    def answer_requests(self, pmids: Iterable[int], outcome: Outcome) -> None:
        """What came of the open requests for these PMIDs."""
        still_open = {request.pmid for request in self.requests(open_only=True)}
        with self._transaction() as conn:
            conn.executemany(
                "UPDATE requests SET outcome=?, outcome_at=? WHERE pmid=? AND outcome IS NULL",
                [(outcome, self._now(), pmid) for pmid in still_open.intersection(pmids)],
            )

    # Reading

    def records(self) -> Iterator[StoredRecord]:
        """The current records in PMID order, without those NLM deleted. Raises HarvestError where bytes are damaged."""
        rows = self._rows(
            "SELECT pmid, version, xml, sha256, source, first_seen, last_seen FROM records"
            " WHERE pmid NOT IN (SELECT pmid FROM deletions WHERE lifted_at IS NULL) ORDER BY pmid"
        )
        for pmid, version, packed, sha256, source, first_seen, last_seen in rows:
            raw = unpacked(packed)
            if hashlib.sha256(raw).hexdigest() != sha256:
                raise HarvestError(
                    f"{self.path}: the record of PMID {pmid} is damaged; `harvest pubmed --full` fetches it again"
                )
            yield StoredRecord(pmid, version, raw, sha256, source, first_seen, last_seen)

    def count_records(self) -> int:
        """How many current records there are, without deleted ones."""
        sql = "SELECT count(*) FROM records WHERE pmid NOT IN (SELECT pmid FROM deletions WHERE lifted_at IS NULL)"
        return int(next(self._rows(sql))[0])

    def pmids(self, *, source: str | None = None) -> set[int]:
        """The PMIDs of stored records (all, deleted ones too; or those whose current bytes came from `source`)."""
        if source is None:
            return {pmid for (pmid,) in self._rows("SELECT pmid FROM records")}
        return {pmid for (pmid,) in self._rows("SELECT pmid FROM records WHERE source=?", (source,))}

    def deleted(self) -> set[int]:
        """The PMIDs marked as deleted by NLM."""
        return {pmid for (pmid,) in self._rows("SELECT pmid FROM deletions WHERE lifted_at IS NULL")}

    def runs(self) -> list[Run]:
        """Every run, oldest first."""
        columns = "id, command, started, finished, state, harvester, topics_sha256, topics_name, base_url, message"
        return [Run(*row) for row in self._rows(f"SELECT {columns} FROM runs ORDER BY id")]  # noqa: S608 - constant

    def searches(self) -> list[Search]:
        """Every search, oldest first."""
        columns = (
            "id, run_id, topic, purpose, database, interface, written, strategy, limits, translation, count, listed,"
            " parts, at, state, warnings"
        )
        rows = self._rows(f"SELECT {columns} FROM searches ORDER BY id")  # noqa: S608 - constant
        return [Search(*(*row, tuple(json.loads(warnings or "[]")))) for *row, warnings in rows]

    def hits(self, topic: str | None = None) -> Iterator[Hit]:
        """Which topic's searches found which PMID, from which search until which, by topic and PMID."""
        sql = "SELECT topic, pmid, search_id, gone_search_id FROM search_hits"
        order = " ORDER BY topic, pmid, search_id"
        rows = self._rows(sql + order) if topic is None else self._rows(sql + " WHERE topic=?" + order, (topic,))
        for row in rows:
            yield Hit(*row)

    def deletions(self) -> list[tuple[int, str, str]]:
        """(PMID, source, when) of each PMID marked as deleted, by PMID."""
        return list(self._rows("SELECT pmid, source, at FROM deletions WHERE lifted_at IS NULL ORDER BY pmid"))

    def open_set_aside(self) -> list[SetAside]:
        """What is set aside and not resolved, oldest first."""
        rows = self._rows("SELECT pmid, source, reason, at FROM set_aside WHERE resolved_at IS NULL ORDER BY id")
        return [SetAside(*row) for row in rows]

    def pubmed_dates(self) -> dict[int, str]:
        """PubMed's own date of each run that has one, by the run's id."""
        if not self._has("requests"):  # a file of version 0.1 that no later version wrote to yet
            return {}
        return dict(self._rows("SELECT id, pubmed_date FROM runs WHERE pubmed_date IS NOT NULL"))

    def files_read(self) -> list[FileRead]:
        """What each file held when it was read last, by source; a file whose bytes changed counts as another."""
        if not self._has("files_read"):
            return []
        sql = (
            "SELECT f.source, f.kind, f.sha256, f.at, f.records, f.off_topic, f.bad, r.topics_name, r.topics_sha256"
            " FROM files_read f JOIN runs r ON r.id = f.run_id"
            " WHERE f.id IN (SELECT max(id) FROM files_read GROUP BY source, sha256) ORDER BY f.source, f.id"
        )
        return [FileRead(*row) for row in self._rows(sql)]

    def requests(self, *, open_only: bool = False) -> list[Request]:
        """PMIDs that lists asked for and what came of each, by PMID and source."""
        if not self._has("requests"):
            return []
        where = " WHERE outcome IS NULL" if open_only else ""
        rows = self._rows(f"SELECT pmid, source, keep_all, at, outcome FROM requests{where} ORDER BY pmid, source")  # noqa: S608 - constant
        return [Request(pmid, source, bool(keep_all), at, outcome) for pmid, source, keep_all, at, outcome in rows]

    def sources(self) -> list[tuple[int, str, str]]:
        """(PMID, first source, current source) of every record held, deleted ones too, by PMID."""
        return list(self._rows("SELECT pmid, first_source, source FROM records ORDER BY pmid"))

    def topics_text(self) -> tuple[str, str] | None:
        """(name, text) of the topics file that the latest run used; None where no run used one."""
        sql = (
            "SELECT r.topics_name, t.text FROM runs r JOIN topics_files t ON t.sha256 = r.topics_sha256"
            " ORDER BY r.id DESC LIMIT 1"
        )
        return next(self._rows(sql), None)

    # Within

    def _running(self) -> int:
        if self._run is None:
            raise RuntimeError("begin_run comes first")
        return self._run

    def _has(self, table: str) -> bool:
        return next(self._rows("SELECT 1 FROM sqlite_master WHERE name=?", (table,)), None) is not None

    def _rows(self, sql: str, values: Sequence[Any] = ()) -> Iterator[Any]:
        try:
            yield from self._conn.execute(sql, values)
        except sqlite3.Error as error:
            raise explain(error, self.path) from error

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        try:
            self._conn.execute("BEGIN IMMEDIATE")
            try:
                yield self._conn
                self._conn.execute("COMMIT")
            except BaseException:
                if self._conn.in_transaction:
                    self._conn.execute("ROLLBACK")
                raise
        except sqlite3.Error as error:
            raise explain(error, self.path) from error


def _text_kept(conn: sqlite3.Connection, text: str | None) -> str | None:
    """The hash by which a long text is kept, once."""
    if text is None:
        return None
    sha256 = hashlib.sha256(text.encode()).hexdigest()
    conn.execute("INSERT OR IGNORE INTO search_texts(sha256, text) VALUES (?, ?)", (sha256, text))
    return sha256


def _note_hits(conn: sqlite3.Connection, topic: str, search_id: int, pmids: Sequence[int], *, complete: bool) -> None:
    conn.execute("CREATE TEMP TABLE IF NOT EXISTS found(pmid INTEGER PRIMARY KEY)")
    conn.execute("DELETE FROM temp.found")
    conn.executemany("INSERT INTO temp.found VALUES (?)", [(pmid,) for pmid in pmids])
    if complete:
        conn.execute(
            "UPDATE search_hits SET gone_search_id=? WHERE topic=? AND gone_search_id IS NULL"
            " AND pmid NOT IN (SELECT pmid FROM temp.found)",
            (search_id, topic),
        )
    conn.execute(
        "INSERT INTO search_hits(topic, pmid, search_id) SELECT ?, f.pmid, ? FROM temp.found f WHERE NOT EXISTS"
        " (SELECT 1 FROM search_hits h WHERE h.topic=? AND h.pmid=f.pmid AND h.gone_search_id IS NULL)",
        (topic, search_id, topic),
    )
