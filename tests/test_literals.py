"""Skipping branches that cannot match changes nothing but the time it takes."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from catalog.sample import sample_records
from catalog.tagging.document import Document, read
from catalog.tagging.literals import Branches, branches_of, needed
from catalog.tagging.rules import load
from harvest.record import parse_article
from harvest.stream import elements, open_xml
from tests.ncbi import synthetic_records

FILES = ("design", "included", "timing")


@pytest.mark.parametrize(
    ("pattern", "words"),
    [
        (r"\brandomi[sz]ed\b", {"rando"}),
        (r"\b(?:patients?|subjects?) were\b", {"patie", "subje"}),
        (r"\b(?:were|was) (?:\w+ )?allocated\b", {"alloc"}),
        (r"\bdouble[- ]?blind(?:ed)?", {"doubl"}),
        (r"\b\d+ (?:rats|mice)\b", {" rats", " mice"}),
        (r"\bp ?[<=]", None),
        (r"[a-z]+", None),
    ],
)
def test_literals_a_pattern_cannot_match_without(pattern: str, words: set[str] | None) -> None:
    """Optional letters, classes and groups are spelled out; what cannot be told is None."""
    assert needed(pattern) == words


def test_branches_are_cut_only_at_the_outermost_bars() -> None:
    """A bar within a group, a class or behind a backslash does not cut."""
    assert branches_of(r"a(b|c)|[|d]|\||e") == ("a(b|c)", "[|d]", r"\|", "e")
    assert list(Branches("abc|def", re.IGNORECASE).spans("abc", "abc", frozenset())) == []


def same(document: Document) -> bool:
    folded = document.folded
    return all(
        rule.hits(document) == rule.hits(document, frozenset(w for w in rule.pattern.vocabulary if w in folded))
        for name in FILES
        for rule in load(name)
        if rule.pattern is not None
    )


def test_hits_are_the_same_with_and_without_skipping() -> None:
    """On the sample and on synthetic records, every rule fires on the same words either way."""
    raws = [stored.raw for stored in sample_records()] + list(synthetic_records(60, 2))
    for raw in raws:
        record = parse_article(raw)
        assert same(read(record)), record.pmid


@pytest.mark.shared
def test_hits_are_the_same_on_real_records(shared_data: Path) -> None:
    """The same on real records."""
    for name in ("efetch-dev.xml.gz", "efetch-more.xml.gz"):
        with open_xml(shared_data / "pubmed" / name) as stream:
            for element in elements(stream):
                if element.kind != "DeleteCitation":
                    record = parse_article(element.raw)
                    assert same(read(record)), record.pmid
