"""Roles: under test, only the control, given to all arms; and the better of two of ours. All cases invented."""

from __future__ import annotations

from typing import get_args

import pytest

from catalog.tagging.rules import Rule, load
from catalog.tagging.tables import table
from catalog.tagging.tags import Role
from tests.outcomes import tagged


def roles(title: str, abstract: str) -> dict[str, str]:
    return {item.intervention: item.role for item in tagged(title, abstract).interventions}


@pytest.mark.parametrize("rule", load("roles"), ids=lambda rule: rule.id)
def test_examples_of_each_rule(rule: Rule) -> None:
    """A rule fires on the sentences its file says it must, and on none it says it must not."""
    assert rule.value in get_args(Role)
    for sentence in rule.match:
        assert rule.fits(sentence), sentence
        assert any(word in f" {sentence.lower()}" for word in table("roles")["gate"]), sentence
    for sentence in rule.miss:
        assert not rule.fits(sentence), sentence


CASES = [
    (
        "Platelet-rich plasma versus steroid for sacroiliac pain: a randomised trial",
        "Forty patients were randomised to platelet-rich plasma or steroid. Pain was measured.",
        {"prp": "experimental"},
    ),
    (
        "Epidural steroid versus platelet-rich plasma for sciatica: a randomised trial",
        "We compared steroids with platelet-rich plasma in radicular pain.",
        {"prp": "experimental"},
    ),
    (
        "Radiofrequency denervation with platelet-rich plasma as the control: a randomised trial in facet pain",
        "Patients with low back pain were randomised.",
        {"prp": "comparator"},
    ),
    (
        "Supervised walking for low back pain: a randomised trial",
        "Patients were randomised to supervised walking. The control group received platelet-rich plasma injections."
        " Pain after platelet-rich plasma was worse.",
        {"prp": "comparator"},
    ),
    (
        "Exercise after platelet-rich plasma injection for disc pain: a randomised trial",
        "All patients received platelet-rich plasma and were then randomised to exercise or advice.",
        {"prp": "adjunct"},
    ),
    (
        "Ozone before platelet-rich plasma in low back pain: a randomised trial",
        "Patients were randomised to ozone or a sham injection; one week later all participants received"
        " platelet-rich plasma.",
        {"ozone": "experimental", "prp": "adjunct"},
    ),
    (
        "Platelet-rich plasma for ligament pain of the back: a randomised trial",
        "Patients were treated with platelet-rich plasma or lidocaine for two weeks and then weekly prolotherapy with"
        " dextrose. Pain after prolotherapy fell.",
        {"prp": "experimental", "prolotherapy": "adjunct"},
    ),
    (
        "A hyaluronan carrier for intradiscal mesenchymal stem cells: a randomised trial",
        "All participants received mesenchymal stem cells; the carrier was allocated at random. Back pain was told.",
        {"msc": "adjunct"},
    ),
    (
        "Two doses of ozone for low back pain: a randomised trial",
        "Both groups received ozone, at 20 or 40 micrograms per ml. Pain was measured.",
        {"ozone": "experimental"},
    ),
    (
        "Ozone for low back pain: a case series",
        "All patients received ozone. Pain fell. There was no control group.",
        {"ozone": "experimental"},
    ),
    (
        "Mesenchymal stem cells with or without hyaluronan compared to saline for disc pain: a randomised trial",
        "Patients with low back pain received mesenchymal stem cells with or without hyaluronan, or saline.",
        {"msc": "experimental"},
    ),
]


@pytest.mark.parametrize(("title", "abstract", "expected"), CASES, ids=[title for title, _, _ in CASES])
def test_roles(title: str, abstract: str, expected: dict[str, str]) -> None:
    """What is only the control, what all arms are given, and what is under test."""
    assert roles(title, abstract) == expected


HEAD = "Platelet-rich plasma versus prolotherapy for sacroiliac pain: a head-to-head randomised trial"
BOTH = "Patients with low back pain were randomised to platelet-rich plasma (PRP) or dextrose prolotherapy."


@pytest.mark.parametrize(
    ("results", "favoured"),
    [
        ("PRP was superior to prolotherapy in relieving pain.", {"prp": True, "prolotherapy": False}),
        ("Pain was significantly lower with prolotherapy than with PRP.", {"prp": False, "prolotherapy": True}),
        ("PRP gave less pain relief than prolotherapy.", {"prp": False, "prolotherapy": True}),
        ("There was no difference in pain between PRP and prolotherapy.", {"prp": None, "prolotherapy": None}),
        ("Pain improved in both groups.", {"prp": None, "prolotherapy": None}),
    ],
)
def test_the_better_of_two(results: str, favoured: dict[str, bool | None]) -> None:
    """In a head-to-head both are under test, and the better one is marked where the text says which."""
    found = tagged(HEAD, [("METHODS", BOTH), ("RESULTS", results)])
    assert {i.intervention: i.favoured for i in found.interventions} == favoured
    assert {i.role for i in found.interventions} == {"experimental"}


def test_a_mixture_is_not_set_against_its_parts() -> None:
    """Prolozone better than a control is no head-to-head with the ozone and dextrose it is made of."""
    found = tagged(
        "Prolozone for low back pain: a randomised trial",
        [
            ("METHODS", "Patients were randomised to prolozone or saline."),
            ("RESULTS", "Pain was lower with prolozone."),
        ],
    )
    assert found.direction == "favours"
    assert {i.favoured for i in found.interventions} == {None}


def test_the_words_that_give_a_role_are_kept() -> None:
    """A role other than `experimental` has a tag with rule and quote."""
    found = tagged(CASES[2][0], CASES[2][1])
    tag = next(t for t in found.tags if t.field == "roles")
    assert (tag.value, tag.rule, tag.source) == ("prp:comparator", "roles.named_control", "title")
    assert "as the control" in tag.quote


def test_the_parts_of_prolozone_share_its_role() -> None:
    """Prolozone given to all arms makes ozone and dextrose adjuncts too."""
    found = roles(
        "Exercise after prolozone injection for lumbar ligament sprain: a randomised trial",
        "Ninety adults with low back pain all received three prolozone injections and were randomised to exercise or a"
        " leaflet.",
    )
    assert found == {"prolotherapy": "adjunct", "ozone": "adjunct", "prolozone": "adjunct"}
