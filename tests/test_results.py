"""Key results: effects on pain and function as written, with scale and time. All cases invented."""

from __future__ import annotations

import pytest

from catalog.tagging.rules import Rule, load
from tests.outcomes import tagged, trial


@pytest.mark.parametrize("rule", load("results"), ids=lambda rule: rule.id)
def test_examples_of_each_rule(rule: Rule) -> None:
    """A rule fires on the sentences its file says it must, and on none it says it must not."""
    for sentence in rule.match:
        assert rule.fits(sentence), sentence
    for sentence in rule.miss:
        assert not rule.fits(sentence), sentence


CASES = [
    (
        "At 6 months the mean difference in VAS was -1.5 (95% CI -2.4 to -0.6).",
        [("pain", "VAS", "6 months")],
    ),
    ("ODI improved from 45 to 22 at 12 weeks (p < 0.001).", [("function", "ODI", "12 weeks")]),
    ("Pain relief of 50% was reached by 9/19 patients at 1 year.", [("pain", None, "1 year")]),
    ("Roland-Morris scores fell by 4.2 points.", [("function", "RMDQ", None)]),
    ("The numeric rating scale was 3.1 ± 1.2 after 3 months.", [("pain", "NRS", "3 months")]),
    (
        "VAS and ODI were lower with PRP at 6 months (p = 0.01 and p = 0.03).",
        [("pain", "VAS", "6 months"), ("function", "ODI", "6 months")],
    ),
    ("VAS fell by 3 points; ODI fell by 20 points.", [("pain", "VAS", None), ("function", "ODI", None)]),
    ("Pain was lower (mean 2.1; 95% CI 1.0 to 3.2).", [("pain", None, None)]),
    ("Good or excellent results were seen in 24 of 30 patients.", [("success", None, None)]),
    ("Pain decreased.", []),
    ("Disc height was 8.1 mm.", []),
]


@pytest.mark.parametrize(("results", "expected"), CASES, ids=[case[0] for case in CASES])
def test_key_results(results: str, expected: list[tuple[str, str | None, str | None]]) -> None:
    """Outcome, scale and time of each clause that gives an effect in numbers; spans are checked by `tagged`."""
    assert [(r.outcome, r.measure, r.timepoint) for r in trial(results).results] == expected


def test_a_bracketed_semicolon_does_not_cut_a_result() -> None:
    """An estimate and its interval stay together."""
    found = trial("Pain was lower with PRP (mean difference 2.1; 95% CI 1.0 to 3.2).").results
    assert [r.text for r in found] == ["Pain was lower with PRP (mean difference 2.1; 95% CI 1.0 to 3.2)."]


def test_background_and_protocols_give_no_results() -> None:
    """Figures of others, and of plans, are no result."""
    background = tagged(
        "Plasma for back pain: a randomised trial",
        [("BACKGROUND", "Pain affects 80% of adults."), ("RESULTS", "It helped.")],
    )
    protocol = tagged(
        "Plasma for back pain: protocol for a randomised trial", "Pain (VAS 0-10, 20% change) will be measured."
    )
    assert (background.results, protocol.results) == ((), ())


@pytest.mark.parametrize(
    "results",
    [
        "The groups were comparable in baseline VAS scores (p = 0.52).",  # the arms at the outset
        "Pain before treatment was 6.9 ± 0.1.",
        "Levels of pain or complications were evaluated at 1, 3 and 6 months.",  # what was to be measured
        "Pain improved in patients ranging in age from 13 to 94 years.",
        "Benefit was greater with worse disability (interaction p < 0.004).",  # who benefits
        "Six patients (18%) also had chronic pain.",  # a share of people with pain, not of those it left
        "Sick leave was taken by 3 of 40 for intellectual disability.",
        "The inhibitor of the JAK-1/2 pathway was successful.",
    ],
)
def test_what_is_no_result_of_treatment(results: str) -> None:
    """Figures that stand beside a measure without telling an effect are not kept."""
    assert trial(results).results == ()


def test_every_time_a_clause_names_is_kept_and_no_age() -> None:
    """Several times are joined; an age, or the time of another clause, is none."""
    both = trial("VAS was lower with steroid at 1 week (p = 0.01) and with PRP at 6 months (p = 0.02).").results
    aged = trial("In women aged 20 to 45 years VAS fell by 3 points.").results
    other = trial("VAS fell by 3 points; at 6 weeks and at 3 months ODI had fallen by 20%.").results
    assert [r.timepoint for r in both] == ["1 week; 6 months"]
    assert [r.timepoint for r in aged] == [None]
    assert [(r.measure, r.timepoint) for r in other] == [("VAS", None), ("ODI", "6 weeks; 3 months")]


def test_a_sentence_that_lost_its_space_begins_anew() -> None:
    """A publisher's note glued to the abstract is no part of the quote."""
    found = trial("Supplemental content is available in the Text.In patients given PRP pain fell by 30%.").results
    assert [r.text for r in found] == ["In patients given PRP pain fell by 30%."]
