"""One paper as exports and citations know it. Every text is one line, free of control characters."""

from __future__ import annotations

import re
from dataclasses import dataclass

from catalog.cite.names import Person
from catalog.cite.plain import ascii_letters

__all__ = ["STANDING", "Citation", "Heading", "Notice", "Section"]

RETRACTED_TYPE = "Retracted Publication"
PREPRINT_TYPE = "Preprint"
# The notices that a citation names whatever the paper's status: kind, and what stands before the notice, as NLM has it.
STANDING = {
    "RetractionIn": "Retraction in",
    "RetractedandRepublishedIn": "Retracted and republished in",
    "ExpressionOfConcernIn": "Expression of concern in",
    "ErratumIn": "Erratum in",
    "CorrectedandRepublishedIn": "Corrected and republished in",
    "UpdateIn": "Update in",
    "RepublishedIn": "Republished in",
}
# A title that says so already is not told again; "Retracted rotator cuff tears" does not say so.
_SAYS_RETRACTED = re.compile(r"\W*(?:(?:RETRACTED|WITHDRAWN)\b|(?i:retracted|withdrawn)(?i:\s+article)?\s*[:\])])")
_RANGE = re.compile(r"([A-Za-z]*)(\d+)([A-Za-z]*)\s*[-\u2010-\u2015]\s*([A-Za-z]*)(\d+)([A-Za-z]*)")


@dataclass(frozen=True, slots=True)
class Notice:
    """A retraction, correction, comment or version: its kind, where it stands, its PMID."""

    kind: str
    citation: str | None
    pmid: int | None
    told_by: int | None = None  # another record that tells it

    @property
    def where(self) -> str:
        """The notice as it is cited, its PMID with it."""
        cited = self.citation.rstrip(" .:") + "." if self.citation else ""
        return " ".join(part for part in (cited, f"PMID: {self.pmid}." if self.pmid else "") if part) or "not cited."


@dataclass(frozen=True, slots=True)
class Section:
    """A section of the abstract."""

    label: str | None
    text: str


@dataclass(frozen=True, slots=True)
class Heading:
    """A MeSH heading; qualifiers joined by "; "."""

    name: str
    major: bool
    qualifiers: str | None


@dataclass(frozen=True)
class Citation:
    """A paper. What is not known is None or empty."""

    pmid: int
    kind: str  # journal, chapter, book
    stored_title: str | None
    vernacular_title: str | None
    authors: tuple[Person, ...]
    editors: tuple[Person, ...]
    journal: str | None
    abbreviation: str | None  # of the journal, ISO
    medline_ta: str | None
    nlm_unique_id: str | None
    country: str | None
    issn: str | None
    issn_type: str | None
    book_title: str | None
    publisher: str | None
    publisher_place: str | None
    isbn: str | None
    volume: str | None
    issue: str | None
    pages: str | None
    year: int | None
    published: str | None  # YYYY[-MM[-DD]]
    printed: str | None  # 2019 Jan-Feb
    article_date: str | None
    entrez_date: str | None
    date_completed: str | None
    revised: str | None
    owner: str | None
    medline_status: str | None
    publication_status: str | None
    doi: str | None
    pmcid: str | None
    languages: tuple[str, ...]
    sections: tuple[Section, ...]
    headings: tuple[Heading, ...]
    keywords: tuple[tuple[str, str | None], ...]  # keyword, owner
    types: tuple[str, ...]
    registrations: tuple[tuple[str | None, str], ...]  # registry, number
    conflict_of_interest: str | None
    notices: tuple[Notice, ...]
    status: str  # retracted, concern, corrected, preprint, current
    watched: bool  # Retraction Watch tells of the status
    sample: bool  # invented
    note: str  # level, how it was given, by which rules, of which day

    @property
    def retracted(self) -> bool:
        """Whether it is retracted."""
        return self.status == "retracted"

    @property
    def preprint(self) -> bool:
        """Whether it is a preprint, retracted or not."""
        return self.status == "preprint" or PREPRINT_TYPE in self.types

    @property
    def every_type(self) -> tuple[str, ...]:
        """PubMed's publication types, and that it is retracted where another source says so."""
        missing = (RETRACTED_TYPE,) if self.retracted and RETRACTED_TYPE not in self.types else ()
        return (*self.types, *missing)

    @property
    def bare_title(self) -> str:
        """The title without a full stop, and without the mark of its status."""
        title = self.stored_title or self.vernacular_title or "[No title]"
        bare = title if title.endswith("...") else title.removesuffix(".")
        return bare.strip() or title

    @property
    def title(self) -> str:
        """The title; where the paper is retracted, or under an expression of concern, it says so first."""
        if self.retracted and not _SAYS_RETRACTED.match(self.bare_title.removeprefix("[SAMPLE] ")):
            return f"RETRACTED: {self.bare_title}"
        if self.status == "concern" and not self.bare_title.upper().startswith("EXPRESSION OF CONCERN"):
            return f"EXPRESSION OF CONCERN: {self.bare_title}"
        return self.bare_title

    @property
    def abstract(self) -> str | None:
        """The abstract on one line, its labels in it."""
        return " ".join(f"{s.label}: {s.text}" if s.label else s.text for s in self.sections) or None

    @property
    def host(self) -> str | None:
        """What it stands in: the journal, or the book of a chapter."""
        return {"journal": self.journal, "chapter": self.book_title}.get(self.kind)

    @property
    def words(self) -> tuple[str, ...]:
        """Subject headings and keywords, each once."""
        return tuple(
            dict.fromkeys([*(heading.name for heading in self.headings), *(word for word, _ in self.keywords)])
        )

    @property
    def became(self) -> str | None:
        """What became of the paper, in sentences: retracted, corrected, updated; None where nothing did."""
        said = [f"{STANDING[n.kind]}: {n.where}" for n in self.notices if n.kind in STANDING]
        if self.retracted and not any(n.kind.startswith("Retract") for n in self.notices):
            said.insert(0, "Retracted, says Retraction Watch." if self.watched else "Retracted; no notice is cited.")
        if self.status == "concern" and not any(n.kind.startswith("Expression") for n in self.notices):
            said.insert(0, "An expression of concern is published; no notice is cited.")
        return " ".join(said) or None

    @property
    def standing(self) -> str | None:
        """What became of the paper, and that it is a preprint; None where there is nothing to say."""
        said = (self.became, "Preprint: not peer reviewed." if self.preprint else None)
        return " ".join(part for part in said if part) or None

    @property
    def key(self) -> str:
        """A key that no other paper has and that stays the same: first author's name, year, PMID."""
        first = self.authors[0] if self.authors else None
        name = ascii_letters((first.family or first.collective or "") if first else "")[:30]
        return f"{name or 'Anonymous'}{self.year or ''}_{self.pmid}"

    @property
    def full_pages(self) -> str | None:
        """The pages with each last page written out: 123-8 is 123-128, e245-e9 is e245-e249."""
        return _RANGE.sub(_written_out, self.pages) if self.pages else None

    @property
    def ends(self) -> tuple[str | None, str | None]:
        """First and last page; the last is None where there is one page or none, or the pages are no single range."""
        pages = self.full_pages
        found = _RANGE.fullmatch(pages) if pages else None
        if not found:
            return pages, None
        first, last = re.split(r"\s*[-\u2010-\u2015]\s*", found[0], maxsplit=1)
        return first, last


def _written_out(found: re.Match[str]) -> str:
    before, first, after, last_before, last, last_after = found.groups()
    if len(last) < len(first) and last_before in ("", before):
        last = first[: len(first) - len(last)] + last
        last_before = before
    elif not last_before and before and not after:
        last_before = before if len(last) >= len(first) else ""
    return f"{before}{first}{after}-{last_before}{last}{last_after}"
