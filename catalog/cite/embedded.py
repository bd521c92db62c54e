"""What browsers' buttons look for in a page: Highwire Press and Dublin Core tags of one paper, COinS of each on a list.

Zotero takes what it finds in this order: unAPI (site/exports.py; RIS, with our notes), COinS, meta tags; so a page of
one paper has no COinS, which would keep it from the fuller tags. Mendeley reads the tags.
Sources: Google Scholar's inclusion guidelines (Highwire), DCMI (Dublin Core in HTML), Z39.88-2004 (COinS).
"""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import quote_plus, urlencode

from catalog.cite.citation import Citation
from catalog.cite.plain import line

__all__ = ["coins", "meta_tags"]

MOST_AUTHORS = 20  # of one paper on a list
MOST_NAMED = 50  # in a page's tags: some papers have hundreds, and a page stays small; unAPI gives all


def meta_tags(citation: Citation) -> tuple[tuple[str, str], ...]:
    """(name, content) of a paper's meta tags, in order; what is not known has none."""
    return tuple((name, content) for name, content in _tags(citation) if content)


def _tags(c: Citation) -> Iterator[tuple[str, str | None]]:
    yield "citation_title", c.title
    for person in c.authors[:MOST_NAMED]:
        yield "citation_author", person.inverted
    yield "citation_publication_date", _slashed(c.published)
    yield "citation_online_date", _slashed(c.article_date)
    yield ("citation_inbook_title" if c.kind == "chapter" else "citation_journal_title"), c.host
    yield "citation_journal_abbrev", c.abbreviation if c.kind == "journal" else None
    yield "citation_issn", c.issn
    yield "citation_isbn", c.isbn
    yield "citation_volume", c.volume
    yield "citation_issue", c.issue
    first, last = c.ends
    yield "citation_firstpage", first
    yield "citation_lastpage", last
    yield "citation_publisher", c.publisher
    yield "citation_doi", c.doi
    yield "citation_pmid", None if c.sample else str(c.pmid)
    yield "citation_language", "en" if "eng" in c.languages else next(iter(c.languages), None)
    yield "citation_keywords", "; ".join(c.words)
    yield "DC.title", c.title
    for person in c.authors[:MOST_NAMED]:
        yield "DC.creator", person.inverted
    yield "DC.date", c.published
    yield "DC.source", c.host
    yield "DC.publisher", c.publisher
    yield "DC.language", next(iter(c.languages), None)
    for kind in c.every_type:
        yield "DC.type", kind
    yield "DC.identifier", f"doi:{c.doi}" if c.doi else None
    yield "DC.identifier", None if c.sample else f"pmid:{c.pmid}"
    yield "DC.description", " ".join(part for part in (c.standing, c.note) if part)


def _slashed(day: str | None) -> str | None:
    return day.replace("-", "/") if day else None


# What every COinS span says, quoted once: a list has twenty of them.
_COINS = urlencode(
    [("ctx_ver", "Z39.88-2004"), ("rft_val_fmt", "info:ofi/fmt:kev:mtx:journal"), ("rft.genre", "article")]
)


def coins(*, pmid: int, title: str, journal: str | None, year: int | None, authors: str | None, status: str) -> str:
    """The title of a COinS span, not yet escaped for HTML.

    Args:
        pmid: the paper.
        title: as shown.
        journal: as shown.
        year: of the issue.
        authors: as cited, joined by commas.
        status: where it is retracted, the title says so.
    """
    shown = line(title) or "[No title]"
    pairs = [
        ("rft.atitle", f"RETRACTED: {shown}" if status == "retracted" else shown),
        ("rft.jtitle", line(journal)),
        ("rft.date", str(year) if year else None),
        *(("rft.au", name) for name in (line(authors) or "").split(", ")[:MOST_AUTHORS]),
        ("rft_id", f"info:pmid/{pmid}"),
    ]
    return _COINS + "".join(f"&{name}={quote_plus(value)}" for name, value in pairs if value)
