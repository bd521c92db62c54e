"""A checked reference list as JSON and as lines of text: what is retracted first, then the rest in the list's order."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from catalog.about import Dated, limits_line
from catalog.references.entries import Unreadable
from catalog.references.formats import FORMATS, Format
from catalog.references.match import Checked, Held, Notice

__all__ = ["ReferenceReport", "as_json", "as_text", "exit_status"]

_FIRST = {"retracted": 0, "concern": 1}


@dataclass(frozen=True)
class ReferenceReport:
    """A whole list, checked."""

    format: Format
    checked: tuple[Checked, ...]
    unreadable: tuple[Unreadable, ...]
    unreadable_characters: int
    dated: Dated
    levels: dict[str, str]  # their names
    designs: dict[str, str]

    @property
    def ordered(self) -> list[Checked]:
        """Retracted first, then concern, then as in the list."""
        return sorted(self.checked, key=lambda c: 0 if c.retracted else _FIRST.get(c.held.status, 2) if c.held else 2)

    def count(self, status: str) -> int:
        """How many references are of a status; `found`, `not_found` too."""
        if status == "retracted":
            return sum(c.retracted for c in self.checked)
        if status in ("found", "not_found"):
            return sum((c.held is not None) is (status == "found") for c in self.checked)
        return sum(c.held is not None and c.held.status == status for c in self.checked)


def exit_status(report: ReferenceReport) -> int:
    """1 where a reference is retracted, or a piece of the list could not be read; else 0."""
    return 1 if report.count("retracted") or report.unreadable else 0


def as_json(report: ReferenceReport) -> dict[str, Any]:
    """The report as one JSON document."""
    return {
        "ok": True,
        "sample": report.dated.sample,
        "searched": report.dated.searched,
        "limits": limits_line(report.dated),
        "format": report.format,
        "total": len(report.checked),
        "found": report.count("found"),
        "retracted": report.count("retracted"),
        "concern": report.count("concern"),
        "references": [_reference(checked) for checked in report.checked],
        "unreadable": [{"line": u.line, "text": u.text, "why": u.why} for u in report.unreadable],
    }


def _reference(checked: Checked) -> dict[str, Any]:
    entry = checked.entry
    return {
        "number": entry.number,
        "key": entry.key,
        "text": entry.text,
        "given": {"pmid": entry.pmid, "doi": entry.doi, "pmcid": entry.pmcid, "year": entry.year},
        "in_catalog": checked.held is not None,
        "matched_by": checked.by,
        "retracted": checked.retracted,
        "retracted_elsewhere": checked.retracted_elsewhere,
        "doubts": list(checked.doubts),
        "paper": _paper(checked.held) if checked.held else None,
        "may_also_be": [_paper(held) for held in checked.others],
    }


def _paper(held: Held) -> dict[str, Any]:
    newer = held.newer
    return {
        "pmid": held.pmid,
        "title": held.title,
        "journal": held.journal,
        "year": held.year,
        "doi": held.doi,
        "design": held.design,
        "level": held.level,
        "status": held.status,
        "preprint": held.preprint,
        "why_status": held.why_status,
        "notices": [_notice(notice) for notice in held.notices],
        "newer_versions": [_notice(notice) for notice in held.versions],
        "cites_retracted": held.cites_retracted,
        "interventions": list(held.interventions),
        "conditions": list(held.conditions),
        "newer_of_higher_level": {
            "count": newer.total if newer else 0,
            "first": [
                {"pmid": s.pmid, "title": s.title, "year": s.year, "level": s.level}
                for s in (newer.first if newer else ())
            ],
        },
    }


def _notice(notice: Notice) -> dict[str, Any]:
    return {"kind": notice.kind, "citation": notice.citation, "pmid": notice.pmid, "in_catalog": notice.here}


def as_text(report: ReferenceReport) -> Iterator[str]:
    """Lines for a terminal."""
    for checked in report.ordered:
        yield from _lines(checked, report)
    yield ""
    yield summary(report)
    yield limits_line(report.dated)


def summary(report: ReferenceReport) -> str:
    """One line of counts."""
    return (
        f"{len(report.checked):,} references read as {FORMATS[report.format]}: {report.count('found'):,} in this"
        f" catalog, {report.count('not_found'):,} not in this catalog; {report.count('retracted'):,} retracted,"
        f" {report.count('concern'):,} with an expression of concern."
    )


def _lines(checked: Checked, report: ReferenceReport) -> Iterator[str]:
    entry, held = checked.entry, checked.held
    mark = "RETRACTED" if checked.retracted else "CONCERN" if held and held.status == "concern" else None
    where = f"[{entry.number}]" + (f" {entry.key}" if entry.key else "")
    lead = f"{mark}: {where}" if mark else where
    if held is None:
        known = f": retracted ({checked.retracted_elsewhere})" if checked.retracted_elsewhere else ""
        yield f"{lead} {_short(entry.text)}: not in this catalog{known}"
    else:
        yield f"{lead} {_short(held.title)} ({held.year or 'date unknown'}), PMID {held.pmid}, found by {checked.by}"
        status = "" if held.status == "current" else f"; status: {held.status}"
        yield f"    {report.levels[held.level]}; {report.designs[held.design]}{status}"
        if held.why_status:
            yield f"    why: {held.why_status}"
        for notice in held.versions:
            yield f"    {_version(held, notice)}: {_where(notice)}"
        if held.cites_retracted:
            yield f"    its reference list holds retracted papers: {held.cites_retracted}"
        if held.newer:
            first = held.newer.first[0]
            yield (
                f"    newer, of a higher level, on the same treatment and condition: {held.newer.total:,};"
                f" first {report.levels[first.level]} of {first.year}, PMID {first.pmid}: {_short(first.title)}"
            )
    for doubt in checked.doubts:
        yield f"    ? {doubt}"


def _version(held: Held, notice: Notice) -> str:
    if held.preprint and notice.kind == "UpdateIn":
        return "preprint, now published"
    return {"UpdateIn": "updated in", "RepublishedIn": "republished in"}.get(notice.kind, "corrected version")


def _where(notice: Notice) -> str:
    number = f"PMID {notice.pmid}" + ("" if notice.here else ", not in this catalog") if notice.pmid else None
    return "; ".join(part for part in (notice.citation, number) if part) or "place not given"


def _short(text: str, most: int = 90) -> str:
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"
