"""What the tests of `harvest bulk` share: invented records, runs on a folder, what a store holds."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from harvest.bulk import Bulked, harvest_bulk
from harvest.bulkstore import BulkStore
from harvest.errors import HarvestError
from harvest.store import Store
from harvest.topics import Topics
from tests.ncbi import FIRST_PMID, synthetic_article
from tests.ncbi.bulk import deletion, write_area

__all__ = ["EVERYTHING", "OFF", "TOPIC", "applied", "article", "dump", "gone", "held", "run", "sources"]

TOPIC = "Ozone for low back pain (invented)"
OFF = "Ozone in drinking water (invented)"
EVERYTHING = """
interventions: [{id: any, name: Any, words: [of, the, and, in, a, to, for, with, by, is, as, at]}]
conditions: [{id: all, name: All, words: [of, the, and, in, a, to, for, with, by, is, as, at]}]
topics: [{id: all, name: All, interventions: [any], conditions: [all]}]
"""


def article(n: int, title: str = TOPIC, **more: Any) -> bytes:
    return synthetic_article(FIRST_PMID + n, title, **more)


def gone(*numbers: int, version: int | None = 1) -> bytes:
    return deletion(*(FIRST_PMID + n for n in numbers), version=version)


def held(db: Path) -> dict[int, bytes]:
    with Store.read(db) as store:
        return {record.pmid - FIRST_PMID: record.raw for record in store.records()}


def sources(db: Path) -> dict[int, str]:
    with Store.read(db) as store:
        return {record.pmid - FIRST_PMID: record.source for record in store.records()}


def run(db: Path, folder: Path, topics: Topics, files: Mapping[str, bytes] | None = None, **more: Any) -> Bulked:
    if files is not None:
        shutil.rmtree(folder, ignore_errors=True)
        write_area(folder, files)
    return harvest_bulk(db, str(folder), topics=topics, **more)


def dump(db: Path, *tables: str) -> list[str]:
    """Rows of tables that a run must not change, times of sight left out."""
    with sqlite3.connect(db) as conn:
        rows = [
            str((table, *row))
            for table in tables or ("records", "record_versions", "deletions", "bulk_files")
            for row in conn.execute(f"SELECT * FROM {table} ORDER BY 1, 2")  # noqa: S608 - constant
        ]
    conn.close()
    return rows


def applied(db: Path) -> list[str]:
    """The files with a checkpoint, as far as there is a store to ask."""
    try:
        with BulkStore.read(db) as store:
            return [file.name for file in store.applied()]
    except HarvestError:
        return []
