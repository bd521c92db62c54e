"""A record as MEDLINE text, the tags reference managers read."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from lxml import etree

from tests.ncbi.document import date_of, parse, text_of

__all__ = ["medline"]


def _line(tag: str, text: str) -> str:
    clean = " ".join(text.split())
    if not clean:
        return ""
    wrapped = textwrap.wrap(clean, 80, break_long_words=False, break_on_hyphens=False)
    return f"{tag:<4}- " + "\n      ".join(wrapped) + "\n"


def _find(root: etree._Element, path: str) -> str:
    return text_of(root.find(path))


def _authors(root: etree._Element) -> Iterator[tuple[str, str]]:
    for author in root.iterfind(".//AuthorList/Author"):
        last = author.findtext("LastName")
        if last:
            yield "FAU", f"{last}, {author.findtext('ForeName') or ''}".rstrip(", ")
            yield "AU", f"{last} {author.findtext('Initials') or ''}"
        else:
            yield "CN", author.findtext("CollectiveName") or ""
        for affiliation in author.iterfind(".//Affiliation"):
            yield "AD", text_of(affiliation)


def _headings(root: etree._Element) -> Iterator[tuple[str, str]]:
    for heading in root.iterfind(".//MeshHeadingList/MeshHeading"):
        parts = [("*" if part.get("MajorTopicYN") == "Y" else "") + text_of(part) for part in heading]
        yield "MH", "/".join(parts)


def _pubdate(root: etree._Element) -> str:
    found = root.find(".//PubDate")
    if found is None:
        return ""
    return found.findtext("MedlineDate") or " ".join(text_of(part) for part in found)


def _lines(root: etree._Element) -> Iterator[tuple[str, str]]:
    citation = root.find("MedlineCitation")
    yield "PMID", _find(root, "./*/PMID")
    if citation is not None:
        yield "OWN", citation.get("Owner") or ""
        yield "STAT", citation.get("Status") or ""
    revised = date_of(root.find(".//DateRevised"))
    yield "LR", str(revised) if revised else ""
    yield "IS", _find(root, ".//ISSN")
    yield "VI", _find(root, ".//JournalIssue/Volume")
    yield "IP", _find(root, ".//JournalIssue/Issue")
    yield "DP", _pubdate(root)
    yield "TI", _find(root, ".//ArticleTitle")
    yield "PG", _find(root, ".//Pagination/MedlinePgn")
    for place in root.iterfind(".//ELocationID"):
        yield "LID", f"{text_of(place)} [{place.get('EIdType')}]"
    abstract = root.find(".//Abstract")
    if abstract is not None:
        sections = abstract.findall("AbstractText")
        yield "AB", " ".join(f"{s.get('Label')}: {text_of(s)}" if s.get("Label") else text_of(s) for s in sections)
    yield from _authors(root)
    for tag, path in (("LA", ".//Language"), ("PT", ".//PublicationType")):
        for element in root.iterfind(path):
            yield tag, text_of(element)
    yield "PL", _find(root, ".//MedlineJournalInfo/Country")
    yield "TA", _find(root, ".//MedlineJournalInfo/MedlineTA")
    yield "JT", _find(root, ".//Journal/Title")
    yield "JID", _find(root, ".//MedlineJournalInfo/NlmUniqueID")
    yield from _headings(root)
    for keyword in root.iterfind(".//KeywordList/Keyword"):
        yield "OT", text_of(keyword)
    for moment in root.iterfind(".//History/PubMedPubDate[@PubStatus='entrez']"):
        numbers = [int(text_of(moment.find(name)) or 0) for name in ("Year", "Month", "Day", "Hour", "Minute")]
        yield "EDAT", "{:04d}/{:02d}/{:02d} {:02d}:{:02d}".format(*numbers)
    for identifier in root.iterfind("./*/ArticleIdList/ArticleId"):
        yield "AID", f"{text_of(identifier)} [{identifier.get('IdType')}]"
    yield "PST", _find(root, ".//PublicationStatus")
    journal = _find(root, ".//MedlineJournalInfo/MedlineTA")
    yield "SO", f"{journal}. {_pubdate(root)}." if journal else ""


def medline(raw: bytes) -> str:
    """One raw record as MEDLINE text, a blank line before it; an unparsable record is an empty string."""
    try:
        root = parse(raw)
    except etree.XMLSyntaxError:
        return ""
    return "\n" + "".join(_line(tag, text) for tag, text in _lines(root))
