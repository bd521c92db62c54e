"""Addresses elsewhere: PubMed, DOI, PubMed Central, trial registries. Whatever a record holds, the address is safe."""

from __future__ import annotations

import re
from urllib.parse import quote

__all__ = ["TERMS_URL", "doi_url", "pmc_url", "pmid_of", "pubmed_search_url", "pubmed_url", "registry_url"]

# NLM's terms for those who pass its data on.
TERMS_URL = "https://www.nlm.nih.gov/databases/download/terms_and_conditions.html"
_LONGEST_PMID = 9  # digits; PubMed's are eight, this project's invented ones nine


def pmid_of(text: str) -> int | None:
    """The PMID an address names, with or without leading zeros; None where it names none."""
    return int(text) if re.fullmatch(rf"0*[1-9][0-9]{{0,{_LONGEST_PMID - 1}}}", text, re.ASCII) else None


def pubmed_url(pmid: int) -> str:
    """The record at PubMed."""
    return f"https://pubmed.ncbi.nlm.nih.gov/{pmid}/"


def pubmed_search_url(text: str) -> str:
    """A search at PubMed."""
    return f"https://pubmed.ncbi.nlm.nih.gov/?term={quote(text, safe='')}"


def doi_url(doi: str) -> str:
    """The resolver's address of a DOI. `/` and `:` stay, all else that is special is quoted."""
    return f"https://doi.org/{quote(doi, safe='/:;.()-_')}"


def pmc_url(pmcid: str) -> str:
    """The full text at PubMed Central."""
    return f"https://pmc.ncbi.nlm.nih.gov/articles/{quote(pmcid, safe='')}/"


def registry_url(number: str) -> str | None:
    """The trial at its registry; None where the number's form is not known."""
    if re.fullmatch(r"NCT\d{8}", number):
        return f"https://clinicaltrials.gov/study/{number}"
    if re.fullmatch(r"ISRCTN\d{8}", number):
        return f"https://www.isrctn.com/{number}"
    return None
