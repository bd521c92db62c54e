"""PubMed XML to `Record`: one dataclass with everything the rest of the project needs.

Source of the shapes: NLM's PubMed DTD (pubmed_250101.dtd). Where a document leaves an attribute out, the DTD's default
holds. A document is walked once, by tables from an element's name to what is done with it; its longest lists are taken
from its bytes before (`harvest.plain`).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import fields
from typing import Any

from lxml import etree

from harvest.errors import BadRecord
from harvest.fields import date_of, doi_of, integer, pmcid_of, pubdate_of, text_of, tidy
from harvest.lists import (
    article_ids,
    chemicals,
    databanks,
    grants,
    keywords,
    links,
    mesh_headings,
    people,
    references,
    sections,
    texts,
)
from harvest.plain import TAKEN, plain_lists
from harvest.quick import quick
from harvest.shapes import (
    Author,
    DataBank,
    Keyword,
    Link,
    MeshHeading,
    OtherAbstract,
    PublicationType,
    Qualifier,
    Record,
    Reference,
    Section,
)

__all__ = [
    "Author",
    "DataBank",
    "Keyword",
    "Link",
    "MeshHeading",
    "OtherAbstract",
    "PublicationType",
    "Qualifier",
    "Record",
    "Reference",
    "Section",
    "parse_article",
    "parse_deletions",
    "pmid_of",
]

# The element comes from elsewhere: no entity is expanded, no DTD or address is read, and libxml2's bounds on depth and
# size stay on. Comments and processing instructions are no text.
_PARSER = etree.XMLParser(
    resolve_entities=False,
    load_dtd=False,
    no_network=True,
    huge_tree=False,
    recover=False,
    remove_comments=True,
    remove_pis=True,
    collect_ids=False,
)
_START = re.compile(rb"\s*<(PubmedArticle|PubmedBookArticle|DeleteCitation)[\s/>]")
_PMID = re.compile(rb"<(?:MedlineCitation|BookDocument)(?:\s[^<>]*)?>\s*<PMID(?:\s[^<>]*)?>\s*([0-9]{1,10})\s*<")
_PREFIX = re.compile(rb"(?:<|\s(?!xmlns:|xml:))([A-Za-z_][\w.-]*):[A-Za-z_]")
_MATHML = "http://www.w3.org/1998/Math/MathML"


def pmid_of(raw: bytes) -> int | None:
    """The PMID of a record that may not be parseable, or None: the one right after `MedlineCitation` opens."""
    found = _PMID.search(raw)
    return (int(found[1]) or None) if found else None


def parse_article(raw: bytes) -> Record:
    """One `PubmedArticle` or `PubmedBookArticle` element, as NLM sent it (UTF-8), to a `Record`.

    Raises:
        BadRecord: the element is not well-formed, declares or uses entities of its own, or lacks what every record has.
    """
    less, lists = plain_lists(raw)
    if lists and less.startswith(b"<PubmedArticle>"):
        record = _less_its_lists(less, lists)
        if record:
            return record
    root = _root(raw, ("PubmedArticle", "PubmedBookArticle"))
    try:
        return _book_article(root) if root.tag == "PubmedBookArticle" else _article(root, {})
    except _Missing as missing:
        raise BadRecord(f"{_label(raw)}: {missing}") from None


def _less_its_lists(less: bytes, lists: Lists) -> Record | None:
    """The record of an element and the lists taken from it.

    None where it must be read whole: it is broken, or a list stood where none belongs and so is not wanted, or is text.
    """
    try:
        record = _article(etree.fromstring(less, _PARSER), lists)
    except (etree.XMLSyntaxError, _Missing):
        return None
    return None if lists else record


def parse_deletions(raw: bytes) -> tuple[int, ...]:
    """The PMIDs of one `DeleteCitation` element, in its order.

    Raises:
        BadRecord: the element is not well-formed, or one of its PMIDs is no number.
    """
    pmids = []
    for child in _root(raw, ("DeleteCitation",)):
        pmid = integer(child.text) if child.tag == "PMID" else None
        if pmid is None:
            raise BadRecord(f"DeleteCitation: {child.tag} {child.text!r} is no PMID")
        pmids.append(pmid)
    return tuple(pmids)


class _Missing(Exception):
    """What every record has is not there."""


def _label(raw: bytes) -> str:
    pmid = pmid_of(raw)
    return f"PMID {pmid}" if pmid else "a record without a readable PMID"


def _root(raw: bytes, names: tuple[str, ...]) -> etree._Element:
    """The element parsed. It must come first: so nothing can declare a document type or an entity before it."""
    start = _START.match(raw)
    if not start or start[1].decode() not in names:
        shown = raw[:40].decode("utf-8", "replace")
        raise BadRecord(f"{_label(raw)}: begins with {shown!r}, not with <{'> or <'.join(names)}>")
    try:
        return etree.fromstring(raw, _PARSER)
    except etree.XMLSyntaxError as error:
        # A prefix such as mml: may be declared on the set, outside the element.
        declared = _with_prefixes(raw)
        if declared is not None and "prefix" in str(error).lower():
            try:
                return etree.fromstring(declared, _PARSER)
            except etree.XMLSyntaxError as second:
                error = second
        reason = " ".join(str(error.msg).split())
        raise BadRecord(f"{_label(raw)}: not well-formed XML: {reason}") from error


def _with_prefixes(raw: bytes) -> bytes | None:
    """The element with every prefix it uses declared on its start tag; None where it uses none."""
    prefixes = sorted(set(_PREFIX.findall(raw)) - {b"xml", b"xmlns"})
    if not prefixes:
        return None
    start = _START.match(raw)
    at = start.end() - 1 if start else 0
    names = b"".join(
        b' xmlns:%s="%s"' % (p, _MATHML.encode() if p in (b"mml", b"m") else b"urn:prefix:" + p)
        for p in prefixes
        if b"xmlns:" + p not in raw.partition(b">")[0]
    )
    return raw[:at] + names + raw[at:]


Lists = dict[str, list[Any]]  # entries of lists by the element's name
Draft = dict[str, Any]  # a Record's fields by name, while they are being found
Handler = Callable[[Draft, etree._Element], None]

_SEVERAL = tuple(field.name for field in fields(Record) if str(field.type).startswith("tuple"))
_EMPTY: Draft = {**{field.name: None for field in fields(Record)}, "authors_complete": True}


_record = quick(Record)
_publication_type_of = quick(PublicationType)
_other_abstract_of = quick(OtherAbstract)


def _blank(*, is_book: bool) -> Draft:
    """A record that says nothing yet: None, or an empty list where there may be several."""
    draft = _EMPTY.copy()
    draft["is_book"] = is_book
    for name in _SEVERAL:
        draft[name] = []
    return draft


def _article(root: etree._Element, lists: Lists) -> Record:
    """The record; of `lists`, which stand empty in the tree, each that belongs to it is taken out."""
    draft = _blank(is_book=False)
    draft["lists"] = lists
    for part in root:
        if part.tag == "MedlineCitation":
            draft["status"] = tidy(part.get("Status"))
            draft["indexing_method"] = tidy(part.get("IndexingMethod"))
            draft["owner"] = tidy(part.get("Owner", "NLM"))
            _dispatch(draft, part, _CITATION)
        elif part.tag == "PubmedData":
            _dispatch(draft, part, _DATA)
    return _finished(draft, "MedlineCitation")


def _book_article(root: etree._Element) -> Record:
    draft = _blank(is_book=True)
    draft["lists"] = {}
    for part in root:
        if part.tag == "BookDocument":
            _dispatch(draft, part, _BOOK_DOCUMENT)
        elif part.tag == "PubmedBookData":
            _dispatch(draft, part, _DATA)
    draft["title"] = draft["title"] or draft["book_title"]
    draft["authors"] = draft["authors"] or draft.get("book_authors", [])
    draft.pop("book_authors", None)
    return _finished(draft, "BookDocument")


def _finished(draft: Draft, holder: str) -> Record:
    if draft["pmid"] is None:
        raise _Missing(f"<{holder}> has no PMID that is a number")
    if not draft.pop("complete", False):
        raise _Missing(f"<{holder}> has no <{'Book' if draft['is_book'] else 'Article'}>")
    del draft["lists"]
    for name in _SEVERAL:
        draft[name] = tuple(draft[name])
    return _record(**draft)


def _dispatch(draft: Draft, element: etree._Element, handlers: dict[str, Handler]) -> None:
    for child in element:
        handler = handlers.get(child.tag)
        if handler:
            handler(draft, child)


def _text(name: str) -> Handler:
    def handler(draft: Draft, element: etree._Element) -> None:
        if draft[name] is None:
            draft[name] = text_of(element)

    return handler


def _date(name: str) -> Handler:
    def handler(draft: Draft, element: etree._Element) -> None:
        if draft[name] is None:
            draft[name] = date_of(element)

    return handler


def _texts(name: str) -> Handler:
    def handler(draft: Draft, element: etree._Element) -> None:
        text = text_of(element)
        if text:
            draft[name].append(text)

    return handler


def _extend(name: str, read: Callable[[etree._Element], tuple[Any, ...]]) -> Handler:
    def handler(draft: Draft, element: etree._Element) -> None:
        draft[name] += read(element)

    return handler


def _listed(tag: str, name: str, read: Callable[[etree._Element], tuple[Any, ...]]) -> Handler:
    def handler(draft: Draft, element: etree._Element) -> None:
        taken = draft["lists"].pop(tag, None) if element.text == TAKEN and not len(element) else None
        draft[name] += read(element) if taken is None else taken

    return handler


def _pmid(draft: Draft, element: etree._Element) -> None:
    if draft["pmid"] is None:
        draft["pmid"] = integer(element.text)
        draft["version"] = integer(element.get("Version")) or 1


def _whole_article(draft: Draft, element: etree._Element) -> None:
    draft["complete"] = True
    draft["publication_model"] = tidy(element.get("PubModel"))
    _dispatch(draft, element, _ARTICLE)


def _journal(draft: Draft, element: etree._Element) -> None:
    for child in element:
        tag = child.tag
        if tag == "JournalIssue":
            _dispatch(draft, child, _ISSUE)
        elif tag == "Title":
            draft["journal"] = text_of(child)
        elif tag == "ISOAbbreviation":
            draft["journal_iso"] = text_of(child)
        elif tag == "ISSN":
            draft["issn"] = text_of(child)
            draft["issn_type"] = tidy(child.get("IssnType"))


def _journal_info(draft: Draft, element: etree._Element) -> None:
    for child in element:
        tag = child.tag
        if tag == "Country":
            draft["country"] = text_of(child)
        elif tag == "MedlineTA":
            draft["medline_ta"] = text_of(child)
        elif tag == "NlmUniqueID":
            draft["nlm_unique_id"] = text_of(child)
        elif tag == "ISSNLinking" and draft["issn"] is None:
            draft["issn"] = text_of(child)


def _pubdate(draft: Draft, element: etree._Element) -> None:
    draft["year"], draft["pubdate"], draft["published"] = pubdate_of(element)


def _pagination(draft: Draft, element: etree._Element) -> None:
    pages = {child.tag: text_of(child) for child in element}
    ends = [page for tag in ("StartPage", "EndPage") if (page := pages.get(tag))]
    draft["pages"] = pages.get("MedlinePgn") or "-".join(ends) or None


def _elocation(draft: Draft, element: etree._Element) -> None:
    if draft["doi"] is None and element.get("EIdType") == "doi" and element.get("ValidYN") != "N":
        draft["doi"] = doi_of(element.text)


def _article_ids(draft: Draft, element: etree._Element) -> None:
    """The article's own ids. A DOI here beats an ELocationID's: it is the one PubMed resolves."""
    ids = article_ids(element)
    draft["article_ids"] += ids
    dois = [doi for kind, text in ids if kind == "doi" and (doi := doi_of(text))]
    if dois:
        draft["doi"] = dois[0]
    for wanted in ("pmc", "pmcid"):
        for kind, text in ids:
            if kind == wanted and draft["pmcid"] is None:
                draft["pmcid"] = pmcid_of(text)
    for kind, text in ids:
        if kind == "bookaccession" and draft["book_accession"] is None:
            draft["book_accession"] = text


def _abstract(draft: Draft, element: etree._Element) -> None:
    draft["sections"] += sections(element)
    for child in element:
        if child.tag == "CopyrightInformation":
            draft["copyright"] = text_of(child)


def _other_abstract(draft: Draft, element: etree._Element) -> None:
    found = sections(element)
    if found:
        kind, language = tidy(element.get("Type")), tidy(element.get("Language", "eng"))
        draft["other_abstracts"].append(_other_abstract_of(kind, language, found))


_people = _listed("AuthorList", "authors", people)


def _authors(draft: Draft, element: etree._Element) -> None:
    _people(draft, element)
    draft["authors_complete"] = draft["authors_complete"] and element.get("CompleteYN") != "N"


def _document_authors(draft: Draft, element: etree._Element) -> None:
    if element.get("Type") == "editors":
        draft["editors"] += people(element)
    else:
        _authors(draft, element)


def _book_authors(draft: Draft, element: etree._Element) -> None:
    """A whole book's authors are the record's where no chapter has its own."""
    if element.get("Type") == "editors":
        draft["editors"] += people(element)
    else:
        draft.setdefault("book_authors", []).extend(people(element))


def _publication_types(draft: Draft, element: etree._Element) -> None:
    for child in element:
        _publication_type(draft, child)


def _publication_type(draft: Draft, element: etree._Element) -> None:
    name = text_of(element)
    if name:
        draft["publication_types"].append(_publication_type_of(tidy(element.get("UI")), name))


def _history(draft: Draft, element: etree._Element) -> None:
    for child in element:
        if child.get("PubStatus") == "entrez":
            draft["entrez_date"] = date_of(child)


def _whole_book(draft: Draft, element: etree._Element) -> None:
    draft["complete"] = True
    _dispatch(draft, element, _BOOK)


def _publisher(draft: Draft, element: etree._Element) -> None:
    for child in element:
        if child.tag == "PublisherName":
            draft["publisher"] = text_of(child)
        elif child.tag == "PublisherLocation":
            draft["publisher_place"] = text_of(child)


_CITATION: dict[str, Handler] = {
    "PMID": _pmid,
    "DateCompleted": _date("date_completed"),
    "DateRevised": _date("date_revised"),
    "Article": _whole_article,
    "MedlineJournalInfo": _journal_info,
    "ChemicalList": _extend("chemicals", chemicals),
    "SupplMeshList": _extend("supplementary_mesh", texts),
    "CommentsCorrectionsList": _extend("links", links),
    "MeshHeadingList": _listed("MeshHeadingList", "mesh", mesh_headings),
    "OtherAbstract": _other_abstract,
    "KeywordList": _extend("keywords", keywords),
    "CoiStatement": _text("conflict_of_interest"),
    "InvestigatorList": _extend("investigators", people),
    "GeneralNote": _texts("general_notes"),
}
_ARTICLE: dict[str, Handler] = {
    "Journal": _journal,
    "ArticleTitle": _text("title"),
    "Pagination": _pagination,
    "ELocationID": _elocation,
    "Abstract": _abstract,
    "AuthorList": _authors,
    "Language": _texts("languages"),
    "DataBankList": _extend("databanks", databanks),
    "GrantList": _extend("grants", grants),
    "PublicationTypeList": _publication_types,
    "VernacularTitle": _text("vernacular_title"),
    "ArticleDate": _date("article_date"),
}
_ISSUE: dict[str, Handler] = {"Volume": _text("volume"), "Issue": _text("issue"), "PubDate": _pubdate}
_DATA: dict[str, Handler] = {
    "History": _history,
    "PublicationStatus": _text("publication_status"),
    "ArticleIdList": _article_ids,
    "ReferenceList": _listed("ReferenceList", "references", references),
}
_BOOK_DOCUMENT: dict[str, Handler] = {
    "PMID": _pmid,
    "ArticleIdList": _article_ids,
    "Book": _whole_book,
    "ArticleTitle": _text("title"),
    "VernacularTitle": _text("vernacular_title"),
    "Pagination": _pagination,
    "Language": _texts("languages"),
    "AuthorList": _document_authors,
    "InvestigatorList": _extend("investigators", people),
    "PublicationType": _publication_type,
    "Abstract": _abstract,
    "KeywordList": _extend("keywords", keywords),
    "ContributionDate": _date("article_date"),
    "DateRevised": _date("date_revised"),
    "GrantList": _extend("grants", grants),
    "ReferenceList": _extend("references", references),
}
_BOOK: dict[str, Handler] = {
    "Publisher": _publisher,
    "BookTitle": _text("book_title"),
    "PubDate": _pubdate,
    "AuthorList": _book_authors,
    "InvestigatorList": _extend("investigators", people),
    "Volume": _text("volume"),
    "Isbn": _text("isbn"),
    "ELocationID": _elocation,
}
