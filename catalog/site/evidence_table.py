"""The evidence table: a comparison's papers in columns of words, for a page, a manuscript, a spreadsheet, a program."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from catalog.cite.imprint import SCHEME, VERIFY
from catalog.evidence import verdict_of
from catalog.site.compare import Compared, Comparison
from catalog.site.facts import Facts
from catalog.site.words import CERTAINTIES, COMPARATORS, DIRECTIONS, HARMS, INCLUDED, STATUSES, plural

__all__ = [
    "COLUMNS",
    "UNKNOWN",
    "Column",
    "colophon",
    "comparison_csv",
    "comparison_json",
    "conclusion_of",
    "study_of",
]

UNKNOWN = "–"
_REVIEWS = frozenset({"systematic_review", "narrative_review", "guideline"})
_PART = {"experimental": "", "comparator": " (as the comparator)", "adjunct": " (given to all groups)"}
# What a conclusion rests on, as short as a cell wants it.
_BASIS = {
    "between": "between groups",
    "within": "before against after",
    "pooled_between": "pooled, between groups",
    "pooled_within": "pooled, before against after",
    "pooled_unclear": "pooled, against what is unclear",
    "none": UNKNOWN,
}
# What a spreadsheet would run if a cell began with it.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the table: its heading, and a paper's words in it."""

    id: str
    heading: str
    text: Callable[[Compared, Facts], str]


def study_of(paper: Compared) -> str:
    """A study's short name: "Doe J et al. 2020"."""
    several = paper.authors and paper.first_author and paper.authors != paper.first_author
    name = paper.first_author or "No author named"
    return f"{name}{' et al.' if several else ''} {paper.year or 'year not stated'}"


def _design(paper: Compared, facts: Facts) -> str:
    name = facts.name("design", paper.design).name
    return f"{name}, {INCLUDED.get(paper.included, paper.included)}" if paper.included else name


def _treatment(paper: Compared, facts: Facts) -> str:
    parts = [facts.name("intervention", p.intervention).name + _PART.get(p.role, "") for p in paper.parts]
    return "; ".join(parts) or "none of ours"


def _condition(paper: Compared, facts: Facts) -> str:
    named = "; ".join(facts.name("condition", c).name for c in paper.conditions)
    site = _elsewhere(paper, facts)
    return f"{named} ({site})" if named and site else named or site or UNKNOWN


def _size(paper: Compared, facts: Facts) -> str:
    if paper.design in _REVIEWS:
        return plural(paper.studies, "study", "studies") if paper.studies is not None else UNKNOWN
    return f"{paper.participants:,}" if paper.participants is not None else UNKNOWN


def _comparator(paper: Compared, facts: Facts) -> str:
    if paper.versus == "nothing":
        return "nothing"
    if paper.comparator in (None, "none"):
        return "control not named, or untreated" if paper.basis in ("between", "pooled_between") else UNKNOWN
    return "; ".join(COMPARATORS.get(kind, kind) for kind in paper.comparator.split(";"))


def _followup(paper: Compared, facts: Facts) -> str:
    if paper.followup_months is None:
        return UNKNOWN
    return "1 month" if paper.followup_months == 1 else f"{paper.followup_months:g} months"


def _elsewhere(paper: Compared, facts: Facts) -> str:
    """The part of the body a paper is about where such papers do not count, as "neck or upper back only"; else ""."""
    return facts.name("region", paper.region).short if paper.elsewhere and paper.region else ""


def conclusion_of(paper: Compared, facts: Facts) -> str:
    """What a paper concludes, never more than it carries: improvement that stands against nothing is called that."""
    tested = [part for part in paper.parts if part.tested]
    if len({part.direction for part in tested}) > 1:
        named = ((facts.name("intervention", part.intervention).short, part.direction) for part in tested)
        return "; ".join(f"{name}: {_direction(paper, direction)}" for name, direction in named)
    if len(tested) > 1 and tested[0].direction is None and paper.direction is not None:
        return "one did better than the other; which, is not clear"
    return _direction(paper, paper.direction)


def _direction(paper: Compared, direction: str | None) -> str:
    if direction is None:
        return "left open by the rules"
    if verdict_of(direction, paper.versus, paper.basis) == "improved":
        return "improvement reported, compared with " + ("nothing" if paper.versus == "nothing" else "what is unclear")
    return DIRECTIONS.get(direction, direction)


def _said(words: Mapping[str, str], value: str | None) -> str:
    return UNKNOWN if value is None else words.get(value, value)


# In a table's order.
COLUMNS = (
    Column("study", "Study", lambda paper, facts: study_of(paper)),
    Column("level", "Level", lambda paper, facts: facts.name("level", paper.level).name),
    Column("design", "Design", _design),
    Column("treatment", "Treatment", _treatment),
    Column("condition", "Condition", _condition),
    Column("size", "People (or studies)", _size),
    Column("comparator", "Compared with", _comparator),
    Column("followup", "Longest follow-up", _followup),
    Column("conclusion", "Conclusion on pain or function", conclusion_of),
    Column("basis", "Basis", lambda paper, facts: _said(_BASIS, paper.basis)),
    Column("harms", "Harms", lambda paper, facts: _said(HARMS, paper.harms)),
    Column("certainty", "Certainty it states", lambda paper, facts: _said(CERTAINTIES, paper.certainty)),
    Column("status", "Status", lambda paper, facts: STATUSES.get(paper.status, paper.status)),
)


def _data(paper: Compared, facts: Facts) -> dict[str, Any]:
    """A paper's codes and words, by name; what is not known is None."""
    return {
        "pmid": paper.pmid,
        "status": paper.status,
        "study": study_of(paper),
        "title": paper.title,
        "authors": paper.authors,
        "journal": paper.journal,
        "year": paper.year,
        "doi": paper.doi,
        "level": paper.level,
        "level_by": "hand" if paper.by_hand else "rule",
        "design": paper.design,
        "included": paper.included,
        "treatments": [part.intervention for part in paper.parts],
        "roles": [part.role for part in paper.parts],
        "directions": [part.direction for part in paper.parts],
        "conditions": list(paper.conditions),
        "region": paper.region,
        "another_part_of_the_body": paper.elsewhere,
        "participants": paper.participants,
        "studies": paper.studies,
        "comparator": paper.comparator,
        "versus": paper.versus,
        "followup_months": paper.followup_months,
        "direction": paper.direction,
        "basis": paper.basis,
        "conclusion": conclusion_of(paper, facts),
        "conclusion_words": paper.words,
        "harms": paper.harms,
        "certainty": paper.certainty,
        "same_study": [pmid for pmid in paper.family.members if pmid != paper.pmid] if paper.family else [],
        "cites_retracted": paper.cites_retracted,
    }


def colophon(facts: Facts) -> str:
    """How far a comparison can be trusted, and where it comes from: what stands under it wherever it goes."""
    imprint = facts.imprint
    said = [f"Levels of evidence: {SCHEME}.", VERIFY, "Nobody has graded the papers; not medical advice."]
    said.append(f"{imprint.title} {imprint.version}, rules {imprint.rules}, {imprint.dated}.")
    if imprint.sample:
        said.insert(0, "SAMPLE: invented records, not publications.")
    return " ".join(said)


def comparison_json(comparison: Comparison, facts: Facts) -> dict[str, Any]:
    """A comparison as data."""
    return {
        "ok": True,
        "sample": facts.about.sample,
        "total": comparison.total,
        "left_out": comparison.total - len(comparison.papers),
        "notes": list(comparison.notes),
        "papers": [_data(paper, facts) | {"address": f"/articles/{paper.pmid}"} for paper in comparison.papers],
        "note": colophon(facts),
    }


def comparison_csv(comparison: Comparison, facts: Facts) -> str:
    """A comparison for a spreadsheet: UTF-8 with its mark, a line a paper, lists joined by ";", the unknown empty.

    A text that a spreadsheet would run as a formula has an apostrophe before it.
    """
    written = io.StringIO()
    written.write("\ufeff")
    lines = csv.writer(written)
    note = facts.imprint.note
    for number, paper in enumerate(comparison.papers):
        row = _data(paper, facts)
        row["note"] = note(paper.level, paper.design, by_hand=paper.by_hand, retracted=paper.retracted)
        if not number:
            lines.writerow(row)
        lines.writerow(_cell(value) for value in row.values())
    return written.getvalue()


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        value = ";".join("" if item is None else str(item) for item in value)
    text = f"{value:g}" if isinstance(value, float) else str(value)
    return f"'{text}" if isinstance(value, str) and text.startswith(_FORMULA) else text
