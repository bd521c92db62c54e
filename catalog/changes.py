"""What changed from harvest to harvest: earlier versions of records, tagged by today's rules and set beside today's.

So a change of the rules themselves, or of a correction by hand, shows nowhere here: both versions are read alike.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from catalog.rows import rows_of
from catalog.tagging.overrides import Override
from catalog.tagging.status import status_rules
from catalog.tagging.tagger import tag
from harvest.errors import BadRecord
from harvest.history import DeletedRecord, Superseded
from harvest.record import parse_article
from harvest.topics import Topics

__all__ = ["FIELDS", "NO_PAST", "Past", "note_own_status", "write_changes", "write_later_changes"]

# What is worth a reader's notice, in the order it is told: columns of `articles`, and what belongs to them.
FIELDS = (
    "status",
    "level",
    "design",
    "direction",
    "harms",
    "comparator",
    "participants",
    "followup_months",
    "certainty",
    "region",
    "interventions",
    "conditions",
    "abstract",
)
_KINDS = {"status": "status", "level": "level", "abstract": "text"}


@dataclass(frozen=True, slots=True)
class Past:
    """What a harvest kept of earlier days."""

    superseded: Iterable[Superseded]
    deleted: Iterable[DeletedRecord]


NO_PAST = Past((), ())


def write_changes(
    conn: sqlite3.Connection, past: Past, topics: Topics, overrides: Mapping[int, Sequence[Override]]
) -> None:
    """Fill `changes` from the versions that were replaced and the records that were deleted.

    Only superseded versions are tagged here: what they are compared with stands in the draft already, with the status
    its own record gives.
    """
    columns = [row[1] for row in conn.execute("PRAGMA table_info(articles)")]
    rows: list[tuple[Any, ...]] = []
    for pmid, versions in groupby(past.superseded, key=lambda version: version.pmid):
        now = _current(conn, columns, pmid)
        if now is None:  # its current bytes could not be read
            continue
        steps: list[tuple[str, dict[str, str | None]]] = []
        for version in versions:
            said = _said(version.raw, columns, topics, overrides.get(pmid, ()))
            if said is not None:
                steps.append((version.until, said))
        following = [said for _, said in steps[1:]] + [now]
        for (until, before), after in zip(steps, following, strict=True):
            rows += [
                (until, pmid, _KINDS.get(field, "tag"), field, before[field], after[field], None)
                for field in FIELDS
                if before[field] != after[field]
            ]
    for gone in past.deleted:
        try:
            title = parse_article(gone.raw).title
        except BadRecord:
            title = None
        rows.append((gone.at, gone.pmid, "deleted", None, None, None, title))
    _insert(conn, rows)


def note_own_status(conn: sqlite3.Connection) -> None:
    """Keep the statuses that the records themselves give, before others' notices are heard (temporary)."""
    conn.execute("CREATE TEMP TABLE own_status AS SELECT pmid, status FROM articles")


def write_later_changes(conn: sqlite3.Connection) -> None:
    """Add what only other records tell: a status given by a notice that came later, and papers no search finds now."""
    back = {rule.value: sorted(rule.links_back) for rule in status_rules() if rule.links_back}
    rows: list[tuple[Any, ...]] = []
    for pmid, before, after, since in conn.execute(
        "SELECT a.pmid, o.status, a.status, a.in_catalog_since FROM articles a"
        " JOIN temp.own_status o ON o.pmid = a.pmid WHERE o.status != a.status ORDER BY a.pmid"
    ).fetchall():
        kinds = back.get(after, [])
        told = conn.execute(
            "SELECT min(n.in_catalog_since) FROM notices x JOIN articles n ON n.pmid = x.pmid"  # noqa: S608 - marks
            f" WHERE x.notice_pmid = ? AND x.kind IN ({','.join('?' * len(kinds))})",
            (pmid, *kinds),
        ).fetchone()[0]
        if told is not None and since is not None and told > since:
            rows.append((told, pmid, "status", "status", before, after, None))
    conn.execute("DROP TABLE temp.own_status")
    left = conn.execute(
        "SELECT h.pmid, h.topic, s.at FROM search_hits h JOIN searches s ON s.id = h.gone_search_id"
        " WHERE NOT EXISTS (SELECT 1 FROM search_hits x WHERE x.pmid = h.pmid AND x.gone_search_id IS NULL)"
        " AND EXISTS (SELECT 1 FROM articles a WHERE a.pmid = h.pmid) ORDER BY h.pmid, h.topic, h.search_id"
    ).fetchall()
    for pmid, hits in groupby(left, key=lambda hit: hit[0]):
        found = list(hits)
        topics = ";".join(dict.fromkeys(topic for _, topic, _ in found))
        rows.append((max(at for _, _, at in found), pmid, "gone", None, topics, None, None))
    _insert(conn, rows)


def _insert(conn: sqlite3.Connection, rows: list[tuple[Any, ...]]) -> None:
    rows.sort(key=lambda row: (row[0], row[1]))
    conn.executemany("INSERT INTO changes VALUES (?, ?, ?, ?, ?, ?, ?)", rows)


def _said(
    raw: bytes, columns: Sequence[str], topics: Topics, overrides: Sequence[Override]
) -> dict[str, str | None] | None:
    """What the rules say of a version; None where it cannot be read."""
    try:
        record = parse_article(raw)
    except BadRecord:
        return None
    rows = list(rows_of(record, tag(record, topics, overrides), None))
    article = dict(zip(columns, next(values for name, values in rows if name == "articles"), strict=True))
    return _values(
        article,
        [values for name, values in rows if name == "article_interventions"],
        [values for name, values in rows if name == "article_conditions"],
    )


def _current(conn: sqlite3.Connection, columns: Sequence[str], pmid: int) -> dict[str, str | None] | None:
    found = conn.execute("SELECT * FROM articles WHERE pmid = ?", (pmid,)).fetchone()
    if found is None:
        return None
    return _values(
        dict(zip(columns, found, strict=True)),
        conn.execute("SELECT * FROM article_interventions WHERE pmid = ?", (pmid,)).fetchall(),
        conn.execute("SELECT * FROM article_conditions WHERE pmid = ?", (pmid,)).fetchall(),
    )


def _values(
    article: Mapping[str, Any], interventions: Iterable[Sequence[Any]], conditions: Iterable[Sequence[Any]]
) -> dict[str, str | None]:
    """The fields as text, so that a version and a row of the catalog compare alike; unknown is None."""
    values = {field: _text(article[field]) for field in FIELDS if field in article}
    values["interventions"] = ";".join(sorted(f"{row[1]}:{row[2]}" for row in interventions)) or None
    values["conditions"] = ";".join(sorted(row[1] for row in conditions)) or None
    # Of the abstract itself only whether there is one: that a word was mended is nobody's news.
    values["abstract"] = "present" if article["abstract"] else None
    return values


def _text(value: Any) -> str | None:
    return None if value is None else f"{value:g}" if isinstance(value, float) else str(value)
