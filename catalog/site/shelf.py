"""The catalog's papers by every value one can filter by, as sets of bits held in memory.

Papers stand in one order, newest first; bit n of a set is paper n. Counting a list is then an AND and a bit count,
so that facets, the table on the home page and the lists they link to come from one place and cannot disagree. Memory:
one bit a paper and value used (300,000 papers, 130 values: 5 MB), and the list of PMIDs. It is read once a catalog.
"""

from __future__ import annotations

import sqlite3
from array import array
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

__all__ = ["UNTAGGED", "Family", "Shelf", "load_shelf", "positions"]

# The value of papers that carry no value of a facet. Ids of the vocabulary never begin with _.
UNTAGGED = "_none"


@dataclass(frozen=True, slots=True)
class Family:
    """Papers that are one study: reports of one trial, or versions of one paper."""

    members: tuple[int, ...]  # PMIDs, ascending
    represents: int  # the one that counts
    versions: bool  # versions of one paper, nothing else
    retracted: int  # how many of them are

    @property
    def name(self) -> str:
        """What one more of them is called."""
        return "version" if self.versions else "report"

    @property
    def whole(self) -> str:
        """What they are all of."""
        return "this paper" if self.versions else "the same trial"


@dataclass(frozen=True)
class Shelf:
    """Papers in order, and which of them have which value."""

    pmids: array[int]
    places: dict[int, int]  # PMID to its place in the order
    bits: dict[str, dict[str, int]]  # facet, value: set of papers
    everything: int
    once: int  # one paper a study, as the view `studies` has it
    families: dict[int, Family]  # PMID to its family; papers that are a study of their own are not in it
    citing_retracted: frozenset[int]  # reviews and guidelines known to cite a retracted paper

    def having(self, facet: str, values: Iterable[str]) -> int:
        """The papers with any of the values."""
        found = 0
        for value in values:
            found |= self.bits[facet].get(value, 0)
        return found

    def of(self, pmids: Iterable[int]) -> int:
        """The set of some papers; unknown PMIDs are left out."""
        return _set((place for pmid in pmids if (place := self.places.get(pmid)) is not None), len(self.pmids))


def _set(places: Iterable[int], size: int) -> int:
    packed = bytearray(size // 8 + 1)
    for place in places:
        packed[place >> 3] |= 1 << (place & 7)
    return int.from_bytes(packed, "little")


def positions(bits: int, start: int = 0, stop: int | None = None, *, backwards: bool = False) -> Iterator[int]:
    """The places of the papers in a set, from the start-th to before the stop-th, in order or from the end."""
    packed = bits.to_bytes((bits.bit_length() + 7) // 8, "little")
    seen = 0
    numbers = range(len(packed) - 1, -1, -1) if backwards else range(len(packed))
    for number in numbers:
        byte = packed[number]
        if not byte:
            continue
        here = byte.bit_count()
        if seen + here <= start:
            seen += here
            continue
        places = [number * 8 + bit for bit in range(8) if byte >> bit & 1]
        for place in reversed(places) if backwards else places:
            if stop is not None and seen >= stop:
                return
            if seen >= start:
                yield place
            seen += 1


def load_shelf(conn: sqlite3.Connection) -> Shelf:
    """Read the catalog's papers and their values."""
    pmids: array[int] = array("q")
    places: dict[int, int] = {}
    found: dict[str, dict[str, list[int]]] = {name: {} for name in ("level", "design", "status", "year")}
    rows = conn.execute(
        "SELECT pmid, level, design, status, year FROM articles"
        " ORDER BY year DESC NULLS LAST, published DESC, pmid DESC"
    )
    for place, (pmid, level, design, status, year) in enumerate(rows):
        pmids.append(pmid)
        places[pmid] = place
        found["level"].setdefault(level, []).append(place)
        found["design"].setdefault(design, []).append(place)
        found["status"].setdefault(status, []).append(place)
        found["year"].setdefault(UNTAGGED if year is None else str(year), []).append(place)
    size = len(pmids)
    everything = (1 << size) - 1
    bits = {name: {value: _set(at, size) for value, at in values.items()} for name, values in found.items()}
    for name, query in (
        ("intervention", "SELECT intervention, pmid FROM article_interventions ORDER BY intervention"),
        ("condition", "SELECT condition, pmid FROM article_conditions ORDER BY condition"),
    ):
        tagged: dict[str, list[int]] = {}
        for value, pmid in conn.execute(query):
            tagged.setdefault(value, []).append(places[pmid])
        bits[name] = {value: _set(at, size) for value, at in tagged.items()}
        rest = everything
        for papers in bits[name].values():
            rest &= ~papers
        bits[name][UNTAGGED] = rest
    retracted = {pmids[place] for place in found["status"].get("retracted", ())}
    families = _families(conn, retracted)
    further = _set((places[pmid] for pmid, family in families.items() if family.represents != pmid), size)
    citing = frozenset(row[0] for row in conn.execute("SELECT DISTINCT pmid FROM leans_on_retracted"))
    return Shelf(pmids, places, bits, everything, everything & ~further, families, citing)


def _families(conn: sqlite3.Connection, retracted: set[int]) -> dict[int, Family]:
    found: dict[int, list[tuple[int, bool, bool]]] = {}
    for number, pmid, represents, kind in conn.execute(
        "SELECT f.family, f.pmid, f.represents, r.value FROM trial_families f LEFT JOIN rules r ON r.id = f.rule"
        " ORDER BY f.family, f.pmid"
    ):
        found.setdefault(number, []).append((pmid, bool(represents), kind == "version"))
    families: dict[int, Family] = {}
    for members in found.values():
        pmids = tuple(pmid for pmid, _, _ in members)
        family = Family(
            pmids,
            next(pmid for pmid, represents, _ in members if represents),
            all(version for _, _, version in members),
            len(retracted.intersection(pmids)),
        )
        families |= dict.fromkeys(pmids, family)
    return families
