"""Papers out of the catalog as citations."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from catalog.cite.citation import Citation, Heading, Notice, Section
from catalog.cite.imprint import Imprint
from catalog.cite.names import Person
from catalog.cite.plain import line

__all__ = ["read_citations"]

_COLUMNS = (
    *("title", "vernacular_title", "journal", "journal_abbreviation", "volume", "issue", "pages", "year", "published"),
    *("doi", "pmcid", "language", "level", "design", "status", "revised", "conflict_of_interest"),
    "abstract_shift",
    *("kind", "issn", "issn_type", "nlm_unique_id", "medline_ta", "country", "printed", "article_date", "entrez_date"),
    *("date_completed", "owner", "medline_status", "publication_status"),
    *("book_title", "publisher", "publisher_place", "isbn"),
)
# Rows of several a paper: name, and the query, PMID first. AMONG stands for the papers read.
_AMONG = "IN (SELECT value FROM json_each(?))"
_SEVERAL = {
    "authors": "SELECT a.pmid, n.last_name, n.fore_name, n.initials, n.suffix, n.collective, n.orcid, a.affiliation"
    " FROM article_authors a JOIN authors n ON n.id = a.author WHERE a.pmid AMONG ORDER BY a.pmid, a.position",
    "editors": "SELECT e.pmid, n.last_name, n.fore_name, n.initials, n.suffix, n.collective, n.orcid, NULL"
    " FROM article_editors e JOIN authors n ON n.id = e.author WHERE e.pmid AMONG ORDER BY e.pmid, e.position",
    "sections": "SELECT pmid, label, text FROM sections WHERE pmid AMONG ORDER BY pmid, position",
    "headings": "SELECT pmid, name, major, qualifiers FROM mesh_headings WHERE pmid AMONG ORDER BY pmid, position",
    "keywords": "SELECT pmid, keyword, owner FROM keywords WHERE pmid AMONG ORDER BY pmid, position",
    "types": "SELECT pmid, name FROM publication_types WHERE pmid AMONG ORDER BY pmid, name",
    "registrations": "SELECT DISTINCT pmid, registry, registry_id FROM trials WHERE own = 1 AND pmid AMONG"
    " ORDER BY pmid, registry_id",
    "by_hand": "SELECT pmid FROM curation WHERE field IN ('level', 'design') AND outcome = 'corrects' AND pmid AMONG",
    "watched": "SELECT pmid FROM tags WHERE field = 'status' AND source = 'retraction_watch' AND chosen = 1"
    " AND pmid AMONG",
}
_NOTICES = (
    "SELECT pmid, kind, citation, notice_pmid, told_by FROM related_notices WHERE pmid AMONG"
    " ORDER BY pmid, kind, notice_pmid, citation"
)
_AT_ONCE = 500  # papers whose notices one statement names


def read_citations(conn: sqlite3.Connection, pmids: Sequence[int], imprint: Imprint) -> list[Citation]:
    """The papers of these PMIDs, in this order; what the catalog does not hold is left out.

    Args:
        conn: the catalog.
        pmids: a few hundred at most: all are held at once.
        imprint: the catalog's own words on itself.
    """
    among = json.dumps(list(pmids))
    rows = {
        row[0]: dict(zip(_COLUMNS, row[1:], strict=True))
        for row in conn.execute(
            f"SELECT a.pmid, {', '.join(_COLUMNS)} FROM articles a JOIN bibliography b ON b.pmid = a.pmid"  # noqa: S608 - names are ours
            f" WHERE a.pmid {_AMONG}",
            (among,),
        )
    }
    found: dict[str, dict[int, list[tuple[Any, ...]]]] = {
        name: _grouped(conn.execute(query.replace("AMONG", _AMONG), (among,))) for name, query in _SEVERAL.items()
    }
    found["notices"] = {}
    for first in range(0, len(pmids), _AT_ONCE):
        # Numbers in the text reach into the view; from a subquery SQLite would read every notice of the catalog.
        listed = "IN (" + ",".join(str(int(pmid)) for pmid in pmids[first : first + _AT_ONCE]) + ")"
        found["notices"] |= _grouped(conn.execute(_NOTICES.replace("AMONG", listed)))
    return [
        _citation(pmid, rows[pmid], {name: several.get(pmid, []) for name, several in found.items()}, imprint)
        for pmid in dict.fromkeys(pmids)
        if pmid in rows
    ]


def _grouped(rows: Iterable[tuple[Any, ...]]) -> dict[int, list[tuple[Any, ...]]]:
    found: dict[int, list[tuple[Any, ...]]] = {}
    for pmid, *rest in rows:
        found.setdefault(pmid, []).append(tuple(rest))
    return found


def _citation(pmid: int, row: dict[str, Any], several: dict[str, list[tuple[Any, ...]]], imprint: Imprint) -> Citation:
    text = {name: line(value) if isinstance(value, str) else value for name, value in row.items()}
    level, design, status = row["level"], row["design"], row["status"]
    return Citation(
        pmid=pmid,
        kind=row["kind"],
        stored_title=text["title"],
        vernacular_title=text["vernacular_title"],
        authors=tuple(_people(several["authors"])),
        editors=tuple(_people(several["editors"])),
        journal=text["journal"] if row["kind"] == "journal" else None,
        abbreviation=text["journal_abbreviation"],
        medline_ta=text["medline_ta"],
        nlm_unique_id=text["nlm_unique_id"],
        country=text["country"],
        issn=text["issn"],
        issn_type=text["issn_type"],
        book_title=text["book_title"],
        publisher=text["publisher"],
        publisher_place=text["publisher_place"],
        isbn=text["isbn"],
        volume=text["volume"],
        issue=text["issue"],
        pages=text["pages"],
        year=row["year"],
        published=row["published"],
        printed=text["printed"],
        article_date=row["article_date"],
        entrez_date=row["entrez_date"],
        date_completed=row["date_completed"],
        revised=row["revised"],
        owner=text["owner"],
        medline_status=text["medline_status"],
        publication_status=text["publication_status"],
        doi=text["doi"],
        pmcid=text["pmcid"],
        languages=tuple((text["language"] or "").split(";")) if text["language"] else (),
        sections=tuple(Section(line(label), said) for label, body in several["sections"] if (said := line(body))),
        headings=tuple(
            Heading(name, bool(major), line(qualifiers))
            for heading, major, qualifiers in several["headings"]
            if (name := line(heading))
        ),
        keywords=tuple((said, owner) for keyword, owner in several["keywords"] if (said := line(keyword))),
        types=tuple(name for (kind,) in several["types"] if (name := line(kind))),
        registrations=tuple((line(registry), line(number) or number) for registry, number in several["registrations"]),
        conflict_of_interest=text["conflict_of_interest"],
        notices=tuple(
            Notice(kind, line(cited), number, told_by if told_by != pmid else None)
            for kind, cited, number, told_by in several["notices"]
        ),
        status=status,
        watched=bool(several["watched"]),
        sample=imprint.sample,
        note=line(
            imprint.note(
                level,
                design,
                by_hand=bool(several["by_hand"]),
                retracted=status == "retracted",
                cut=row["abstract_shift"] is not None,
            )
        )
        or "",
    )


def _people(rows: Iterable[tuple[Any, ...]]) -> Iterator[Person]:
    for row in rows:
        family, given, initials, suffix, collective, orcid, affiliation = (line(part) for part in row)
        if family or given or initials or collective:
            yield Person(family, given, initials, suffix, collective, orcid, affiliation)
