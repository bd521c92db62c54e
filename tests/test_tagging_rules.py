"""Rules as data: each rule's own examples, and the traps of the field as whole records."""

from __future__ import annotations

import pytest

from catalog.tagging.document import read
from catalog.tagging.rules import Rule, load, precedence
from catalog.tagging.tables import table
from catalog.tagging.tagger import tag
from catalog.tagging.tags import Tags
from harvest.topics import load_topics
from tests.records import record

FIELDS = ("design", "included", "timing")
EVERY = [rule for field in FIELDS for rule in load(field)]
TOPICS = load_topics()


def tagged(title: str = "", abstract: object = "", **rest: object) -> Tags:
    return tag(record(title, abstract, **rest), TOPICS)  # type: ignore[arg-type]  # passed on as given


@pytest.mark.parametrize("rule", EVERY, ids=lambda rule: rule.id)
def test_examples_of_each_rule(rule: Rule) -> None:
    """A rule fires on the sentences its file says it must, and on none it says it must not."""
    for sentence in rule.match:
        assert rule.fits(sentence), sentence
    for sentence in rule.miss:
        assert not rule.fits(sentence), sentence


@pytest.mark.parametrize("field", FIELDS)
def test_precedence_lists_every_kind_of_evidence(field: str) -> None:
    """Every (value, tier) a rule can give stands in the written precedence, and nothing else does."""
    given = {(rule.value, rule.tier) for rule in load(field) if rule.tier != "lowest"}
    automated = {(value, "type_automated") for value, tier in given if tier == "type"}
    assert set(precedence(field)) == given | automated


def test_every_design_has_a_level_and_a_name() -> None:
    """The tables of designs, levels and rules name the same designs."""
    designs = set(table("designs"))
    assert set(table("levels")["designs"]) | {"systematic_review"} == designs
    assert {rule.value for rule in load("design")} <= designs


TRAPS = [
    (
        "randomised animal trial",
        "Cells for the disc in sheep: a randomised controlled trial",
        "Twelve sheep were randomised.",
        "animal",
    ),
    (
        "protocol of an RCT",
        "Plasma for discs: protocol for a randomised controlled trial",
        "Patients will be randomised.",
        "protocol",
    ),
    (
        "injection protocol",
        "A simple injection protocol for facet joints",
        "Forty patients were treated. All patients received two injections.",
        "single_arm",
    ),
    (
        "meta-analysis of uncontrolled series",
        "Ozone for discs: a meta-analysis",
        "Twelve case series were included.",
        "systematic_review",
    ),
    (
        "a title 'A Clinical Trial' over a single arm",
        "Ozone for sciatica: a clinical trial",
        "Thirty patients were treated. Pain fell from 8 to 3. There was no control group.",
        "single_arm",
    ),
    (
        "randomised trials are needed",
        "Plasma in 30 patients",
        "All patients received plasma. Randomised controlled trials are needed.",
        "single_arm",
    ),
    (
        "non-randomised",
        "Plasma or steroid for the sacroiliac joint",
        "In this non-randomised controlled study 40 patients chose their treatment.",
        "nonrandomised_controlled",
    ),
    (
        "follow-up of the treated arm only",
        "Five-year follow-up of the patients given cells in a randomised trial",
        "Only the treated participants were followed.",
        "single_arm",
    ),
    (
        "review plus case series",
        "Infection after injection: case series and review",
        "A literature review was made. We also report three cases of discitis.",
        "case_report",
    ),
    (
        "case-controlled said of a trial",
        "Ozone for herniation: a case-controlled study",
        "Patients were divided into two groups and treated.",
        "nonrandomised_controlled",
    ),
    (
        "veterinary trial",
        "Ozone in dogs with disc disease",
        "Forty client-owned dogs were randomly assigned.",
        "animal",
    ),
    ("retraction notice", "Retraction: Ozone for herniation.", "", "opinion"),
    (
        "Mendelian randomisation",
        "Growth factors and back pain: a Mendelian randomization study",
        "We used summary data.",
        "cross_sectional",
    ),
    (
        "randomly selected",
        "Who asks for stem cells? A survey",
        "Patients were randomly selected from a register and sent a questionnaire.",
        "cross_sectional",
    ),
    (
        "quasi-random allocation",
        "Plasma or saline for discogenic pain",
        "Patients were quasi-randomised by day of admission to plasma or saline.",
        "nonrandomised_controlled",
    ),
    (
        "registry with comparator",
        "Ozone versus surgery: a registry study",
        "Patients in the registry treated with ozone were compared with surgery, with propensity score matching.",
        "nonrandomised_controlled",
    ),
    (
        "registry without comparator",
        "Cells for back pain: outcomes of 90 patients in a registry",
        "All patients received one injection. Pain decreased.",
        "single_arm",
    ),
    (
        "historical controls",
        "Plasma after discectomy",
        "Results were compared with a historical control group of 40 patients.",
        "historical_control",
    ),
    (
        "mixed case without sections",
        "EFFECT OF OZONE ON SCIATICA",
        "SIXTY PATIENTS WERE RANDOMLY ASSIGNED TO OZONE OR STEROID.",
        "rct",
    ),
    ("empty abstract, mute title", "Ozone and the disc", "", "unclear"),
    ("nothing at all", "", "", "unclear"),
    (
        "background cites animals",
        "Plasma for discogenic pain: a randomised trial",
        "Previous animal studies in rabbits showed repair. Sixty patients were randomised.",
        "rct",
    ),
    (
        "guideline's own level",
        "Biologics for back pain: guidelines of a society",
        "The evidence is Level III for plasma.",
        "guideline",
    ),
    (
        "scoping review",
        "Stem cells for the disc: a scoping review",
        "We searched PubMed and Embase.",
        "narrative_review",
    ),
    (
        "narrative review that searched",
        "Plasma for back pain: a narrative review",
        "PubMed and Embase were searched and 40 studies screened.",
        "systematic_review",
    ),
]


@pytest.mark.parametrize(("title", "abstract", "design"), [t[1:] for t in TRAPS], ids=[t[0] for t in TRAPS])
def test_traps(title: str, abstract: str, design: str) -> None:
    """What misleads a word filter does not mislead the rules."""
    assert tagged(title, abstract).design == design


@pytest.mark.parametrize(
    ("title", "abstract", "included", "level"),
    [
        ("Plasma: a meta-analysis of randomised controlled trials", "Eight RCTs were included.", "rct_only", "1"),
        ("Plasma: a systematic review", "Five RCTs and three cohort studies were included.", "mixed", "4"),
        ("Plasma: a systematic review", "Randomised and quasi-randomised trials were included.", "mixed", "3"),
        ("Ozone: a systematic review", "Twelve case series were included.", "nonrandomised", "4"),
        ("Cells: a systematic review of animal studies", "Twenty studies were included.", "preclinical", "5"),
        ("Cells: a systematic review", "We searched PubMed.", "unclear", "none"),
    ],
)
def test_level_of_reviews_follows_the_lowest_design(title: str, abstract: str, included: str, level: str) -> None:
    """A systematic review is level 1 only of randomised trials; else it inherits its lowest design."""
    found = tagged(title, abstract)
    assert (found.included, found.level) == (included, level)


def test_publication_type_by_machine_yields_to_the_title() -> None:
    """A type assigned automatically loses to what the abstract says; one assigned by people wins over it."""
    abstract = "In this non-randomised study patients chose plasma or steroid."
    by_people = tagged("Plasma or steroid", abstract, types=["Randomized Controlled Trial"])
    by_machine = tagged("Plasma or steroid", abstract, types=["Randomized Controlled Trial"], indexing="Automated")
    assert by_people.design == "rct"
    assert by_machine.design == "nonrandomised_controlled"
    for found in (by_people, by_machine):
        assert {t.value for t in found.tags if t.field == "design"} >= {"rct", "nonrandomised_controlled"}


@pytest.mark.parametrize(
    ("types", "links", "title", "status"),
    [
        (["Retracted Publication"], [], "Ozone", "retracted"),
        ([], [("RetractionIn", "Synth J. 2021;1:1")], "Ozone", "retracted"),
        ([], [], "RETRACTED: Ozone for discs", "retracted"),
        ([], [("ExpressionOfConcernIn", "Synth J")], "Ozone", "concern"),
        ([], [("ErratumIn", "Synth J")], "Ozone", "corrected"),
        (["Preprint"], [], "Ozone", "preprint"),
        (["Preprint"], [("UpdateIn", "Synth J")], "Ozone", "corrected"),
        ([], [("RetractionOf", "Synth J"), ("CommentOn", "Synth J")], "Ozone", "current"),
    ],
)
def test_status_is_read_from_the_record(
    types: list[str], links: list[tuple[str, str]], title: str, status: str
) -> None:
    """Retracted three ways, concern, corrected, preprint; a notice about another paper changes nothing."""
    assert tagged(title, types=types or ["Journal Article"], links=links).status == status


def test_every_tag_from_text_quotes_its_place() -> None:
    """A tag from title or abstract has a span whose text is the quote; one from a heading names the heading."""
    found = record(
        "Plasma–rich… platelet-rich plasma for discogenic pain: a randomised trial",
        [("BACKGROUND", "Back pain – é."), ("METHODS", "Sixty patients were randomly assigned.")],
        types=["Randomized Controlled Trial"],
        mesh=["Platelet-Rich Plasma", "Humans"],
    )
    tags = tag(found, TOPICS).tags
    assert {t.source for t in tags} >= {"title", "abstract", "publication_type", "mesh"}
    for t in tags:
        if t.source in ("title", "abstract"):
            text = found.title if t.source == "title" else found.abstract
            assert text is not None
            assert text[t.start : t.end] == t.quote
        else:
            assert t.start is None
            assert t.end is None
            assert t.quote


def test_parts_of_an_abstract_without_headings() -> None:
    """Sentences without headings get their part by cue and order; headings written into the text are read."""
    plain = read(
        record(
            "T",
            "Back pain is common. We aimed to test ozone. Forty were treated. Pain fell by 40%. In conclusion, yes.",
        )
    )
    assert [s.zone for s in plain.sentences[1:]] == ["background", "objective", "methods", "results", "conclusions"]
    inline = read(
        record("T", "Background: It hurts. Methods: We treated forty. Results: Pain fell. Conclusions: It helped.")
    )
    assert [s.zone for s in inline.sentences[1:]] == ["background", "methods", "results", "conclusions"]
    headed = read(record("T", [("STUDY DESIGN", "Prospective."), ("RESULTS", "It helped."), ("DISCUSSION", "So.")]))
    assert [s.zone for s in headed.sentences[1:]] == ["methods", "results", "conclusions"]
