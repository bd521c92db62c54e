"""Trial families: the reports of one trial (and the versions of one paper), so that each trial counts once.

What ties reports together is in rules/families.yml:

- `family.registry`: both name the same registry number as their own. A report that names two numbers of one registry
  as its own speaks of several trials, and is tied by none of them.
- `family.version`: PubMed links them as versions of one paper (preprint, update, republication).
- `family.cue`: a report of several numbers that says "follow-up of", "secondary analysis of" ..., shares a number with
  a report of that one trial, and has the same first author.
- `family.preprint_title`: a preprint and a paper of the same title and first author.

Reviews, guidelines and opinions are never reports of a trial; they can only be versions of each other. A family is
called by its smallest PMID. Its representative (the report that counts) is, in this order: not retracted, nor replaced
by a newer version in the family; with results (no protocol); published (no preprint); of the best level; the newest.
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from catalog.tagging.tables import table

__all__ = ["Member", "Report", "components", "families"]


@dataclass(frozen=True)
class Report:
    """What decides whether two articles report one trial."""

    pmid: int
    title: str | None
    abstract: str | None
    first_author: str | None
    year: int | None
    design: str
    level: str
    status: str
    is_preprint: bool
    numbers: tuple[tuple[str, str, str], ...]  # (number, registry, quote) of trials, named as its own
    versions: tuple[tuple[str, int], ...]  # (RefType, PMID)


@dataclass(frozen=True, slots=True)
class Member:
    """An article's place in its family: the rule that ties it, the words, and whether it stands for the family."""

    family: int
    pmid: int
    rule: str
    quote: str
    represents: bool


def families(reports: Iterable[Report]) -> tuple[Member, ...]:
    """Every family of two or more, members by family and PMID. The same reports in any order give the same families."""
    known = {report.pmid: report for report in sorted(reports, key=lambda r: r.pmid)}
    ties = [*_by_registry(known), *_by_version(known), *_by_cue(known), *_by_title(known)]
    found: list[Member] = []
    for group in components((a, b) for a, b, _, _, _ in ties):
        why: dict[int, tuple[str, str]] = {}
        for a, b, rule, quote_a, quote_b in ties:  # in the order in which reasons are shown
            if a in group:
                why.setdefault(a, (rule, quote_a))
                why.setdefault(b, (rule, quote_b))
        best = min((known[pmid] for pmid in group), key=lambda report: _rank(report, [known[pmid] for pmid in group]))
        found += [Member(group[0], pmid, *why[pmid], pmid == best.pmid) for pmid in group]
    return tuple(found)


def components(pairs: Iterable[tuple[int, int]]) -> list[list[int]]:
    """The connected groups of pairs, each sorted, by their smallest number."""
    parent: dict[int, int] = {}

    def root(item: int) -> int:
        parent.setdefault(item, item)
        while parent[item] != item:
            parent[item] = parent[parent[item]]
            item = parent[item]
        return item

    for a, b in pairs:
        low, high = sorted((root(a), root(b)))
        parent[high] = low
    groups: dict[int, list[int]] = defaultdict(list)
    for item in sorted(parent):
        groups[root(item)].append(item)
    return [groups[first] for first in sorted(groups)]


Tie = tuple[int, int, str, str, str]  # two PMIDs, the rule, the words in the first and in the second


@cache
def _rules() -> dict[str, Any]:
    loaded: dict[str, Any] = table("families")
    return loaded


@cache
def _cue() -> re.Pattern[str]:
    return re.compile(next(r["pattern"] for r in _rules()["rules"] if r["id"] == "family.cue"), re.IGNORECASE)


def _reports_trials(report: Report) -> bool:
    return report.design not in _rules()["not_reports"]


def _single(report: Report) -> list[tuple[str, str]]:
    """(number, quote) of the numbers by which a report is known: the only one of its registry."""
    by_registry: dict[str, set[str]] = defaultdict(set)
    for number, registry, _ in report.numbers:
        by_registry[registry].add(number)
    return [(number, quote) for number, registry, quote in report.numbers if len(by_registry[registry]) == 1]


def _by_registry(known: Mapping[int, Report]) -> list[Tie]:
    holders: dict[str, list[tuple[int, str]]] = defaultdict(list)
    for report in known.values():
        if _reports_trials(report):
            for number, quote in _single(report):
                holders[number].append((report.pmid, quote))
    return [
        (first[0], other[0], "family.registry", first[1], other[1])
        for _, (first, *others) in sorted(holders.items())
        for other in others
    ]


def _by_version(known: Mapping[int, Report]) -> list[Tie]:
    ties: list[Tie] = []
    for report in known.values():
        for kind, pmid in report.versions:
            other = known.get(pmid)
            if other is None or pmid == report.pmid or "opinion" in (report.design, other.design):
                continue
            ties.append(
                (
                    report.pmid,
                    pmid,
                    "family.version",
                    f"{kind} {pmid}",
                    f"{kind} {pmid} (in the record of PMID {report.pmid})",
                )
            )
    return ties


def _by_cue(known: Mapping[int, Report]) -> list[Tie]:
    holders: dict[str, list[tuple[int, str]]] = defaultdict(list)
    for report in known.values():
        if _reports_trials(report):
            for number, quote in _single(report):
                holders[number].append((report.pmid, quote))
    ties: list[Tie] = []
    for report in known.values():
        several = [entry for entry in report.numbers if (entry[0], entry[2]) not in _single(report)]
        if not several or not _reports_trials(report) or report.first_author is None:
            continue
        cue = _cue().search(report.title or "") or _cue().search(report.abstract or "")
        if cue is None:
            continue
        same = [
            (pmid, quote, number)
            for number, _, _ in several
            for pmid, quote in holders[number]
            if known[pmid].first_author == report.first_author
        ]
        # Numbers of two trials by the same author leave open which one it follows.
        if len({number for _, _, number in same}) == 1:
            ties += [(pmid, report.pmid, "family.cue", quote, cue.group()) for pmid, quote, _ in same]
    return ties


def _by_title(known: Mapping[int, Report]) -> list[Tie]:
    titles: dict[tuple[str, str], list[Report]] = defaultdict(list)
    for report in known.values():
        if report.title and report.first_author and report.design != "opinion":
            words = " ".join(re.findall(r"\w+", unicodedata.normalize("NFKD", report.title).casefold()))
            if words.count(" ") >= 4:  # a shorter title may be anyone's
                titles[words, report.first_author.casefold()].append(report)
    ties: list[Tie] = []
    for group in titles.values():
        for preprint in (report for report in group if report.is_preprint):
            ties += [
                (paper.pmid, preprint.pmid, "family.preprint_title", paper.title or "", preprint.title or "")
                for paper in group
                if not paper.is_preprint
            ]
    return ties


def _rank(report: Report, group: list[Report]) -> tuple[Any, ...]:
    """The smallest stands for the family."""
    members = {other.pmid for other in group}
    replaced = any(kind.endswith("In") and pmid in members for kind, pmid in report.versions) or any(
        kind.endswith(("Of", "From")) and pmid == report.pmid for other in group for kind, pmid in other.versions
    )
    return (
        report.status == "retracted",
        replaced,
        report.design == "protocol",
        report.is_preprint,
        report.level if report.level != "none" else "9",
        -(report.year or 0),
        -report.pmid,
    )
