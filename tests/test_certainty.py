"""The certainty a review or guideline states itself."""

from __future__ import annotations

import csv
from importlib import resources

import pytest

from catalog.sample import sample_records
from catalog.tagging.rules import Rule, load
from catalog.tagging.tagger import tag
from catalog.tagging.tags import Tags
from harvest.record import parse_article
from harvest.topics import load_topics
from tests.records import record

TOPICS = load_topics()
SEARCHED = "PubMed and Embase were searched. "
REVIEW = "Ozone for sciatica: a systematic review and meta-analysis"


def tagged(abstract: str, title: str = REVIEW) -> Tags:
    return tag(record(title, f"{SEARCHED}{abstract}"), TOPICS)


@pytest.mark.parametrize("rule", load("certainty"), ids=lambda rule: rule.id)
def test_examples_of_each_rule(rule: Rule) -> None:
    """A rule fires on the sentences its file says it must, and on none it says it must not."""
    for sentence in rule.match:
        assert rule.fits(sentence), sentence
    for sentence in rule.miss:
        assert not rule.fits(sentence), sentence


@pytest.mark.parametrize(
    ("abstract", "certainty"),
    [
        ("We found high-certainty evidence that ozone reduces pain.", "high"),
        ("Moderate-quality evidence showed less pain.", "moderate"),
        ("The certainty of the evidence was low.", "low"),
        ("The quality of evidence was rated as very low using GRADE.", "very_low"),
        ("There was low to moderate certainty evidence of less pain.", "low"),
        ("Certainty ranged widely: the certainty of evidence was low to very low.", "very_low"),
        ("Low-certainty evidence showed less pain; very low certainty evidence covered harms.", "low"),
        ("Moderate certainty evidence for pain. Low certainty evidence for disability.", "low"),
        ("We searched PubMed. High-quality evidence is needed.", None),
        ("The included studies were of low quality.", None),
        ("Very low doses were used in trials of moderate quality.", None),
        ("We searched PubMed.", None),
    ],
)
def test_lowest_for_the_main_outcome(abstract: str, certainty: str | None) -> None:
    """The lowest stated for pain or function, else the lowest stated; nothing where only studies are judged."""
    assert tagged(abstract).certainty == certainty


def test_every_statement_is_a_tag_in_its_place() -> None:
    """All statements are kept with their words; those of the value the record got are chosen."""
    found = tagged("Low-certainty evidence showed less pain; very low certainty evidence covered harms.")
    text = f"{SEARCHED}Low-certainty evidence showed less pain; very low certainty evidence covered harms."
    tags = [t for t in found.tags if t.field == "certainty"]
    assert {(t.value, t.chosen) for t in tags} == {("low", True), ("very_low", False)}
    assert all(text[t.start : t.end] == t.quote for t in tags)


def test_only_reviews_and_guidelines_state_it() -> None:
    """A trial that cites low-certainty evidence has no certainty of its own."""
    trial = tagged(
        "Low-certainty evidence exists. Patients were randomised.", "Ozone or steroid: a randomised controlled trial"
    )
    assert trial.design == "rct"
    assert trial.certainty is None


def test_sample_states_what_it_was_written_to_state() -> None:
    """Every invented record of the sample has the certainty it was written with, stated or not."""
    with resources.files("catalog.sample").joinpath("labels.tsv").open(encoding="utf-8") as file:
        labels = {int(row["pmid"]): row["certainty"] or None for row in csv.DictReader(file, delimiter="\t")}
    assert sum(label is not None for label in labels.values()) >= 5
    for stored in sample_records():
        assert tag(parse_article(stored.raw), TOPICS).certainty == labels[stored.pmid], stored.pmid
