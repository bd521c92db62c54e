"""The papers in the order the site shows them, and every set of them that a list can ask for: the table `shelf`.

Computed once by the build, so that the site opens a large catalog in a moment and counts by AND and bit count. A set is
a number whose bit n is paper n; papers stand newest first.
"""

from __future__ import annotations

import sqlite3
import sys
from array import array
from collections.abc import Mapping, Sequence

__all__ = ["UNTAGGED", "packed", "set_of", "unpacked", "write_shelf"]

# The value of papers that carry no value of a facet. Ids of the vocabulary never begin with _.
UNTAGGED = "_none"
# Facets that are a column of `articles`: one value or none, comparators perhaps several joined.
_COLUMNS = (
    "level",
    "design",
    "status",
    "year",
    "direction",
    "versus",
    "region",
    "harms",
    "basis",
    "certainty",
    "comparator",
)


def write_shelf(conn: sqlite3.Connection) -> None:
    """Write the papers' order and every set of them, once all other tables are written."""
    pmids: array[int] = array("q")
    places: dict[int, int] = {}
    found: dict[str, dict[str, list[int]]] = {name: {} for name in _COLUMNS}
    rows = conn.execute(
        f"SELECT pmid, {', '.join(_COLUMNS)} FROM articles"  # noqa: S608 - names are ours
        " ORDER BY year DESC NULLS LAST, published DESC, pmid DESC"
    )
    for place, (pmid, *values) in enumerate(rows):
        pmids.append(pmid)
        places[pmid] = place
        for name, value in zip(_COLUMNS, values, strict=True):
            found[name].setdefault(UNTAGGED if value is None else str(value), []).append(place)
    size = len(pmids)
    everything = (1 << size) - 1
    bits = {name: {value: set_of(at, size) for value, at in values.items()} for name, values in found.items()}
    joined = bits["comparator"]
    bits["comparator"] = {}
    for kinds, papers in joined.items():
        for kind in kinds.split(";"):
            bits["comparator"][kind] = bits["comparator"].get(kind, 0) | papers
    for name, query in (
        ("intervention", "SELECT intervention, pmid FROM article_interventions ORDER BY intervention"),
        ("condition", "SELECT condition, pmid FROM article_conditions ORDER BY condition"),
        ("claim", "SELECT DISTINCT claim, pmid FROM claim_evidence ORDER BY claim"),
        ("participants", "SELECT 'stated', pmid FROM articles WHERE participants IS NOT NULL"),
        ("leans", "SELECT DISTINCT 'known', pmid FROM leans_on_retracted"),
    ):
        tagged: dict[str, list[int]] = {}
        for value, pmid in conn.execute(query):
            tagged.setdefault(value, []).append(places[pmid])
        bits[name] = {value: set_of(at, size) for value, at in tagged.items()}
        rest = everything
        for papers in bits[name].values():
            rest &= ~papers
        bits[name][UNTAGGED] = rest
    roles = _by_treatment(conn, places, "SELECT intervention, role, pmid FROM article_interventions")
    concluded = _by_treatment(conn, places, "SELECT intervention, direction, pmid FROM article_interventions")
    counted = _by_treatment(conn, places, "SELECT intervention, 'counted', pmid FROM evidence")
    bits["role"] = {}
    for held in roles.values():
        for role, papers in held.items():
            bits["role"][role] = bits["role"].get(role, 0) | papers
    further = [
        places[pmid] for (pmid,) in conn.execute("SELECT pmid FROM trial_families WHERE NOT represents ORDER BY pmid")
    ]
    shelved: list[tuple[str, str, str | None, bytes]] = [("order", "pmid", None, packed("q", pmids))]
    shelved += [("facet", name, value, _blob(papers)) for name, held in bits.items() for value, papers in held.items()]
    for part, groups in (("role", roles), ("concluded", concluded), ("counted", counted)):
        shelved += [
            (part, name, value, _blob(papers)) for name, held in groups.items() for value, papers in held.items()
        ]
    shelved.append(("once", "paper", None, _blob(everything & ~set_of(further, size))))
    shelved += [("arrival", name, None, packed("i", numbers)) for name, numbers in _arrivals(conn, places).items()]
    shelved.sort(key=lambda row: (row[0], row[1], row[2] or ""))
    conn.executemany("INSERT INTO shelf VALUES (?, ?, ?, ?)", shelved)


def _blob(papers: int) -> bytes:
    return papers.to_bytes((papers.bit_length() + 7) // 8, "little")


def packed(kind: str, numbers: array[int]) -> bytes:
    """Numbers as bytes, the lowest first on every machine; `unpacked` reads them."""
    if sys.byteorder == "big":
        numbers = array(kind, numbers)
        numbers.byteswap()
    return numbers.tobytes()


def unpacked(kind: str, data: bytes) -> array[int]:
    """What `packed` wrote."""
    numbers = array(kind)
    numbers.frombytes(data)
    if sys.byteorder == "big":
        numbers.byteswap()
    return numbers


def _arrivals(conn: sqlite3.Connection, places: Mapping[int, int]) -> dict[str, array[int]]:
    """When papers came, as the page of changes and the feeds ask.

    `came`: of each place the number of its paper's time, ascending, -1 where not known; `order`: the places, the latest
    day first, within a day as on the shelf; `rank`: of each place its position in `order`.
    """
    came = array("i", [-1]) * len(places)
    times: list[str] = []
    days: list[str] = []
    for pmid, since in conn.execute(
        "SELECT pmid, in_catalog_since FROM articles WHERE in_catalog_since IS NOT NULL ORDER BY in_catalog_since, pmid"
    ):
        if not times or times[-1] != since:
            times.append(since)
            days.append(since[:10])
        came[places[pmid]] = len(times) - 1
    days.append("")  # of papers whose time is not known
    order = array("i", sorted(range(len(places)), key=lambda place: days[came[place]], reverse=True))
    rank = array("i", bytes(order.itemsize * len(order)))
    for position, place in enumerate(order):
        rank[place] = position
    return {"came": came, "order": order, "rank": rank}


def _by_treatment(conn: sqlite3.Connection, places: Mapping[int, int], query: str) -> dict[str, dict[str, int]]:
    found: dict[str, dict[str, list[int]]] = {}
    for intervention, value, pmid in conn.execute(query):
        found.setdefault(intervention, {}).setdefault(UNTAGGED if value is None else value, []).append(places[pmid])
    return {name: {value: set_of(at, len(places)) for value, at in held.items()} for name, held in found.items()}


def set_of(places: Sequence[int], size: int) -> int:
    """The set of the papers at these places, among so many."""
    if len(places) > size // 64:  # so many are set faster a byte each, and then read as binary digits
        digits = bytearray(b"0") * max(size, 1)
        last = size - 1
        for place in places:
            digits[last - place] = 49
        return int(digits, 2)
    packed = bytearray(size // 8 + 1)
    for place in places:
        packed[place >> 3] |= 1 << (place & 7)
    return int.from_bytes(packed, "little")
