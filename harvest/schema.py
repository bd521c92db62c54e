"""The tables of `pubmed.db`, as numbered migrations that are applied in order and once each.

```
records          the current version of each PMID: NLM's own bytes, compressed, with hash, version and who sent them
record_versions  versions that a newer one replaced, or that came after a newer one; nothing is thrown away
deletions        PMIDs that NLM deleted; their records stay here and leave the catalog
runs             one row a command: when, with which topics file and harvester, how it ended
topics_files     the topics files that runs used, whole, by hash
searches         view, one row a search: strategy as sent and as PubMed translated it, limits, count, time, warnings
search_log       the searches, their long texts by hash
search_texts     strategies and translations, each once: they are long, and a daily run has the same ones
search_hits      one row for as long as a topic's searches keep finding a PMID: `search_id` found it first,
                 `gone_search_id` was the first not to find it (NULL: still found). So a daily run over an unchanged
                 PubMed writes no hits at all
search_found     view: the PMIDs each complete search of a topic found, spelled out of search_hits
set_aside        what could not be kept, raw where there is something to keep, until `resolved_at`
files_read       one row a file and run: what kind it is, its hash, how many records it holds, how many off topic
bulk_files       one row a bulk file and topics file that was applied: MD5, size, what it held, how it was read
requests         PMIDs that somebody's list or MEDLINE file names, to be fetched from PubMed, and what came of it
```
Times are UTC, ISO 8601, to the second. Unknown is NULL.
"""

from __future__ import annotations

from sqlite_utils import Database, Migrations
from sqlite_utils.db import Table

__all__ = ["APPLICATION_ID", "migrations"]

# Written into the file's header, so that another program's database is never taken for ours ("LBPC").
APPLICATION_ID = 0x4C425043

migrations = Migrations("pubmed.db")


@migrations(name="0001_first_tables")
def first_tables(db: Database) -> None:
    """Everything of version 0.1. The big column stands last, so that reading the others does not read it."""
    _table(db, "topics_files").create({"sha256": str, "name": str, "text": str}, pk="sha256", not_null={"name", "text"})
    _table(db, "runs").create(
        {
            "id": int,
            "command": str,
            "started": str,
            "finished": str,
            "state": str,  # running, complete, incomplete, failed
            "harvester": str,
            "topics_sha256": str,
            "topics_name": str,
            "base_url": str,  # the host alone
            "message": str,
        },
        pk="id",
        not_null={"command", "started", "state", "harvester"},
        foreign_keys=[("topics_sha256", "topics_files", "sha256")],
    )
    _table(db, "records").create(
        {
            "pmid": int,
            "version": int,
            "date_revised": str,
            "sha256": str,
            "source": str,  # pubmed, or file:NAME
            "first_source": str,
            "first_seen": str,  # when the PMID first came
            "last_seen": str,  # when NLM's bytes of it last came (a search that merely lists it moves nothing here)
            "version_seen": str,  # when these very bytes first came
            "run_id": int,
            "xml": bytes,
        },
        pk="pmid",
        not_null={
            "version",
            "sha256",
            "source",
            "first_source",
            "first_seen",
            "last_seen",
            "version_seen",
            "run_id",
            "xml",
        },
        foreign_keys=[("run_id", "runs", "id")],
    )
    _table(db, "record_versions").create(
        {
            "pmid": int,
            "version": int,
            "date_revised": str,
            "sha256": str,
            "source": str,
            "first_seen": str,
            "replaced_at": str,
            "run_id": int,
            "xml": bytes,
        },
        pk=("pmid", "sha256"),
        not_null={"version", "source", "first_seen", "replaced_at", "run_id", "xml"},
        foreign_keys=[("run_id", "runs", "id")],
    )
    _table(db, "deletions").create(
        {"pmid": int, "source": str, "at": str, "run_id": int, "lifted_at": str},
        pk="pmid",
        not_null={"source", "at", "run_id"},
        foreign_keys=[("run_id", "runs", "id")],
    )
    _table(db, "search_texts").create({"sha256": str, "text": str}, pk="sha256", not_null={"text"})
    _table(db, "search_log").create(
        {
            "id": int,
            "run_id": int,
            "topic": str,
            "purpose": str,  # topic: what the topic holds; revised: what PubMed changed since the last complete run
            "database": str,
            "interface": str,
            "written": str,  # the strategy as the topics file gives it
            "strategy": str,  # as sent: unknown phrases replaced
            "limits": str,  # sent as "(strategy) AND limits"
            "translation": str,  # for a limited search without that of the limits, where it stands at the end
            "count": int,
            "listed": int,
            "parts": int,
            "at": str,
            "state": str,  # complete, incomplete
            "warnings": str,  # JSON list of lines
        },
        pk="id",
        not_null={"run_id", "topic", "purpose", "database", "interface", "written", "strategy", "count", "at", "state"},
        foreign_keys=[
            ("run_id", "runs", "id"),
            ("written", "search_texts", "sha256"),
            ("strategy", "search_texts", "sha256"),
            ("translation", "search_texts", "sha256"),
        ],
    )
    db.create_view(
        "searches",
        """SELECT l.id, l.run_id, l.topic, l.purpose, l.database, l.interface, w.text AS written, s.text AS strategy,
        l.limits, t.text AS translation, l.count, l.listed, l.parts, l.at, l.state, l.warnings
        FROM search_log l JOIN search_texts w ON w.sha256 = l.written JOIN search_texts s ON s.sha256 = l.strategy
        LEFT JOIN search_texts t ON t.sha256 = l.translation""",
    )
    _table(db, "search_hits").create(
        {"topic": str, "pmid": int, "search_id": int, "gone_search_id": int},
        pk=("topic", "pmid", "search_id"),
        foreign_keys=[("search_id", "search_log", "id"), ("gone_search_id", "search_log", "id")],
    )
    db.execute("CREATE UNIQUE INDEX search_hits_open ON search_hits(topic, pmid) WHERE gone_search_id IS NULL")
    db.execute("CREATE INDEX search_hits_pmid ON search_hits(pmid)")
    db.create_view(
        "search_found",
        """SELECT s.id AS search_id, h.pmid AS pmid FROM search_log s JOIN search_hits h ON h.topic = s.topic
        WHERE s.purpose = 'topic' AND s.state = 'complete'
        AND h.search_id <= s.id AND (h.gone_search_id IS NULL OR h.gone_search_id > s.id)""",
    )
    _table(db, "set_aside").create(
        {
            "id": int,
            "run_id": int,
            "pmid": int,
            "source": str,
            "reason": str,
            "raw": bytes,
            "sha256": str,
            "at": str,
            "last_at": str,
            "resolved_at": str,
        },
        pk="id",
        not_null={"run_id", "source", "reason", "at", "last_at"},
        foreign_keys=[("run_id", "runs", "id")],
    )
    db.execute("CREATE INDEX set_aside_open ON set_aside(pmid) WHERE resolved_at IS NULL")


@migrations(name="0002_files_and_requests")
def files_and_requests(db: Database) -> None:
    """What each file held, PMIDs that a list asks for, and PubMed's own date of a run."""
    _table(db, "runs").add_column("pubmed_date", str)  # as PubMed's answers bear it: our own clock may be wrong
    _table(db, "files_read").create(
        {
            "id": int,
            "run_id": int,
            "source": str,  # file:PATH
            "kind": str,  # PubMed XML, PMID list, MEDLINE text
            "sha256": str,  # of the file's bytes
            "at": str,
            "records": int,  # that the file holds, those that cannot be read too
            "off_topic": int,  # NULL: asked of PubMed, see requests
            "bad": int,
        },
        pk="id",
        not_null={"run_id", "source", "kind", "at", "records", "bad"},
        foreign_keys=[("run_id", "runs", "id")],
    )
    _table(db, "requests").create(
        {
            "pmid": int,
            "source": str,
            "keep_all": int,  # 1: kept whatever its topic
            "run_id": int,
            "at": str,
            "outcome": str,  # kept, off topic, not in PubMed; NULL: not fetched yet
            "outcome_at": str,
        },
        pk=("pmid", "source"),
        not_null={"keep_all", "run_id", "at"},
        foreign_keys=[("run_id", "runs", "id")],
    )
    db.execute("CREATE INDEX requests_open ON requests(pmid) WHERE outcome IS NULL")


@migrations(name="0003_bulk_files")
def bulk_files(db: Database) -> None:
    """How far `harvest bulk` is, one row a file and topics file, so that a run goes on where the last one stopped."""
    _table(db, "bulk_files").create(
        {
            "name": str,
            "topics_sha256": str,
            "year": int,
            "number": int,
            "area": str,  # baseline, updatefiles; NULL: the folder did not say
            "md5": str,  # of the file as read
            "size": int,  # in bytes
            "stamp": str,  # size and time as the file's place tells them; NULL: it does not
            "verified": int,  # 1: the MD5 is the one its .md5 gives
            "whole": int,  # 0: it could not be read to its end, and is read again in the next run
            "newest": str,  # the newest DateRevised in it: about the day it was made
            "records_read": int,
            "records_kept": int,  # on topic, or held already
            "off_topic": int,
            "deletions": int,  # newly marked
            "set_aside": int,
            "at": str,
            "run_id": int,
        },
        pk=("name", "topics_sha256"),
        not_null={"year", "number", "md5", "size", "verified", "whole", "at", "run_id"},
        foreign_keys=[("run_id", "runs", "id"), ("topics_sha256", "topics_files", "sha256")],
    )


def _table(db: Database, name: str) -> Table:
    return db.table(name)
