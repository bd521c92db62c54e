"""What every page knows of the catalog it shows: its title, its names in order, the age of its data, its papers."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from catalog.cite import Imprint, read_imprint
from catalog.site.arrivals import Arrivals, load_arrivals
from catalog.site.recent import Recent
from catalog.site.shelf import UNTAGGED, Shelf, load_shelf
from catalog.site.vocabulary import Vocabulary, load_vocabulary
from catalog.site.words import BASIS, CERTAINTIES, COMPARATORS, DIRECTIONS, HARMS, ROLES, STATUSES, VERSUS, day

__all__ = ["SAMPLE_NOTICE", "About", "Facts", "Name", "load_facts"]

MOST_MATCHES = 128  # queries whose papers are remembered; 300,000 papers: about 100 kB each
MOST_PAGE_BYTES = 64_000_000  # of answers that are remembered
SAMPLE_NOTICE = "SAMPLE: invented records"


@dataclass(frozen=True, slots=True)
class About:
    """The catalog's own words on itself."""

    title: str
    subject: str
    short_subject: str
    description: str
    examples: tuple[str, ...]
    version: str
    sample: bool
    abstracts: str  # what this copy carries of them: full, excerpt, none
    vocabulary: str  # its name
    region: str | None  # the part of the body it is about; None: it asks nothing of that
    place: str | None  # how sentences speak of that part: "the low back"


@dataclass(frozen=True, slots=True)
class Name:
    """A coded value as readers meet it."""

    id: str
    name: str
    short: str
    description: str


@dataclass(frozen=True)
class Facts:
    """One catalog, as long as its file stays the same."""

    about: About
    names: dict[str, dict[str, Name]]  # facet, id: name; in display order
    shelf: Shelf = field(repr=False)
    arrivals: Arrivals = field(repr=False)
    dated: str  # one sentence on how old the data are
    checked: str | None  # the day PubMed was last searched in full, YYYY-MM-DD; None: not known
    imprint: Imprint  # what exports and citations say of the catalog
    vocabulary: Vocabulary = field(repr=False)
    uncounted: frozenset[str] = frozenset()  # regions whose papers count nowhere
    judged: frozenset[str] = frozenset()  # the columns of `articles` on numbers and outcome that its rules filled
    matches: Recent[str, Any] = field(
        default_factory=lambda: Recent(MOST_MATCHES), repr=False
    )  # by query (matching.py)
    pages: Recent[Any, Any] = field(  # answers as sent, by address (remembering.py)
        default_factory=lambda: Recent(MOST_PAGE_BYTES, weigh=lambda kept: kept.weight), repr=False
    )
    _journals: list[tuple[str | None, str | None]] = field(default_factory=list, repr=False)

    def name(self, facet: str, value: str) -> Name:
        """The name of a value; its id where the tables hold none."""
        return self.names.get(facet, {}).get(value) or Name(value, value.replace("_", " "), value, "")

    def journals(self, conn: sqlite3.Connection) -> list[tuple[str | None, str | None]]:
        """(title, abbreviation) of every journal; read once."""
        if not self._journals:
            self._journals[:] = conn.execute("SELECT DISTINCT journal, journal_abbreviation FROM articles").fetchall()
        return self._journals

    @cached_property
    def papers(self) -> int:
        """How many papers the catalog holds."""
        return len(self.shelf.pmids)

    @cached_property
    def retracted(self) -> int:
        """How many of them are retracted."""
        return self.shelf.having("status", ["retracted"]).bit_count()


def load_facts(conn: sqlite3.Connection) -> Facts:
    """Read a catalog. Raises sqlite3.Error where the database is not one."""
    row = conn.execute(
        "SELECT title, subject, short_subject, description, examples, version, sample, abstracts,"
        " vocabulary, region, place FROM about"
    ).fetchone()
    if row is None:
        raise sqlite3.DatabaseError("the table `about` is empty")
    title, subject, short_subject, description, examples, version, sample, *rest = row
    names = {
        "level": {
            i: Name(i, n, "Pre" if i == "5" else "–" if i == "none" else i, d) for i, n, d in _names(conn, "levels")
        },
        "design": {i: Name(i, n, n, d) for i, n, d in _names(conn, "designs")},
        "intervention": {i: Name(i, n, s, d) for i, n, s, d in _names(conn, "interventions")},
        "condition": {i: Name(i, n, s, d) for i, n, s, d in _names(conn, "conditions")},
        "claim": {
            i: Name(i, f"Claim: {text}", text, "")
            for i, text in conn.execute("SELECT id, statement FROM claims ORDER BY position")
        },
        **{facet: _worded(words) for facet, words in _WORDED.items()},
        "region": _worded(dict(conn.execute("SELECT id, name FROM regions ORDER BY position").fetchall())),
    }
    names["intervention"][UNTAGGED] = Name(UNTAGGED, "No treatment tagged", "None", "None of the treatments above")
    for facet, unknown in _UNKNOWN.items():
        names[facet][UNTAGGED] = Name(UNTAGGED, unknown, unknown, "")
    names["condition"][UNTAGGED] = Name(UNTAGGED, "No condition tagged", "None", "None of the conditions above")
    imprint = read_imprint(conn)
    return Facts(
        About(title, subject, short_subject, description, tuple(json.loads(examples)), version, bool(sample), *rest),
        names,
        load_shelf(conn),
        load_arrivals(conn),
        _dated(imprint),
        imprint.searched,
        imprint,
        load_vocabulary(conn),
        frozenset(name for (name,) in conn.execute("SELECT id FROM regions WHERE NOT counts")),
        _judged(conn),
    )


# Facets whose values are named in the program, not in the catalog; and what not knowing a value is called.
_WORDED = {
    "direction": DIRECTIONS,
    "versus": VERSUS,
    "role": ROLES,
    "harms": HARMS,
    "basis": BASIS,
    "status": STATUSES,
    "comparator": COMPARATORS,
    "certainty": CERTAINTIES,
    "participants": {"stated": "stated"},
    "leans": {"known": "known to cite a retracted paper"},
}
_UNKNOWN = {
    "direction": "Left open by the rules",
    "versus": "Not known",
    "region": "Not known",
    "harms": "Not known",
    "basis": "Not known",
    "comparator": "Not known",
    "certainty": "None stated",
    "participants": "Not stated",
    "leans": "Not known to cite one",
}


def _worded(words: dict[str, str]) -> dict[str, Name]:
    return {i: Name(i, text[0].upper() + text[1:], text, "") for i, text in words.items()}


def _judged(conn: sqlite3.Connection) -> frozenset[str]:
    """Which columns rules filled: those with a value that no curator gave."""
    held = {row[1] for row in conn.execute("PRAGMA table_info(articles)")}
    return frozenset(
        field
        for field in ("participants", "studies", "comparator", "followup_months", "basis", "direction", "harms")
        if field in held
        and conn.execute(
            f"SELECT EXISTS (SELECT 1 FROM articles WHERE {field} IS NOT NULL"  # noqa: S608 - names are ours
            " AND pmid NOT IN (SELECT pmid FROM curation))"
        ).fetchone()[0]
    )


def _names(conn: sqlite3.Connection, table: str) -> list[tuple[str, ...]]:
    columns = "id, name, short, description" if table in ("interventions", "conditions") else "id, name, description"
    return [tuple(row) for row in conn.execute(f"SELECT {columns} FROM {table} ORDER BY position")]  # noqa: S608 - names are ours


def _dated(imprint: Imprint) -> str:
    """How old the data are: the latest complete harvest from PubMed, or what there is instead."""
    if imprint.sample:
        return "Invented records: no search of PubMed stands behind them."
    if imprint.searched:
        return f"PubMed searched on {day(imprint.searched)}."
    if imprint.gathered:
        how = "Read from PubMed files" if imprint.from_files else "Harvested"
        return f"{how} on {day(imprint.gathered)}; when PubMed was searched for them is not known."
    return "When PubMed was searched is not known."
