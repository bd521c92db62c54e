"""The Retraction Watch list (Crossref's public CSV) as an optional second source for status.

Crossref publishes it at https://gitlab.com/crossref/retraction-watch-data; the columns are theirs. Nothing is fetched
here: a build reads the file it is given.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from catalog.csvlines import csv_lines
from catalog.tagging.status import status_rules

__all__ = [
    "COLUMNS",
    "NATURES",
    "NO_WATCH",
    "Matched",
    "Watch",
    "WatchLine",
    "match",
    "read_watch",
    "rule_of",
    "standing_lines",
]

# The columns that are used; the file has more.
COLUMNS = (
    "Record ID",
    "RetractionDate",
    "RetractionDOI",
    "RetractionPubMedID",
    "OriginalPaperDOI",
    "OriginalPaperPubMedID",
    "RetractionNature",
    "Reason",
)
NATURES = ("Retraction", "Expression of concern", "Correction", "Reinstatement")
_DOI = re.compile(r"(?:https?://(?:dx\.)?doi\.org/|doi:\s*)?(10\.\d{4,9}/\S+)", re.IGNORECASE)
_US_DATE = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})(?: \d{1,2}:\d{2}(?::\d{2})?(?: [AP]M)?)?")


@dataclass(frozen=True, slots=True)
class WatchLine:
    """One line of the list, checked; ids and date are None where the list has none."""

    line: int
    record_id: str
    nature: str
    date: str | None  # YYYY-MM-DD
    pmid: int | None
    doi: str | None
    notice_pmid: int | None
    notice_doi: str | None
    reason: str | None

    @property
    def quote(self) -> str:
        """The line as a proof: nature, date and reason."""
        said = f"{self.nature}, {self.date}" if self.date else self.nature
        return f"{said}: {self.reason}" if self.reason else said


@dataclass(frozen=True)
class Watch:
    """The lines of a file; what was wrong, one line each; how many name no paper; the file's hash."""

    lines: tuple[WatchLine, ...]
    troubles: tuple[str, ...]
    without_ids: int
    sha256: str | None


@dataclass(frozen=True, slots=True)
class Matched:
    """A line and the article of the catalog it is about, with what matched."""

    pmid: int
    by: str  # pmid or doi
    line: WatchLine


NO_WATCH = Watch((), (), 0, None)


def read_watch(path: Path) -> Watch:
    """Read and check a Retraction Watch file. A wrong line is left out and named; a wrong date costs only the date.

    Raises WrongUse, one line, where the file cannot be read or lacks a column of `COLUMNS`.
    """
    lines: list[WatchLine] = []
    troubles: list[str] = []
    without = 0
    raw, rows = csv_lines(path, COLUMNS, "Retraction Watch file")
    for number, cells in rows:
        if isinstance(cells, str):
            troubles.append(f"{path}: line {number}: {cells}; the line is left out")
            continue
        try:
            line, odd = _line(number, cells)
        except _Wrong as wrong:
            troubles.append(f"{path}: line {number}: {wrong}; the line is left out")
            continue
        if odd:
            troubles.append(f"{path}: line {number}: {odd}; the line counts without it")
        if line.pmid is None and line.doi is None:
            without += 1
        else:
            lines.append(line)
    return Watch(tuple(lines), tuple(troubles), without, hashlib.sha256(raw).hexdigest())


def match(watch: Watch, dois: Mapping[int, str | None]) -> tuple[list[Matched], list[str]]:
    """(lines on articles of the catalog, troubles): by PMID, else by DOI.

    Args:
        watch: the list.
        dois: every article's PMID with its DOI. A line whose PMID and DOI are of two different articles is left out.
    """
    by_doi: dict[str, list[int]] = {}
    for pmid, doi in dois.items():
        if doi is not None:
            by_doi.setdefault(doi.lower(), []).append(pmid)
    found: list[Matched] = []
    troubles: list[str] = []
    for line in watch.lines:
        same_doi = by_doi.get(line.doi, []) if line.doi is not None else []
        if line.pmid is not None and line.pmid in dois:
            if same_doi and line.pmid not in same_doi:
                troubles.append(
                    f"Retraction Watch line {line.line}: PMID {line.pmid} and DOI {line.doi} are two different papers"
                    f" here (the DOI is PMID {same_doi[0]}'s); the line is left out"
                )
                continue
            found.append(Matched(line.pmid, "pmid", line))
        else:
            found += [Matched(pmid, "doi", line) for pmid in same_doi]
    return sorted(found, key=lambda m: (m.pmid, m.line.line)), troubles


def standing_lines(lines: Iterable[WatchLine]) -> list[WatchLine]:
    """The lines on one paper that still hold: a reinstatement ends the retractions and concerns dated before it."""
    every = sorted(lines, key=lambda line: (line.date or "", line.line))
    ends = [line.date or "" for line in every if line.nature == "Reinstatement"]
    last = max(ends, default=None)
    return [
        line
        for line in every
        if last is None or line.nature in ("Reinstatement", "Correction") or (line.date or "") > last
    ]


class _Wrong(Exception):
    """What is wrong with a line, for its reader."""


def _line(number: int, cells: Mapping[str, str]) -> tuple[WatchLine, str | None]:
    nature = next((n for n in NATURES if n.casefold() == cells["RetractionNature"].casefold()), None)
    if nature is None:
        raise _Wrong(f"RetractionNature is {cells['RetractionNature']!r}; it may be {', '.join(NATURES)}")
    if not cells["Record ID"]:
        raise _Wrong("has no Record ID")
    odd: str | None = None
    day = _day(cells["RetractionDate"])
    if day is None and cells["RetractionDate"]:
        odd = f"RetractionDate is {cells['RetractionDate']!r}, not month/day/year"
    reasons = "; ".join(part.strip().lstrip("+").strip() for part in cells["Reason"].split(";") if part.strip(" +"))
    return (
        WatchLine(
            number,
            cells["Record ID"],
            nature,
            day,
            _pmid("OriginalPaperPubMedID", cells),
            _doi(cells["OriginalPaperDOI"]),
            _pmid("RetractionPubMedID", cells),
            _doi(cells["RetractionDOI"]),
            reasons or None,
        ),
        odd,
    )


def _pmid(column: str, cells: Mapping[str, str]) -> int | None:
    """A PMID; the list writes 0 or nothing where it knows none."""
    text = cells[column].removesuffix(".0")
    if not text or text.casefold() == "unavailable":
        return None
    if not text.isascii() or not text.isdigit() or len(text) > 10:
        raise _Wrong(f"{column} is {cells[column]!r}, not a PMID")
    return int(text) or None


def _doi(text: str) -> str | None:
    """A DOI in small letters; None for `unavailable` and other words."""
    found = _DOI.fullmatch(text)
    return found[1].lower() if found else None


def _day(text: str) -> str | None:
    found = _US_DATE.fullmatch(text)
    try:
        if found:
            return date(int(found[3]), int(found[1]), int(found[2])).isoformat()
        return date.fromisoformat(text[:10]).isoformat() if text else None
    except ValueError:
        return None


def rule_of(nature: str) -> tuple[str, str]:
    """(rule id, status) of a nature, from rules/status.yml."""
    rule = next(rule for rule in status_rules() if rule.watch == nature)
    return rule.id, rule.value
