"""What is searchable in one PubMed record: a small extraction of its own, by the DTD, with lxml.

Zones (folded words, " | " between parts no phrase may cross): ti title, ab abstract with labels, oab OtherAbstract,
ot author keywords, tt vernacular title, mhw MeSH words, ptw publication types, nmw substances, auw authors, cn groups,
ad affiliations, jo journal, ids identifiers.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lxml import etree

from tests.ncbi.words import fold, words

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = ["LANGUAGES", "Document", "parse", "read_document"]

LANGUAGES = {
    "chi": "chinese", "cze": "czech", "dan": "danish", "dut": "dutch", "eng": "english", "fre": "french",
    "ger": "german", "gre": "greek", "hun": "hungarian", "ita": "italian", "jpn": "japanese", "kor": "korean",
    "nor": "norwegian", "per": "persian", "pol": "polish", "por": "portuguese", "rus": "russian", "spa": "spanish",
    "swe": "swedish", "tur": "turkish", "ukr": "ukrainian",
}  # fmt: skip

_MONTH_NAMES = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTHS = {name: number for number, name in enumerate(_MONTH_NAMES, 1)}
_SEASONS = {"winter": 1, "spring": 4, "summer": 7, "autumn": 10, "fall": 10}
_STATUS = {
    "MEDLINE": "medline",
    "PubMed-not-MEDLINE": "pubmednotmedline",
    "In-Process": "inprocess",
    "In-Data-Review": "inprocess",
    "Publisher": "publisher",
}
_PARSER = etree.XMLParser(
    resolve_entities=False, no_network=True, load_dtd=False, remove_comments=True, remove_pis=True
)


@dataclass(frozen=True, slots=True)
class Document:
    """One searchable record. Dates are integers YYYYMMDD, unknown month or day counted as 1, as PubMed does."""

    pmid: int
    zones: dict[str, str]
    values: dict[str, frozenset[str]]
    dates: dict[str, tuple[int, ...]]
    journal: str
    first_author: str


def parse(raw: bytes) -> etree._Element:
    """The element of a raw record (UTF-8).

    Raises:
        etree.XMLSyntaxError: the record is not well-formed.
    """
    return etree.fromstring(raw, _PARSER)


def text_of(element: etree._Element | None) -> str:
    """All text under an element, markup dropped, nothing else."""
    return "" if element is None else "".join(str(part) for part in element.itertext())


class _Parts:
    """The elements of a record by tag, found in one pass."""

    _TAGS = (
        "AbstractText", "AccessionNumber", "Affiliation", "ArticleDate", "ArticleTitle", "Author", "BookTitle",
        "CollectiveName", "ELocationID", "ISOAbbreviation", "ISSN", "Keyword", "Language", "MedlineTA", "MeshHeading",
        "NameOfSubstance", "OtherAbstract", "PubDate", "PubMedPubDate", "PublicationType", "SupplMeshName", "Title",
        "VernacularTitle",
    )  # fmt: skip

    def __init__(self, root: etree._Element) -> None:
        self._by_tag: dict[str, list[etree._Element]] = {}
        for element in root.iter(*self._TAGS):
            self._by_tag.setdefault(str(element.tag), []).append(element)

    def all(self, tag: str) -> list[etree._Element]:
        return self._by_tag.get(tag, [])

    def first(self, *tags: str) -> etree._Element | None:
        return next((element for tag in tags for element in self.all(tag)), None)

    def texts(self, *tags: str) -> list[str]:
        return [text for tag in tags for element in self.all(tag) if (text := text_of(element).strip())]


def date_of(element: etree._Element | None) -> int | None:
    """YYYYMMDD of an element with Year, Month, Day, Season or MedlineDate; None without a year."""
    if element is None:
        return None
    medline = re.match(r"\D*(\d{4})\s*([A-Za-z]*)", element.findtext("MedlineDate") or "")
    year = (element.findtext("Year") or (medline.group(1) if medline else "")).strip()
    if not year.isdigit():
        return None
    month = (element.findtext("Month") or element.findtext("Season") or (medline.group(2) if medline else "")).strip()
    number = int(month) if month.isdigit() else _MONTHS.get(month[:3].lower()) or _SEASONS.get(month.lower()) or 1
    day = (element.findtext("Day") or "").strip()
    return int(year) * 10000 + number * 100 + (int(day) if day.isdigit() else 1)


def _zone(parts: Iterable[str]) -> str:
    """Folded words of the parts, a space on either side of each word, " | " between parts."""
    runs = [" ".join(found) for part in parts if (found := words(part))]
    return f" {' | '.join(runs)} " if runs else ""


def _abstract(element: etree._Element | None) -> str:
    if element is None:
        return ""
    return " ".join(f"{section.get('Label') or ''} {text_of(section)}" for section in element.iterfind("AbstractText"))


def _name(author: etree._Element) -> str:
    last = author.findtext("LastName") or ""
    return fold(f"{last} {author.findtext('Initials') or ''}") if last else ""


def _own_abstract(citation: etree._Element) -> etree._Element | None:
    """The article's or the book's own abstract; OtherAbstract is not it."""
    found = citation.find("Article/Abstract")
    return found if found is not None else citation.find("Abstract")


def _mesh_values(parts: _Parts) -> Iterator[tuple[str, str]]:
    for heading in parts.all("MeshHeading"):
        descriptor = heading.find("DescriptorName")
        name = fold(text_of(descriptor))
        yield "mh", name
        if descriptor is not None and descriptor.get("MajorTopicYN") == "Y":
            yield "majr", name
        for qualifier in heading.iterfind("QualifierName"):
            sub = fold(text_of(qualifier))
            yield "sh", sub
            yield "mh", f"{name}/{sub}"
            if qualifier.get("MajorTopicYN") == "Y":
                yield "majr", name
                yield "majr", f"{name}/{sub}"


def _values(root: etree._Element, citation: etree._Element, parts: _Parts) -> dict[str, frozenset[str]]:
    found: dict[str, set[str]] = {}

    def put(field: str, text: str) -> None:
        if text:
            found.setdefault(field, set()).add(text)

    for field, value in _mesh_values(parts):
        put(field, value)
    for text in parts.texts("PublicationType"):
        put("pt", fold(text))
    for text in parts.texts("Language"):
        put("la", fold(text))
        put("la", LANGUAGES.get(text.lower(), ""))
    for text in parts.texts("Title", "ISOAbbreviation", "MedlineTA", "ISSN"):
        put("ta", " ".join(words(text)))
    for text in parts.texts("NameOfSubstance", "SupplMeshName"):
        put("nm", fold(text))
    own = [text_of(element) for element in root.iterfind("./*/ArticleIdList/ArticleId")]
    for text in [*own, *parts.texts("ELocationID", "AccessionNumber")]:
        put("aid", fold(text))
    for author in parts.all("Author"):
        put("au", _name(author))
    put("sb", "all")
    put("sb", _STATUS.get(citation.get("Status") or "", ""))
    if _own_abstract(citation) is not None:
        put("sb", "hasabstract")
    if "systematic review" in found.get("pt", set()):
        put("sb", "systematic")
    return {field: frozenset(values) for field, values in found.items()}


def _dates(citation: etree._Element, parts: _Parts) -> dict[str, tuple[int, ...]]:
    history = {d.get("PubStatus"): date_of(d) for d in parts.all("PubMedPubDate")}
    printed = date_of(parts.first("PubDate"))
    electronic = date_of(parts.first("ArticleDate"))
    entry = history.get("entrez") or history.get("pubmed")
    found = {
        "edat": (entry,),
        "crdt": (entry,),
        "mdat": (date_of(citation.find("DateRevised")),),
        "ppdat": (printed,),
        "epdat": (electronic,),
        "dp": (printed, electronic),
    }
    return {key: tuple(d for d in dates if d is not None) for key, dates in found.items()}


def read_document(pmid: int, raw: bytes) -> Document:
    """Extract what is searchable from one raw `PubmedArticle` or `PubmedBookArticle`.

    Raises:
        etree.XMLSyntaxError: the record is not well-formed; it can be fetched, but no search finds it.
    """
    root = parse(raw)
    citation = root.find("MedlineCitation")
    if citation is None:
        citation = root.find("BookDocument")
    if citation is None:
        citation = root
    parts = _Parts(root)
    values = _values(root, citation, parts)
    authors = [name for author in parts.all("Author") if (name := _name(author))]
    zones = {
        "ti": _zone([text_of(parts.first("ArticleTitle", "BookTitle"))]),
        "ab": _zone([_abstract(_own_abstract(citation))]),
        "oab": _zone(_abstract(other) for other in parts.all("OtherAbstract")),
        "ot": _zone(parts.texts("Keyword")),
        "tt": _zone(parts.texts("VernacularTitle")),
        "mhw": _zone(value for value in values.get("mh", ()) if "/" not in value),
        "ptw": _zone(values.get("pt", ())),
        "nmw": _zone(values.get("nm", ())),
        "auw": _zone(authors),
        "cn": _zone(parts.texts("CollectiveName")),
        "ad": _zone(parts.texts("Affiliation")),
        "jo": _zone(parts.texts("Title", "ISOAbbreviation")),
        "ids": _zone(values.get("aid", ())),
    }
    first = frozenset(authors[:1])
    return Document(
        pmid=pmid,
        zones={zone: text for zone, text in zones.items() if text},
        values={**values, "1au": first} if first else values,
        dates=_dates(citation, parts),
        journal=fold(text_of(parts.first("Title"))),
        first_author=authors[0] if authors else "",
    )
