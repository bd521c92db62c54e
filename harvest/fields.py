"""Single fields of a PubMed record: XML elements to plain text, dates and identifiers.

Source of the shapes: NLM's PubMed DTD (pubmed_250101.dtd) and MathML 3. Everything here is a pure function, and
what cannot be read is None.
"""

from __future__ import annotations

import re
from datetime import date

from lxml import etree

__all__ = ["date_of", "doi_of", "integer", "orcid_of", "pmcid_of", "pubdate_of", "text_of", "tidy"]

# XML's own white space and no other: a no-break or thin space between a number and its unit is the authors' text.
_SPACE = " \t\r\n"

# Elements that run on within a line: H<sub>2</sub>O is H2O. Any other element in a text stands apart from what is
# beside it, a displayed formula as much as a table cell.
_INLINE = frozenset({"b", "i", "sup", "sub", "u"}) | {
    *("math", "mrow", "mi", "mn", "mo", "ms", "mtext", "mstyle", "mpadded", "mphantom", "merror", "menclose"),
    *("msqrt", "msub", "msup", "msubsup", "mover", "mmultiscripts", "mprescripts", "none"),
}
# MathML elements whose children would change their meaning run together: 1/2 is not 12.
_STACKED = frozenset({"mfrac", "mroot", "munder", "munderover", "mfenced"})

_NAMES = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTHS = {
    spelling: number
    for number, name in enumerate(_NAMES, start=1)
    for spelling in (name, name.title(), str(number), f"{number:02}")
}
_YEAR = re.compile(r"(?!0000)[0-9]{4}")
_MONTH = re.compile(r"[\s,]*([A-Za-z]{3,9}|[0-9]{1,2})(?![A-Za-z0-9])")
_ADDRESS = re.compile(r"(?:https?://)?(?:dx\.|www\.)?(?:doi\.org/|orcid\.org/)|doi:\s*|orcid:\s*", re.IGNORECASE)
_ORCID = re.compile(r"[0-9]{15}[0-9X]")
_PMCID = re.compile(r"(?:PMC)?([0-9]+)(?:\.[0-9]+)?", re.IGNORECASE)


def tidy(text: str | None) -> str | None:
    """The text with each run of white space as one space and none at its ends; None where nothing is left.

    White space is XML's (space, tab, line ends); every other character stays as NLM sent it.
    """
    if not text:
        return None
    if text.isalnum():  # one word, as most fields are
        return text
    text = text.strip(_SPACE)
    # Looks and replacements of single characters: a regular expression would take ten times as long.
    for space in "\n\t\r":
        if space in text:
            text = text.replace(space, " ")
    while "  " in text:
        text = text.replace("  ", " ")
    return text or None


def text_of(element: etree._Element) -> str | None:
    """All text in an element, its markup removed, tidied; None where there is none.

    Inline markup joins (`10<sup>-3</sup>` is 10-3); other elements and the parts of a fraction keep a space.
    """
    if not len(element):
        text = element.text
        return text if text and text.isalnum() else tidy(text)
    parts: list[str] = []
    _gather(element, parts)
    return tidy("".join(parts))


def _gather(element: etree._Element, parts: list[str]) -> None:
    """Append the element's text and its descendants'. The parser bounds the depth (256), so recursion is safe."""
    stacked = _local(element) in _STACKED
    if element.text:
        parts.append(element.text)
    for child in element:
        apart = stacked or _local(child) not in _INLINE
        if apart:
            parts.append(" ")
        _gather(child, parts)
        if apart:
            parts.append(" ")
        if child.tail:
            parts.append(child.tail)


def _local(element: etree._Element) -> str:
    return element.tag.rpartition("}")[2]


def integer(text: str | None) -> int | None:
    """A PMID or version: a positive number of at most ten ASCII digits, or None."""
    if not text:
        return None
    if not text.isdigit():
        text = text.strip(_SPACE)
    return int(text) or None if text.isdigit() and text.isascii() and len(text) <= 10 else None


def orcid_of(text: str | None) -> str | None:
    """An ORCID iD in any spelling as 0000-0000-0000-000X; None where it is none or its check digit is wrong.

    Check digit: ISO 7064 mod 11-2, as ORCID's "Structure of the ORCID Identifier" says.
    """
    bare = _ADDRESS.sub("", text.strip(_SPACE)) if text else ""
    digits = re.sub(r"[-\s\u2010-\u2015]", "", bare.rstrip("/")).upper()
    if not _ORCID.fullmatch(digits):
        return None
    total = 0
    for digit in digits[:15]:
        total = (total + int(digit)) * 2
    check = (12 - total % 11) % 11
    if digits[15] != ("X" if check == 10 else str(check)):
        return None
    return f"{digits[:4]}-{digits[4:8]}-{digits[8:12]}-{digits[12:]}"


def doi_of(text: str | None) -> str | None:
    """A DOI as sent, without an address or "doi:" in front; None where it does not begin with "10."."""
    text = tidy(text)
    if text and not text.startswith("10."):
        address = _ADDRESS.match(text)
        text = text[address.end() :] if address else None
    return text if text and text.startswith("10.") else None


def pmcid_of(text: str | None) -> str | None:
    """A PubMed Central id as PMC and digits, without a version (PMC12.1 is PMC12); None where it is none."""
    found = _PMCID.fullmatch(text.strip(_SPACE)) if text else None
    return f"PMC{found[1]}" if found else None


def date_of(element: etree._Element) -> str | None:
    """Year, Month and Day children as YYYY[-MM[-DD]], as far as they make a date."""
    year = month = day = None
    for child in element:
        tag = child.tag
        if tag == "Year":
            year = child.text
        elif tag == "Month":
            month = child.text
        elif tag == "Day":
            day = child.text
    return _date(year, month, day)


def _date(year: str | None, month: str | None, day: str | None) -> str | None:
    year = year.strip(_SPACE) if year else ""
    if not (len(year) == 4 and year.isascii() and year.isdigit()) or year == "0000":
        return None
    number = _month(month or "")
    if number is None:
        return year
    of_month = integer(day)
    if of_month is None or of_month > 31:
        return f"{year}-{number:02}"
    try:
        return date(int(year), number, of_month).isoformat()
    except ValueError:  # 30 February: what is left is still known
        return f"{year}-{number:02}"


def _month(text: str) -> int | None:
    """The month a text begins with, by name in any length or case, or by number."""
    known = _MONTHS.get(text)
    if known:
        return known
    found = _MONTH.match(text)
    if not found:
        return None
    if found[1].isdigit():
        return int(found[1]) if 1 <= int(found[1]) <= 12 else None
    return _MONTHS.get(found[1][:3].lower())


def pubdate_of(element: etree._Element) -> tuple[int | None, str | None, str | None]:
    """A PubDate as (year, the date as printed, YYYY[-MM[-DD]]).

    A range (`MedlineDate`, or a `Season` such as Apr-Jun) gives its first year, and its first month where one is
    stated; a season gives the year.
    """
    parts = {child.tag: text for child in element if (text := tidy(child.text))}
    medline = parts.get("MedlineDate")
    if medline:
        found = _YEAR.search(medline)
        if not found:
            return None, medline, None
        month = _month(medline[: found.start()]) if found.start() else _month_after(medline[found.end() :])
        year = found[0]
        return int(year), medline, f"{year}-{month:02}" if month else year
    year_text = parts.get("Year")
    printed = " ".join(parts[tag] for tag in ("Year", "Month", "Season", "Day") if tag in parts)
    published = _date(year_text, parts.get("Month") or parts.get("Season"), parts.get("Day"))
    return (int(published[:4]) if published else None), printed or None, published


def _month_after(text: str) -> int | None:
    """The month named right after a year; a number there is as likely a day or another year, so only names count."""
    return _month(text) if text[:1] == " " and not text[1:2].isdigit() else None
