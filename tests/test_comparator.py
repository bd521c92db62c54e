"""What a treatment was compared with: each kind, each place it is spoken of, each trap, on invented sentences."""

from __future__ import annotations

import pytest

from catalog.tagging.comparator import ComparisonRule, _Reading, comparison_rules, decide_comparator
from catalog.tagging.document import read
from catalog.tagging.kinds import KINDS, kinds_of
from catalog.tagging.rules import Hit
from catalog.tagging.scan import Scan
from catalog.tagging.tagger import tag
from harvest.topics import load_topics
from tests.records import record

WINNER = Hit("design.invented", "single_arm", "title", "title", 0, 9, "Synthetic")
Sections = str | list[tuple[str, str]]


def compared(title: str, abstract: Sections, design: str = "rct", studied: tuple[str, ...] = ("prp",)) -> str | None:
    """What the rules say of an invented paper on plasma."""
    document = read(record(title, abstract))
    value, tags = decide_comparator(document, design, WINNER, studied)
    assert sorted({t.value for t in tags}) == (value.split(";") if value else [])
    for t in tags:
        if t.rule != "comparator.from.design.invented":
            text = document.text("title" if t.source == "title" else "abstract")
            assert text[t.start : t.end] == t.quote != ""
    return value


@pytest.mark.parametrize("rule", comparison_rules(), ids=lambda rule: rule.id)
def test_examples_of_each_comparison_rule(rule: ComparisonRule) -> None:
    """A rule gives the kinds its file says it must, and none of a sentence it says it must not."""
    for sentence, expected in rule.match:
        assert set(expected) <= found_by(rule, sentence), sentence
    for sentence in rule.miss:
        assert found_by(rule, sentence) == set(), sentence


def found_by(rule: ComparisonRule, sentence: str) -> set[str]:
    """What one rule alone finds in a sentence of the methods."""
    document = read(record("", [("METHODS", sentence)]))
    reading = _Reading(document, frozenset({"prp"}), frozenset(), review=False)
    return {t.value for s in document.sentences for t in reading.tags(s) if t.rule == rule.id}


CASES: list[tuple[str, str, Sections, str | None]] = [
    ("versus in the title", "Plasma versus triamcinolone for discs", "", "steroid"),
    ("the known one first", "Steroids versus platelet-rich plasma for discs", "", "steroid"),
    ("placebo-controlled", "Plasma: a placebo-controlled trial", "", "placebo_sham"),
    ("saline as control", "Plasma for discs", [("METHODS", "They were randomised to PRP or saline.")], "placebo_sham"),
    (
        "three arms",
        "Plasma",
        [("METHODS", "They were randomised to PRP, steroid, or lidocaine.")],
        "local_anaesthetic;steroid",
    ),
    (
        "steroid with its anaesthetic",
        "Plasma",
        [("METHODS", "Group B had betamethasone plus lidocaine.")],
        "local_anaesthetic;steroid",
    ),
    ("control group received", "Plasma", [("METHODS", "The control group received only paracetamol.")], "usual_care"),
    (
        "exercise for both",
        "Plasma",
        [("METHODS", "They were randomised to PRP with exercise or sham with exercise.")],
        "placebo_sham",
    ),
    ("surgery", "Ozone or plasma versus microdiscectomy", "", "surgery"),
    ("another injection", "Plasma versus hyaluronic acid for discs", "", "other_active"),
    ("untreated control", "Plasma", [("METHODS", "The control group underwent no treatment.")], "none"),
    ("unnamed control", "Plasma", [("RESULTS", "Pain was lower than in the control group.")], "none"),
    ("no control named", "Plasma", [("METHODS", "Patients were randomised by computer.")], None),
    ("wanted, not had", "Plasma", [("CONCLUSION", "Placebo-controlled trials are needed.")], None),
    (
        "a diagnostic block",
        "Plasma",
        [("METHODS", "Randomised were patients with relief after a lidocaine block.")],
        None,
    ),
    (
        "sham of the blinding",
        "Plasma versus steroid",
        [("METHODS", "Blinding was attempted with sham phlebotomy.")],
        "steroid",
    ),
    (
        "failed before",
        "Plasma",
        [("METHODS", "Patients who failed conservative treatment were randomised to PRP or saline.")],
        "placebo_sham",
    ),
]


@pytest.mark.parametrize(("title", "abstract", "value"), [c[1:] for c in CASES], ids=[c[0] for c in CASES])
def test_comparator(title: str, abstract: Sections, value: str | None) -> None:
    """Kinds are found where a comparison is spoken of; what both arms had, or what is only wanted, is none."""
    assert compared(title, abstract) == value


def test_a_head_to_head_of_ours_has_an_active_comparator() -> None:
    """Of two interventions of ours the one after "versus" is the comparator."""
    assert compared("Platelet-rich plasma versus ozone", "", studied=("prp", "ozone")) == "other_active"
    assert compared("Shock waves versus platelet-rich plasma", "") == "other_active"


def test_what_is_under_test_is_no_comparator() -> None:
    """In a paper without ours the treatment named first is the one under test."""
    found = compared("Acupuncture versus usual care for back pain", "", studied=())
    assert found == "usual_care"
    assert (
        compared("Spinal fusion versus non-surgical management", "The surgery group improved.", studied=())
        == "usual_care"
    )


@pytest.mark.parametrize("design", ["single_arm", "case_report", "animal", "in_vitro", "opinion", "cross_sectional"])
def test_designs_without_control_have_none(design: str) -> None:
    """Where the design has no control the comparator is none, proved by what proved the design; no proof, no value."""
    document = read(record("Synthetic", "Placebo and steroid are named here."))
    value, tags = decide_comparator(document, design, WINNER)
    assert value == "none"
    assert [(t.rule, t.quote) for t in tags] == [("comparator.from.design.invented", "Synthetic")]
    assert decide_comparator(document, design, None) == (None, ())


def test_reviews_name_theirs_or_have_none() -> None:
    """A review's comparator is the one it pooled against; without one it is none."""
    told = [("RESULTS", "Plasma was better than steroid.")]
    assert compared("Plasma: a systematic review", told, design="systematic_review") == "steroid"
    assert compared("Plasma: a systematic review", "Pain fell.", design="systematic_review") == "none"


def test_the_whole_tagger_gives_the_comparator() -> None:
    """Through the tagger the comparator is a column and its tags are chosen."""
    tags = tag(record("Platelet-rich plasma versus dexamethasone for sciatica: a randomised trial"), load_topics())
    assert tags.comparator == "steroid"
    assert [t.quote for t in tags.tags if t.field == "comparator" and t.chosen] == ["dexamethasone"]


def test_every_kind_can_be_found() -> None:
    """The rules' own examples show every kind of comparator but `other_active`, which a case above shows."""
    shown = {kind for rule in comparison_rules() for _, kinds in rule.match for kind in kinds}
    assert shown == set(KINDS) - {"other_active"}


def test_of_overlapping_names_the_first_and_longest_counts() -> None:
    """A phrase that holds a shorter name is one name: a non-steroidal drug is no steroid."""
    text = "Non-steroidal anti-inflammatory drugs, methylprednisolone and İ local anaesthetic"
    named = kinds_of(Scan(text))
    assert [item.kind for item in named] == ["usual_care", "steroid", "local_anaesthetic"]
    assert [text[item.start : item.end] for item in named][1:] == ["methylprednisolone", "local anaesthetic"]
