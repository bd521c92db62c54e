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
