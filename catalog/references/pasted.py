"""Pasted references: numbered or not, wrapped or not, in Vancouver's or another style; or PMIDs and DOIs alone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

from catalog.references.entries import LONGEST_FIELD, Entry, Unreadable, dois_in, pmcid_in, pmids_in, year_in

__all__ = ["pasted"]

_NUMBERED = re.compile(r"^\s{0,12}(?:[\[(]\d{1,4}[\])][.:]?|\d{1,4}[.):](?!\d)|\d{1,4}\t|[-*•–])\s*(?=\S)")
_ONLY_IDS = re.compile(
    r"[\s,;|]*(?:(?:pmid|doi|pmcid)\s*[:=]?\s*)?(\d{1,9}|PMC\s?\d{3,9}|(?:https?://\S*?)?10\.\d{4,9}/\S+)",
    re.IGNORECASE,
)
_HEADING = re.compile(
    r"^\s*(?:#+\s*)?(?:references|bibliography|literature(?: cited)?|works cited|pmids?|dois?)\s*:?\s*$", re.IGNORECASE
)
# A piece that may be a title has this many words or more.
_FEWEST_WORDS = 3
_MOST_GUESSES = 12


def pasted(text: str) -> Iterator[Entry | Unreadable]:
    """The references of a pasted text, each with what may be its title."""
    number = 0
    for line, piece in _pieces(text):
        for one in _split_ids(piece):
            if not re.search(r"\w", one):
                continue
            found = _entry(number + 1, one)
            if found is None:
                yield Unreadable(line, one[:100], "holds no PMID, DOI or title")
                continue
            number += 1
            yield found


def _pieces(text: str) -> Iterator[tuple[int, str]]:
    """(line it begins on, text) of each reference: numbered, or a paragraph, or a line."""
    lines = text.splitlines()
    numbered = sum(bool(_NUMBERED.match(line)) for line in lines)
    filled = [line for line in lines if line.strip() and not _HEADING.match(line)]
    blanks = any(not line.strip() for line in lines[:-1])
    # Wrapped lines belong to the reference above where the list is numbered, or has blank lines between its references.
    wrapped = numbered >= 2 or (blanks and any(len(line) > 60 for line in filled))
    held: list[str] = []
    began = 1
    for n, line in enumerate(lines, 1):
        mark = _NUMBERED.match(line)
        if not line.strip() or _HEADING.match(line) or (mark and numbered >= 2) or not wrapped:
            if held:
                yield began, " ".join(held)
            held, began = [], n
            if not line.strip() or _HEADING.match(line):
                continue
        held.append((line[mark.end() :] if mark and not line.strip().isdigit() else line).strip())
    if held:
        yield began, " ".join(held)


def _split_ids(piece: str) -> list[str]:
    """A line of identifiers alone, one by one; any other line as it is."""
    ids = _ONLY_IDS.findall(piece)
    left = _ONLY_IDS.sub("", piece)
    return ids if len(ids) > 1 and not re.search(r"[^\s,;|.]", left) else [piece]


def _entry(number: int, piece: str) -> Entry | None:
    bare = piece.strip(" \t,;.")
    alone = re.fullmatch(r"0*([1-9]\d{0,8})", bare)
    pmids = (int(alone[1]),) if alone else pmids_in(piece)
    dois = dois_in(piece)
    pmcid = pmcid_in(piece)
    titles = () if alone else _titles(piece[: 2 * LONGEST_FIELD])
    if not (pmids or dois or pmcid or titles):
        return None
    without = re.sub(r"\b10\.\d{4,9}/\S+|https?://\S+", " ", piece)
    shown = f"PMID {alone[1]}" if alone else " ".join(piece.split())[:300]
    return Entry(
        number,
        None,
        shown,
        titles,
        False,
        None if alone else year_in(without),
        pmids[0] if pmids else None,
        dois[0] if dois else None,
        pmcid,
    )


def _titles(piece: str) -> tuple[str, ...]:
    """What may be the title: pieces between stops, and two that follow each other, for titles that hold a stop."""
    bare = re.sub(r"\b(?:doi|pmid|pmcid|epub|available (?:from|at))\b.*", "", piece, flags=re.IGNORECASE)
    bare = re.sub(r"https?://\S+", " ", bare)
    quoted = re.findall(r"[“\"']([^“”\"]{20,400})[”\"']", bare)
    parts = [part.strip(' ,;“”"') for part in re.split(r"(?<=[.?!])\s+|\t", bare)]
    parts = [part for part in parts if part]
    guesses = [*quoted, *parts, *(f"{a} {b}" for a, b in pairwise(parts))]
    long = [guess.rstrip(" .,;") for guess in guesses if len(re.findall(r"\w{2,}", guess)) >= _FEWEST_WORDS]
    return tuple(dict.fromkeys(long))[:_MOST_GUESSES]
