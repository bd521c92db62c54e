"""Words, phrases, proximity, values and dates over documents: postings for words, the folded text for the rest.

Documents have running numbers. A new version of a record is a new document; the old one is struck from `live`, so
postings only ever grow and a change costs one record.
"""

from __future__ import annotations

import re
from array import array
from bisect import bisect_left
from collections import Counter
from typing import TYPE_CHECKING

from lxml import etree

from tests.ncbi.document import Document, read_document

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tests.ncbi.corpus import Corpus

__all__ = ["Index"]


class _Postings:
    """Keys (words or values) to document numbers, with look-up of keys by beginning."""

    def __init__(self) -> None:
        self._by_key: dict[str, array[int]] = {}
        self._sorted: list[str] = []

    def add(self, key: str, number: int) -> None:
        found = self._by_key.get(key)
        if found is None:
            self._by_key[key] = array("I", (number,))
        else:
            found.append(number)

    def get(self, pattern: str) -> Iterable[int]:
        """Numbers of the documents with the key, or with any key the `*` pattern fits."""
        if "*" not in pattern:
            return self._by_key.get(pattern, ())
        found: set[int] = set()
        for key in self._keys(pattern):
            found.update(self._by_key[key])
        return found

    def _keys(self, pattern: str) -> Iterator[str]:
        if len(self._sorted) != len(self._by_key):
            self._sorted = sorted(self._by_key)
        prefix = pattern[: pattern.index("*")]
        fits = re.compile(_regex(pattern)).fullmatch
        for position in range(bisect_left(self._sorted, prefix), len(self._sorted)):
            key = self._sorted[position]
            if not key.startswith(prefix):
                return
            if fits(key):
                yield key


def _regex(pattern: str) -> str:
    """A word or value with `*` as a regular expression; within one word of a zone."""
    return r"[^\s|]*".join(re.escape(part) for part in pattern.split("*"))


def _near(text: str, needed: list[str], between: int) -> bool:
    """Whether one part of a zone holds all the words, any order, with at most `between` other words among them."""
    want = Counter(needed)
    span = len(needed) + between
    for part in text.split(" | "):
        run = part.split()
        have: Counter[str] = Counter()
        for end, word in enumerate(run):
            have[word] += 1
            if end >= span:
                have[run[end - span]] -= 1
            if word in want and all(have[w] >= n for w, n in want.items()):
                return True
    return False


class Index:
    """Follows a corpus; every question is answered in document numbers, `pmids` turns them into PMIDs."""

    def __init__(self, corpus: Corpus) -> None:
        self._corpus = corpus
        self._mark = 0
        self._documents: list[Document] = []
        self._number: dict[int, int] = {}
        self._words: dict[str, _Postings] = {}
        self._values: dict[str, _Postings] = {}
        self.live: set[int] = set()
        self.unindexed: dict[int, str] = {}  # PMID to what is wrong with its XML

    def refresh(self) -> None:
        """Take in what changed in the corpus since last time."""
        changes, self._mark = self._corpus.changes_since(self._mark)
        for pmid, raw in dict(changes).items():
            old = self._number.pop(pmid, None)
            if old is not None:
                self.live.discard(old)
            self.unindexed.pop(pmid, None)
            if raw is not None:
                try:
                    self._add(read_document(pmid, raw))
                except etree.XMLSyntaxError as error:
                    self.unindexed[pmid] = str(error)

    def _add(self, document: Document) -> None:
        number = len(self._documents)
        self._documents.append(document)
        self._number[document.pmid] = number
        self.live.add(number)
        for zone, text in document.zones.items():
            postings = self._words.setdefault(zone, _Postings())
            for word in set(text.split()):
                postings.add(word, number)
        for field, values in document.values.items():
            kept = self._values.setdefault(field, _Postings())
            for value in values:
                kept.add(value, number)

    def word(self, zones: tuple[str, ...], word: str) -> set[int]:
        """Documents with the word (or `*` pattern) in any of the zones."""
        found: set[int] = set()
        for zone in zones:
            if zone in self._words:
                found.update(self._words[zone].get(word))
        return found & self.live

    def _with_all(self, zones: tuple[str, ...], words: list[str]) -> set[int]:
        found = self.live
        for word in dict.fromkeys(words):
            found = found & self.word(zones, word)
        return found

    def phrase(self, zones: tuple[str, ...], words: list[str]) -> set[int]:
        """Documents with the words side by side, in order, in one part of one of the zones; words may hold `*`."""
        if len(words) == 1:
            return self.word(zones, words[0])
        candidates = self._with_all(zones, words)
        joined = " ".join(words)
        if "*" in joined:
            fits = re.compile(" " + " ".join(_regex(word) for word in words) + " ").search
            return {n for n in candidates if any(fits(text) for text in self._texts(n, zones))}
        needle = f" {joined} "
        return {n for n in candidates if any(needle in text for text in self._texts(n, zones))}

    def near(self, zones: tuple[str, ...], words: list[str], between: int) -> set[int]:
        """Documents with the words in any order, at most `between` other words among them all."""
        candidates = self._with_all(zones, words)
        return {n for n in candidates if any(_near(text, words, between) for text in self._texts(n, zones))}

    def _texts(self, number: int, zones: tuple[str, ...]) -> Iterator[str]:
        held = self._documents[number].zones
        return (held[zone] for zone in zones if zone in held)

    def value(self, field: str, value: str) -> set[int]:
        """Documents with exactly this value (or `*` pattern) in a field."""
        return set(self._values[field].get(value)) & self.live if field in self._values else set()

    def dated(self, field: str, first: int, last: int) -> set[int]:
        """Documents one of whose dates of this kind lies from `first` to `last`, both YYYYMMDD, both included."""
        return {n for n in self.live if any(first <= d <= last for d in self._documents[n].dates[field])}

    def numbered(self, first: int, last: int) -> set[int]:
        """Documents with PMIDs from `first` to `last`, both included."""
        return {n for n in self.live if first <= self._documents[n].pmid <= last}

    def with_pmids(self, pmids: Iterable[int]) -> set[int]:
        """Documents with these PMIDs, those that exist."""
        return {self._number[pmid] for pmid in pmids if pmid in self._number}

    def pmids(self, numbers: Iterable[int], sort: str = "") -> list[int]:
        """PMIDs, newest (highest) first; `sort` may be pub_date, Author or JournalName, ties newest first."""
        documents = sorted((self._documents[n] for n in numbers), key=lambda d: -d.pmid)
        order = sort.casefold().replace("+", " ").replace("_", " ")
        if order in {"pub date", "pubdate", "publication date"}:
            documents.sort(key=lambda d: max(d.dates["dp"], default=0), reverse=True)
        elif order in {"author", "first author"}:
            documents.sort(key=lambda d: d.first_author)
        elif order in {"journalname", "journal"}:
            documents.sort(key=lambda d: d.journal)
        return [document.pmid for document in documents]
