"""Systematic reviews that share studies: seen where PubMed has reference lists, or a review names registry numbers.

Two reviews share a study if both cite a paper of it, or one cites a paper and the other names its registration. Only
studies that the catalog holds count, because a reference list also holds what a review did not include.
"""

from __future__ import annotations

import json
import sqlite3
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from catalog.dossier import Row

__all__ = ["Overlap", "overlap_of"]

_REPORTS = "rct nonrandomised_controlled historical_control single_arm case_control case_report"


@dataclass(frozen=True)
class Overlap:
    """Of some reviews: for how many it is partly known what they include, and which share a study with another.

    `known` and `sharing` are PMIDs, newest first; those of `sharing` each with the PMIDs they share a study with.
    """

    reviews: int
    known: tuple[int, ...]
    sharing: tuple[tuple[int, tuple[int, ...]], ...]


def overlap_of(conn: sqlite3.Connection, rows: Iterable[Row]) -> Overlap:
    """The overlap of the systematic reviews among some rows (newest first). Raises sqlite3.Error."""
    reviews = [row.pmid for row in rows if row.design == "systematic_review"]
    order = {pmid: place for place, pmid in enumerate(reviews)}
    among = json.dumps(reviews)
    known: set[int] = set()
    including: dict[int, set[int]] = defaultdict(set)
    for pmid, study in conn.execute(
        "SELECT r.pmid, coalesce(f.family, a.pmid) FROM article_references r"
        " LEFT JOIN articles a ON a.pmid = r.cited_pmid AND a.pmid != r.pmid"
        " AND a.design IN (SELECT value FROM json_each(?)) LEFT JOIN trial_families f ON f.pmid = a.pmid"
        " WHERE r.pmid IN (SELECT value FROM json_each(?))"
        " UNION SELECT t.pmid, coalesce(f.family, a.pmid) FROM trials t"
        " LEFT JOIN trials o ON o.registry_id = t.registry_id AND o.pmid != t.pmid AND o.own = 1"
        " LEFT JOIN articles a ON a.pmid = o.pmid AND a.design IN (SELECT value FROM json_each(?))"
        " LEFT JOIN trial_families f ON f.pmid = a.pmid"
        " WHERE t.kind = 'trial' AND t.pmid IN (SELECT value FROM json_each(?))",
        (json.dumps(_REPORTS.split()), among, json.dumps(_REPORTS.split()), among),
    ):
        known.add(pmid)
        if study is not None:
            including[study].add(pmid)
    together: dict[int, set[int]] = defaultdict(set)
    for several in including.values():
        if len(several) > 1:
            for pmid in several:
                together[pmid] |= several - {pmid}
    sharing = tuple(
        (pmid, tuple(sorted(together[pmid], key=order.__getitem__))) for pmid in reviews if pmid in together
    )
    return Overlap(len(reviews), tuple(pmid for pmid in reviews if pmid in known), sharing)
