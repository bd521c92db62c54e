"""What readers read where the tables hold a code: words of the codebook, of PubMed, and dates."""

from __future__ import annotations

import re
from datetime import date

__all__ = [
    "FIELDS",
    "INCLUDED",
    "LOWEST",
    "NOTICES",
    "ROLES",
    "SOURCES",
    "STATUSES",
    "TIMING",
    "day",
    "plain",
    "plural",
]

STATUSES = {
    "current": "Current",
    "corrected": "Corrected",
    "concern": "Expression of concern",
    "retracted": "Retracted",
    "preprint": "Preprint",
}
INCLUDED = {
    "rct_only": "randomised trials only",
    "mixed": "randomised and other designs",
    "nonrandomised": "no randomised trial",
    "preclinical": "animal or laboratory studies only",
    "unclear": "not stated",
}
LOWEST = {"controlled": "controlled studies", "uncontrolled": "uncontrolled studies", "unstated": "not stated"}
TIMING = {"prospective": "prospective", "retrospective": "retrospective", "unclear": "not stated"}
ROLES = {"experimental": "under test", "comparator": "as the comparator", "adjunct": "given to all groups"}
SOURCES = {
    "curator": "a curator",
    "publication_type": "PubMed’s publication type",
    "mesh": "a MeSH heading",
    "title": "the title",
    "abstract": "the abstract",
    "notice": "a notice linked to it",
    "retraction_watch": "Retraction Watch",
}
FIELDS = {
    "design": "Design",
    "included": "Studies included",
    "lowest_design": "Lowest design included",
    "level": "Level",
    "jbjs": "JBJS level",
    "timing": "Timing",
    "interventions": "Treatment",
    "conditions": "Condition",
    "status": "Status",
}
# PubMed's CommentsCorrections RefType, as PubMed itself words them; `Cites` is a reference, not a notice.
NOTICES = {
    "RetractionIn": "Retraction notice",
    "RetractionOf": "Retraction of",
    "RetractedandRepublishedIn": "Retracted and republished in",
    "RetractedandRepublishedFrom": "Retracted and republished from",
    "ExpressionOfConcernIn": "Expression of concern",
    "ExpressionOfConcernFor": "Expression of concern for",
    "ErratumIn": "Erratum",
    "ErratumFor": "Erratum for",
    "CorrectedandRepublishedIn": "Corrected and republished in",
    "CorrectedandRepublishedFrom": "Corrected and republished from",
    "UpdateIn": "Updated in",
    "UpdateOf": "Update of",
    "RepublishedIn": "Republished in",
    "RepublishedFrom": "Republished from",
    "CommentIn": "Comment in",
    "CommentOn": "Comment on",
    "OriginalReportIn": "Original report in",
    "ReprintIn": "Reprinted in",
    "ReprintOf": "Reprint of",
    "SummaryForPatientsIn": "Summary for patients in",
    "AssociatedDataset": "Associated data set",
    "AssociatedPublication": "Associated publication",
}
_MONTHS = (
    "January February March April May June July August September October November December".split()  # noqa: SIM905 - a list of twelve words reads better
)
# C0 and C1 control characters: they print nothing, and two of them mark hits inside this program.
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


def day(text: str | None) -> str | None:
    """`YYYY[-MM[-DD...]]` as a reader writes it ("3 November 2026"); other text as it is; None where there is none."""
    if not text:
        return None
    found = re.match(r"(\d{4})(?:-(\d\d)(?:-(\d\d))?)?", text)
    if not found:
        return text
    try:
        when = date(int(found[1]), int(found[2] or 1), int(found[3] or 1))
    except ValueError:
        return text
    if not found[2]:
        return found[1]
    month = _MONTHS[when.month - 1]
    return f"{when.day} {month} {when.year}" if found[3] else f"{month} {when.year}"


def plural(count: int, one: str, many: str | None = None) -> str:
    """A count with its noun: "1 paper", "1,204 papers"."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def plain(text: str) -> str:
    """Text without control characters."""
    return _CONTROLS.sub("", text)
