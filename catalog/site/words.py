"""What readers read where the tables hold a code: words of the codebook, of PubMed, and dates."""

from __future__ import annotations

import re
from datetime import date

__all__ = [
    "BASIS",
    "CERTAINTIES",
    "COMPARATORS",
    "DIRECTIONS",
    "FIELDS",
    "HARMS",
    "INCLUDED",
    "LANGUAGES",
    "LOWEST",
    "NOTICES",
    "ROLES",
    "SOURCES",
    "STATUSES",
    "TIES",
    "TIMING",
    "VERDICTS",
    "VERSUS",
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
    "model": "a learned vote, where the rules know little",
    "notice": "a notice linked to it",
    "retraction_watch": "Retraction Watch",
    "conflict_of_interest": "the conflict-of-interest statement",
    "affiliation": "an author’s address",
    "status": "its status",
    "absence": "title and abstract, searched in full",
    "catalog": "its status in this catalog",
}
CERTAINTIES = {"high": "high", "moderate": "moderate", "low": "low", "very_low": "very low"}
COMPARATORS = {
    "placebo_sham": "placebo or sham",
    "steroid": "steroid",
    "local_anaesthetic": "local anaesthetic",
    "surgery": "surgery",
    "usual_care": "usual care (exercise, physiotherapy, medication)",
    "other_active": "another active treatment",
    "none": "nothing named",
}
BASIS = {
    "between": "groups compared with each other",
    "within": "before compared with after only",
    "pooled_between": "treated compared with controls, pooled",
    "pooled_within": "change from before to after, pooled",
    "pooled_unclear": "pooled; against what is unclear",
    "none": "no effect estimated",
}
DIRECTIONS = {
    "favours": "favours the treatment",
    "no_difference": "no difference between the groups",
    "non_inferior": "non-inferior, by a margin set beforehand",
    "against": "against the treatment",
    "mixed": "mixed: by outcome, time or subgroup",
    "insufficient": "too little evidence, it says",
    "not_reported": "pain or function not reported in the abstract",
}
# What a conclusion stands against (docs/evidence.md).
VERSUS = {
    "sham": "sham or placebo",
    "sham_and_active": "sham or placebo, and an active treatment",
    "active": "an active treatment",
    "nothing": "nothing: before against after",
}
# How conclusions are drawn (`catalog.evidence.verdict_of`): in a legend, and after a number.
VERDICTS = {
    "better": ("better than the control", "better"),
    "improved": ("improved from before to after only", "improved from before to after only"),
    "mixed": ("mixed, or too little evidence", "mixed"),
    "alike": ("no difference, or not inferior", "no difference"),
    "against": ("against: control better, or no effect", "against"),
    "untold": ("not told, or left open", "not told"),
}
HARMS = {
    "serious": "a serious event",
    "none_serious": "none serious",
    "called_safe": "called safe, without events stated",
    "not_reported": "not reported in the abstract",
}
# NLM's codes of languages (ISO 639-2/B) that papers of the field have.
LANGUAGES = {
    "chi": "Chinese",
    "cze": "Czech",
    "dan": "Danish",
    "dut": "Dutch",
    "eng": "English",
    "fre": "French",
    "ger": "German",
    "gre": "Greek",
    "heb": "Hebrew",
    "hun": "Hungarian",
    "ita": "Italian",
    "jpn": "Japanese",
    "kor": "Korean",
    "nor": "Norwegian",
    "per": "Persian",
    "pol": "Polish",
    "por": "Portuguese",
    "rus": "Russian",
    "spa": "Spanish",
    "swe": "Swedish",
    "tur": "Turkish",
    "ukr": "Ukrainian",
    "und": "not determined",
}
# What ties papers to one study (families.yml).
TIES = {
    "family.registry": "the same registration number",
    "family.version": "PubMed links them as versions",
    "family.cue": "says whose follow-up or analysis it is; same first author, a number in common",
    "family.preprint_title": "a preprint of the same title and first author",
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
    "certainty": "Certainty stated",
    "participants": "Participants",
    "studies": "Studies included, number",
    "comparator": "Compared with",
    "basis": "Basis",
    "direction": "Conclusion on pain or function",
    "followup_months": "Longest follow-up",
    "harms": "Harms",
    "region": "Region",
    "abstract": "Abstract",
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
    "SummaryForPatientsOf": "Summary for patients of",
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
