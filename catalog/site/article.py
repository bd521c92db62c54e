"""One paper's page: everything the catalog holds on it, read in one go."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from typing import Any

from catalog.cite import vancouver
from catalog.site.facts import Facts
from catalog.site.marks import Block, Segment, blocks, segments
from catalog.site.outlinks import doi_url, pmc_url, pubmed_url, registry_url
from catalog.site.proofs import Proofs, load_proofs
from catalog.site.words import INCLUDED, NOTICES, ROLES, TIMING, day, plain

__all__ = ["Article", "Link", "Notice", "load_article"]

_COLUMNS = (
    "pmid, title, abstract, journal, journal_abbreviation, volume, issue, pages, year, published, doi, pmcid, language,"
    " vernacular_title, design, included, level, jbjs, timing, status, in_catalog_since, revised, indexing_method,"
    " conflict_of_interest, other_abstracts, version"
)
# Which notices a status speaks of.
_STATUS_NOTICES = {
    "retracted": ("RetractionIn", "RetractedandRepublishedIn"),
    "concern": ("ExpressionOfConcernIn",),
    "corrected": ("ErratumIn", "CorrectedandRepublishedIn", "UpdateIn"),
}
_INDEXING = {"Automated": "by program, unchecked", "Curated": "by program, checked by people"}


@dataclass(frozen=True, slots=True)
class Notice:
    """A correction, retraction, comment or version: what it is, and where."""

    kind: str
    name: str
    pmid: int | None
    here: bool  # whether the catalog holds it
    citation: str | None
    note: str | None


@dataclass(frozen=True, slots=True)
class Link:
    """A name with an address; the address is None where there is none."""

    name: str
    address: str | None
    note: str = ""


@dataclass(frozen=True)
class Article:
    """A paper as its page shows it."""

    row: dict[str, Any]  # the columns of `articles`
    title: tuple[Segment, ...]
    abstract: tuple[Block, ...]
    authors: tuple[str, ...]
    affiliations: tuple[tuple[str, str], ...]
    proofs: Proofs
    standing: tuple[Notice, ...]  # the notices its status follows from
    notices: tuple[Notice, ...]  # all others
    interventions: tuple[tuple[str, str], ...]  # id, role in words
    conditions: tuple[str, ...]
    trials: tuple[Link, ...]
    mesh: tuple[Link, ...]
    types: tuple[str, ...]
    keywords: tuple[str, ...]
    links: tuple[Link, ...]
    citation: str
    provenance: tuple[str, ...]

    @property
    def plain_title(self) -> str:
        """The title as text; says so where there is none."""
        return self.row["title"] or self.row["vernacular_title"] or "[no title]"

    @property
    def included(self) -> str | None:
        """What a systematic review includes, in words."""
        return INCLUDED.get(self.row["included"], self.row["included"]) if self.row["included"] else None

    @property
    def timing(self) -> str | None:
        """Prospective or retrospective, in words; None where the question does not fit the design."""
        return TIMING.get(self.row["timing"], self.row["timing"]) if self.row["timing"] else None

    @property
    def source(self) -> str:
        """Journal, date, volume and pages on one line."""
        row = self.row
        when = day(row["published"]) or (str(row["year"]) if row["year"] else None) or "date not stated"
        where = (row["volume"] or "") + (f"({row['issue']})" if row["issue"] else "")
        place = ":".join(part for part in (where, row["pages"]) if part)
        return " · ".join(part for part in (row["journal"] or "Journal not stated", when, place) if part)


def load_article(conn: sqlite3.Connection, facts: Facts, pmid: int) -> Article | None:
    """Read a paper; None where the catalog has none with this PMID."""
    cursor = conn.execute(f"SELECT {_COLUMNS} FROM articles WHERE pmid = ?", (pmid,))  # noqa: S608 - columns are ours
    found = cursor.fetchone()
    if found is None:
        return None
    row = dict(zip((column[0] for column in cursor.description), found, strict=True))
    title, abstract = row["title"] or "", row["abstract"] or ""
    proofs = load_proofs(conn, facts, pmid, {"title": title, "abstract": abstract})
    people = conn.execute(
        "SELECT n.last_name, n.initials, n.suffix, n.collective, a.affiliation FROM article_authors a"
        " JOIN authors n ON n.id = a.author WHERE a.pmid = ? ORDER BY a.position",
        (pmid,),
    ).fetchall()
    authors = tuple(p[3] or " ".join(part for part in (p[0], p[1], p[2]) if part) for p in people)
    sections = conn.execute("SELECT label, text FROM sections WHERE pmid = ? ORDER BY position", (pmid,)).fetchall()
    standing, notices = _notices(conn, facts, pmid, row["status"])
    return Article(
        row=row,
        title=segments(title, proofs.spans("title")) if title else (Segment(row["vernacular_title"] or "[no title]"),),
        abstract=blocks(abstract, [(s[0], s[1]) for s in sections], proofs.spans("abstract")) if abstract else (),
        authors=authors,
        affiliations=tuple((name, p[4]) for name, p in zip(authors, people, strict=True) if p[4]),
        proofs=proofs,
        standing=standing,
        notices=notices,
        interventions=tuple(
            (i, "" if role == "experimental" else ROLES.get(role, role))
            for i, role in conn.execute(
                "SELECT a.intervention, a.role FROM article_interventions a"
                " JOIN interventions n ON n.id = a.intervention WHERE a.pmid = ? ORDER BY n.position",
                (pmid,),
            )
        ),
        conditions=tuple(
            c[0]
            for c in conn.execute(
                "SELECT a.condition FROM article_conditions a JOIN conditions n ON n.id = a.condition"
                " WHERE a.pmid = ? ORDER BY n.position",
                (pmid,),
            )
        ),
        trials=tuple(
            Link(number, registry_url(number), registry or "")
            for number, registry in conn.execute(
                "SELECT DISTINCT registry_id, registry FROM trials WHERE pmid = ? ORDER BY registry_id", (pmid,)
            )
        ),
        mesh=tuple(
            Link(name, None, ("major topic" if major else "") + (f" — {qualifiers}" if qualifiers else ""))
            for name, major, qualifiers in conn.execute(
                "SELECT name, major, qualifiers FROM mesh_headings WHERE pmid = ? ORDER BY position", (pmid,)
            )
        ),
        types=tuple(
            t[0] for t in conn.execute("SELECT name FROM publication_types WHERE pmid = ? ORDER BY name", (pmid,))
        ),
        keywords=tuple(
            k[0] for k in conn.execute("SELECT keyword FROM keywords WHERE pmid = ? ORDER BY position", (pmid,))
        ),
        links=_links(row),
        citation=vancouver(
            authors=[plain(name) for name in authors],
            title=row["title"] or row["vernacular_title"],
            journal=row["journal_abbreviation"] or row["journal"],
            year=row["year"],
            volume=row["volume"],
            issue=row["issue"],
            pages=row["pages"],
            doi=row["doi"],
            pmid=pmid,
            status=row["status"],
        ),
        provenance=_provenance(conn, facts, pmid, row),
    )


def _links(row: dict[str, Any]) -> tuple[Link, ...]:
    links = [Link("PubMed", pubmed_url(row["pmid"]))]
    if row["pmcid"]:
        links.append(Link("Free full text (PMC)", pmc_url(row["pmcid"])))
    if row["doi"]:
        links.append(Link("Publisher (DOI)", doi_url(row["doi"])))
    return tuple(links)


def _notices(
    conn: sqlite3.Connection, facts: Facts, pmid: int, status: str
) -> tuple[tuple[Notice, ...], tuple[Notice, ...]]:
    wanted = _STATUS_NOTICES.get(status, ())
    standing: list[Notice] = []
    others: list[Notice] = []
    for kind, number, citation, note in conn.execute(
        "SELECT kind, notice_pmid, citation, note FROM notices WHERE pmid = ? AND kind != 'Cites'"
        " ORDER BY kind, notice_pmid, citation",
        (pmid,),
    ):
        here = number in facts.shelf.places
        notice = Notice(kind, NOTICES.get(kind, kind), number, here, citation, note)
        (standing if kind in wanted else others).append(notice)
    return tuple(standing), tuple(others)


def _provenance(conn: sqlite3.Connection, facts: Facts, pmid: int, row: dict[str, Any]) -> tuple[str, ...]:
    """Which search brought the record and when, in sentences."""
    if facts.about.sample:
        lines = ["An invented record of the bundled sample; it is not a publication."]
    else:
        hits = conn.execute(
            "SELECT h.topic, min(s.at), sum(h.gone_search_id IS NULL) = 0 FROM search_hits h"
            " JOIN searches s ON s.id = h.search_id WHERE h.pmid = ? GROUP BY h.topic ORDER BY h.topic",
            (pmid,),
        ).fetchall()
        lines = [
            f"Found by the PubMed search “{topic.replace('_', ' ').replace('-', ' ')}” on {day(at)}"
            + ("; a later search no longer lists it." if gone else ".")
            for topic, at, gone in hits
        ] or ["No PubMed search kept here lists it: it was read from a file, or followed from another record."]
    if row["in_catalog_since"]:
        lines.append(f"In this catalog since {day(row['in_catalog_since'])}.")
    if row["revised"]:
        lines.append(f"PubMed last revised its record on {day(row['revised'])}.")
    if row["indexing_method"]:
        how = _INDEXING.get(row["indexing_method"])
        lines.append(f"MeSH indexing: {row['indexing_method']}" + (f" ({how})." if how else "."))
    return tuple(lines)
