"""CSL-JSON, the citation data of Zotero, pandoc and every CSL processor, our own of `catalog.cite.styles` too.

Source: the CSL-JSON schema 1.0.2 (citation-style-language/schema, csl-data.json). There is no URL: with one, styles add
"available from" and ask for the day it was looked at; DOI, PMID and PMCID say where the paper is.
"""

from __future__ import annotations

import json
import re
from typing import Any

from catalog.cite.citation import RETRACTED_TYPE, Citation
from catalog.cite.names import Person

__all__ = ["csl", "csl_item"]

_KINDS = {"journal": "article-journal", "chapter": "chapter", "book": "book"}
_MONTHS = {
    name: number
    for number, name in enumerate(
        ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"), start=1
    )
}
_SEASONS = {"Spring": 1, "Summer": 2, "Autumn": 3, "Fall": 3, "Winter": 4}
_MONTH_RANGE = re.compile(r"(\d{4}) ([A-Z][a-z]{2})[a-z]*\s*[-/]\s*(?:(\d{4}) )?([A-Z][a-z]{2})[a-z]*")
_SEASON = re.compile(r"(\d{4}) (Spring|Summer|Autumn|Fall|Winter)")
_ENGLISH = "eng"


def csl(citation: Citation) -> str:
    """One item as JSON on one line."""
    return json.dumps(csl_item(citation), ensure_ascii=False)


def csl_item(citation: Citation) -> dict[str, Any]:
    """The paper as a CSL-JSON item; what is not known is not in it."""
    c = citation
    preprint = c.preprint and c.kind == "journal"
    item = {
        "id": c.key,
        "citation-key": c.key,
        "type": "article" if preprint else _KINDS[c.kind],
        "genre": "Preprint" if preprint else None,
        "title": c.title,
        "author": [_name(person) for person in c.authors],
        "editor": [_name(person) for person in c.editors],
        "container-title": None if preprint else c.host,
        "container-title-short": c.abbreviation if c.kind == "journal" and not preprint else None,
        "publisher": c.host if preprint else c.publisher,
        "publisher-place": c.publisher_place,
        "issued": issued(c),
        "volume": c.volume,
        "issue": c.issue,
        "page": c.full_pages,
        "ISSN": c.issn,
        "ISBN": c.isbn,
        "DOI": c.doi,
        "PMID": str(c.pmid),
        "PMCID": c.pmcid,
        # CSL asks for ISO 639-1; of NLM's codes only English has one that a style looks at.
        "language": "en" if _ENGLISH in c.languages else c.languages[0] if c.languages else None,
        "keyword": ", ".join(word.replace(",", "") for word in (*((RETRACTED_TYPE,) if c.retracted else ()), *c.words)),
        "abstract": c.abstract,
        "source": None if c.sample else "PubMed",
        "note": " ".join(part for part in (c.standing, c.note) if part),
    }
    return {name: value for name, value in item.items() if value}


def issued(c: Citation) -> dict[str, Any] | None:
    """The date of the issue as CSL has dates: parts, two for a range of months, or a season; None where unknown."""
    printed = c.printed or ""
    if (found := _MONTH_RANGE.match(printed)) and found[2] in _MONTHS and found[4] in _MONTHS:
        first, last = int(found[1]), int(found[3] or found[1])
        return {"date-parts": [[first, _MONTHS[found[2]]], [last, _MONTHS[found[4]]]]}
    if found := _SEASON.match(printed):
        return {"date-parts": [[int(found[1])]], "season": _SEASONS[found[2]]}
    if c.published:
        return {"date-parts": [[int(part) for part in c.published.split("-")]]}
    return {"date-parts": [[c.year]]} if c.year else None


def _name(person: Person) -> dict[str, str]:
    if person.collective:
        return {"literal": person.collective}
    parts = {"family": person.family, "given": person.first, "suffix": person.suffix}
    return {name: part for name, part in parts.items() if part}
