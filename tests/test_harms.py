"""Harms: serious events wherever they stand, denied, unrelated or supposed ones told apart. All cases invented."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from catalog.tagging.rules import Rule, index_of, load
from catalog.tagging.scan import Scan
from catalog.tagging.tables import table
from tests.outcomes import tagged

TITLE = "Intradiscal platelet-rich plasma for low back pain: a case series"
METHODS = "Forty patients with low back pain received platelet-rich plasma. Adverse events were recorded."


def harms(results: str, conclusions: str = "", *, title: str = TITLE, methods: str = METHODS) -> str | None:
    """The harms of an invented paper."""
    return tagged(title, [("METHODS", methods), ("RESULTS", results), ("CONCLUSIONS", conclusions)]).harms


@pytest.mark.parametrize("rule", load("harms"), ids=lambda rule: rule.id)
def test_examples_of_each_rule(rule: Rule) -> None:
    """A rule fires on the sentences its file says it must and on none it must not, and no literal hides it."""
    for sentence in rule.match:
        assert rule.fits(sentence), sentence
        assert any(word in sentence.lower() for word in table("harms")["gate"]), sentence
        alive = index_of("harms").read(Scan(sentence)).within(0, len(sentence))
        assert rule.id in {other.id for other, _ in alive}, sentence
    for sentence in rule.miss:
        assert not rule.fits(sentence), sentence


SERIOUS = [
    "One patient developed spondylodiscitis.",
    "Discitis occurred in two patients.",
    "There was one case of epidural abscess.",
    "Two patients (5%) had deep infection requiring surgical debridement.",
    "One participant died of sepsis three weeks after injection.",
    "A pulmonary embolism occurred in one patient.",
    "Meningitis was diagnosed in one patient.",
    "One woman suffered a stroke during the injection.",
    "Complications included discitis (n = 1) and headache (n = 4).",
    "Three serious adverse events were reported.",
    "There were two serious adverse events, one of which was related to the injection.",
    "One SAE occurred, an osteomyelitis of L4.",
    "Pain improved, but one patient developed cauda equina syndrome.",
    "One patient had paraplegia after the injection.",
    "One patient experienced anaphylaxis.",
    "The rate of infection was 1.2%.",
    "One patient received surgery at two weeks owing to discitis.",
    "Vision loss in one eye was reported by one patient.",
    "A retroperitoneal haematoma was found in one patient.",
    "One patient was treated with intravenous antibiotics for six weeks.",
    "No patient died. One patient developed an epidural abscess.",
    "Life-threatening complications occurred in one patient.",
]


@pytest.mark.parametrize("results", SERIOUS)
def test_serious_events_are_found(results: str) -> None:
    """A serious event in a treated participant is `serious`, however it is told."""
    assert harms(results) == "serious"
    assert harms(results, "The procedure is safe and effective.") == "serious"


DENIED = [
    "No serious adverse events were observed.",
    "There were no cases of discitis or infection.",
    "No patient developed discitis.",
    "None of the patients had infection, bleeding or nerve injury.",
    "Neither infection nor haematoma occurred.",
    "Patients were followed without infection or other complications.",
    "Infection was not observed.",
    "Serious complications did not occur.",
    "The injections were given with zero infections.",
    "No deaths and no infections occurred.",
    "Nobody had discitis.",
    "There was no evidence of infection on imaging.",
    "No complications were recorded.",
    "Side effects were absent: no discitis, no abscess, no neurological deficit.",
]


@pytest.mark.parametrize("results", DENIED)
def test_denied_events_are_none_serious(results: str) -> None:
    """Events said not to have happened are `none_serious`, not `serious`."""
    assert harms(results) == "none_serious"


UNRELATED = [
    "One patient died of a stroke unrelated to the treatment.",
    "Two serious adverse events occurred, neither of which was considered related to the injection.",
    "One serious adverse event, a myocardial infarction, was not attributed to the injection.",
    "One participant had a pulmonary embolism. It was judged unrelated to the study treatment.",
    "Three serious events were recorded, none considered treatment-related and none attributed to the cells.",
    "One death occurred from other causes.",
]


@pytest.mark.parametrize("results", UNRELATED)
def test_unrelated_events_are_no_harm_of_the_treatment(results: str) -> None:
    """A serious event that the text says was unrelated does not count as serious."""
    assert harms(results) == "none_serious"


MINOR = [
    "Adverse events were mild and transient.",
    "Four patients had fever for a day.",
    "Post-injection soreness was common.",
    "Two patients had a vasovagal reaction.",
    "The treatment was well tolerated.",
    "One participant fainted after injection.",
]


@pytest.mark.parametrize("results", MINOR)
def test_minor_events_are_none_serious(results: str) -> None:
    """Events that are stated and only minor."""
    assert harms(results) == "none_serious"


def test_safe_is_kept_apart_as_the_authors_word() -> None:
    """The word "safe" without any event stated is `called_safe`; in an aim it is nothing."""
    assert harms("Pain decreased.", "Plasma is a safe and effective treatment.") == "called_safe"
    assert harms("Pain decreased.", "Trials are needed to show that it is safe.") == "not_reported"
    aim = "We aimed to assess the safety and efficacy of platelet-rich plasma in forty patients."
    assert harms("Pain decreased.", methods=aim) == "not_reported"
    assert harms("No adverse events occurred.", "Plasma is safe.") == "none_serious"


NOT_REPORTED = [
    "Pain decreased from 7 to 3.",
    "Plasma caused less cell death than saline in the discs.",
    "Harms were not reported by the included studies.",
    "Infection may occur after any injection.",
    "The risk of infection could not be estimated.",
]


@pytest.mark.parametrize("results", NOT_REPORTED)
def test_what_might_happen_is_not_what_happened(results: str) -> None:
    """Possibilities, cells and unreported harms are no event."""
    assert harms(results, methods="Forty patients received platelet-rich plasma.") == "not_reported"


def test_an_event_in_the_controls_only_is_no_harm_of_the_treatment() -> None:
    """A serious event counts in the treated; one in the control group does not."""
    title = "Platelet-rich plasma for low back pain: a randomised trial"
    methods = "Sixty patients were randomised to platelet-rich plasma (PRP) or steroid."
    control = harms("One patient in the control group developed discitis.", title=title, methods=methods)
    treated = harms("One patient in the PRP group developed discitis.", title=title, methods=methods)
    assert (control, treated) == ("not_reported", "serious")


CASES = [
    ("Epidural abscess after intradiscal injection of stem cells: a case report", "A 40-year-old man is described."),
    (
        "Spondylodiscitis following platelet-rich plasma injection: a case report",
        "Background: Infection after disc injection is rare. Case presentation: A woman developed fever and"
        " spondylodiscitis two weeks after injection of platelet-rich plasma. She recovered on antibiotics.",
    ),
    (
        "A complication of ozone therapy: case report",
        "We report a 52-year-old woman who developed meningitis after paravertebral ozone. No neurological deficit"
        " remained.",
    ),
    (
        "Fatal outcome after oxygen-ozone therapy for a herniated disc: a case report",
        "A 45-year-old man died of septicaemia after ozone injection for lumbar disc herniation.",
    ),
]


@pytest.mark.parametrize(("title", "abstract"), CASES, ids=[title for title, _ in CASES])
def test_case_reports_of_infection(title: str, abstract: str) -> None:
    """A report of a complication is serious, told in the title or in the case, and gives no benefit."""
    found = tagged(title, abstract)
    assert (found.harms, found.direction) == ("serious", "not_reported")


def test_a_disease_that_was_there_before_is_no_harm() -> None:
    """A patient's own history, or the disease treated, is not an event of the treatment."""
    found = tagged(
        "Platelet-rich plasma on a pressure sore of a man with paraplegia: a case report",
        "A man with paraplegia had a sore.",
    )
    assert found.harms == "not_reported"


def test_a_protocol_reports_no_harm() -> None:
    """What will be recorded has not happened."""
    found = tagged(
        "Plasma for back pain: protocol for a randomised trial",
        "Serious adverse events such as discitis will be recorded.",
    )
    assert found.harms == "not_reported"


def test_the_clause_that_tells_the_event_is_quoted() -> None:
    """The chosen tag quotes the clause of the event; what was denied beside it is kept as lost."""
    found = tagged(
        TITLE,
        [
            ("METHODS", METHODS),
            ("RESULTS", "There were no deaths; one patient developed discitis."),
            ("CONCLUSIONS", ""),
        ],
    )
    tags = [(t.value, t.quote, t.chosen) for t in found.tags if t.field == "harms"]
    assert ("serious", "one patient developed discitis.", True) in tags
    assert ("none_serious", "There were no deaths", False) in tags


# Invented papers, each written and labelled before the rules were run on it: value, kind of case, title, abstract.
TABLE = list(
    csv.DictReader(
        (Path(__file__).parent / "cases" / "harms.tsv").read_text(encoding="utf-8").splitlines(),
        delimiter="\t",
        quoting=csv.QUOTE_NONE,
    )
)


@pytest.mark.parametrize("case", TABLE, ids=[f"{case['value']}: {case['title']}" for case in TABLE])
def test_papers_of_the_table(case: dict[str, str]) -> None:
    """Harms of whole papers: complications reported, denied, unrelated, minor, supposed, or only called safe."""
    assert tagged(case["title"], case["abstract"]).harms == case["value"]


def test_the_table_has_every_kind_of_case() -> None:
    """Serious events of many kinds, and the ways in which they are denied, explained away or only supposed."""
    kinds = {case["kind"] for case in TABLE}
    assert kinds >= {"case report", "negated", "attributed", "unrelated", "death", "minor", "safe only", "supposed"}
    assert sum(case["value"] == "serious" for case in TABLE) >= 40
