"""Papers named in a query: PMIDs, DOIs, PubMed Central ids, however people paste them; addresses of them too."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import unquote

from harvest.known import known_items

__all__ = ["Identifiers", "find_identifiers"]

SHORTEST_ALONE = 5  # digits from which a number that stands alone is a PMID: 2019 is rather a year
_LONGEST_PMID = 9  # PubMed's have eight, this project's invented ones nine
_DOI = r"10\.\d{4,9}(?:\.\d+)*/[^\s\"“”]+"
_NAMED = re.compile(
    rf"""(?P<doi>(?:\bdoi\s*[:=]?\s*)?(?:https?://[^\s"]*?/)?(?:(?:dx\.)?doi\.org/)?(?<![\d.]){_DOI})
    |(?P<pubmed>(?:https?://)?[\w.]*\bnih\.gov/(?:\w+/)?(?P<at_pubmed>\d{{1,9}})\b[^\s]*)
    |(?P<pmc>(?:https?://)?(?:[\w.]*\bnih\.gov/[^\s]*?)?\bPMC\s?(?P<pmc_number>\d{{4,9}})\b/?)
    |(?P<here>https?://[^\s]*/articles/(?P<at_article>\d{{1,9}})\b[^\s]*)
    |(?P<pmids>\bPMIDs?\b\s*[:=]?\s*(?P<numbers>\d{{1,9}}(?:(?:\s*[,;]\s*|\s+)\d{{5,9}})*)\b)
    |(?P<tagged>\b(?P<tagged_number>\d{{1,9}})\s*\[(?:pmid|uid)\])""",
    re.VERBOSE | re.IGNORECASE,
)
# What may stand around papers in a list of nothing but papers.
_FILLER = re.compile(r"(?:\b(?:pmids?|dois?|pmcids?|and|or)\b|[\s,;:|()\[\]\"“”.\-/])*", re.IGNORECASE)
_NUMBER = re.compile(rf"(?<![\w.])\d{{1,{_LONGEST_PMID}}}(?![\w.]*\w)")


@dataclass(frozen=True, slots=True)
class Identifiers:
    """Papers named by number; any of them may match."""

    pmids: tuple[int, ...] = ()
    dois: tuple[str, ...] = ()  # lower case
    pmcids: tuple[str, ...] = ()

    def with_also(self, other: Identifiers) -> Identifiers:
        """These and others, each once."""
        return Identifiers(
            *(
                tuple(dict.fromkeys((*mine, *theirs)))
                for mine, theirs in ((self.pmids, other.pmids), (self.dois, other.dois), (self.pmcids, other.pmcids))
            )
        )

    @property
    def names(self) -> tuple[str, ...]:
        """Each as a reader would write it."""
        return (*(f"PMID {pmid}" for pmid in self.pmids), *(f"doi:{doi}" for doi in self.dois), *self.pmcids)

    def typed(self) -> str:
        """As a reader would type them."""
        pmids = [f"pmid:{pmid}" for pmid in self.pmids]
        return " ".join((*pmids, *self.dois, *self.pmcids))


def find_identifiers(text: str) -> list[tuple[int, int, Identifiers]]:
    """(start, end, papers) of what names papers in a query, in order.

    Plain numbers count only where the whole query is a list of papers; that is then one entry, and needs no operator.
    """
    matches = [(match.start(), match.end(), _named(match)) for match in _NAMED.finditer(text)]
    found = [(start, end, papers) for start, end, papers in matches if papers is not None]
    rest = list(text)
    for start, end, _ in found:
        rest[start:end] = " " * (end - start)
    left = "".join(rest)
    numbers = list(_NUMBER.finditer(left))
    if _FILLER.fullmatch(_NUMBER.sub(" ", left)) and (found or any(len(n[0]) >= SHORTEST_ALONE for n in numbers)):
        found += [(n.start(), n.end(), Identifiers(pmids=(int(n[0]),))) for n in numbers if int(n[0])]
        papers = Identifiers()
        for _, _, named in sorted(found, key=lambda entry: entry[0]):
            papers = papers.with_also(named)
        return [(0, len(text), papers)]
    return found


def _named(match: re.Match[str]) -> Identifiers | None:
    if match["doi"]:
        return _doi(match["doi"])
    if match["pmc"]:
        return Identifiers(pmcids=(f"PMC{int(match['pmc_number'])}",))
    numbers = match["at_pubmed"] or match["at_article"] or match["numbers"] or match["tagged_number"]
    pmids = tuple(int(number) for number in re.findall(r"\d+", numbers) if int(number))
    return Identifiers(pmids=pmids) if pmids else None


def _doi(text: str) -> Identifiers | None:
    """The DOI in a DOI, an address of one, or a publisher's address that ends in one."""
    if re.match(r"https?://(?!(?:dx\.)?doi\.org)", text, re.IGNORECASE):
        text = re.split(r"[?#]", text)[0]
        text = re.sub(r"/(?:full|abstract|pdf|epdf|fulltext|html)$", "", text)
    dois = [item.doi for item in known_items(unquote(text)) if item.doi]
    return Identifiers(dois=(dois[0],)) if dois else None
