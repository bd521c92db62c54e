"""Properties of parser, cutter, slicer, strategies, store and matcher, each over many inputs made by hypothesis.

The inputs are the same at every run. Tests named `test_found_...` at the end hold what fuzzing found (docs/fuzzing.md).
"""

from __future__ import annotations

import io
import random
import re
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from lxml import etree

from catalog.sample import sample_records
from catalog.tagging.quantities import numbers
from harvest.errors import BadRecord
from harvest.eutils import Client
from harvest.fields import date_of, doi_of, integer, orcid_of, pmcid_of, tidy
from harvest.phrases import as_proximity, terms_like, without
from harvest.prefilter import Prefilter
from harvest.record import parse_article
from harvest.rows import Incoming, Kept
from harvest.search import search_all
from harvest.store import PUBMED, Store
from harvest.stream import BrokenStream, Element, NotRecords, elements, why_not_records
from harvest.topics import Concept, Phrase, Topics, read_topics
from harvest.verify import verify
from harvest.words import fold, tokens
from tests.fuzz.invariants import (
    HEAD,
    TAIL,
    check_element,
    check_gzip,
    check_neighbours,
    check_record,
    check_stream,
    check_tags,
    good_article,
)
from tests.fuzz.mutate import spliced, tree_changed
from tests.fuzz.pieces import ATTRIBUTES, ODD, SYNTAX, TAGS
from tests.loopback import QUICK
from tests.ncbi import FIRST_PMID, Corpus, PubMed, synthetic_article
from tests.ncbi.evaluate import Evaluator
from tests.ncbi.index import Index
from tests.records import article_xml


def examples(count: int) -> settings:
    """So many examples, the same every time."""
    slow = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]
    return settings(max_examples=count, derandomize=True, database=None, deadline=None, suppress_health_check=slow)


TEXT = st.one_of(
    st.sampled_from([odd for odd in ODD if "<" not in odd]), st.text(st.characters(codec="utf-8"), max_size=12)
)


# Parser


@st.composite
def _element(draw: st.DrawFn, children: st.SearchStrategy[list[etree._Element]]) -> etree._Element:
    made = etree.Element(draw(st.sampled_from(TAGS)))
    for name in draw(st.lists(st.sampled_from(sorted(ATTRIBUTES)), max_size=2)):
        made.set(name, draw(st.sampled_from(ATTRIBUTES[name])))
    made.extend(draw(children))
    _say(made, draw(TEXT))
    return made


def _say(element: etree._Element, text: str) -> None:
    try:
        element.text = text
    except ValueError:  # a character that XML has not
        element.text = "?"


TREES = st.recursive(_element(st.just([])), lambda children: _element(st.lists(children, max_size=5)), max_leaves=12)


@examples(40)
@given(st.lists(TREES, max_size=4), st.lists(TREES, max_size=3), st.sampled_from(("Article", "Book")))
def test_any_tree_is_a_record_in_order_or_a_bad_one(
    inner: list[etree._Element], beside: list[etree._Element], kind: str
) -> None:
    """Whatever elements stand wherever, a record's fields obey their types and no text is '', or it is a BadRecord."""
    root = etree.Element("PubmedArticle" if kind == "Article" else "PubmedBookArticle")
    holder = etree.SubElement(root, "MedlineCitation" if kind == "Article" else "BookDocument")
    etree.SubElement(holder, "PMID").text = str(FIRST_PMID)
    whole = etree.SubElement(holder, kind)
    whole.extend(inner)
    holder.extend(beside)
    record = check_record(etree.tostring(root, encoding="UTF-8", xml_declaration=False))
    assert record is not None
    assert record.pmid == FIRST_PMID


@cache
def _sample() -> tuple[bytes, ...]:
    return tuple(stored.raw for stored in sample_records())


@settings(examples(30), phases=[Phase.generate])
@given(st.integers(0, 2**32))
def test_a_record_changed_at_random_keeps_every_promise(seed: int) -> None:
    """The sample's records with elements and bytes changed: cut, parsed, tagged and found as promised."""
    chance = random.Random(seed)  # noqa: S311 - guards nothing
    raw = chance.choice(_sample())
    changed = tree_changed(raw, chance) or raw
    if chance.random() < 0.3:
        changed = spliced(changed, chance)
    found = check_stream(HEAD + changed + TAIL)
    for element in found:
        record = check_element(element)
        if record is not None:
            check_tags(record, element.raw)
    check_neighbours(changed)


@examples(200)
@given(st.binary(max_size=60), st.sampled_from((b"", b"<PubmedArticle>", b"<PubmedArticle ", b"<PubmedBookArticle/>")))
def test_any_bytes_are_a_bad_record(tail: bytes, start: bytes) -> None:
    """No bytes make the parser raise anything but BadRecord, in one line."""
    assert check_record(start + tail) is None


DATES = st.one_of(st.none(), TEXT, st.integers(0, 10000).map(str), st.sampled_from(("Jan", "feb.", "12", "31", "2020")))


@examples(200)
@given(DATES, DATES, DATES)
def test_a_date_is_one_of_the_calendar_as_far_as_it_goes(year: str | None, month: str | None, day: str | None) -> None:
    """Year, month and day of any text give YYYY[-MM[-DD]] that exists, or None; never a wrong day."""
    element = etree.Element("DateRevised")
    for tag, text in (("Year", year), ("Month", month), ("Day", day)):
        if text is not None:
            _say(etree.SubElement(element, tag), text)
    said = date_of(element)
    if said is None:
        return
    parts = [int(part) for part in said.split("-")]
    date(*(*parts, 1, 1)[:3])
    assert re.fullmatch(r"\d{4}(-\d\d){0,2}", said)
    assert said[:4] == (year or "").strip()


@examples(200)
@given(st.one_of(TEXT, st.from_regex(r"\A(https?://(dx\.)?doi\.org/|doi: ?|PMC|)(10\.\d{4}/\S{0,5}|\d{1,11})\Z")))
def test_what_was_made_uniform_stays_so(text: str) -> None:
    """Numbers and texts in their one spelling are read as themselves."""
    for read in (tidy, doi_of, pmcid_of, orcid_of):
        once = read(text)
        assert once is None or read(once) == once
        assert once != ""
    number = integer(text)
    assert number is None or (0 < number < 10**10 and integer(str(number)) == number)


@examples(200)
@given(st.integers(0, 10**15 - 1))
def test_one_digit_wrong_is_no_orcid(number: int) -> None:
    """Of the eleven check characters exactly one fits, and no number with one digit changed is taken."""
    digits = f"{number:015}"
    fits = [c for c in "0123456789X" if orcid_of(digits + c)]
    assert len(fits) == 1
    whole = digits + fits[0]
    for i in range(15):
        other = whole[:i] + str((int(whole[i]) + 1) % 10) + whole[i + 1 :]
        assert orcid_of(other) is None


# Cutter


SCRAPS = st.one_of(
    st.sampled_from([scrap.encode() for scrap in SYNTAX]),
    st.sampled_from([good_article(1), good_article(2), b"text", b" ", b"\n", b"<a b='", b"\xff", b"\0"]),
)


@examples(250)
@given(st.lists(SCRAPS, max_size=12).map(b"".join), st.booleans(), st.sampled_from((2**25, 40, 300)))
def test_any_scraps_of_markup_are_cut_alike(data: bytes, in_a_set: bool, limit: int) -> None:
    """Chunks change nothing, errors are the documented ones, and a whole document gives what lxml finds in it."""
    check_stream(HEAD + data + TAIL if in_a_set else data, limit)


@examples(200)
@given(st.lists(SCRAPS, max_size=8).map(b"".join))
def test_no_scraps_cost_a_neighbour_in_silence(data: bytes) -> None:
    """Rubbish between two records: both come, or what is missing is told; without comments and quotes both come."""
    check_neighbours(data)


@examples(60)
@given(st.lists(st.one_of(SCRAPS, st.binary(max_size=200)), max_size=6).map(b"".join), st.integers(1, 2000))
def test_gzip_is_read_within_its_bounds(data: bytes, times: int) -> None:
    """Whole, cut, flipped or no gzip at all: no more comes than the bounds allow, and only BadFile is raised."""
    with tempfile.TemporaryDirectory() as folder:
        check_gzip((data * times)[: 2**20], Path(folder))


# Slicer


@pytest.fixture(scope="module")
def pubmed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PubMed]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        with PubMed([synthetic_article(FIRST_PMID, "None (invented)", None)], rate=100_000) as pubmed:
            yield pubmed


# In clusters, far apart, at the ends of what a PMID may be.
PMIDS = st.sets(
    st.one_of(
        st.integers(FIRST_PMID + 1, FIRST_PMID + 30),
        st.integers(FIRST_PMID + 1, 2**31 - 1),
        st.sampled_from((2**31 - 1, 2**31 - 2, FIRST_PMID + 1)),
    ),
    max_size=25,
)


@examples(25)
@given(PMIDS, st.integers(1, 9))
def test_a_search_of_any_size_is_whole(pubmed: PubMed, pmids: set[int], cap: int) -> None:
    """However the PMIDs lie and however few a search may list, all are found, in a bounded number of requests."""
    for pmid in pubmed.corpus.pmids():
        pubmed.corpus.delete(pmid)
    for pmid in pmids:
        pubmed.corpus.put(synthetic_article(pmid, "Ozone for back pain (invented)", None))
    pubmed.forget_requests()
    with Client(pubmed.base_url, patience=QUICK, per_second=100_000) as client:
        found = search_all(client, "ozone[tiab] AND back[tiab]", cap=cap)
    assert (set(found.pmids), found.count, found.complete) == (pmids, len(pmids), True)
    assert not found.warnings
    # A part holds more than half the cap, or is what bisecting 31 bits leaves over beside one that does.
    assert len(pubmed.requests) <= 2 + (0 if len(pmids) <= cap else 31 * (2 * len(pmids) // cap + 1))


# Strategies


WORDS = ("ozone", "sciatica", "plasma", "joint", "disc")
LEAVES = st.one_of(
    st.sampled_from([f"{word}[tiab]" for word in WORDS]),
    st.sampled_from(['"back pain"[tiab]', '"disc joint"[tiab]', "disc*[tiab]"]),
)
Tree = str | list[tuple[str, Any]]
OPERATORS = st.sampled_from((" AND ", " OR ", " NOT ", " "))
STRATEGIES: st.SearchStrategy[Tree] = st.recursive(
    LEAVES, lambda inner: st.lists(st.tuples(OPERATORS, inner), min_size=1, max_size=4), max_leaves=8
)


def _written(tree: Tree, replaced: dict[str, str] | None = None, top: bool = True) -> str:
    if isinstance(tree, str):
        return (replaced or {}).get(tree, tree)
    parts = [("" if i == 0 else operator) + _written(item, replaced, False) for i, (operator, item) in enumerate(tree)]
    return "".join(parts) if top else f"({''.join(parts)})"


@cache
def _titles() -> Index:
    """Every combination of the words in a title, one record each."""
    names = [*WORDS, "back pain"]
    return Index(
        Corpus(
            synthetic_article(FIRST_PMID + n, " ".join(w for i, w in enumerate(names) if n >> i & 1) or "none", None)
            for n in range(2 ** len(names))
        )
    )


def _finds(strategy: str) -> set[int]:
    return set(Evaluator(_titles(), date(2024, 1, 1)).run(strategy).pmids)


@examples(200)
@given(STRATEGIES, LEAVES)
def test_a_term_left_out_is_one_that_finds_nothing(tree: Tree, term: str) -> None:
    """Whatever AND, OR, NOT and parentheses stand around a term, leaving it out finds what it would finding nothing."""
    strategy = _written(tree)
    left = without(strategy, term)
    expected = _finds(_written(tree, {term: "zzzz[tiab]"}))
    assert (set() if left is None else _finds(left)) == expected
    if left is not None:
        assert terms_like(left, term) == []
        assert without(left, term) is not None
    if term in strategy:
        assert term in terms_like(strategy, term)
        assert term in terms_like(strategy, term.partition("[")[0].strip('"'))


@examples(150)
@given(STRATEGIES)
def test_a_phrase_asked_by_proximity_changes_nothing_else(tree: Tree) -> None:
    """Only the phrase is replaced, everywhere it stands, and is not asked for in its old form again."""
    strategy, phrase, instead = _written(tree), '"back pain"[tiab]', '"back pain"[tiab:~0]'
    asked = as_proximity(strategy, '"back pain"[Title/Abstract]')
    if phrase not in strategy:
        assert asked is None
        return
    assert asked == (_written(tree, {phrase: instead}), instead)
    assert as_proximity(asked[0], "back pain") is None
    assert _finds(strategy) == _finds(asked[0])


# Store


@dataclass
class Held:
    """What the store should say of a PMID."""

    current: Incoming
    source: str
    replaced: set[bytes] = field(default_factory=set)


class StoreMachine(RuleBasedStateMachine):
    """A store and what it ought to hold, side by side, through any order of writing."""

    incoming = st.builds(
        lambda pmid, version, revised, text: Incoming(
            pmid, version, revised, b"<PubmedArticle>%d</PubmedArticle>" % text
        ),
        st.integers(FIRST_PMID, FIRST_PMID + 2),
        st.integers(1, 2),
        st.sampled_from((None, "2020-01-01", "2021")),
        st.integers(0, 3),
    )
    batches = st.lists(incoming, max_size=3)
    pmids = st.sets(st.integers(FIRST_PMID, FIRST_PMID + 3), max_size=3)

    @initialize()
    def begin(self) -> None:
        """An empty store, and nothing known."""
        self.folder = tempfile.TemporaryDirectory()
        self.path = Path(self.folder.name) / "pubmed.db"
        self.held: dict[int, Held] = {}
        self.deleted: set[int] = set()
        self.aside: set[tuple[int | None, str, str]] = set()
        self.found: set[int] = set()
        self.open()

    def open(self) -> None:
        """Begin a run."""
        self.store = Store.open(self.path)
        self.store.begin_run("test", harvester="0")

    @rule(batch=batches)
    def pubmed_answers(self, batch: list[Incoming]) -> None:
        """What PubMed answers today is the record; it lifts a deletion."""
        kept = self.store.keep(batch, source=PUBMED)
        assert kept.new + kept.changed + kept.unchanged == len(batch)
        for record in batch:
            self.deleted.discard(record.pmid)
            self._resolved(record.pmid, PUBMED)
            self._make_current(record, PUBMED)

    @rule(batch=batches, source=st.sampled_from(("file:a", "file:b")))
    def a_file_is_read(self, batch: list[Incoming], source: str) -> None:
        """The newer stays; of equals PubMed's, else the later file's that was not replaced before."""
        kept = self.store.keep(batch, source=source, order="revision")
        assert kept.new + kept.changed + kept.unchanged + kept.older == len(batch)
        for record in batch:
            self._resolved(record.pmid, source)
            held = self.held.get(record.pmid)
            if held is None or self._age(record) > self._age(held.current):
                self._make_current(record, source)
            elif held.current.raw != record.raw:
                equal = self._age(record) == self._age(held.current)
                if equal and held.source != PUBMED and record.raw not in held.replaced:
                    self._make_current(record, source)
                else:
                    held.replaced.add(record.raw)

    @rule(batch=batches)
    def a_batch_breaks_off(self, batch: list[Incoming]) -> None:
        """A batch that breaks off midway is undone whole."""

        def broken() -> Iterator[Incoming]:
            yield from batch
            raise RuntimeError("stop")

        with pytest.raises(RuntimeError, match="stop"):
            self.store.keep(broken(), source=PUBMED)

    @rule(pmids=pmids)
    def nlm_deletes(self, pmids: set[int]) -> None:
        """Deleted PMIDs are no longer read."""
        assert self.store.delete(sorted(pmids), source="file:a") == len(pmids - self.deleted)
        self.deleted |= pmids

    @rule(pmids=pmids, complete=st.booleans())
    def a_search_finds(self, pmids: set[int], complete: bool) -> None:
        """A complete search tells what is gone too, an incomplete one only what is there."""
        self.store.record_search(
            topic="t",
            purpose="topic",
            interface="test",
            written="x",
            strategy="x",
            translation=None,
            count=len(pmids),
            parts=1,
            at="2024-01-01T00:00:00Z",
            complete=complete,
            warnings=[],
            pmids=pmids,
        )
        self.found = set(pmids) if complete else self.found | pmids

    @rule(
        pmid=st.one_of(st.none(), st.integers(FIRST_PMID, FIRST_PMID + 2)), source=st.sampled_from((PUBMED, "file:a"))
    )
    def something_is_set_aside(self, pmid: int | None, source: str) -> None:
        """The same thing set aside again stays one."""
        self.store.set_aside(pmid, source=source, reason="invented", raw=b"<")
        self.aside.add((pmid, source, "invented"))

    @rule(killed=st.booleans())
    def it_is_opened_again(self, killed: bool) -> None:
        """Ended properly or not, the store says the same as before."""
        if not killed:
            self.store.finish_run("complete")
        self.store.close()
        self.open()

    def _age(self, record: Incoming) -> tuple[int, str]:
        return record.version, record.date_revised or ""

    def _make_current(self, record: Incoming, source: str) -> None:
        held = self.held.get(record.pmid)
        if held is None:
            self.held[record.pmid] = Held(record, source)
        elif held.current.raw == record.raw:
            held.source = PUBMED if source == PUBMED else held.source
        else:
            held.replaced.add(held.current.raw)
            held.current, held.source = record, source

    def _resolved(self, pmid: int, source: str) -> None:
        self.aside = {entry for entry in self.aside if entry[:2] != (pmid, source)}

    @invariant()
    def says_what_was_done(self) -> None:
        """Every record, deletion, hit and thing set aside is there, and no other."""
        if not hasattr(self, "store"):
            return
        current = {pmid: held.current.raw for pmid, held in self.held.items() if pmid not in self.deleted}
        assert [(r.pmid, r.raw) for r in self.store.records()] == sorted(current.items())
        assert self.store.count_records() == len(current)
        assert self.store.pmids() == set(self.held)
        assert self.store.deleted() == self.deleted
        assert {hit.pmid for hit in self.store.hits("t") if hit.gone_search_id is None} == self.found
        aside = [(entry.pmid, entry.source, entry.reason) for entry in self.store.open_set_aside()]
        assert len(aside) == len(set(aside))
        assert set(aside) == self.aside
        assert {pmid: source for pmid, _, source in self.store.sources()} == {p: h.source for p, h in self.held.items()}

    def teardown(self) -> None:
        """Nothing is damaged, and every version that ever came is still there."""
        if not hasattr(self, "store"):
            return
        try:
            self.store.close()
            verified = verify(self.path)
            assert verified.problems == ()
            assert verified.records == len(self.held)
            assert verified.versions >= sum(len(h.replaced - {h.current.raw}) for h in self.held.values())
        finally:
            self.folder.cleanup()


def test_any_order_of_writing_leaves_what_the_rules_say() -> None:
    """Answers, files, deletions, searches, broken batches and restarts in any order: the store is as its rules say."""
    run_state_machine_as_test(StoreMachine, settings=settings(examples(15), stateful_step_count=20))


@examples(50)
@given(st.lists(st.builds(Kept, *[st.integers(0, 9)] * 4), max_size=4))
def test_counts_add_up(kept: list[Kept]) -> None:
    """What became of several batches is the sum of what became of each, whichever way it is added."""
    forth, back = sum(kept, Kept()), sum(reversed(kept), Kept())
    assert forth == back
    assert forth.new == sum(k.new for k in kept)


# Words and the matcher


@examples(250)
@given(st.lists(st.one_of(TEXT, st.text(max_size=10)), max_size=4).map(" ".join))
def test_words_stand_where_they_say(text: str) -> None:
    """Any characters: words come in order, share one character at most (as in ½), and each place folds to its word."""
    at = 0
    for word, start, end in tokens(text):
        assert max(0, at - 1) <= start < end <= len(text)
        at = end
        assert word in fold(text[start:end])[0]
        assert word.isalnum()
    folded, places = fold(text)
    assert places is None or (len(places) == len(folded) and places == sorted(places))


@examples(200)
@given(st.lists(TEXT, max_size=4), st.sampled_from((" ", "-", " – ", ". ", "/", "_", "\u00a0", "\n")))
def test_what_stands_between_words_does_not_matter(pieces: list[str], between: str) -> None:
    """Any mark between two texts, and either case: the same words."""
    words = [token.word for piece in pieces for token in tokens(piece)]
    assert [token.word for token in tokens(between.join(pieces))] == words
    assert [token.word for token in tokens(between.join(p for p in pieces if p.isascii()).upper())] == [
        token.word for piece in pieces if piece.isascii() for token in tokens(piece)
    ]


POOL = ("ozone", "disc", "disco", "discus", "back", "pain", "painful", "gels", "plasma", "o3")
PATTERN = st.lists(st.sampled_from(POOL), min_size=1, max_size=3).map(" ".join)
STEM = st.tuples(PATTERN, st.sampled_from(("disc*", "pain*", "plas*"))).map(" ".join)
NEAR = st.fixed_dictionaries(
    {
        "words": st.tuples(*[st.lists(st.sampled_from(POOL), min_size=1, max_size=2)] * 2).map(list),
        "within": st.integers(0, 3),
    }
)
ABBREVIATION = st.fixed_dictionaries(
    {"word": st.sampled_from(("PRP", "OZ")), "with": st.lists(st.one_of(PATTERN, STEM), min_size=1, max_size=2)}
)
CONCEPT = st.fixed_dictionaries(
    {
        "words": st.lists(st.one_of(PATTERN, STEM, st.sampled_from(("disc*", "plas*"))), min_size=1, max_size=3),
        "near": st.lists(NEAR, max_size=1),
        "abbreviations": st.lists(ABBREVIATION, max_size=1),
        "mesh": st.lists(st.sampled_from(("Ozone", "Sciatica")), max_size=1),
    }
)


def _vocabulary(entries: list[dict[str, Any]]) -> Topics:
    half = len(entries) // 2
    sides = [
        [{"id": f"{side}{i}", "name": side, **entry} for i, entry in enumerate(part)]
        for side, part in (("a", entries[:half]), ("b", entries[half:]))
    ]
    data = {"interventions": sides[0], "conditions": sides[1], "topics": [{"id": "t", "name": "T"}]}
    return read_topics(yaml.safe_dump(data), "made.yml")


VOCABULARIES = st.lists(CONCEPT, min_size=2, max_size=4).map(_vocabulary)
TITLES = st.lists(st.sampled_from((*POOL, "PRP", "OZ", "of", "x")), max_size=9).map(" ".join)
RECORDS = st.builds(
    lambda title, abstract, keyword, mesh: article_xml(title, abstract, keywords=keyword, mesh=mesh),
    TITLES,
    TITLES,
    st.lists(TITLES.filter(bool), max_size=1),
    st.lists(st.sampled_from(("Ozone", "Sciatica", "Humans")), max_size=1),
)


def _stands(phrase: Phrase, words: list[str], at: int) -> bool:
    have = words[at : at + len(phrase.words)]
    exact = len(phrase.words) - phrase.prefix
    return (
        len(have) == len(phrase.words)
        and have[:exact] == list(phrase.words[:exact])
        and (not phrase.prefix or have[-1].startswith(phrase.words[-1]))
    )


def _named(concept: Concept, texts: list[list[str]], mesh: set[str]) -> bool:
    """Whether a concept is named, as docs/topics.md says it, word by word and without an index."""

    def anywhere(phrase: Phrase) -> bool:
        return any(_stands(phrase, words, at) for words in texts for at in range(len(words)))

    return (
        any(map(anywhere, concept.phrases))
        or any(
            i != j and a in near.first and b in near.second and abs(i - j) - 1 <= near.within
            for near in concept.nears
            for words in texts
            for i, a in enumerate(words)
            for j, b in enumerate(words)
        )
        or any(
            abbreviation.word.lower() in words and any(map(anywhere, abbreviation.companions))
            for abbreviation in concept.abbreviations
            for words in texts
        )
        or bool(mesh.intersection(concept.mesh))
    )


@examples(70)
@given(VOCABULARIES, st.lists(RECORDS, min_size=1, max_size=4))
def test_any_vocabulary_is_matched_word_by_word(topics: Topics, raws: list[bytes]) -> None:
    """The indexed matcher finds exactly the concepts that reading word by word does, and the fast look loses none."""
    look = Prefilter(topics)
    for raw in raws:
        record = parse_article(raw)
        match = topics.match(record)
        texts = [record.title or "", record.abstract or "", *(keyword.text for keyword in record.keywords)]
        words = [[token.word for token in tokens(text)] for text in texts]
        mesh = {heading.name for heading in record.mesh}
        concepts = (*topics.interventions, *topics.conditions)
        assert {span.concept for span in match.spans} == {c.id for c in concepts if _named(c, words, mesh)}
        assert look.may_match(raw) or not match.topics


@examples(60)
@given(VOCABULARIES, st.lists(RECORDS, min_size=1, max_size=5))
def test_any_vocabulary_is_searched_as_it_is_matched(topics: Topics, raws: list[bytes]) -> None:
    """The strategy rendered from a vocabulary finds in PubMed's syntax what the matcher finds in the records."""
    renumbered = [raw.replace(b">970001001<", b">%d<" % (FIRST_PMID + n)) for n, raw in enumerate(raws)]
    found = Evaluator(Index(Corpus(renumbered)), date(2024, 1, 1)).run(topics.strategy("t")).pmids
    matched = {record.pmid for record in map(parse_article, renumbered) if topics.match(record).topics}
    assert set(found) == matched


# What fuzzing found


def _cut(data: bytes, **options: int) -> tuple[list[Element], BrokenStream | NotRecords | None]:
    found: list[Element] = []
    try:
        for element in elements(io.BytesIO(data), name="test.xml", **options):
            found.append(element)  # noqa: PERF402 - what came before an error is kept
    except (BrokenStream, NotRecords) as error:
        return found, error
    return found, None


def test_found_a_deletion_list_inside_a_record_is_told() -> None:
    """A record cut short before a deletion list does not swallow it in silence: the list comes, the cut is told."""
    deletion = b"<DeleteCitation><PMID>970000009</PMID></DeleteCitation>"
    found, error = _cut(HEAD + b"<PubmedArticle>" + deletion + b"</PubmedArticle>" + TAIL)
    assert [element.raw for element in found] == [deletion]
    assert error is not None


def test_found_a_record_set_that_ends_inside_a_record_is_told() -> None:
    """A set's end inside a book is told whether or not a comment stands nearby."""
    for comment in (b"", b"<!-- x -->"):
        book = b"<PubmedBookArticle>" + comment + b"</PubmedArticleSet></PubmedBookArticle>"
        found, error = _cut(HEAD + book)
        assert (found, error is not None) == ([], True)


@pytest.mark.parametrize("name", [b"a\nb", b"a\x1b[2Jb", b"a\xc2\x85b", b"a\rb"])
def test_found_a_strange_tag_does_not_break_the_message(name: bytes) -> None:
    """Line ends and terminal codes in a stranger's tag come out spelt, so that a message is one plain line."""
    _, error = _cut(HEAD + b"<" + name + b">" + good_article() + TAIL)
    for message in (str(error), why_not_records(b"<" + name + b">") or ""):
        assert message.isprintable()
        assert message


def test_found_an_empty_element_over_the_limit_is_left_out() -> None:
    """The limit holds for an element that ends within its own tag too."""
    found, error = _cut(HEAD + b"<PubmedArticle a='%s'/>" % (b"x" * 300) + good_article() + TAIL, limit=200)
    assert [element.raw for element in found] == [good_article()]
    assert "larger than 200 bytes" in str(error)


def test_found_many_records_cut_short_take_no_more_than_their_length() -> None:
    """A megabyte of start tags without an end is read in about a second, not in the square of it."""
    begun = time.process_time()
    found, error = _cut(HEAD + b"<PubmedArticle>" * 70_000 + TAIL)
    assert (found, error is not None) == ([], True)
    assert time.process_time() - begun < 6


def _article(inside: str, data: str = "") -> bytes:
    return (
        f"<PubmedArticle><MedlineCitation><PMID>970000001</PMID><Article>{inside}</Article></MedlineCitation>"
        f"<PubmedData>{data}</PubmedData></PubmedArticle>"
    ).encode()


def test_found_a_person_and_a_group_in_one_author_are_two() -> None:
    """An author with a name and a collective name, which the DTD forbids, becomes two, so that neither is lost."""
    raw = _article(
        "<AuthorList><Author><LastName>Muster</LastName><CollectiveName>Group</CollectiveName></Author></AuthorList>"
    )
    assert [(a.last_name, a.collective) for a in parse_article(raw).authors] == [("Muster", None), (None, "Group")]


def test_found_blank_attributes_are_none() -> None:
    """A blank UI is unknown; an id of no kind says nothing."""
    types = '<PublicationTypeList><PublicationType UI=" ">Letter</PublicationType></PublicationTypeList>'
    ids = '<ArticleIdList><ArticleId IdType="">x</ArticleId><ArticleId IdType="doi">10.1/x</ArticleId></ArticleIdList>'
    record = parse_article(_article(types, ids))
    assert record.publication_types[0].ui is None
    assert record.article_ids == (("doi", "10.1/x"),)


def test_found_a_tag_with_a_prefix_and_no_end_is_a_bad_record() -> None:
    """Bytes that stop within their first tag, a prefix in them, are a bad record and no error of ours."""
    with pytest.raises(BadRecord, match="not well-formed"):
        parse_article(b"<PubmedArticle x:y='1'")


@pytest.mark.parametrize("word", ["fİfty", "fıfty", "ſixty", "ſIxty"])
def test_found_a_number_in_foreign_letters_costs_no_build(word: str) -> None:
    """Letters that pass for i and s where case is ignored (İ, ı, ſ) leave a number in words a number."""
    values = {number.value for number in numbers(f"One hundred and {word} patients")}
    assert values == {160 if "x" in word else 150}
