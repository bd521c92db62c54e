"""One reference as somebody keeps it, and the identifiers in it: PMID, DOI, PMCID, title and year."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass

from harvest.words import tokens

__all__ = ["Entry", "Unreadable", "dois_in", "entry", "normal_title", "pmcid_in", "pmids_in", "year_in"]

# Longest pieces of a field that are read.
LONGEST_FIELD = 2_000
_DOI = re.compile(r"\b10\.\d{4,9}/[^\s\"<>{}|\\^`]{1,300}", re.IGNORECASE)
_PMID = re.compile(
    r"(?:\bpmid\s*[:=]?\s*|pubmed\.ncbi\.nlm\.nih\.gov/|ncbi\.nlm\.nih\.gov/pubmed/|\bpubmed\s*(?:id)?\s*[:=]\s*|"
    r"\bmed(?:line)?\s*:\s*)0*([1-9]\d{0,8})\b",
    re.IGNORECASE,
)
_PMCID = re.compile(r"\bPMC\s?(\d{3,9})\b", re.IGNORECASE)
_YEAR = re.compile(r"(?<!\d)(1[89]\d\d|20\d\d)(?!\d)")
# What is written before or after a title and is no part of it.
_MARKS = re.compile(
    r"^\s*(?:\[sample\]\s*)?(?:[\[(]?(?:retracted(?: article)?|retraction notice to|withdrawn|expression of concern)"
    r"[\])]?\s*[:.]?\s+)?"
    r"|\s*[\[(](?:retracted(?: article)?|withdrawn|expression of concern|preprint|corrected|in process"
    r"|published online[^\])]{0,40}|epub[^\])]{0,40}|internet)[\])]\s*",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Entry:
    """A reference. `number` counts from 1 in the file's order; `key` is the file's own name for it."""

    number: int
    key: str | None
    text: str  # as a reader knows it again: authors, title, year; or the line itself
    titles: tuple[str, ...]  # what may be its title: one, or of a pasted line several guesses
    title_given: bool  # the file itself says which the title is
    year: int | None
    pmid: int | None
    doi: str | None
    pmcid: str | None


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A piece of a file that could not be read, where it starts, and why."""

    line: int | None
    text: str
    why: str


def entry(
    number: int,
    *,
    key: str | None = None,
    title: str | None = None,
    authors: str | None = None,
    journal: str | None = None,
    year: str | None = None,
    pmid: str | None = None,
    doi: str | None = None,
    pmcid: str | None = None,
    elsewhere: str = "",
) -> Entry:
    """A reference from the fields of a file, as written there; `elsewhere` are fields that may hold identifiers too."""
    elsewhere = elsewhere[: 4 * LONGEST_FIELD]
    title = _clean(title)
    when = year_in(year or "")
    named = _digits(pmid) or next(iter(pmids_in(elsewhere)), None)
    found = dois_in(doi or "") or dois_in(elsewhere)
    pmc = pmcid_in(f"PMC{pmcid}" if pmcid and pmcid.strip().isdigit() else pmcid or "") or pmcid_in(elsewhere)
    shown = ". ".join(part.rstrip(". ") for part in (_clean(authors), title, _clean(journal), str(when or "")) if part)
    return Entry(
        number,
        _clean(key),
        shown or (f"PMID {named}" if named else found[0] if found else f"reference {number}"),
        (title,) if title else (),
        bool(title),
        when,
        named,
        found[0] if found else None,
        pmc,
    )


def _clean(text: str | None) -> str | None:
    if not text:
        return None
    bare = html.unescape(re.sub(r"</?[a-zA-Z]{1,6}[^<>]{0,100}>", "", text[:LONGEST_FIELD]))
    return " ".join(bare.replace("{", "").replace("}", "").split()) or None


def _digits(text: str | None) -> int | None:
    found = re.search(r"(?<!\d)0*([1-9]\d{0,8})(?!\d)", text[:200]) if text else None
    return int(found[1]) if found else None


def dois_in(text: str) -> tuple[str, ...]:
    """The DOIs in a text, in order, without the stops and brackets that follow them."""
    found = []
    for match in _DOI.finditer(text):
        doi = re.sub(r"(?:[.,;:'”’»]|&gt)+$", "", html.unescape(match[0]))
        while doi.endswith((")", "]")) and doi.count(doi[-1]) > doi.count({")": "(", "]": "["}[doi[-1]]):
            doi = doi[:-1].rstrip(".,;:")
        found.append(doi)
    return tuple(dict.fromkeys(found))


def pmids_in(text: str) -> tuple[int, ...]:
    """The numbers a text calls PMIDs."""
    return tuple(dict.fromkeys(int(match[1]) for match in _PMID.finditer(text)))


def pmcid_in(text: str) -> str | None:
    """The first PMCID in a text."""
    found = _PMCID.search(text)
    return f"PMC{found[1]}" if found else None


def year_in(text: str) -> int | None:
    """The first year in a text."""
    found = _YEAR.search(text)
    return int(found[1]) if found else None


def normal_title(text: str) -> str:
    """A title as titles are compared: letters and digits in small letters without accents, no marks of its status."""
    return " ".join(token.word for token in tokens(_MARKS.sub(" ", text)))
