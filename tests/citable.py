"""Invented records with all that a citation may need, and a catalog of them."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from xml.sax.saxutils import escape

from catalog.build import write_catalog
from catalog.cite import Citation, read_citations, read_imprint
from harvest.topics import load_topics
from tests.site_fixtures import kept_records

__all__ = [
    *("ARTICLE", "BOOK", "CHAPTER", "CITABLE", "CONCERNED", "GROUP", "MANY", "PREPRINT", "UPDATED", "WITHDRAWN"),
    *("citable_catalog", "citable_records", "citations_of"),
]

ARTICLE, WITHDRAWN, PREPRINT, CHAPTER, BOOK, GROUP, MANY, UPDATED, CONCERNED = CITABLE = [
    970020001 + i for i in range(9)
]
# TeX's own characters, a separator of lines, and what other formats take for their own.
TITLE = (
    "β-test of <i>in vivo</i> PRP &amp; O<sub>2</sub>-O<sub>3</sub>: 50% {a}~b^c_d #1 $2 \\alpha; “x” ER  - "
    "\u2028TY  - JOUR."
)
AUTHORS = (
    ("Müller-Łoś", "Jörg", "J", ""),
    ("van der Berg", "Jan Peter", "JP", "Jr"),
    ("O'Neil and Sons", "Åsa", "Å", ""),
    ("Vilin", "Iu A", "IuA", ""),
)


def _person(last: str, fore: str, initials: str, suffix: str) -> str:
    parts = (("LastName", last), ("ForeName", fore), ("Initials", initials), ("Suffix", suffix))
    return "<Author>" + "".join(f"<{tag}>{escape(text)}</{tag}>" for tag, text in parts if text) + "</Author>"


def _article(
    pmid: int,
    title: str,
    *,
    authors: str | None = None,
    types: Sequence[str] = ("Journal Article",),
    date: str = "<MedlineDate>2019 Jan-Feb</MedlineDate>",
    links: Sequence[tuple[str, str, int]] = (),
    issue: str = "<Volume>12</Volume><Issue>3 Suppl 1</Issue>",
    pages: str = "123-8",
    ids: str = "",
    more: str = "",
) -> bytes:
    authors = "".join(_person(*a) for a in AUTHORS) if authors is None else authors
    notices = "".join(
        f'<CommentsCorrections RefType="{kind}"><RefSource>{escape(where)}</RefSource><PMID>{other}</PMID>'
        "</CommentsCorrections>"
        for kind, where, other in links
    )
    kinds = "".join(f'<PublicationType UI="D0">{escape(kind)}</PublicationType>' for kind in types)
    return (
        f'<PubmedArticle><MedlineCitation Status="MEDLINE" Owner="NLM"><PMID Version="1">{pmid}</PMID>'
        "<DateCompleted><Year>2020</Year><Month>01</Month><Day>02</Day></DateCompleted>"
        "<DateRevised><Year>2021</Year><Month>02</Month><Day>03</Day></DateRevised>"
        '<Article PubModel="Print"><Journal><ISSN IssnType="Electronic">1234-5679</ISSN>'
        f'<JournalIssue CitedMedium="Internet">{issue}<PubDate>{date}</PubDate></JournalIssue>'
        "<Title>The synthetic journal of tests : an invention</Title><ISOAbbreviation>Synth. J. Tests</ISOAbbreviation>"
        f"</Journal><ArticleTitle>{title}</ArticleTitle>"
        f"<Pagination><MedlinePgn>{pages}</MedlinePgn></Pagination>"
        '<Abstract><AbstractText Label="AIM">5 &lt; 6 &amp; so on.</AbstractText>'
        '<AbstractText Label="RESULTS">Patients were randomly assigned to platelet-rich plasma or saline for low back'
        " pain; TNF-α fell by 30%.</AbstractText></Abstract>"
        f"<AuthorList>{authors}</AuthorList><Language>eng</Language>"
        f"<PublicationTypeList>{kinds}</PublicationTypeList>"
        "<ArticleDate><Year>2018</Year><Month>12</Month><Day>24</Day></ArticleDate></Article>"
        "<MedlineJournalInfo><Country>England</Country><MedlineTA>Synth J Tests</MedlineTA>"
        "<NlmUniqueID>9999999</NlmUniqueID></MedlineJournalInfo>"
        f"<CommentsCorrectionsList>{notices}</CommentsCorrectionsList>"
        '<MeshHeadingList><MeshHeading><DescriptorName UI="D1" MajorTopicYN="Y">Injections, Spinal</DescriptorName>'
        '<QualifierName UI="Q1" MajorTopicYN="N">methods</QualifierName></MeshHeading></MeshHeadingList>'
        '<KeywordList Owner="NOTNLM"><Keyword>PRP</Keyword><Keyword>Injections, Spinal</Keyword></KeywordList>'
        f"{more}</MedlineCitation><PubmedData><History>"
        '<PubMedPubDate PubStatus="entrez"><Year>2019</Year><Month>1</Month><Day>5</Day></PubMedPubDate></History>'
        f"<PublicationStatus>ppublish</PublicationStatus><ArticleIdList>{ids}</ArticleIdList></PubmedData>"
        "</PubmedArticle>"
    ).encode()


def _book(pmid: int, title: str, *, chapter: str = "") -> bytes:
    own = f"<ArticleTitle>{chapter}</ArticleTitle>" if chapter else ""
    return (
        f"<PubmedBookArticle><BookDocument><PMID>{pmid}</PMID><Book><Publisher><PublisherName>Invented Press"
        f"</PublisherName><PublisherLocation>Treasure Island (FL)</PublisherLocation></Publisher><BookTitle>{title}"
        "</BookTitle><PubDate><Year>2024</Year><Month>01</Month></PubDate>"
        f'<AuthorList Type="editors">{_person("Editor", "Edith", "E", "")}{_person("Zweig", "Zoë", "Z", "")}'
        "</AuthorList>"
        f"<Isbn>9780000000002</Isbn></Book>{own}<Language>eng</Language>"
        f'<AuthorList Type="authors">{_person("Writer", "Wanda", "W", "")}</AuthorList>'
        "<PublicationType>Review</PublicationType><Abstract><AbstractText>On ozone.</AbstractText></Abstract>"
        "</BookDocument></PubmedBookArticle>"
    ).encode()


def citable_records() -> list[bytes]:
    """One record a kind of citation."""
    year = "<Year>2021</Year><Month>Mar</Month><Day>04</Day>"
    group = "<Author><CollectiveName>Synthetic Study Group, Part B and C</CollectiveName></Author>"
    many = "".join(_person(f"Name{i:02}", "Ann-Marie B", "AB", "") for i in range(22))
    return [
        _article(
            ARTICLE,
            TITLE,
            ids='<ArticleId IdType="doi">10.5555/a_b(1)&lt;2&gt;</ArticleId><ArticleId IdType="pmc">PMC12</ArticleId>',
            links=[
                ("ErratumIn", "Synth J Tests. 2020;13(1):9", 970029001),
                ("CommentIn", "Synth J. 2019;1:1", 970029002),
            ],
            more="<CoiStatement>None.</CoiStatement>",
        ),
        _article(
            WITHDRAWN,
            "A randomized trial of synthetic prolotherapy.",
            types=("Journal Article", "Retracted Publication"),
            links=[("RetractionIn", "Synth J Tests. 2022;14(2):99", 970029003)],
            date=year,
        ),
        _article(PREPRINT, "Synthetic ozone.", types=("Journal Article", "Preprint"), issue="", pages="", date=year),
        _book(CHAPTER, "Synthetic Pearls", chapter="Low back pain"),
        _book(BOOK, "Synthetic Handbook"),
        _article(
            GROUP, "[Synthetic results].", authors=group, date="<Year>2003</Year><Season>Spring</Season>", pages="e12"
        ),
        _article(MANY, "Is synthetic PRP better?", authors=many, date=year, pages="S95-101, S110"),
        _article(
            UPDATED, "Synthetic review.", links=[("UpdateIn", "Synth J. 2024;1:1", 970029004)], date=year, pages="1-10"
        ),
        _article(CONCERNED, "Synthetic cells.", links=[("ExpressionOfConcernIn", "Synth J. 2024;2:2", 970029005)]),
    ]


def citable_catalog(path: Path, *, sample: bool = False) -> Path:
    """A catalog of these records."""
    harvests = [
        (1, "harvest pubmed", "2026-03-02T10:00:00Z", "2026-03-02T10:05:00Z", "complete", "0", None, None, None, None)
    ]
    provenance = {"runs": harvests}
    write_catalog(path, kept_records(citable_records()), load_topics(), provenance=provenance, sample=sample)
    return path


def citations_of(path: Path, pmids: Sequence[int] = tuple(CITABLE)) -> list[Citation]:
    """Papers of a catalog."""
    with closing(sqlite3.connect(path)) as conn:
        return read_citations(conn, pmids, read_imprint(conn))
