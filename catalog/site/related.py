"""The records around a paper: reports of the same trial, notices and comments in both directions, cited retractions."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass

from catalog.site.facts import Facts
from catalog.site.shelf import Family
from catalog.site.words import NOTICES, TIES, day, plain

__all__ = ["Cited", "Member", "Notice", "Related", "Watched", "load_related"]

# Which notices a status speaks of.
_STATUS_NOTICES = {
    "retracted": ("RetractionIn", "RetractedandRepublishedIn"),
    "concern": ("ExpressionOfConcernIn",),
    "corrected": ("ErratumIn", "CorrectedandRepublishedIn", "UpdateIn"),
}
THREAD = "thread"  # the kind of what is in the same comment thread, but not linked to the paper itself
_COMMENTS = ("CommentIn", "CommentOn")
# Every notice of a paper: those of both directions, and the kinds that PubMed tells in one direction only.
_NOTICES = (
    "SELECT kind, notice_pmid, citation, note, told_by FROM related_notices WHERE pmid = ?1"
    " UNION ALL SELECT kind, notice_pmid, citation, note, pmid FROM notices"
    " WHERE pmid = ?1 AND kind != 'Cites' AND kind NOT IN (SELECT kind FROM notice_kinds)"
    " ORDER BY kind, notice_pmid, citation"
)


@dataclass(frozen=True, slots=True)
class Notice:
    """A correction, retraction, comment or version: what it is, and where."""

    kind: str
    name: str
    pmid: int | None
    title: str | None  # where the catalog holds it
    here: bool
    citation: str | None
    note: str | None
    told_by: int | None  # the record that tells it, where this paper's own does not


@dataclass(frozen=True, slots=True)
class Member:
    """A paper of the same study, and what ties it to the others."""

    pmid: int
    title: str
    year: int | None
    level: str
    design: str
    status: str
    represents: bool
    tie: str  # the rule in words
    rule: str
    quote: str


@dataclass(frozen=True, slots=True)
class Cited:
    """A retracted paper in a review's reference list, and how its retraction is known."""

    pmid: int
    title: str | None
    here: bool
    source: str
    quote: str


@dataclass(frozen=True, slots=True)
class Watched:
    """A line of the Retraction Watch list about the paper."""

    nature: str
    date: str | None
    reason: str | None
    matched_by: str
    notice_pmid: int | None
    notice_doi: str | None


@dataclass(frozen=True)
class Related:
    """All of them."""

    family: Family | None
    members: tuple[Member, ...]  # of the family, this paper too
    standing: tuple[Notice, ...]  # the notices its status follows from
    comments: tuple[Notice, ...]  # comments and replies, of its own and, further off, of the thread
    notices: tuple[Notice, ...]  # all others
    cited_retracted: tuple[Cited, ...]
    references: int  # how many of its references PubMed lists
    watched: tuple[Watched, ...]

    @property
    def every_notice(self) -> tuple[Notice, ...]:
        """Every notice and comment that a record tells of this paper."""
        return (*self.standing, *self.notices, *(c for c in self.comments if c.kind != THREAD))

    @property
    def thread(self) -> tuple[int, ...]:
        """The other papers of its comment thread."""
        return tuple(c.pmid for c in self.comments if c.pmid is not None)


def load_related(conn: sqlite3.Connection, facts: Facts, pmid: int, status: str) -> Related:
    """Read what the catalog holds around a paper."""
    found = conn.execute(_NOTICES, (pmid,)).fetchall()
    thread = conn.execute(
        "SELECT pmid FROM comment_threads WHERE thread = (SELECT thread FROM comment_threads WHERE pmid = ?1)"
        " AND pmid != ?1 ORDER BY pmid",
        (pmid,),
    ).fetchall()
    cited = conn.execute(
        "SELECT cited_pmid, source, quote FROM leans_on_retracted WHERE pmid = ? ORDER BY cited_pmid", (pmid,)
    ).fetchall()
    named = [row[1] for row in found] + [row[0] for row in thread] + [row[0] for row in cited]
    titles = _titles(conn, [number for number in named if number is not None and number in facts.shelf.places])
    standing: list[Notice] = []
    comments: list[Notice] = []
    notices: list[Notice] = []
    for kind, number, citation, note, told_by in found:
        notice = Notice(
            kind,
            NOTICES.get(kind, kind),
            number,
            titles.get(number),
            number in facts.shelf.places,
            citation,
            note,
            told_by if told_by != pmid else None,
        )
        if kind in _STATUS_NOTICES.get(status, ()):
            standing.append(notice)
        else:
            (comments if kind in _COMMENTS else notices).append(notice)
    direct = {notice.pmid for notice in comments}
    comments += [
        Notice(THREAD, "Also in this exchange", number, titles.get(number), number in titles, None, None, None)
        for (number,) in thread
        if number not in direct
    ]
    family = facts.shelf.families.get(pmid)
    return Related(
        family,
        _members(conn, family) if family else (),
        tuple(standing),
        tuple(comments),
        tuple(notices),
        tuple(Cited(number, titles.get(number), number in titles, source, quote) for number, source, quote in cited),
        conn.execute("SELECT count(DISTINCT cited_pmid) FROM article_references WHERE pmid = ?", (pmid,)).fetchone()[0],
        tuple(
            Watched(nature, day(date), reason, matched_by, notice_pmid, notice_doi)
            for nature, date, reason, matched_by, notice_pmid, notice_doi in conn.execute(
                "SELECT nature, date, reason, matched_by, notice_pmid, notice_doi FROM retraction_watch"
                " WHERE pmid = ? ORDER BY date, record_id",
                (pmid,),
            )
        ),
    )


def _members(conn: sqlite3.Connection, family: Family) -> tuple[Member, ...]:
    return tuple(
        Member(number, plain(title), year, level, design, status, bool(stands), TIES.get(rule, rule), rule, quote)
        for number, title, year, level, design, status, stands, rule, quote in conn.execute(
            "SELECT a.pmid, coalesce(a.title, a.vernacular_title, '[no title]'), a.year, a.level, a.design, a.status,"
            " f.represents, f.rule, f.quote FROM trial_families f JOIN articles a ON a.pmid = f.pmid"
            " WHERE f.pmid IN (SELECT value FROM json_each(?)) ORDER BY a.year, a.published, a.pmid",
            (json.dumps(family.members),),
        )
    )


def _titles(conn: sqlite3.Connection, pmids: Iterable[int]) -> dict[int, str]:
    """Titles of papers the catalog holds."""
    return {
        number: plain(title)
        for number, title in conn.execute(
            "SELECT pmid, coalesce(title, vernacular_title, '[no title]') FROM articles"
            " WHERE pmid IN (SELECT value FROM json_each(?))",
            (json.dumps(sorted(set(pmids))),),
        )
    }
