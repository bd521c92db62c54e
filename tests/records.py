"""Small invented records for tests: only what a test says, parsed by the real parser."""

from __future__ import annotations

from collections.abc import Sequence
from xml.sax.saxutils import escape

from harvest.record import Record, parse_article

__all__ = ["article_xml", "record"]

PMID = 970001001


def article_xml(
    title: str = "",
    abstract: str | Sequence[tuple[str, str]] = "",
    *,
    pmid: int = PMID,
    types: Sequence[str] = ("Journal Article",),
    mesh: Sequence[str] = (),
    keywords: Sequence[str] = (),
    other_abstract: str = "",
    links: Sequence[tuple[str, str]] = (),
    indexing: str = "",
    year: int = 2020,
    trials: Sequence[str] = (),
) -> bytes:
    """A PubmedArticle in NLM's shape; `abstract` is a text, or (label, text) sections."""
    sections = [("", abstract)] if isinstance(abstract, str) else list(abstract)
    texts = "".join(_abstract_text(label, text) for label, text in sections if text)
    method = f' IndexingMethod="{indexing}"' if indexing else ""
    banks = "".join(
        "<DataBank><DataBankName>ClinicalTrials.gov</DataBankName><AccessionNumberList>"
        f"<AccessionNumber>{trial}</AccessionNumber></AccessionNumberList></DataBank>"
        for trial in trials
    )
    kinds = "".join(f'<PublicationType UI="D000000">{escape(kind)}</PublicationType>' for kind in types)
    notices = "".join(
        f'<CommentsCorrections RefType="{kind}"><RefSource>{escape(cited)}</RefSource></CommentsCorrections>'
        for kind, cited in links
    )
    headings = "".join(
        f'<MeshHeading><DescriptorName UI="D000000" MajorTopicYN="N">{escape(name)}</DescriptorName></MeshHeading>'
        for name in mesh
    )
    words = "".join(f'<Keyword MajorTopicYN="N">{escape(keyword)}</Keyword>' for keyword in keywords)
    parts = [
        f'<PubmedArticle><MedlineCitation Status="MEDLINE" Owner="NLM"{method}><PMID Version="1">{pmid}</PMID>',
        "<DateRevised><Year>2021</Year><Month>02</Month><Day>03</Day></DateRevised>",
        f'<Article PubModel="Print"><Journal><JournalIssue CitedMedium="Print"><PubDate><Year>{year}</Year></PubDate>',
        "</JournalIssue><Title>Synthetic Journal of Tests</Title></Journal>",
        f"<ArticleTitle>{escape(title)}</ArticleTitle>",
        _within("Abstract", texts),
        '<AuthorList CompleteYN="Y"><Author ValidYN="Y"><LastName>Synthetic</LastName><Initials>S</Initials></Author>',
        "</AuthorList><Language>eng</Language>",
        _within("DataBankList", banks),
        f"<PublicationTypeList>{kinds}</PublicationTypeList></Article>",
        "<MedlineJournalInfo><MedlineTA>Synth J Tests</MedlineTA></MedlineJournalInfo>",
        _within("CommentsCorrectionsList", notices),
        _within("MeshHeadingList", headings),
        _within(
            'OtherAbstract Type="Publisher" Language="spa"',
            _abstract_text("", other_abstract) if other_abstract else "",
        ),
        _within('KeywordList Owner="NOTNLM"', words),
        "</MedlineCitation><PubmedData><PublicationStatus>ppublish</PublicationStatus></PubmedData></PubmedArticle>",
    ]
    return "".join(parts).encode()


def _abstract_text(label: str, text: str) -> str:
    attribute = f' Label="{escape(label)}"' if label else ""
    return f"<AbstractText{attribute}>{escape(text)}</AbstractText>"


def _within(tag: str, content: str) -> str:
    return f"<{tag}>{content}</{tag.split()[0]}>" if content else ""


def record(
    title: str = "",
    abstract: str | Sequence[tuple[str, str]] = "",
    *,
    pmid: int = PMID,
    types: Sequence[str] = ("Journal Article",),
    mesh: Sequence[str] = (),
    keywords: Sequence[str] = (),
    other_abstract: str = "",
    links: Sequence[tuple[str, str]] = (),
    indexing: str = "",
) -> Record:
    """The same, parsed."""
    return parse_article(
        article_xml(
            title,
            abstract,
            pmid=pmid,
            types=types,
            mesh=mesh,
            keywords=keywords,
            other_abstract=other_abstract,
            links=links,
            indexing=indexing,
        )
    )
