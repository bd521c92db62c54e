"""Citations on the command line."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from catalog.cite.formats import FORMATS, format_of
from catalog.cite.imprint import read_imprint
from catalog.cite.reading import read_citations
from catalog.cite.styles import STYLES, formatted
from catalog.errors import WrongUse
from catalog.opening import open_catalog

__all__ = ["CHOICES", "Printed", "cite"]

CHOICES = (*(f.id for f in FORMATS), *STYLES)


@dataclass(frozen=True, slots=True)
class Printed:
    """The citations as text, and the PMIDs the catalog does not hold."""

    text: str
    missing: tuple[int, ...]


def cite(path: Path, pmids: Sequence[int], style: str) -> Printed:
    """Papers in one of `CHOICES`, in the order given; a style's citations one a line.

    Raises WrongUse: no such catalog, or none of the papers in it.
    """
    with closing(open_catalog(path)) as conn:
        try:
            citations = read_citations(conn, pmids, read_imprint(conn))
        except sqlite3.OperationalError as error:
            raise WrongUse(
                f"{path}: was built by another version ({error}); build it again: `catalog build`"
            ) from error
    held = {citation.pmid for citation in citations}
    missing = tuple(pmid for pmid in dict.fromkeys(pmids) if pmid not in held)
    if not citations:
        raise WrongUse(f"{path}: holds none of these papers: {', '.join(map(str, missing))}")
    export = format_of(style)
    if export is None:
        return Printed("".join(f"{formatted(citation, style).text}\n" for citation in citations), missing)
    return Printed(export.text(citations), missing)
