"""The formats papers leave the catalog in: what reads each, what it is called, how records are put together."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from catalog.cite.bibtex import bibtex
from catalog.cite.citation import Citation
from catalog.cite.csl import csl
from catalog.cite.nbib import nbib
from catalog.cite.ris import ris

__all__ = ["FORMATS", "Format", "format_of"]


@dataclass(frozen=True, slots=True)
class Format:
    """A format: `id` on the command line, `extension` in addresses, `reader` for those who choose by program."""

    id: str
    extension: str
    name: str
    reader: str
    media_type: str
    write: Callable[[Citation], str]
    between: str = ""
    ends: tuple[str, str] = ("", "")  # before the first record and after the last
    remark: str | None = None  # what a remark before the first record begins with; None: the format has none

    def opening(self, remark: str | None = None) -> str:
        """What stands before the first record: with a line for people, where the format can hold one."""
        return (f"{self.remark}{remark}\n\n" if remark and self.remark is not None else "") + self.ends[0]

    def records(self, citations: Iterable[Citation], *, begun: bool = False) -> str:
        """Papers as records; `begun`: others stand before them."""
        written = self.between.join(self.write(citation) for citation in citations)
        return (self.between if begun and written else "") + written

    @property
    def ending(self) -> str:
        """What stands after the last record."""
        return self.ends[1]

    def text(self, citations: Iterable[Citation], remark: str | None = None) -> str:
        """A whole export."""
        return self.opening(remark) + self.records(citations) + self.ending


FORMATS = (
    Format("ris", "ris", "RIS", "EndNote, Mendeley, RefWorks", "application/x-research-info-systems", ris),
    Format("bibtex", "bib", "BibTeX", "LaTeX, JabRef", "application/x-bibtex", bibtex, remark="% "),
    Format("nbib", "nbib", "NBIB", "as saved from PubMed", "application/nbib", nbib),
    Format(
        "csljson",
        "csl.json",
        "CSL",
        "Zotero, pandoc",
        "application/vnd.citationstyles.csl+json",
        csl,
        ",\n",
        ("[\n", "\n]\n"),
    ),
)


def format_of(name: str) -> Format | None:
    """A format by its extension in addresses (csl: csl.json) or its id; None where there is none."""
    wanted = {"csl": "csl.json"}.get(name, name)
    return next((f for f in FORMATS if wanted in (f.extension, f.id)), None)
