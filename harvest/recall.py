"""`harvest recall`: are the papers that must be found in the store, and if not, what is the nearest reason?

A known-item check, as information specialists test a search strategy. A paper counts as found where it is stored, not
deleted by NLM, and a topic matches it now, or the last search of PubMed for a topic still lists it.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from pathlib import Path
from typing import Literal

from harvest.bulkstore import BulkStore
from harvest.errors import BadRecord, WrongUse
from harvest.known import KnownItem, known_items
from harvest.record import parse_article, pmid_of
from harvest.shapes import Record
from harvest.stream import elements, open_xml
from harvest.topics import Concept, Topics, load_topics
from harvest.words import tokens

__all__ = ["Checked", "Nearest", "Recalled", "recall", "recall_lines"]

Side = Literal["intervention", "condition"]
Outcome = Literal["found", "not in the store", "deleted", "off topic", "set aside"]
NEAREST = 3
# Words less alike than this are not worth a person's look.
ALIKE = 0.75
_DOI_IN_XML = re.compile(rb">\s*(?:https?://(?:dx\.)?doi\.org/)?(10\.[^<\s]+)\s*<")


@dataclass(frozen=True, slots=True)
class Nearest:
    """A way to name a concept that a record nearly uses: `wanted` as the topics file has it, `has` in the record."""

    concept: str
    wanted: str
    has: str
    likeness: float  # 0 to 1


@dataclass(frozen=True, slots=True)
class Checked:
    """One paper. `fails`: sides on which no words are found; `matched`: the concepts that are found in it."""

    pmid: int | None
    doi: str | None
    outcome: Outcome
    reason: str
    fails: tuple[Side, ...]
    matched: tuple[str, ...]
    nearest: tuple[Nearest, ...]


@dataclass(frozen=True, slots=True)
class Recalled:
    """The check of a whole list."""

    file: str
    topics: str
    asked: int
    found: int
    items: tuple[Checked, ...]

    @property
    def share(self) -> float:
        """Found of asked, 0 to 1."""
        return self.found / self.asked

    @property
    def exit_status(self) -> int:
        """0 all found, 1 something is missed."""
        return 0 if self.found == self.asked else 1


@dataclass(frozen=True, slots=True)
class _Stored:
    """A record at hand: from the store, or from a file that was given (`source` its name)."""

    record: Record
    source: str | None


def recall(file: Path, db: Path, *, topics: Topics | None = None, xml: Sequence[Path] = ()) -> Recalled:
    """Look for the papers that `file` names; records that `db` lacks are looked at in the XML files `xml`.

    Raises:
        WrongUse: the file cannot be read or names no paper; the store, the topics file or an XML file cannot be used.
        HarvestError: the store or an XML file is damaged.
    """
    try:
        text = file.read_text("utf-8-sig", "replace")
    except OSError as error:
        raise WrongUse(f"{file}: cannot be read ({error.strerror}); give a text file of PMIDs or DOIs") from error
    items = known_items(text)
    if not items:
        raise WrongUse(f"{file}: holds no PMID and no DOI; write one a line")
    topics = topics or load_topics()
    with BulkStore.read(db) as store:
        wanted = _Wanted(items)
        stored = {record.pmid: _Stored(record, None) for record in _stored(store, wanted)}
        elsewhere = {record.pmid: _Stored(record, name) for name, record in _in_files(xml, wanted)}
        look = _Look(topics, stored, elsewhere, store)
    checked = tuple(look.check(item) for item in items)
    return Recalled(str(file), topics.source, len(items), sum(c.outcome == "found" for c in checked), checked)


def recall_lines(found: Recalled) -> Iterator[str]:
    """The check for people: the share, then each miss with its reason and what comes nearest."""
    yield f"{found.found:,} of {found.asked:,} papers found ({100 * found.share:.1f} %)"
    for item in found.items:
        if item.outcome != "found":
            yield f"  {KnownItem(item.pmid, item.doi)}: {item.reason}"
            if item.matched and item.fails:
                yield f"    found in it: {', '.join(item.matched)}"
            for near in item.nearest:
                yield f"    nearest: {near.has!r} to {near.wanted!r} ({near.concept})"


class _Wanted:
    """Which records are asked for."""

    def __init__(self, items: Iterable[KnownItem]) -> None:
        self._pmids = {item.pmid for item in items if item.pmid}
        self._dois = {item.doi for item in items if item.doi}

    def parsed(self, pmid: int | None, raw: bytes) -> Record | None:
        """The record if it is asked for; its references' DOIs do not count."""
        if pmid not in self._pmids and not self._may_have_doi(raw):
            return None
        try:
            record = parse_article(raw)
        except BadRecord:
            return None
        return record if record.pmid in self._pmids or self._dois & dois_of(record) else None

    def _may_have_doi(self, raw: bytes) -> bool:
        if not self._dois:
            return False
        found = (html.unescape(doi.decode("utf-8", "replace")).lower() for doi in _DOI_IN_XML.findall(raw))
        return any(doi in self._dois for doi in found)


def dois_of(record: Record) -> set[str]:
    """The record's own DOIs, lower case."""
    own = {text.lower() for kind, text in record.article_ids if kind == "doi"}
    return own | ({record.doi.lower()} if record.doi else set())


def _stored(store: BulkStore, wanted: _Wanted) -> Iterator[Record]:
    """What is asked for and stored, deleted records too."""
    for pmid, raw in store.all_bytes():
        record = wanted.parsed(pmid, raw)
        if record is not None:
            yield record


def _in_files(paths: Sequence[Path], wanted: _Wanted) -> Iterator[tuple[str, Record]]:
    for path in paths:
        with open_xml(path) as stream:
            for element in elements(stream, name=str(path)):
                record = wanted.parsed(pmid_of(element.raw), element.raw)
                if record is not None:
                    yield path.name, record


class _Look:
    """The records at hand and what the store says of their PMIDs."""

    def __init__(
        self, topics: Topics, stored: dict[int, _Stored], elsewhere: dict[int, _Stored], store: BulkStore
    ) -> None:
        self._topics = topics
        self._stored = stored
        self._elsewhere = elsewhere
        self._by_doi = _by_doi(elsewhere) | _by_doi(stored)
        self._deleted = {pmid: (source, at) for pmid, source, at in store.deletions()}
        ids = {topic.id for topic in topics.topics}
        self._listed = {hit.pmid for hit in store.hits() if hit.gone_search_id is None and hit.topic in ids}
        self._aside = {row.pmid: row.reason for row in store.open_set_aside() if row.pmid is not None}

    def check(self, item: KnownItem) -> Checked:
        """What became of one paper."""
        pmid = item.pmid if item.pmid in self._stored or item.pmid in self._elsewhere else None
        pmid = pmid or self._by_doi.get(item.doi or "") or item.pmid
        at_hand = self._stored.get(pmid or 0) or self._elsewhere.get(pmid or 0)
        doi = item.doi or (at_hand.record.doi if at_hand else None)
        fails, matched, nearest = self._sides(at_hand.record) if at_hand else ((), (), ())
        outcome, reason = self._outcome(pmid, fails, matched)
        if outcome == "found":
            fails, nearest = (), ()
        return Checked(pmid, doi, outcome, reason, fails, matched, nearest)

    def _outcome(self, pmid: int | None, fails: tuple[Side, ...], matched: tuple[str, ...]) -> tuple[Outcome, str]:
        if pmid in self._deleted:
            source, at = self._deleted[pmid]
            held = "stored, but" if pmid in self._stored else "never stored, and"
            return "deleted", f"{held} NLM deleted it (by {source}, {at})"
        why = self._why_off_topic(pmid, fails, matched) if pmid is not None else None
        if pmid in self._stored:
            if why is None:
                return "found", "stored and on topic"
            if pmid in self._listed:
                return "found", f"PubMed's search lists it, though the local match does not: {why}"
            return "off topic", f"stored, but off topic now: {why}"
        if pmid in self._aside:
            return "set aside", f"set aside: {self._aside[pmid]}"
        if pmid in self._elsewhere:
            where = f"not in the store; in {self._elsewhere[pmid].source} it is "
            return "not in the store", where + (f"off topic: {why}" if why else "on topic: harvest that file")
        return "not in the store", "not in the store at all; give its XML with --xml to see which words are missing"

    def _why_off_topic(self, pmid: int, fails: tuple[Side, ...], matched: tuple[str, ...]) -> str | None:
        if fails:
            return " and ".join(f"no {side} words" for side in fails)
        at_hand = self._stored.get(pmid) or self._elsewhere.get(pmid)
        if at_hand is None or self._topics.match(at_hand.record).topics:
            return None
        return f"no topic joins what it names ({', '.join(matched)})"

    def _sides(self, record: Record) -> tuple[tuple[Side, ...], tuple[str, ...], tuple[Nearest, ...]]:
        """The sides on which nothing is found, the concepts found, and what comes nearest on a failing side."""
        spans = self._topics.match(record).spans
        kinds = {span.kind for span in spans}
        sides: tuple[tuple[Side, tuple[Concept, ...]], ...] = (
            ("intervention", self._topics.interventions),
            ("condition", self._topics.conditions),
        )
        fails = tuple(side for side, _ in sides if side not in kinds)
        nearest = [near for side, concepts in sides if side in fails for near in _nearest(concepts, record)]
        return fails, tuple(sorted({span.concept for span in spans})), tuple(nearest)


def _by_doi(records: dict[int, _Stored]) -> dict[str, int]:
    return {doi: pmid for pmid, held in records.items() for doi in dois_of(held.record)}


def _nearest(concepts: Iterable[Concept], record: Record) -> list[Nearest]:
    """The ways to name one of the concepts that the record comes nearest to, best first."""
    texts = [record.title or "", record.abstract or "", *(keyword.text for keyword in record.keywords)]
    texts += [section.text for other in record.other_abstracts for section in other.sections]
    have = sorted({token.word for text in texts for token in tokens(text)})
    likeness: dict[tuple[str, bool], tuple[float, str]] = {}
    found: list[Nearest] = []
    for concept in concepts:
        for phrase in (phrase for phrase in concept.phrases if phrase.searched):
            parts = []
            for n, word in enumerate(phrase.words):
                key = (word, phrase.prefix and n == len(phrase.words) - 1)
                if key not in likeness:
                    likeness[key] = _most_like(*key, have)
                parts.append(likeness[key])
            if all(score for score, _ in parts):
                wanted = " ".join(phrase.words) + ("*" if phrase.prefix else "")
                score = sum(score for score, _ in parts) / len(parts)
                found.append(Nearest(concept.id, wanted, " ".join(word for _, word in parts), round(score, 2)))
    found.sort(key=lambda near: (-near.likeness, -len(near.wanted), near.wanted))
    return found[:NEAREST]


def _most_like(word: str, stem: bool, have: Sequence[str]) -> tuple[float, str]:
    """The record's word most like one of the vocabulary's (its beginning, for a stem); (0, "") where none is."""
    best = (0.0, "")
    matcher = SequenceMatcher(autojunk=False)
    matcher.set_seq2(word)
    for other in have:
        part = other[: len(word)] if stem else other
        if part == word:
            return 1.0, other
        matcher.set_seq1(part)
        least = max(best[0], ALIKE)
        if matcher.real_quick_ratio() > least and matcher.quick_ratio() > least and matcher.ratio() > least:
            best = (matcher.ratio(), other)
    return best
