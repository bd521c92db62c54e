"""Invented records that speak of other records: notices, references, authors, conflict statements."""

from __future__ import annotations

from collections.abc import Sequence
from xml.sax.saxutils import escape

from harvest.record import Record, parse_article
from tests.records import PMID, article_xml

__all__ = ["linked", "linked_xml"]


def linked_xml(
    title: str = "",
    abstract: str | Sequence[tuple[str, str]] = "",
    *,
    pmid: int = PMID,
    types: Sequence[str] = ("Journal Article",),
    trials: Sequence[str] = (),
    year: int = 2020,
    links: Sequence[tuple[str, int]] = (),
    references: Sequence[int] = (),
    author: str = "Synthetic",
    affiliation: str = "",
    conflict: str = "",
    doi: str = "",
) -> bytes:
    """A PubmedArticle; `links` are (RefType, PMID), `references` PMIDs, `trials` ClinicalTrials.gov numbers."""
    raw = article_xml(title, abstract, pmid=pmid, types=types, trials=trials, year=year).decode()
    place = (
        f"<AffiliationInfo><Affiliation>{escape(affiliation)}</Affiliation></AffiliationInfo>" if affiliation else ""
    )
    raw = raw.replace(
        "<LastName>Synthetic</LastName><Initials>S</Initials>",
        f"<LastName>{escape(author)}</LastName><Initials>S</Initials>{place}",
    )
    notices = "".join(
        f'<CommentsCorrections RefType="{kind}"><RefSource>Synth J. 2020;1:{other % 1000}</RefSource>'
        f'<PMID Version="1">{other}</PMID></CommentsCorrections>'
        for kind, other in links
    )
    if notices:
        notices = f"<CommentsCorrectionsList>{notices}</CommentsCorrectionsList>"
    statement = f"<CoiStatement>{escape(conflict)}</CoiStatement>" if conflict else ""
    raw = raw.replace("</MedlineCitation>", f"{notices}{statement}</MedlineCitation>")
    ids = f'<ArticleIdList><ArticleId IdType="doi">{escape(doi)}</ArticleId></ArticleIdList>' if doi else ""
    cited = "".join(
        "<Reference><Citation>Synth.</Citation><ArticleIdList>"
        f'<ArticleId IdType="pubmed">{other}</ArticleId></ArticleIdList></Reference>'
        for other in references
    )
    cited = f"<ReferenceList>{cited}</ReferenceList>" if cited else ""
    return raw.replace("</PubmedData>", f"{ids}{cited}</PubmedData>").encode()


def linked(title: str = "", abstract: str | Sequence[tuple[str, str]] = "", **rest: object) -> Record:
    """The same, parsed."""
    return parse_article(linked_xml(title, abstract, **rest))  # type: ignore[arg-type]  # passed on as given
