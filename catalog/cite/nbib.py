"""MEDLINE text as PubMed saves it (.nbib): four letters of tag, a dash, text in lines of 80 characters.

Source: NLM, MEDLINE/PubMed Data Element (Field) Descriptions; the wrapping is that of files saved from PubMed.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator

from catalog.cite.citation import Citation, Heading
from catalog.cite.names import Person

__all__ = ["nbib"]

WIDTH = 80  # characters of text in a line; longer words stay whole
# PubMed's tags of notices.
_NOTICES = {
    "CommentIn": "CIN",
    "CommentOn": "CON",
    "CorrectedandRepublishedIn": "CRI",
    "CorrectedandRepublishedFrom": "CRF",
    "AssociatedDataset": "DDIN",
    "AssociatedPublication": "DRIN",
    "ErratumIn": "EIN",
    "ErratumFor": "EFR",
    "ExpressionOfConcernIn": "ECI",
    "ExpressionOfConcernFor": "ECF",
    "OriginalReportIn": "ORI",
    "RepublishedIn": "RPI",
    "RepublishedFrom": "RPF",
    "RetractedandRepublishedIn": "RRI",
    "RetractedandRepublishedFrom": "RRF",
    "RetractionIn": "RIN",
    "RetractionOf": "ROF",
    "SummaryForPatientsIn": "SPIN",
    "UpdateIn": "UIN",
    "UpdateOf": "UOF",
}


def nbib(citation: Citation) -> str:
    """One record, an empty line after it."""
    return "".join(_wrapped(tag, text) for tag, text in _lines(citation) if text) + "\n"


def _wrapped(tag: str, text: str) -> str:
    """A field: lines after the first begin with six spaces, and one that goes on ends with a space, as in PubMed's."""
    lines = textwrap.wrap(text, WIDTH, break_long_words=False, break_on_hyphens=False)
    return f"{tag:<4}- " + " \n      ".join(lines) + "\n"


def _lines(c: Citation) -> Iterator[tuple[str, str | None]]:
    yield "PMID", str(c.pmid)
    yield "OWN", c.owner
    yield "STAT", c.medline_status
    yield "DCOM", _digits(c.date_completed)
    yield "LR", _digits(c.revised)
    yield "IS", f"{c.issn} ({c.issn_type})" if c.issn and c.issn_type else c.issn
    yield "ISBN", c.isbn
    yield "VI", c.volume
    yield "IP", c.issue
    yield "DP", c.printed or (str(c.year) if c.year else None)
    yield "TI", _title(c)
    yield "BTI", c.book_title if c.kind == "chapter" else None
    yield "PG", c.pages
    yield "LID", f"{c.doi} [doi]" if c.doi else None
    yield "AB", c.abstract
    yield from _people(c)
    yield "PB", c.publisher
    for language in c.languages:
        yield "LA", language
    for registry, number in c.registrations:
        yield "SI", f"{registry}/{number}" if registry else number
    for kind in c.every_type:
        yield "PT", kind
    yield "TT", c.vernacular_title
    yield "DEP", _digits(c.article_date)
    yield "PL", c.publisher_place or c.country
    yield "TA", c.medline_ta or c.abbreviation
    yield "JT", c.journal
    yield "JID", c.nlm_unique_id
    for notice in c.notices:
        if notice.kind in _NOTICES:
            yield _NOTICES[notice.kind], notice.where
    for heading in c.headings:
        yield "MH", _heading(heading)
    yield "PMC", c.pmcid
    for keyword in dict.fromkeys(word for word, _ in c.keywords):
        yield "OT", keyword
    yield "GN", c.standing
    yield "GN", c.note
    yield "COIS", c.conflict_of_interest
    yield "EDAT", f"{c.entrez_date.replace('-', '/')} 00:00" if c.entrez_date else None
    yield "AID", f"{c.doi} [doi]" if c.doi else None
    yield "PST", c.publication_status
    yield "SO", _source(c)


def _title(c: Citation) -> str:
    return c.title if c.title.endswith((".", "?", "!", "]")) else c.title + "."


def _digits(day: str | None) -> str | None:
    return day.replace("-", "") if day else None


def _people(c: Citation) -> Iterator[tuple[str, str | None]]:
    for person in c.authors:
        yield from _person(person, "FAU", "AU")
        yield "AUID", f"ORCID: {person.orcid}" if person.orcid else None
        yield "AD", person.affiliation
    for person in c.editors:
        yield from _person(person, "FED", "ED")


def _person(person: Person, full: str, short: str) -> Iterator[tuple[str, str | None]]:
    if person.collective:
        yield "CN", person.collective
    else:
        given = " ".join(part for part in (person.first, person.suffix) if part)
        yield full, ", ".join(part for part in (person.family, given) if part)
        yield short, person.cited


def _heading(heading: Heading) -> str:
    """Name and qualifiers with slashes between; the star of a major topic stands before the name."""
    parts = [heading.name, *re.split(r";\s*", heading.qualifiers or "")]
    return ("*" if heading.major else "") + "/".join(part for part in parts if part)


def _source(c: Citation) -> str | None:
    """Journal, date, volume, issue, pages and DOI as PubMed has them on one line."""
    journal = c.medline_ta or c.abbreviation or c.host
    if not journal:
        return None
    where = (c.volume or "") + (f"({c.issue})" if c.issue else "") + (f":{c.pages}" if c.pages else "")
    date = c.printed or (str(c.year) if c.year else "")
    placed = ";".join(part for part in (date, where) if part)
    said = ". ".join(part for part in (journal.rstrip("."), placed) if part) + "."
    return said + (f" doi: {c.doi}." if c.doi else "")
