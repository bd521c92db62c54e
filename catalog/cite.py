"""Citations of a record. Source: Citing Medicine (NLM), the Vancouver style of the ICMJE."""

from __future__ import annotations

from collections.abc import Sequence

from harvest.record import Author

__all__ = ["author_name", "vancouver"]

# ICMJE: list all authors up to six, else the first six and "et al."
LISTED_AUTHORS = 6


def author_name(author: Author) -> str:
    """A name as cited: family name, initials, suffix; or the group's name."""
    if author.collective:
        return author.collective
    return " ".join(part for part in (author.last_name, author.initials, author.suffix) if part)


def vancouver(
    *,
    authors: Sequence[str],
    title: str | None,
    journal: str | None,
    year: int | None,
    volume: str | None,
    issue: str | None,
    pages: str | None,
    doi: str | None,
    pmid: int,
    status: str,
) -> str:
    """A citation in Vancouver style; a retracted paper's says so, as NLM's does."""
    names = list(authors[:LISTED_AUTHORS]) + (["et al"] if len(authors) > LISTED_AUTHORS else [])
    parts = [_stop(", ".join(names))] if names else []
    note = {"retracted": " [RETRACTED]", "concern": " [expression of concern]", "preprint": " [preprint]"}.get(
        status, ""
    )
    parts.append(_stop((title or "[no title]").rstrip(". ") + note))
    if journal:
        parts.append(_stop(journal))
    where = f"{year}" if year else "[date unknown]"
    if volume or issue or pages:
        where += ";" + (volume or "") + (f"({issue})" if issue else "") + (f":{pages}" if pages else "")
    parts.append(_stop(where))
    if doi:
        parts.append(f"doi: {doi}.")
    parts.append(f"PMID: {pmid}.")
    return " ".join(parts)


def _stop(text: str) -> str:
    return text if text.endswith((".", "?", "!")) else text + "."
