"""What the tests of outcomes share: invented records tagged, and the checks that hold for every tag."""

from __future__ import annotations

from collections.abc import Sequence

from catalog.tagging.tagger import tag
from catalog.tagging.tags import Tags
from harvest.record import Record
from harvest.topics import load_topics
from tests.records import record

__all__ = ["assert_quoted", "tagged", "trial"]

TOPICS = load_topics()


def tagged(title: str = "", abstract: str | Sequence[tuple[str, str]] = "") -> Tags:
    """The tags of an invented record."""
    found = record(title, abstract)
    tags = tag(found, TOPICS)
    assert_quoted(found, tags)
    return tags


def trial(results: str, conclusions: str = "", *, title: str = "", methods: str = "") -> Tags:
    """The tags of an invented randomised trial of plasma for back pain, against saline unless told otherwise."""
    return tagged(
        title or "Platelet-rich plasma for discogenic low back pain: a randomised trial",
        [
            (
                "METHODS",
                methods
                or "Sixty patients with low back pain were randomised to platelet-rich plasma (PRP) or saline."
                " Pain (VAS) and disability (ODI) were measured.",
            ),
            ("RESULTS", results),
            ("CONCLUSIONS", conclusions),
        ],
    )


def assert_quoted(found: Record, tags: Tags) -> None:
    """Every span of a record's tags, results and spin holds exactly the text that is quoted."""
    texts = {"title": found.title or "", "abstract": found.abstract or ""}
    for item in tags.tags:
        if item.source in texts:
            assert texts[item.source][item.start : item.end] == item.quote
    for result in tags.results:
        assert texts["abstract"][result.start : result.end] == result.text
    for spin in tags.spin:
        assert texts[spin.conclusion_source][spin.conclusion_start : spin.conclusion_end] == spin.conclusion
        assert texts["abstract"][spin.results_start : spin.results_end] == spin.results
