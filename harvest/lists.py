"""The lists of a PubMed record: one XML element to a tuple of the dataclasses of `harvest.shapes`.

Source of the shapes: NLM's PubMed DTD (pubmed_250101.dtd). Pure functions; an entry that says nothing is left out.
"""

from __future__ import annotations

from lxml import etree

from harvest.fields import doi_of, integer, orcid_of, text_of, tidy
from harvest.quick import quick
from harvest.shapes import Author, DataBank, Keyword, Link, MeshHeading, Qualifier, Reference, Section

__all__ = [
    "article_ids",
    "author",
    "chemicals",
    "databanks",
    "grants",
    "keywords",
    "links",
    "mesh_heading",
    "mesh_headings",
    "people",
    "person",
    "qualifier",
    "reference",
    "references",
    "sections",
    "texts",
]

author = quick(Author)
databank = quick(DataBank)
keyword = quick(Keyword)
link = quick(Link)
mesh_heading = quick(MeshHeading)
qualifier = quick(Qualifier)
reference = quick(Reference)
section = quick(Section)


def texts(element: etree._Element) -> tuple[str, ...]:
    """The children's texts (`SupplMeshList`)."""
    return tuple(text for child in element if (text := text_of(child)))


def sections(element: etree._Element) -> tuple[Section, ...]:
    """The `AbstractText`s of an `Abstract` or `OtherAbstract`; one without text is none."""
    return tuple(
        section(tidy(child.get("Label")), tidy(child.get("NlmCategory")), text)
        for child in element
        if child.tag == "AbstractText" and (text := text_of(child))
    )


def people(element: etree._Element) -> tuple[Author, ...]:
    """The persons and groups of an `AuthorList` or `InvestigatorList`."""
    found: list[Author] = []
    for one in element:
        last = fore = initials = suffix = collective = orcid = None
        affiliations: list[str] = []
        for child in one:
            tag = child.tag
            if tag == "LastName":
                last = text_of(child)
            elif tag == "ForeName":
                fore = text_of(child)
            elif tag == "Initials":
                initials = text_of(child)
            elif tag == "AffiliationInfo":
                affiliations += [text for part in child if part.tag == "Affiliation" and (text := text_of(part))]
            elif tag == "Identifier":
                if orcid is None and child.get("Source", "").upper() == "ORCID":
                    orcid = orcid_of(child.text)
            elif tag == "Suffix":
                suffix = text_of(child)
            elif tag == "CollectiveName":
                collective = text_of(child)
            elif tag == "Affiliation" and (text := text_of(child)):  # where it stood in the DTDs before 2015
                affiliations.append(text)
        valid = one.get("ValidYN") != "N"
        person(found, last, fore, initials, suffix, collective, orcid, affiliations, valid)
    return tuple(found)


def person(
    found: list[Author],
    last: str | None,
    fore: str | None,
    initials: str | None,
    suffix: str | None,
    collective: str | None,
    orcid: str | None,
    affiliations: list[str],
    valid: bool,
) -> None:
    """Add what one `Author` or `Investigator` names: a person, a group, or both."""
    if last or fore or initials:
        found.append(author(last, fore, initials, suffix, None, orcid, tuple(affiliations), valid))
        suffix, orcid, affiliations = None, None, []
    if collective:  # the DTD has a name or this; of both neither is dropped
        found.append(author(None, None, None, suffix, collective, orcid, tuple(affiliations), valid))


def article_ids(element: etree._Element) -> tuple[tuple[str, str], ...]:
    """An `ArticleIdList` as (IdType, text), in order."""
    return tuple(
        (kind, text)
        for child in element
        if (kind := tidy(child.get("IdType", "pubmed"))) and (text := tidy(child.text))
    )


def mesh_headings(element: etree._Element) -> tuple[MeshHeading, ...]:
    """A `MeshHeadingList`."""
    found = []
    for heading in element:
        ui = name = None
        major = False
        qualifiers: list[Qualifier] = []
        for child in heading:
            text = tidy(child.text)
            if not text:
                continue
            if child.tag == "DescriptorName":
                ui, name, major = tidy(child.get("UI")), text, child.get("MajorTopicYN") == "Y"
            elif child.tag == "QualifierName":
                qualifiers.append(qualifier(tidy(child.get("UI")), text, child.get("MajorTopicYN") == "Y"))
        if name:
            found.append(mesh_heading(ui, name, major, tuple(qualifiers)))
    return tuple(found)


def chemicals(element: etree._Element) -> tuple[str, ...]:
    """The names of a `ChemicalList`."""
    names = (tidy(child.text) for chemical in element for child in chemical if child.tag == "NameOfSubstance")
    return tuple(name for name in names if name)


def keywords(element: etree._Element) -> tuple[Keyword, ...]:
    """One `KeywordList`, each keyword with the list's owner."""
    owner = tidy(element.get("Owner", "NLM"))
    return tuple(
        keyword(text, child.get("MajorTopicYN") == "Y", owner) for child in element if (text := text_of(child))
    )


def databanks(element: etree._Element) -> tuple[DataBank, ...]:
    """A `DataBankList`, one entry an accession number; a databank without a number is one entry without."""
    found: list[DataBank] = []
    for bank in element:
        name = None
        accessions: list[str | None] = []
        for child in bank:
            if child.tag == "DataBankName":
                name = tidy(child.text)
            elif child.tag == "AccessionNumberList":
                accessions += texts(child)
        if name:
            found += [databank(name, accession) for accession in accessions or [None]]
    return tuple(found)


def grants(element: etree._Element) -> tuple[str, ...]:
    """Each grant as MEDLINE writes it: GrantID/Acronym/Agency/Country, as far as stated."""
    return tuple(text for grant in element if (text := "/".join(texts(grant))))


def links(element: etree._Element) -> tuple[Link, ...]:
    """A `CommentsCorrectionsList`."""
    found = []
    for child in element:
        kind = tidy(child.get("RefType"))
        pmid = source = note = None
        for part in child:
            if part.tag == "PMID":
                pmid = integer(part.text)
            elif part.tag == "RefSource":
                source = text_of(part)
            elif part.tag == "Note":
                note = text_of(part)
        if kind:
            found.append(link(kind, pmid, source, note))
    return tuple(found)


def references(element: etree._Element) -> tuple[Reference, ...]:
    """A `ReferenceList` and those nested in it, in the document's order."""
    found: list[Reference] = []
    citation = pmid = doi = None
    # One flat walk: reference lists are a third of all elements.
    for part in element.iter("Reference", "Citation", "ArticleId"):
        tag = part.tag
        if tag == "Reference":
            if citation or pmid or doi:
                found.append(reference(citation, pmid, doi))
                citation = pmid = doi = None
        elif tag == "Citation":
            citation = text_of(part)
        else:
            kind = part.get("IdType", "pubmed")
            if kind == "pubmed":
                pmid = pmid or integer(part.text)
            elif kind == "doi":
                doi = doi or doi_of(part.text)
    if citation or pmid or doi:
        found.append(reference(citation, pmid, doi))
    return tuple(found)
