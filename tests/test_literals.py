"""Skipping what cannot match changes nothing but the time it takes."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from catalog.sample import sample_records
from catalog.tagging.branches import Branch, Branches
from catalog.tagging.document import Document, read
from catalog.tagging.lexicon import Lexicon
from catalog.tagging.literals import DIGIT, beginnings, branches_of, needed
from catalog.tagging.rules import fire, index_of, load
from catalog.tagging.scan import Scan
from harvest.record import parse_article
from harvest.stream import elements, open_xml
from tests.ncbi import synthetic_records
from tests.records import record

# Files whose rules run along a whole text, and files whose rules are read clause by clause.
ALONG = ("design", "included", "timing", "certainty", "prompts", "basis", "direction", "harms", "results")
CLAUSES = ("direction", "harms", "roles")


@pytest.mark.parametrize(
    ("pattern", "words"),
    [
        (r"\brandomi[sz]ed\b", [{"randomis", "randomiz"}]),
        (r"\b(?:patients?|subjects?) were\b", [{"patients", "patient", "subject"}, {"were"}]),
        (r"\b(?:were|was) (?:\w+ )?allocated\b", [{"allocate"}, {"were", "was"}]),
        (r"\bdouble[- ]?blind(?:ed)?", [{"double", "doublebl"}, {"blind"}]),
        (r"\b\d+ (?:rats|mice)\b", [{"rats", "mice"}]),
        (r"\bp ?[<=]", []),
        (r"[a-z]+", []),
    ],
)
def test_literals_a_pattern_cannot_match_without(pattern: str, words: list[set[str]]) -> None:
    """Optional letters, classes and groups are spelled out; every set holds a literal of each match."""
    for found in needed(pattern):
        assert any(found >= short or all(any(s in w for s in found) for w in short) for short in words), found
    assert bool(needed(pattern)) == bool(words)


@pytest.mark.parametrize(
    ("pattern", "begins"),
    [
        (r"\brandomi[sz]ed\b", ("randomis", "randomiz")),
        (r"(?<!non-)(?:trial|study)s?\b", ("study", "trial")),
        (r"\b(?:\d+|two) groups", ("two grou", DIGIT)),
        (r"\b(?:[5-9]|1\d) days", (DIGIT,)),
        (r"\w+ trial", ()),
        (r"a?", ()),
    ],
)
def test_what_a_pattern_begins_with(pattern: str, begins: tuple[str, ...]) -> None:
    """What a match begins with is spelled out as far as it can be told; else nothing is said."""
    assert beginnings(pattern) == begins


def test_branches_are_cut_only_at_the_outermost_bars() -> None:
    """A bar within a group, a class or behind a backslash does not cut."""
    assert branches_of(r"a(b|c)|[|d]|\||e") == ("a(b|c)", "[|d]", r"\|", "e")


def test_a_lexicon_finds_its_literals_in_words_met_before_and_after_it_grew() -> None:
    """A literal added later is found in a word that was looked up before."""
    lexicon = Lexicon()
    lexicon.add(["random", "and"])
    assert lexicon.find("was randomised, an") == {"random": [4], "and": [5]}
    lexicon.add(["mise"])
    assert lexicon.find("randomised. and") == {"random": [0], "and": [1, 12], "mise": [5]}


def examples(count: int) -> settings:
    """The same inputs in every run."""
    return settings(max_examples=count, derandomize=True, database=None, deadline=None)


# Pieces of text in which rules fire or nearly do, and letters whose lower case is odd: of another length, or none.
EXAMPLES = sorted({text for name in (*ALONG, "roles") for rule in load(name) for text in (*rule.match, *rule.miss)})
ODD = [
    "\u0130",
    "\u0131",
    "\u017f",
    "\u212a",
    "\u00df",
    "\u2126",
    "\u03b1",
    "5",
    "12",
    "n = 20",
    "\u2265",
    "_",
    "-",
    "\n",
    ". ",
    "; ",
]


@st.composite
def texts(draw: st.DrawFn) -> str:
    """Words of examples, shuffled, cut and mangled."""
    pieces = draw(st.lists(st.sampled_from(EXAMPLES), min_size=1, max_size=4))
    words = " ".join(pieces).split(" ")
    start = draw(st.integers(0, max(0, len(words) - 1)))
    words = words[start : start + draw(st.integers(1, 40))]
    for odd in draw(st.lists(st.sampled_from(ODD), max_size=4)):
        words.insert(draw(st.integers(0, len(words))), odd)
    text = draw(st.sampled_from([" ", "", " ", "\n"])).join(words)
    return draw(st.sampled_from([text, text.upper(), text.title(), text]))


def same(document: Document) -> bool:
    return all(fire(name, document) == fire(name, document, skipping=False) for name in ALONG)


@examples(40)
@given(texts(), st.lists(texts(), min_size=1, max_size=3))
def test_rules_fire_the_same_on_any_text(title: str, parts: list[str]) -> None:
    """Whatever stands in title and abstract, hits are those of every pattern run along every text."""
    assert same(read(record(title, " ".join(parts))))


@examples(40)
@given(texts(), st.data())
def test_branches_find_the_same_between_any_two_places(text: str, data: st.DataObject) -> None:
    """A branch of a rule read clause by clause is among those told of, and finds what its pattern finds."""
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))
    scan = Scan(text)
    for name in CLAUSES:
        index = index_of(name)
        told = {branch for _, branch in index.read(scan).within(start, end)}
        for (rule, branch), plain in zip(index.branches, patterns(name), strict=True):
            found = plain.search(text, start, end)
            mine = branch.search(scan, start, end)
            assert span(found) == span(mine), (rule.id, plain.pattern)
            assert found is None or branch in told, (rule.id, plain.pattern)
        for rule in load(name):
            if rule.unless:
                stands = rule.unless.whole.search(text, start, end) is not None
                assert rule.unless.stands(scan, start, end) == stands, rule.id


@cache
def patterns(name: str) -> list[re.Pattern[str]]:
    """The branches of a file's rules as the library itself reads them, in the file's order."""
    wholes = [rule.pattern.whole for rule in load(name) if rule.pattern is not None]
    return [re.compile(part, whole.flags) for whole in wholes for part in branches_of(whole.pattern)]


def span(found: re.Match[str] | None) -> tuple[int, int] | None:
    return found.span() if found else None


@pytest.mark.parametrize(
    "pattern", [r"\bab|cd", r"(?P<Ab>AB)(?P=Ab)?", r"a\b", r"\d+ days", r"(?:^|\n)pain", r"x{2,}|[=<] ?\d"]
)
@examples(60)
@given(text=st.text("abcdxpin ys12=<\n", max_size=30), data=st.data())
def test_any_pattern_finds_the_same(pattern: str, text: str, data: st.DataObject) -> None:
    """Branches and gated patterns find what the pattern itself finds between any two places."""
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))
    scan = Scan(text)
    for part in branches_of(pattern):
        found, mine = re.compile(part, re.I).search(text, start, end), Branch(part, re.I).search(scan, start, end)
        assert span(found) == span(mine)
    assert Branches(pattern).stands(scan, start, end) == bool(re.compile(pattern, re.I).search(text, start, end))
    every = [found.span() for found in Branches(pattern).matches(scan, start, end)]
    assert every == [found.span() for found in re.compile(pattern, re.I).finditer(text, start, end)]


def test_hits_are_the_same_with_and_without_skipping() -> None:
    """On the sample and on synthetic records, every rule fires on the same words either way."""
    raws = [stored.raw for stored in sample_records()] + list(synthetic_records(20, 2))
    for raw in raws:
        parsed = parse_article(raw)
        assert same(read(parsed)), parsed.pmid


@pytest.mark.shared
def test_hits_are_the_same_on_real_records(shared_data: Path) -> None:
    """The same on real records."""
    with open_xml(shared_data / "pubmed" / "efetch-dev.xml.gz") as stream:
        raws = [element.raw for element in elements(stream) if element.kind != "DeleteCitation"]
    for raw in raws[::8]:
        parsed = parse_article(raw)
        assert same(read(parsed)), parsed.pmid
