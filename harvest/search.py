"""A search of PubMed that misses nothing: every PMID it finds, however many, and the proof that there are no more.

ESearch lists at most 9,999 records of a search. A larger one is asked again in ranges of PMIDs, each cut in two until
its part fits, as EDirect does; the parts together must list as many records as PubMed counts for the whole.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from harvest.answers import SearchAnswer
from harvest.eutils import Client
from harvest.phrases import as_proximity, bare, terms_like, without

__all__ = [
    "CAP",
    "PHRASE_ASKED_ANEW",
    "Found",
    "as_proximity",
    "left_out_of",
    "limited",
    "now_found",
    "revised_since",
    "search_all",
]

CAP = 9999
LARGEST_PMID = 2**31 - 1
# How often a search is repeated whose parts do not add up, because PubMed changed or answered unevenly meanwhile.
ROUNDS = 3
# How the warning begins that a phrase unknown to PubMed is asked for by proximity.
PHRASE_ASKED_ANEW = "PubMed does not know the phrase "
# How the warning begins and ends that a term is left out, because PubMed neither knows it nor finds anything by it.
_LEFT_OUT = ("PubMed knows nothing by ", ": left out until it does")
_NOTHING_LEFT = "incomplete: PubMed knows no term of one side of the search, so nothing was searched"


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
    instead and named in `warnings`; what is found by neither is left out and named too. The strategy in the answer is
    the one sent in the end.

    Raises:
        Unreachable: no answer, or none that can be used.
    """
    at = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    strategy, answer, warnings = _known_phrases(client, strategy, cap)
    warnings = [*known, *warnings]
    if answer is None:
        return Found(strategy, None, 0, frozenset(), complete=False, parts=0, warnings=tuple(warnings), at=at)
    everything: set[int] = set()
    for _ in range(ROUNDS):
        listing = _list(client, strategy, answer, cap)
        everything |= listing.pmids
        if listing.whole and len(listing.pmids) == answer.count:
            break
        answer = client.search(strategy, retmax=cap)
        if listing.whole and len(listing.pmids) == answer.count:
            break  # it was the first Count that was off
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


def _known_phrases(client: Client, strategy: str, cap: int) -> tuple[str, SearchAnswer | None, list[str]]:
    """The strategy without terms that PubMed does not know, its answer, and what there is to say about it.

    No answer where nothing is left to search: PubMed would drop what it does not know, and so find too much.
    """
    said: dict[str, None] = {}
    stay: set[str] = set()
    while True:
        answer = client.search(strategy, retmax=cap)
        changed = _mended(client, strategy, answer.unknown, said, stay)
        if changed is None:
            return strategy, None, [*said, _NOTHING_LEFT]
        if changed == strategy:
            return strategy, answer, [*said, *(line for line in answer.warnings if line not in said)]
        strategy = changed


def _mended(client: Client, strategy: str, unknown: Sequence[str], said: dict[str, None], stay: set[str]) -> str | None:
    """The strategy with each unknown phrase asked by proximity, or left out where nothing is found by it."""
    for phrase in unknown:
        asked = as_proximity(strategy, phrase)
        if asked is not None:
            strategy, instead = asked
            said[f"{PHRASE_ASKED_ANEW}{bare(phrase)!r}: asked for as {instead}"] = None
            continue
        terms = terms_like(strategy, phrase)
        if not terms:
            said[f"PubMed does not know {bare(phrase)!r}: nothing was found by it"] = None
        for term in terms:
            if term in stay:
                continue
            if now_found(client, [term]):
                stay.add(term)
                said[f"PubMed calls {term} unknown, but finds records by it: left in"] = None
                continue
            said[term.join(_LEFT_OUT)] = None
            left = without(strategy, term)
            if left is None:
                return None
            strategy = left
    return strategy


def left_out_of(warnings: Iterable[str]) -> list[str]:
    """The terms that a search's warnings say were left out."""
    start, end = _LEFT_OUT
    return [line[len(start) : -len(end)] for line in warnings if line.startswith(start) and line.endswith(end)]


def now_found(client: Client, terms: Sequence[str]) -> bool:
    """Whether PubMed knows and finds any of these terms, asked for by themselves. Raises Unreachable."""
    if not terms:
        return False
    answer = client.search(" OR ".join(terms), retmax=0)
    return answer.count > 0 and len(answer.unknown) < len(terms)


def _list(client: Client, strategy: str, first: SearchAnswer, cap: int) -> _Listing:
    listing = _Listing()
    if first.count <= cap:
        _pages(client, strategy, first, cap, listing)
        return listing
    # Every range is asked for, also where the parts reach the Count before: so a Count that is too small is noticed.
    ranges: list[tuple[int, int]] = _halves(1, LARGEST_PMID, first)
    while ranges:
        start, end = ranges.pop()
        term = limited(strategy, f"{start}:{end}[uid]")
        answer = client.search(term, retmax=cap)
        if answer.count <= cap:
            _pages(client, term, answer, cap, listing)
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
    again = ROUNDS
    while len(pmids) < answer.count:
        page = client.search(term, retmax=cap - len(pmids), retstart=len(pmids))
        if not set(page.pmids) <= pmids:
            pmids |= set(page.pmids)
        elif again := again - 1:  # more counted than listed: the Count may have been off
            answer = client.search(term, retmax=cap)
            pmids |= set(answer.pmids)
        else:
            listing.whole = False
            break
    listing.pmids |= pmids


def revised_since(day: str) -> str:
    """The limit to what PubMed changed on or after a day (YYYY/MM/DD)."""
    return f'"{day}":"3000"[mdat]'


def limited(strategy: str, limits: str) -> str:
    """A search strategy with limits, as sent."""
    return f"({strategy}) AND {limits}"
