"""When papers came into the catalog, held in memory beside the shelf: what feeds and the page of changes ask first.

Papers that came on one day stand newest publication first: within a day the order of their coming is chance.
"""

from __future__ import annotations

import heapq
import sqlite3
from array import array
from bisect import bisect_left
from dataclasses import dataclass

from catalog.shelving import unpacked
from catalog.site.shelf import positions

__all__ = ["Arrivals", "Fall", "load_arrivals"]

# A set of no more papers than this is sorted; a larger one is met soon enough going through the order.
_FEW = 2_000


@dataclass(frozen=True, slots=True)
class Fall:
    """A paper that is retracted or under concern, and when that was known here (UTC; None: not known)."""

    pmid: int
    status: str
    at: str | None


@dataclass(frozen=True, slots=True)
class Arrivals:
    """The order in which papers came, latest day first, and which papers have fallen."""

    order: array[int]  # places on the shelf
    rank: array[int]  # place to its position in `order`
    times: tuple[str, ...]  # every time at which papers came, ascending
    came: array[int]  # place to its time's index in `times`; -1: not known
    falls: tuple[Fall, ...]  # the latest first

    def latest(self, papers: int, count: int) -> list[int]:
        """The places of the `count` papers of a set that came last."""
        if papers.bit_count() <= _FEW:
            return heapq.nsmallest(count, positions(papers), key=self.rank.__getitem__)
        packed = papers.to_bytes(len(self.order) // 8 + 1, "little")
        found: list[int] = []
        for place in self.order:
            if packed[place >> 3] >> (place & 7) & 1:
                found.append(place)
                if len(found) == count:
                    break
        return found

    def after(self, moment: str) -> int:
        """The set of papers that came after a time (UTC, ISO 8601)."""
        least = bisect_left(self.times, moment)
        if least < len(self.times) and self.times[least] == moment:
            least += 1
        packed = bytearray(len(self.order) // 8 + 1)
        for place, number in enumerate(self.came):
            if number >= least:
                packed[place >> 3] |= 1 << (place & 7)
        return int.from_bytes(packed, "little")


def load_arrivals(conn: sqlite3.Connection) -> Arrivals:
    """Read when each paper came, as the build shelved it."""
    held = {
        name: unpacked("i", data) for name, data in conn.execute("SELECT name, data FROM shelf WHERE part = 'arrival'")
    }
    times = conn.execute(
        "SELECT DISTINCT in_catalog_since FROM articles WHERE in_catalog_since IS NOT NULL ORDER BY in_catalog_since"
    )
    return Arrivals(held["order"], held["rank"], tuple(time for (time,) in times), held["came"], _falls(conn))


# When a fall was known: by the change a harvest brought; else it was so when the paper came, or when the list says.
_FALLS = """
SELECT a.pmid, a.status, coalesce(
    (SELECT max(c.at) FROM changes c WHERE c.pmid = a.pmid AND c.field = 'status' AND c.after = a.status),
    CASE WHEN EXISTS (SELECT 1 FROM tags t WHERE t.pmid = a.pmid AND t.field = 'status' AND t.chosen = 1
                      AND t.source != 'retraction_watch') THEN a.in_catalog_since
         ELSE max(coalesce(a.in_catalog_since, ''),
                  coalesce((SELECT max(w.date) FROM retraction_watch w WHERE w.pmid = a.pmid), '')) END) AS at
FROM articles a WHERE a.status IN ('retracted', 'concern') ORDER BY at DESC, a.pmid DESC
"""


def _falls(conn: sqlite3.Connection) -> tuple[Fall, ...]:
    return tuple(Fall(pmid, status, at or None) for pmid, status, at in conn.execute(_FALLS))
