"""A search of PubMed that misses nothing: every PMID it finds, however many, and the proof that there are no more.

ESearch lists at most 9,999 records of a search. A larger one is asked again in ranges of PMIDs, each cut in two until
its part fits, as EDirect does; the parts together must list as many records as PubMed counts for the whole.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from harvest.answers import SearchAnswer
from harvest.eutils import Client

__all__ = ["CAP", "PHRASE_ASKED_ANEW", "Found", "as_proximity", "limited", "revised_since", "search_all"]

CAP = 9999
LARGEST_PMID = 2**31 - 1
# How often a search is repeated whose parts do not add up, because PubMed changed or answered unevenly meanwhile.
ROUNDS = 3
# How the warning begins that a phrase unknown to PubMed is asked for by proximity.
PHRASE_ASKED_ANEW = "PubMed does not know the phrase "

_TIAB = r"\s*\[\s*(?:tiab|title/abstract)\s*\]"


@dataclass(frozen=True, slots=True)
class Found:
    """What a search found. `complete`: as many PMIDs as PubMed counts. `parts`: how many ranges it took."""

    strategy: str
    translation: str | None
    count: int
    pmids: frozenset[int]
    complete: bool
    parts: int
    warnings: tuple[str, ...]
    at: str

    def with_warnings(self, more: Iterable[str]) -> Found:
        """The same with more warnings."""
        return replace(self, warnings=(*self.warnings, *more))


@dataclass(slots=True)
class _Listing:
    """PMIDs gathered so far, and whether every part gave as many as it counts."""

    pmids: set[int] = field(default_factory=set)
    parts: int = 0
    whole: bool = True


def search_all(client: Client, strategy: str, *, cap: int = CAP, known: Sequence[str] = ()) -> Found:
    """Every PMID of a search. `known` are warnings that the strategy already answers to, repeated in the result.

    Phrases that PubMed does not know (it would search their words singly, or drop them) are asked for by proximity
    instead and named in `warnings`; the strategy in the answer is the one sent in the end.

    Raises:
        Unreachable: no answer, or none that can be used.
    """
    at = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    strategy, answer, warnings = _known_phrases(client, strategy, cap)
    warnings = [*known, *warnings]
    everything: set[int] = set()
    for _ in range(ROUNDS):
        listing = _list(client, strategy, answer, cap)
        everything |= listing.pmids
        if listing.whole and len(listing.pmids) == answer.count:
            break
        answer = client.search(strategy, retmax=cap)
    else:
        warnings.append(f"incomplete: PubMed counts {answer.count:,} records and listed {len(everything):,}")
        listing = _Listing(everything, listing.parts, whole=False)
    return Found(
        strategy=strategy,
        translation=answer.translation,
        count=answer.count,
        pmids=frozenset(listing.pmids),
        complete=listing.whole,
        parts=listing.parts,
        warnings=tuple(warnings),
        at=at,
    )


def _known_phrases(client: Client, strategy: str, cap: int) -> tuple[str, SearchAnswer, list[str]]:
    """The strategy without phrases that PubMed does not know, its answer, and what there is to say about it."""
    said: dict[str, None] = {}
    while True:
        answer = client.search(strategy, retmax=cap)
        changed = strategy
        for phrase in answer.unknown:
            asked = as_proximity(changed, phrase)
            if asked is None:
                said[f"PubMed does not know {_bare(phrase)!r}: nothing was found by it"] = None
            else:
                changed, instead = asked
                said[f"{PHRASE_ASKED_ANEW}{_bare(phrase)!r}: asked for as {instead}"] = None
        if changed == strategy:
            return strategy, answer, [*said, *(line for line in answer.warnings if line not in said)]
        strategy = changed


def as_proximity(strategy: str, phrase: str) -> tuple[str, str] | None:
    """The strategy with a quoted `[tiab]` phrase asked for by proximity, and the term now in its place.

    `"..."[tiab:~0]` finds the words side by side without PubMed's phrase index. It knows no truncation, so a final *
    goes. None where the phrase does not stand in the strategy as a quoted phrase of two or more words.
    """
    words = re.findall(r"[^\s\-]+", _bare(phrase))
    if len(words) < 2:
        return None
    text = r"[\s\-]+".join(re.escape(word) for word in words)
    instead = f'"{" ".join(words).rstrip("*")}"[tiab:~0]'
    changed, times = re.subn(rf'"\s*{text}\s*"{_TIAB}', lambda _: instead, strategy, flags=re.IGNORECASE)
    return (changed, instead) if times else None


def _bare(phrase: str) -> str:
    """The words of a phrase as PubMed reports it: with or without quotes and tag."""
    return " ".join(re.sub(r"\[[^\[\]]*\]\s*$", "", phrase.strip()).strip().strip('"').split())


def _list(client: Client, strategy: str, first: SearchAnswer, cap: int) -> _Listing:
    listing = _Listing()
    if first.count <= cap:
        _pages(client, strategy, first, cap, listing)
        return listing
    missing = first.count
    ranges: list[tuple[int, int]] = _halves(1, LARGEST_PMID, first)
    while ranges and missing > 0:
        start, end = ranges.pop()
        term = limited(strategy, f"{start}:{end}[uid]")
        answer = client.search(term, retmax=cap)
        if answer.count <= cap:
            before = len(listing.pmids)
            _pages(client, term, answer, cap, listing)
            missing -= len(listing.pmids) - before
        elif start == end:
            listing.whole = False
        else:
            ranges += _halves(start, end, answer)
    return listing


def _halves(start: int, end: int, answer: SearchAnswer) -> list[tuple[int, int]]:
    """The range cut in two by what its answer lists of it, which spares many halvings where records lie close."""
    listed = sorted(pmid for pmid in answer.pmids if start < pmid <= end)
    at = (start + end) // 2 + 1
    if listed and listed[0] > at:
        at = listed[0]  # PubMed lists the newest first: this many fit above
    elif listed:
        at = listed[len(listed) // 2]
    return [(start, at - 1), (at, end)]


def _pages(client: Client, term: str, answer: SearchAnswer, cap: int, listing: _Listing) -> None:
    """All PMIDs of a search that fits under the cap; PubMed may list fewer at a time than asked for."""
    listing.parts += 1
    pmids = set(answer.pmids)
    while len(pmids) < answer.count:
        page = client.search(term, retmax=cap - len(pmids), retstart=len(pmids))
        if set(page.pmids) <= pmids:
            listing.whole = False
            break
        pmids |= set(page.pmids)
    listing.pmids |= pmids


def revised_since(day: str) -> str:
    """The limit to what PubMed changed on or after a day (YYYY/MM/DD)."""
    return f'"{day}":"3000"[mdat]'


def limited(strategy: str, limits: str) -> str:
    """A search strategy with limits, as sent."""
    return f"({strategy}) AND {limits}"
