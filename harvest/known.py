"""PMIDs and DOIs in a text: a list of papers, or anything that holds them (RIS, BibTeX, NBIB, a table, prose)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import unquote

__all__ = ["KnownItem", "known_items"]

# Angle brackets only as in the SICI kind of DOI, <1661::AID-SIM968>: others are markup around it.
_DOI = re.compile(r"10\.\d{4,9}(?:\.\d+)*/(?:[^\s\"<>{}|\\^`]|<\d[^<>\s\"]*>)+", re.IGNORECASE)
_DOI_MARK = re.compile(r"https?://(?:dx\.)?doi\.org/|\bdoi\b:?", re.IGNORECASE)
_BARE = re.compile(r"\d{1,10}")
# "PMID: 1", "PMID- 1" (NBIB), "pmid = {1}" (BibTeX), an address of PubMed's.
_NAMED = re.compile(
    r"\bPMID\b[\s:=\-{\"]*(\d{1,10})\b|pubmed\.ncbi\.nlm\.nih\.gov/(\d{1,10})\b|nih\.gov/pubmed/(\d{1,10})\b",
    re.IGNORECASE,
)
_CLOSERS = {")": "(", "]": "["}


@dataclass(frozen=True, slots=True)
class KnownItem:
    """A paper by its PMID, its DOI (lower case), or both."""

    pmid: int | None
    doi: str | None

    def __str__(self) -> str:
        names = [f"PMID {self.pmid}" if self.pmid else "", f"doi:{self.doi}" if self.doi else ""]
        return ", ".join(name for name in names if name)


def known_items(text: str) -> list[KnownItem]:
    """The papers a text names, each once, in its order.

    A number counts as a PMID where it stands alone in a line (but for others and DOIs) or in a cell (commas,
    semicolons and tabs part cells), or where the text says PMID. A line with one PMID and one DOI names one paper.
    """
    found: dict[KnownItem, None] = {}
    for line in text.splitlines():
        if line.lstrip().startswith("#"):
            continue
        dois = list(dict.fromkeys(_trimmed(match[0]) for match in _DOI.finditer(line)))
        pmids = list(dict.fromkeys(_pmids(line)))
        if len(dois) == len(pmids) == 1:
            found[KnownItem(pmids[0], dois[0])] = None
        else:
            found.update({KnownItem(pmid, None): None for pmid in pmids})
            found.update({KnownItem(None, doi): None for doi in dois})
    return list(found)


def _pmids(line: str) -> list[int]:
    named = [int(next(filter(None, match.groups()))) for match in _NAMED.finditer(line)]
    rest = _DOI_MARK.sub(" ", _DOI.sub(" ", line))
    cells = re.split(r"[,;\s]+" if re.fullmatch(r"[\d,;\s]+", rest) else r"[,;\t]", rest)
    bare = [cell.strip() for cell in cells]
    return [pmid for pmid in (*named, *(int(cell) for cell in bare if _BARE.fullmatch(cell))) if pmid]


def _trimmed(doi: str) -> str:
    """Without the punctuation of the sentence around it; brackets of its own stay."""
    doi = unquote(doi).lower()
    while doi and (doi[-1] in ".,;:'*" or (doi[-1] in _CLOSERS and doi.count(doi[-1]) > doi.count(_CLOSERS[doi[-1]]))):
        doi = doi[:-1]
    return doi
