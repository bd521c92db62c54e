"""BibTeX, in UTF-8: accents and Greek stay as they are, LaTeX's own characters are escaped.

Source: BibTeXing (O. Patashnik, 1988). Braces of a text are written as commands, since BibTeX counts even escaped ones.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from urllib.parse import quote

from catalog.cite.citation import RETRACTED_TYPE, Citation
from catalog.cite.names import Person

__all__ = ["bibtex"]

_SPECIALS = str.maketrans(
    {
        **{char: "\\" + char for char in "&%$#_"},
        "{": r"{\textbraceleft}",
        "}": r"{\textbraceright}",
        "~": r"{\textasciitilde}",
        "^": r"{\textasciicircum}",
        "\\": r"{\textbackslash}",
    }
)
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
# Where BibTeX parts names and their parts.
_PARTS_NAMES = re.compile(r",|\band\b", re.IGNORECASE)


_KINDS = {"journal": "article", "chapter": "incollection", "book": "book"}
_HOSTS = {"article": "journal", "incollection": "booktitle", "misc": "howpublished"}


def bibtex(citation: Citation) -> str:
    """One entry, an empty line after it."""
    kind = "misc" if citation.preprint and citation.kind == "journal" else _KINDS[citation.kind]
    fields = "".join(f"  {name} = {value},\n" for name, value in _fields(citation, kind) if value)
    return f"@{kind}{{{citation.key},\n{fields}}}\n\n"


def _fields(c: Citation, kind: str) -> Iterator[tuple[str, str | None]]:
    yield "title", "{" + _kept_case(c.title) + "}"
    yield "author", _names(c.authors)
    yield "editor", _names(c.editors)
    if kind in _HOSTS:
        yield _HOSTS[kind], _braced(c.host)
    yield "year", _braced(str(c.year) if c.year else None)
    month = c.published[5:7] if c.published else ""
    yield "month", _MONTHS[int(month) - 1] if month else None
    yield "volume", _braced(c.volume)
    yield "number", _braced(c.issue)
    yield "pages", _braced(re.sub(r"(?<=\w)-(?=\w)", "--", c.full_pages) if c.full_pages else None)
    yield "publisher", _braced(c.publisher)
    yield "address", _braced(c.publisher_place)
    yield "issn", _braced(c.issn)
    yield "isbn", _braced(c.isbn)
    yield "doi", _address(c.doi)
    yield "pmid", _braced(str(c.pmid))
    yield "pmcid", _braced(c.pmcid)
    if not c.sample:
        yield "url", _address(f"https://pubmed.ncbi.nlm.nih.gov/{c.pmid}/")
    yield "language", _braced("; ".join(c.languages))
    yield "type", _braced("; ".join(c.every_type))
    retracted = (RETRACTED_TYPE,) if c.retracted else ()
    yield "keywords", _braced(", ".join(word.replace(",", "") for word in (*retracted, *c.words)))
    yield "abstract", _braced(c.abstract)
    yield "note", _braced(c.standing)  # printed beside the reference: readers must meet it
    yield "annote", _braced(c.note)  # not printed


def _escaped(text: str) -> str:
    return text.translate(_SPECIALS)


def _braced(text: str | None) -> str | None:
    return "{" + _escaped(text) + "}" if text else None


def _address(text: str | None) -> str | None:
    """What programs take as it stands, unescaped; only what would break the entry is quoted as addresses quote it."""
    return "{" + re.sub(r"[{}\\]", lambda found: quote(found[0]), text) + "}" if text else None


def _kept_case(title: str) -> str:
    """The title with words in braces that a style may not put into lower case: PRP, mRNA, COVID-19, names."""
    first, *rest = title.split(" ")
    words = [(first, first[1:]), *((word, word) for word in rest)]
    return " ".join("{" + _escaped(word) + "}" if seen != seen.lower() else _escaped(word) for word, seen in words)


def _names(people: Sequence[Person]) -> str | None:
    return "{" + " and ".join(_name(person) for person in people) + "}" if people else None


def _name(person: Person) -> str:
    """Family name, suffix, given names; a group in braces, so that it is not taken apart."""
    if person.collective:
        return "{" + _escaped(person.collective) + "}"
    parts = (person.family, person.suffix, person.first)
    return ", ".join(
        "{" + _escaped(part) + "}" if _PARTS_NAMES.search(part) else _escaped(part) for part in parts if part
    )
