"""The catalog's papers by every value one can filter by, as sets of bits held in memory.

Papers stand in one order, newest first; bit n of a set is paper n. Counting a list is then an AND and a bit count,
so that facets, the table on the home page and the lists they link to come from one place and cannot disagree. Memory:
one bit a paper and value used (300,000 papers, 130 values: 5 MB), and the list of PMIDs. It is read once a catalog.
"""

from __future__ import annotations

import sqlite3
from array import array
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from catalog.shelving import UNTAGGED, set_of, unpacked

__all__ = ["TESTED", "UNTAGGED", "Family", "Shelf", "load_shelf", "positions"]

# The role of a treatment under test.
TESTED = "experimental"
# Bytes of a set that are looked over at once for where a stretch of a list begins.
_STRETCH = 512


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
    roles: dict[str, dict[str, int]]  # intervention, its role: papers
    concluded: dict[str, dict[str, int]]  # intervention, what is concluded for it: papers
    counted: dict[str, int]  # intervention: papers that count as evidence for it, as the table `evidence` has it
    everything: int
    once: int  # one paper a study, as the view `studies` has it
    families: dict[int, Family]  # PMID to its family; papers that are a study of their own are not in it
    citing_retracted: frozenset[int]  # reviews and guidelines known to cite a retracted paper

    def having(self, facet: str, values: Iterable[str]) -> int:
        """The papers with any of the values."""
        return _union(self.bits[facet], values)

    def treated(
        self, interventions: Sequence[str], roles: Sequence[str], directions: Sequence[str], *, counted: bool
    ) -> int:
        """The papers with a treatment that is one of these, in one of these roles, and one of these concluded for it.

        `counted`: and counts as evidence for it. A question with nothing given is open. Of two treatments compared, the
        better one's `favours` is thus never found under the other. Where neither a treatment nor what counts is asked
        for, a direction is the paper's own.
        """
        if not interventions and not counted:
            found = self.everything
            if roles:
                found &= self.having("role", roles)
            return found & self.having("direction", directions) if directions else found
        found = 0
        for name in interventions or self.counted:
            if name == UNTAGGED and not counted and not roles:
                papers = self.bits["intervention"].get(UNTAGGED, 0)
                found |= papers & self.having("direction", directions) if directions else papers
                continue
            papers = self.counted.get(name, 0) if counted else self.bits["intervention"].get(name, 0)
            if roles:
                papers &= _union(self.roles.get(name, {}), roles)
            if directions:
                papers &= _union(self.concluded.get(name, {}), directions)
            found |= papers
        return found

    def of(self, pmids: Sequence[int]) -> int:
        """The set of some papers; unknown PMIDs are left out."""
        places = self.places
        return self.at([places[pmid] for pmid in pmids if pmid in places])

    def at(self, places: Sequence[int]) -> int:
        """The set of the papers at these places."""
        return set_of(places, len(self.pmids))

    def among(self, papers: int) -> Callable[[int], int]:
        """A function that tells of a place whether its paper is in the set."""
        packed = papers.to_bytes(len(self.pmids) // 8 + 1, "little")
        return lambda place: packed[place >> 3] >> (place & 7) & 1

    def ranks(self, facet: str, values: Sequence[str]) -> Callable[[int], int]:
        """A function that tells of a place which of the values its paper has, by number; their count for none."""
        held = [(number, self.among(self.bits[facet].get(value, 0))) for number, value in enumerate(values)]
        return lambda place: next((number for number, has in held if has(place)), len(held))


def _union(sets: Mapping[str, int], values: Iterable[str]) -> int:
    found = 0
    for value in values:
        papers = sets.get(value, 0)
        found = found | papers if found else papers  # one value alone is not copied
    return found


def positions(bits: int, start: int = 0, stop: int | None = None, *, backwards: bool = False) -> Iterator[int]:
    """The places of the papers in a set, from the start-th to before the stop-th, in order or from the end."""
    packed = bits.to_bytes((bits.bit_length() + 7) // 8, "little")
    seen = 0
    stretches = range(0, len(packed), _STRETCH)
    for first in reversed(stretches) if backwards else stretches:
        stretch = packed[first : first + _STRETCH]
        size = int.from_bytes(stretch, "little").bit_count()
        if seen + size <= start:
            seen += size
            continue
        numbers = range(len(stretch))
        for number in reversed(numbers) if backwards else numbers:
            byte = stretch[number]
            if not byte:
                continue
            here = byte.bit_count()
            if seen + here <= start:
                seen += here
                continue
            places = [(first + number) * 8 + bit for bit in range(8) if byte >> bit & 1]
            for place in reversed(places) if backwards else places:
                if stop is not None and seen >= stop:
                    return
                if seen >= start:
                    yield place
                seen += 1


def load_shelf(conn: sqlite3.Connection) -> Shelf:
    """Read the catalog's papers and their values, as the build shelved them."""
    sets: dict[str, dict[str, dict[str, int]]] = {}
    pmids: array[int] = array("q")
    once = 0
    for part, name, value, data in conn.execute(
        "SELECT part, name, value, data FROM shelf WHERE part != 'arrival' ORDER BY part, name, value"
    ):
        if part == "order":
            pmids = unpacked("q", data)
        elif part == "once":
            once = int.from_bytes(data, "little")
        else:
            sets.setdefault(part, {}).setdefault(name, {})[value] = int.from_bytes(data, "little")
    size = len(pmids)
    citing = frozenset(row[0] for row in conn.execute("SELECT DISTINCT pmid FROM leans_on_retracted"))
    return Shelf(
        pmids,
        dict(zip(pmids, range(size), strict=True)),
        defaultdict(dict, sets.get("facet", {})),  # an empty catalog has no value of any facet
        sets.get("role", {}),
        sets.get("concluded", {}),
        {name: held["counted"] for name, held in sets.get("counted", {}).items()},
        (1 << size) - 1,
        once,
        _families(conn),
        citing,
    )


def _families(conn: sqlite3.Connection) -> dict[int, Family]:
    retracted = {row[0] for row in conn.execute("SELECT pmid FROM articles WHERE status = 'retracted'")}
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
