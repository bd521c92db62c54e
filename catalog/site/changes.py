"""What later harvests changed, between two moments: papers that came, fell, were levelled anew, or left."""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from catalog.site.facts import Facts
from catalog.site.proofs import value_name
from catalog.site.search import Paper, papers
from catalog.site.shelf import positions
from catalog.site.words import FIELDS, STATUSES, day

__all__ = ["Change", "Changes", "Harvest", "Item", "Section", "latest_changes", "load_changes"]

MOST_SHOWN = 100  # papers of a section
MOST_READ = 20_000  # rows of changes in one answer
HARVESTS = 8  # offered to choose from
# Kinds in the order of their weight.
_WEIGHT = {"status": 0, "level": 1, "deleted": 2, "gone": 3, "text": 4, "tag": 5}
_UNKNOWN = {"interventions": "none", "conditions": "none", "certainty": "none stated", "abstract": "missing"}
Row = tuple[str, int, str, str | None, str | None, str | None, str | None]


@dataclass(frozen=True, slots=True)
class Change:
    """What one harvest changed of one paper, in words. `here`: the paper is in the catalog."""

    pmid: int
    at: str
    headline: str
    lines: tuple[str, ...]
    title: str | None
    here: bool


@dataclass(frozen=True, slots=True)
class Item:
    """A paper of a section. `paper` is None where NLM deleted it. `fields` are (field, before, after) as stored."""

    pmid: int
    paper: Paper | None
    title: str
    at: str
    lines: tuple[str, ...]
    fields: tuple[tuple[str, str | None, str | None], ...]


@dataclass(frozen=True, slots=True)
class Section:
    """Papers to which the same happened: the first of them, and how many there are."""

    id: str
    title: str
    said: str
    total: int
    items: tuple[Item, ...]


@dataclass(frozen=True, slots=True)
class Harvest:
    """A harvest to choose: `at` is when it ended."""

    id: int
    at: str
    state: str


@dataclass(frozen=True, slots=True)
class Changes:
    """The page of changes: after `since`, up to `until` (UTC; None: from the beginning, to the latest)."""

    since: str | None
    until: str | None
    since_said: str
    until_said: str
    harvests: tuple[Harvest, ...]  # the latest first
    sections: tuple[Section, ...]  # those that hold something
    notes: tuple[str, ...]
    whole: bool  # False: more changed than one page reads


def load_changes(conn: sqlite3.Connection, facts: Facts, args: Mapping[str, str]) -> Changes:
    """Read what changed.

    Args:
        conn: the catalog.
        facts: the same, in memory.
        args: `since` and `until`, each a harvest's number or a day (YYYY-MM-DD, that day included).
    """
    harvests = [
        Harvest(number, at, state)
        for number, at, state in conn.execute(
            "SELECT id, coalesce(finished, started), state FROM runs ORDER BY id DESC"
        )
    ]
    notes: list[str] = []
    since, since_said = _moment(args.get("since"), harvests, notes, end=False)
    until, until_said = _moment(args.get("until"), harvests, notes, end=True)
    if since is None and not since_said:
        since = _before_latest(conn, facts, harvests)
        since_said = f"the harvest of {day(since)}" if since else "the first harvest"
    if since and until and until < since:
        notes.append("The second day comes before the first; everything up to the latest harvest is shown.")
        until, until_said = None, ""
    arrivals = facts.arrivals
    new = arrivals.after(since) if since else facts.shelf.everything
    if until:
        new &= ~arrivals.after(until)
    rows = conn.execute(
        "SELECT c.at, c.pmid, c.kind, c.field, c.before, c.after, c.title FROM changes c"
        " LEFT JOIN articles a ON a.pmid = c.pmid WHERE c.at > ? AND c.at <= ?"
        " AND (a.pmid IS NULL OR a.in_catalog_since <= ?) ORDER BY c.at DESC, c.pmid, c.rowid LIMIT ?",
        (since or "", until or "9", since or "", MOST_READ + 1),
    ).fetchall()
    whole = len(rows) <= MOST_READ
    sections = [*_sections(conn, facts, _net(rows[:MOST_READ])), *_new(conn, facts, new)]
    order = {name: number for number, name in enumerate(("status", "retracted", "new", "level", "text", "tag"))}
    sections.sort(key=lambda section: order.get(section.id, len(order)))
    return Changes(
        since,
        until,
        since_said,
        until_said or "the latest harvest",
        tuple(harvests[:HARVESTS]),
        tuple(section for section in sections if section.total),
        tuple(notes),
        whole,
    )


def latest_changes(conn: sqlite3.Connection, facts: Facts, count: int) -> list[Change]:
    """The changes that came last, a paper and harvest each; of one harvest the weightiest first."""
    rows: list[Row] = conn.execute(
        "SELECT at, pmid, kind, field, before, after, title FROM changes ORDER BY at DESC, pmid DESC, rowid LIMIT ?",
        (count * 20,),
    ).fetchall()
    grouped = [list(group) for _, group in groupby(rows, key=lambda row: row[:2])]
    grouped.sort(key=lambda group: min(_WEIGHT[row[2]] for row in group))
    grouped.sort(key=lambda group: group[0][0], reverse=True)
    chosen = grouped[:count]
    titles = _titles(conn, [group[0][1] for group in chosen])
    return [
        Change(
            pmid=group[0][1],
            at=group[0][0],
            headline=_headline(facts, min(group, key=lambda row: _WEIGHT[row[2]])),
            lines=tuple(_line(facts, row) for row in group),
            title=titles.get(group[0][1]) or group[0][6],
            here=group[0][1] in titles,
        )
        for group in chosen
    ]


def _moment(given: str | None, harvests: Sequence[Harvest], notes: list[str], *, end: bool) -> tuple[str | None, str]:
    """(the moment, what it is called) of a harvest's number or a day; (None, "") where nothing usable is given."""
    given = (given or "").strip()
    if not given:
        return None, ""
    if re.fullmatch(r"[0-9]{1,7}", given):
        for harvest in harvests:
            if harvest.id == int(given):
                return harvest.at, f"the harvest of {day(harvest.at)}"
        if int(given) == 0:
            return None, "" if end else "the beginning"
    elif re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", given) and day(given) != given:
        return given + ("T99" if end else ""), str(day(given))
    notes.append(f"“{given[:40]}” is neither a harvest of this catalog nor a day (YYYY-MM-DD) and was left out.")
    return None, ""


def _before_latest(conn: sqlite3.Connection, facts: Facts, harvests: Sequence[Harvest]) -> str | None:
    """The end of the harvest before the latest that changed anything; None where that was the first."""
    last_change = conn.execute("SELECT max(at) FROM changes").fetchone()[0] or ""
    last = max(last_change, facts.arrivals.times[-1] if facts.arrivals.times else "")
    return next((harvest.at for harvest in harvests if harvest.at < last), None)


def _net(rows: Iterable[Row]) -> dict[str, dict[int, list[Row]]]:
    """By kind and paper, the newest first: each field from what it was at first to what it is at last."""
    last: dict[tuple[int, str | None], Row] = {}
    for at, pmid, kind, field, before, after, title in rows:
        seen = last.get((pmid, field or kind))
        last[(pmid, field or kind)] = (
            (at, pmid, kind, field, before, after, title) if seen is None else (*seen[:4], before, *seen[5:])
        )
    kinds: dict[str, dict[int, list[Row]]] = {}
    for row in last.values():
        if row[3] is None or row[4] != row[5]:
            kinds.setdefault(row[2], {}).setdefault(row[1], []).append(row)
    return kinds


_SECTIONS = {
    "status": ("Retracted, doubted or corrected", "What journals have said since about papers that were here."),
    "level": ("Another level of evidence", "The record changed, so the same rules give another starting level."),
    "text": ("Abstract added or taken away", "Where an abstract came, the rules have more to read."),
    "tag": ("Other tags changed", "The record changed, and with it what the rules read in it."),
    "gone": (
        "No longer found by the searches",
        "They stay in the catalog; most often PubMed changed how it indexes them.",
    ),
    "deleted": ("Deleted from PubMed", "NLM withdrew the record, most often a duplicate; it has left the catalog."),
}


def _sections(conn: sqlite3.Connection, facts: Facts, kinds: dict[str, dict[int, list[Row]]]) -> list[Section]:
    levelled = kinds.get("level", {})
    found = []
    for kind, (title, said) in _SECTIONS.items():
        told = kinds.get(kind, {})
        if kind in ("text", "tag"):  # told with its level where that changed
            told = {pmid: rows for pmid, rows in told.items() if pmid not in levelled}
        if kind == "level":
            beside = {**kinds.get("text", {})}
            for pmid, rows in kinds.get("tag", {}).items():
                beside[pmid] = beside.get(pmid, []) + rows
            told = {pmid: rows + beside.get(pmid, []) for pmid, rows in told.items()}
        shown = list(told)[:MOST_SHOWN]
        known = {
            paper.pmid: paper for paper in papers(conn, facts.shelf, [p for p in shown if p in facts.shelf.places])
        }
        items = []
        for pmid in shown:
            paper = known.get(pmid)
            name = paper.plain_title if paper else told[pmid][0][6] or f"PMID {pmid}"
            fields = tuple((row[3], row[4], row[5]) for row in told[pmid] if row[3] is not None)
            lines = tuple(_line(facts, row) for row in told[pmid] if _is_news(row))
            items.append(Item(pmid, paper, name, told[pmid][0][0], lines, fields))
        found.append(Section(kind, title, said, len(told), tuple(items)))
    return found


def _is_news(row: Row) -> bool:
    """Whether a change has to be said in words: a level stands as badges, a paper's status as its own."""
    _, _, kind, field, before, _, _ = row
    return kind == "gone" if field is None else field != "level" and (field != "status" or before != "current")


def _new(conn: sqlite3.Connection, facts: Facts, new: int) -> list[Section]:
    """The papers that came, best level first; those that came already retracted apart."""
    shelf = facts.shelf
    fallen = shelf.having("status", ["retracted"])
    found = []
    for name, title, said, among in (
        ("new", "New papers", "Best starting level first, then the newest.", new & ~fallen),
        ("retracted", "Came already retracted", "They count nowhere.", new & fallen),
    ):
        places: list[int] = []
        for level in facts.names["level"]:
            if len(places) < MOST_SHOWN:
                places += positions(among & shelf.having("level", [level]), 0, MOST_SHOWN - len(places))
        items = tuple(
            Item(paper.pmid, paper, paper.plain_title, "", (), ())
            for paper in papers(conn, shelf, [shelf.pmids[place] for place in places])
        )
        found.append(Section(name, title, said, among.bit_count(), items))
    return found


def _titles(conn: sqlite3.Connection, pmids: Sequence[int]) -> dict[int, str | None]:
    return dict(
        conn.execute(
            "SELECT pmid, coalesce(title, vernacular_title) FROM articles"
            " WHERE pmid IN (SELECT value FROM json_each(?))",
            (json.dumps(list(pmids)),),
        ).fetchall()
    )


def _headline(facts: Facts, row: Row) -> str:
    _, _, kind, _, before, after, _ = row
    if kind == "status":
        return "RETRACTED" if after == "retracted" else _words(facts, "status", after)
    if kind == "level":
        return f"Now {_words(facts, 'level', after)} (was {_words(facts, 'level', before)})"
    if kind == "text":
        return "Abstract added" if after else "Abstract taken away"
    return {"gone": "No longer found by the searches", "deleted": "Deleted from PubMed"}.get(kind, "Tags changed")


def _line(facts: Facts, row: Row) -> str:
    _, _, kind, field, before, after, _ = row
    if field is None:
        topics = (before or "").replace("_", " ").replace("-", " ").replace(";", ", ")
        return f"Found before by the searches: {topics}" if kind == "gone" else "NLM deleted the record"
    return (
        f"{FIELDS.get(field, field.capitalize())}: {_words(facts, field, after)} (was {_words(facts, field, before)})"
    )


def _words(facts: Facts, field: str, value: str | None) -> str:
    if value is None:
        return _UNKNOWN.get(field, "not known")
    if field == "status":
        return STATUSES.get(value, value)
    if field == "followup_months":
        return f"{value} months"
    return value_name(facts, field, value)
