"""NLM's file order: which bulk file comes after which, and what one file may do to what the store holds.

Pure functions. Rules, each from NLM's own notes on its files
- Files are applied by year, then number; update files go on counting where the baseline ended. A record of a later file
  replaces that of an earlier one, whatever their DateRevised.
- A later version of a PMID (F1000, PLOS Currents) stands whatever file brings a lower one; only the newest is PubMed's.
- A `DeleteCitation` that names a version takes away that version, so not a later one that is held.
- What PubMed itself answered has no place in that order: the newer by (version, DateRevised) stays, and of two that are
  equal PubMed's own. A deletion beats PubMed's answer unless PubMed sent the record after the day the file was made,
  which is the newest DateRevised in it.
- A file that comes late (it was missing, or damaged) is put in its place: it cannot undo what later files did.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal, NamedTuple

__all__ = ["Deleted", "FileKey", "Held", "Verdict", "deletes", "key_of", "place"]

_NAME = re.compile(r"(?:^|[/\\:])(?P<series>(?:pubmed|medline)(?:sample)?)(?P<year>\d\d)n(?P<number>\d{4,6})\.xml\.gz$")
PUBMED = "pubmed"


class FileKey(NamedTuple):
    """The place of a bulk file in NLM's order; `year` is 26 for 2026. `series` tells NLM's samples apart."""

    year: int
    number: int
    series: str


@dataclass(frozen=True, slots=True)
class Held:
    """What decides about the record the store holds. Times are UTC ISO 8601."""

    version: int
    date_revised: str | None
    source: str
    last_seen: str


@dataclass(frozen=True, slots=True)
class Deleted:
    """A deletion that stands."""

    source: str
    at: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """How a record of a file is kept: over what is held, where it is newer by its dates, or only as an older version.

    `lifts`: a deletion that stands no longer does.
    """

    order: Literal["arrival", "revision", "older"]
    lifts: bool


def key_of(name: str) -> FileKey | None:
    """The place in file order of a file's name, path or source (`bulk:...`, `file:...`); None if it is no bulk file."""
    found = _NAME.search(name)
    return FileKey(int(found["year"]), int(found["number"]), found["series"]) if found else None


def place(version: int, date_revised: str | None, key: FileKey, held: Held | None, deleted: Deleted | None) -> Verdict:
    """How a record of the file at `key` is kept."""
    lifts = deleted is not None and _lifts(date_revised, key, deleted)
    if held is None:
        return Verdict("arrival" if lifts else "revision", lifts)
    before = key_of(held.source)
    if before is None:
        return Verdict("revision", lifts)
    if lifts:  # what was deleted in between begins anew, with whatever version
        return Verdict("arrival", lifts=True)
    if version != held.version:
        return Verdict("arrival" if version > held.version else "older", lifts=False)
    return Verdict("arrival" if key >= before else "older", lifts=False)


def _lifts(date_revised: str | None, key: FileKey, deleted: Deleted) -> bool:
    before = key_of(deleted.source)
    if before is not None:
        return key > before
    return deleted.source == PUBMED and date_revised is not None and date_revised > deleted.at[:10]


def deletes(version: int | None, key: FileKey, newest: str | None, held: Held | None) -> bool:
    """Whether a deletion in the file at `key` counts; `newest` is the newest DateRevised in that file."""
    if held is None:
        return True
    if version is not None and held.version > version:
        return False
    before = key_of(held.source)
    if before is not None:
        return key >= before
    return held.source != PUBMED or newest is None or held.last_seen[:10] <= newest
