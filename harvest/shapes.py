"""What one PubMed record says, as frozen dataclasses. `harvest.record` fills them and is where to import them from.

Source of the shapes: NLM's PubMed DTD (pubmed_250101.dtd).
"""

from __future__ import annotations

from dataclasses import dataclass

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
]


@dataclass(frozen=True, slots=True)
class Section:
    """One `AbstractText`: its Label, its NlmCategory (both as sent, or None) and its text."""

    label: str | None
    category: str | None
    text: str


@dataclass(frozen=True, slots=True)
class Author:
    """A person (`last_name` ...) or a group (`collective`); never both."""

    last_name: str | None
    fore_name: str | None
    initials: str | None
    suffix: str | None
    collective: str | None
    orcid: str | None  # 0000-0000-0000-0000, without the address in front
    affiliations: tuple[str, ...]
    valid: bool  # ValidYN="N" marks a name that a later version of the record corrects


@dataclass(frozen=True, slots=True)
class Qualifier:
    """A MeSH subheading."""

    ui: str | None
    name: str
    major: bool


@dataclass(frozen=True, slots=True)
class MeshHeading:
    """A MeSH descriptor with its subheadings; `major` is the descriptor's own MajorTopicYN."""

    ui: str | None
    name: str
    major: bool
    qualifiers: tuple[Qualifier, ...]


@dataclass(frozen=True, slots=True)
class PublicationType:
    """A publication type as NLM assigned it."""

    ui: str | None
    name: str


@dataclass(frozen=True, slots=True)
class Keyword:
    """A keyword; `owner` is NOTNLM for the authors' own."""

    text: str
    major: bool
    owner: str | None


@dataclass(frozen=True, slots=True)
class Link:
    """One `CommentsCorrections`: a related notice, comment, correction or version."""

    ref_type: str  # RetractionIn, ErratumIn, CommentOn ...
    pmid: int | None
    citation: str | None  # RefSource
    note: str | None


@dataclass(frozen=True, slots=True)
class OtherAbstract:
    """An abstract that is not the article's main one: another language, plain language, another owner."""

    kind: str | None  # Type: Publisher, plain-language-summary ...
    language: str | None
    sections: tuple[Section, ...]


@dataclass(frozen=True, slots=True)
class DataBank:
    """An accession number in a registry or databank (ClinicalTrials.gov, ISRCTN ...)."""

    name: str
    accession: str | None  # the DTD lets a databank stand without a number


@dataclass(frozen=True, slots=True)
class Reference:
    """One entry of the reference list: another article, never this one."""

    citation: str | None
    pmid: int | None
    doi: str | None


@dataclass(frozen=True, slots=True)
class Record:
    """One PubMed record (article or book). What the record does not say is None or an empty tuple.

    Dates are text as far as they are known: `YYYY`, `YYYY-MM` or `YYYY-MM-DD`; `pubdate` is the journal issue's
    date as printed ("2019 Jan-Feb", "2003 Spring"). `title` and texts are plain: markup removed, nothing dropped.
    """

    pmid: int
    version: int
    is_book: bool
    status: str | None  # MedlineCitation/@Status
    indexing_method: str | None  # None (people), Curated, Automated
    owner: str | None
    title: str | None
    vernacular_title: str | None
    sections: tuple[Section, ...]
    other_abstracts: tuple[OtherAbstract, ...]
    copyright: str | None
    journal: str | None  # full title
    journal_iso: str | None
    medline_ta: str | None
    issn: str | None
    issn_type: str | None  # Print, Electronic
    nlm_unique_id: str | None
    volume: str | None
    issue: str | None
    pages: str | None
    year: int | None  # of PubDate, first four digits of a MedlineDate
    pubdate: str | None
    published: str | None  # PubDate as YYYY[-MM[-DD]]
    article_date: str | None  # electronic publication
    date_revised: str | None
    date_completed: str | None
    entrez_date: str | None  # History, PubStatus="entrez"
    publication_status: str | None  # ppublish, epublish, aheadofprint
    publication_model: str | None  # PubModel
    languages: tuple[str, ...]
    country: str | None
    authors: tuple[Author, ...]
    authors_complete: bool
    investigators: tuple[Author, ...]
    editors: tuple[Author, ...]  # books
    book_title: str | None
    book_accession: str | None
    publisher: str | None
    publisher_place: str | None
    isbn: str | None
    doi: str | None
    pmcid: str | None
    article_ids: tuple[tuple[str, str], ...]  # (IdType, text) of the article itself, in order
    publication_types: tuple[PublicationType, ...]
    mesh: tuple[MeshHeading, ...]
    supplementary_mesh: tuple[str, ...]
    chemicals: tuple[str, ...]
    keywords: tuple[Keyword, ...]
    databanks: tuple[DataBank, ...]
    links: tuple[Link, ...]
    references: tuple[Reference, ...]
    grants: tuple[str, ...]
    conflict_of_interest: str | None
    general_notes: tuple[str, ...]

    @property
    def abstract(self) -> str | None:
        """The sections' texts joined by a newline, each with its label and ": " before it; None where there is none."""
        if not self.sections:
            return None
        return "\n".join(f"{s.label}: {s.text}" if s.label else s.text for s in self.sections)
