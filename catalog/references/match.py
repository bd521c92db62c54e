"""References looked up in a catalog: by PMID, DOI, PMCID, or the same title and year; and what is known of each.

A reference that is not found is "not in this catalog", never "does not exist": the catalog holds a part of PubMed.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Literal

from catalog.references.entries import Entry, normal_title
from catalog.references.newer import Newer, NewerReader

__all__ = ["Checked", "Held", "Notice", "check_references"]

By = Literal["PMID", "DOI", "PMCID", "title and year", "title"]
# Titles of fewer words are too common to find a paper by.
_FEWEST_WORDS = 4
_MOST_WORDS = 24  # of a title asked of the full-text index; the whole title is compared after
_MOST_ALIKE = 20
_MAY_DIFFER = 1  # years between a paper's first appearance and its issue
# Notices that speak of a paper's standing, in the order readers need them.
_STANDING = ("RetractionIn", "RetractedandRepublishedIn", "ExpressionOfConcernIn")
_NEWER_VERSION = ("CorrectedandRepublishedIn", "RetractedandRepublishedIn", "UpdateIn", "RepublishedIn")
_COLUMNS = (
    "pmid, title, authors, journal_abbreviation, journal, year, doi, pmcid, design, level, status, direction,"
    " vernacular_title"
)


@dataclass(frozen=True, slots=True)
class Notice:
    """A notice about a paper: PubMed's kind, where it is, its PMID and whether it is in the catalog."""

    kind: str
    citation: str | None
    pmid: int | None
    here: bool


@dataclass(frozen=True)
class Held:
    """A paper of the catalog that a reference names."""

    pmid: int
    title: str
    authors: str | None
    journal: str | None
    year: int | None
    doi: str | None
    design: str
    level: str
    status: str
    preprint: bool
    why_status: str | None
    notices: tuple[Notice, ...]  # retraction, concern, corrections
    versions: tuple[Notice, ...]  # what replaces it: corrected, updated, published after a preprint
    cites_retracted: int
    interventions: tuple[str, ...]
    conditions: tuple[str, ...]
    newer: Newer | None


@dataclass(frozen=True)
class Checked:
    """A reference and what the catalog holds of it.

    `by` says how it was found; `doubts` what does not fit. `others` are further papers it may mean.
    `retracted_elsewhere` is how the catalog knows of the retraction of a paper that it does not hold.
    """

    entry: Entry
    held: Held | None
    by: By | None
    others: tuple[Held, ...]
    doubts: tuple[str, ...]
    retracted_elsewhere: str | None

    @property
    def retracted(self) -> bool:
        """Whether the paper is known to be retracted."""
        return self.retracted_elsewhere is not None or (self.held is not None and self.held.status == "retracted")


def check_references(
    conn: sqlite3.Connection, entries: Iterable[Entry], *, tick: Callable[[], None] | None = None
) -> list[Checked]:
    """Look each reference up. `tick` is called before each; what it raises ends the work. Raises sqlite3.Error."""
    newer = NewerReader(conn)
    checked = []
    for entry in entries:
        if tick:
            tick()
        checked.append(_check(conn, entry, newer))
    return checked


def _check(conn: sqlite3.Connection, entry: Entry, newer: NewerReader) -> Checked:
    by_id: list[tuple[By, dict[str, Any]]] = []
    for by, sql, value in (
        ("PMID", "pmid = ?", entry.pmid),
        ("DOI", "doi = ? COLLATE NOCASE", entry.doi),
        ("PMCID", "pmcid = ?", entry.pmcid),
    ):
        if value is not None:
            by_id += [(by, row) for row in _rows(conn, sql, value)]  # type: ignore[misc]  # `by` is one of By
    doubts: list[str] = []
    found: list[dict[str, Any]] = list({row["pmid"]: row for _, row in by_id}.values())
    how: By | None = by_id[0][0] if by_id else None
    if len(found) > 1:
        named = ", ".join(f"{by} names PMID {row['pmid']}" for by, row in by_id)
        doubts.append(f"Its identifiers name different papers: {named}.")
    if not found:
        found, how, said = _by_title(conn, entry)
        doubts += said
    elif entry.title_given and entry.titles and len(found) == 1:
        given = normal_title(entry.titles[0])
        same = {normal_title(found[0][name] or "") for name in ("title", "vernacular_title")}
        if given and given not in same and not _alike(given, same):
            doubts.append(f"Its {how} belongs to a paper of another title; check the reference.")
    held = [_held(conn, row, newer) for row in found]
    held.sort(key=lambda paper: paper.status != "retracted")
    elsewhere = None if held else _retracted_elsewhere(conn, entry)
    return Checked(entry, held[0] if held else None, how, tuple(held[1:]), tuple(doubts), elsewhere)


def _rows(conn: sqlite3.Connection, where: str, *values: object) -> list[dict[str, Any]]:
    cursor = conn.execute(f"SELECT {_COLUMNS} FROM articles WHERE {where} ORDER BY pmid LIMIT {_MOST_ALIKE}", values)  # noqa: S608 - ours
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor]


def _alike(given: str, titles: set[str]) -> bool:
    """Whether a title is cut or slightly other than the catalog's: most of its words are there."""
    words = set(given.split())
    return any(len(words & set(title.split())) * 2 > len(words) for title in titles)


def _by_title(conn: sqlite3.Connection, entry: Entry) -> tuple[list[dict[str, Any]], By | None, list[str]]:
    """Papers of exactly the title (letters and digits alone compared) and the year, and what is doubtful."""
    for guess in entry.titles:
        title = normal_title(guess)
        words = title.split()
        if len(words) < _FEWEST_WORDS:
            continue
        phrase = '"' + " ".join(words[:_MOST_WORDS]) + '"'
        alike = _rows(conn, "pmid IN (SELECT rowid FROM articles_fts WHERE articles_fts MATCH ?)", f"title : {phrase}")
        same = [row for row in alike if normal_title(row["title"] or "") == title]
        dated = [row for row in same if entry.year is None or row["year"] is None or row["year"] == entry.year]
        near = [row for row in same if row not in dated and abs(row["year"] - (entry.year or 0)) <= _MAY_DIFFER]
        by: By = "title" if entry.year is None else "title and year"
        if len(dated) > 1:
            numbers = ", ".join(str(row["pmid"]) for row in dated)
            return dated, by, [f"Several papers here have this title: PMID {numbers}. Which one is meant is not clear."]
        if dated:
            said = [f"Found by title alone; the paper here is of {dated[0]['year']}."] if entry.year is None else []
            return dated, by, said
        if near:
            return near[:1], "title", [f"The year differs: {entry.year} in the reference, {near[0]['year']} here."]
        if same:
            years = ", ".join(f"{row['year']} (PMID {row['pmid']})" for row in same)
            return [], None, [f"A paper of this title is here, but of another year: {years}."]
    return [], None, []


def _held(conn: sqlite3.Connection, row: dict[str, Any], newer: NewerReader) -> Held:
    pmid = row["pmid"]
    notices = [
        Notice(kind, citation, number, number is not None and bool(_here(conn, number)))
        for kind, number, citation in conn.execute(
            "SELECT DISTINCT kind, notice_pmid, citation FROM related_notices WHERE pmid = ?"
            " ORDER BY kind, notice_pmid, citation",
            (pmid,),
        )
    ]
    order = (*_STANDING, *_NEWER_VERSION, "ErratumIn")
    standing = sorted((n for n in notices if n.kind in order), key=lambda n: order.index(n.kind))
    why = conn.execute(
        "SELECT quote FROM tags WHERE pmid = ? AND field = 'status' AND chosen = 1 ORDER BY rowid LIMIT 1", (pmid,)
    ).fetchone()
    interventions = tuple(
        name
        for (name,) in conn.execute(
            "SELECT intervention FROM article_interventions WHERE pmid = ? AND role = 'experimental'"
            " ORDER BY intervention",
            (pmid,),
        )
    )
    conditions = tuple(
        name
        for (name,) in conn.execute(
            "SELECT condition FROM article_conditions WHERE pmid = ? ORDER BY condition", (pmid,)
        )
    )
    preprint = bool(
        conn.execute("SELECT 1 FROM publication_types WHERE pmid = ? AND name = 'Preprint'", (pmid,)).fetchall()
    )
    leans = conn.execute("SELECT count(*) FROM leans_on_retracted WHERE pmid = ?", (pmid,)).fetchone()[0]
    return Held(
        pmid=pmid,
        title=row["title"] or row["vernacular_title"] or "[no title]",
        authors=row["authors"],
        journal=row["journal_abbreviation"] or row["journal"],
        year=row["year"],
        doi=row["doi"],
        design=row["design"],
        level=row["level"],
        status=row["status"],
        preprint=preprint,
        why_status=why[0] if why and row["status"] != "current" else None,
        notices=tuple(standing),
        versions=tuple(n for n in standing if n.kind in _NEWER_VERSION) or (_published(conn, pmid) if preprint else ()),
        cites_retracted=leans,
        interventions=interventions,
        conditions=conditions,
        newer=newer.than(pmid, row["level"], row["year"], interventions, conditions),
    )


def _here(conn: sqlite3.Connection, pmid: int) -> list[Any]:
    return conn.execute("SELECT 1 FROM articles WHERE pmid = ?", (pmid,)).fetchall()


def _published(conn: sqlite3.Connection, pmid: int) -> tuple[Notice, ...]:
    """The published paper of a preprint that PubMed does not link: the same title and first author."""
    rows = conn.execute(
        "SELECT a.pmid, coalesce(a.journal_abbreviation, a.journal) || coalesce('. ' || a.year, '')"
        " FROM trial_families f JOIN articles a ON a.pmid = f.pmid"
        " WHERE f.family = (SELECT family FROM trial_families WHERE pmid = ?1) AND f.pmid != ?1"
        " AND a.status NOT IN ('preprint', 'retracted') AND f.rule = 'family.preprint_title' ORDER BY a.pmid",
        (pmid,),
    )
    return tuple(Notice("UpdateIn", citation, number, True) for number, citation in rows)


def _retracted_elsewhere(conn: sqlite3.Connection, entry: Entry) -> str | None:
    """How the retraction of a paper that is not here is known: a notice here, or the Retraction Watch list."""
    if entry.pmid is None:
        return None
    notice = conn.execute(
        "SELECT pmid FROM notices WHERE notice_pmid = ? AND kind = 'RetractionOf' ORDER BY pmid LIMIT 1", (entry.pmid,)
    ).fetchone()
    if notice:
        return f"PMID {notice[0]}, in this catalog, is the notice of its retraction"
    listed = conn.execute(
        "SELECT quote FROM leans_on_retracted WHERE cited_pmid = ? AND source = 'retraction_watch'"
        " ORDER BY pmid LIMIT 1",
        (entry.pmid,),
    ).fetchone()
    return f"Retraction Watch: {listed[0]}" if listed else None
