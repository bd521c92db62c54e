"""RIS, for EndNote, Mendeley, Zotero and most others.

Source: RIS Format Specifications (Research Information Systems, 2011).
"""

from __future__ import annotations

from collections.abc import Iterator

from catalog.cite.citation import RETRACTED_TYPE, Citation
from catalog.cite.names import Person

__all__ = ["ris"]

_KINDS = {"journal": "JOUR", "chapter": "CHAP", "book": "BOOK"}


def ris(citation: Citation) -> str:
    """One record, from TY to ER, lines ended by CR LF as the specification has it, an empty line after it."""
    return "".join(f"{tag}  - {text}\r\n" for tag, text in _lines(citation) if text) + "ER  - \r\n\r\n"


def _lines(c: Citation) -> Iterator[tuple[str, str | None]]:
    yield "TY", _KINDS[c.kind]
    yield "ID", c.key
    yield "TI", c.title
    yield "TT", c.vernacular_title if c.stored_title else None
    for person in c.authors:
        yield "AU", _name(person)
    for person in c.editors:
        yield "A2", _name(person)
    yield "T2", c.host
    yield "J2", c.abbreviation if c.kind == "journal" and c.abbreviation != c.journal else None
    yield "PY", str(c.year) if c.year else None
    yield "DA", _date(c.published)
    yield "VL", c.volume
    yield "IS", c.issue
    first, last = c.ends
    yield "SP", first
    yield "EP", last
    yield "SN", c.issn or c.isbn
    yield "PB", c.publisher
    yield "CY", c.publisher_place
    yield "LA", "; ".join(c.languages)
    yield "M3", "; ".join(c.every_type)
    yield "DO", c.doi
    yield "C2", c.pmcid
    yield "AN", str(c.pmid)
    if not c.sample:
        yield "DB", "PubMed"
        yield "UR", f"https://pubmed.ncbi.nlm.nih.gov/{c.pmid}/"
    yield "AB", c.abstract
    if c.retracted:
        yield "KW", RETRACTED_TYPE
    for word in c.words:
        yield "KW", word
    yield "N1", c.standing
    yield "N1", c.note


def _name(person: Person) -> str:
    """A comma parts family from given names, so a group's own commas go."""
    return person.collective.replace(",", "") if person.collective else person.inverted


def _date(published: str | None) -> str | None:
    """YYYY/MM/DD/, as far as it is known."""
    if not published:
        return None
    return "/".join([*published.split("-"), "", ""][:3]) + "/"
