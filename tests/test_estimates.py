"""Arms compared in figures alone: intervals around a difference, two values with a P value. All cases invented."""

from __future__ import annotations

import pytest

from catalog.tagging.estimates import estimate_rules
from catalog.tagging.findings import Kind
from tests.outcomes import trial

CASES = [
    # an interval that holds no difference
    ("The between-group difference in pain was 0.2 points (95% CI -0.7 to 1.1).", "no_difference"),
    ("ODI was 21 with PRP and 23 with saline (adjusted difference -2; 95% CI, -6.1 to 1.9).", "no_difference"),
    ("Treatment success: odds ratio 1.3 (95% CI 0.7-2.4).", "no_difference"),
    ("Pain: mean difference −0.4 [95% CI −1.0, 0.3].", "no_difference"),
    # one that does not: lower pain, or more responders, is better
    ("The between-group difference in pain was -1.9 points (95% CI -2.7 to -1.1).", "favours"),
    ("Response was seen more than by chance (odds ratio 2.4, 95% CI 1.3 to 4.4).", "favours"),
    ("Response to PRP: odds ratio 0.4 (95% CI 0.2 to 0.8).", "against"),
    # a positive difference without more does not tell whose it is
    ("The between-group difference in pain was 1.9 points (95% CI 1.1 to 2.7).", None),
    # two values with a P value
    ("Pain fell by 3.6 points with PRP and by 3.4 points with saline (p = 0.72).", "no_difference"),
    ("VAS (2.9 vs 3.1, p = 0.44) and ODI (20 vs 22, p > 0.05) at 6 months.", "no_difference"),
    ("At 6 months VAS was 2.6 ± 1.1 with PRP and 4.7 ± 1.6 with saline (p < 0.001).", "favours"),
    ("At 6 months VAS was 4.7 ± 1.6 with PRP and 2.6 ± 1.1 with saline (p < 0.001).", "against"),
    ("Success was reached by 19 of 24 (79%) given PRP but only 8 of 24 (33%) given saline (P = 0.001).", "favours"),
    ("VAS decreased to 2.1 with PRP and to 4.0 with saline (p = 0.01).", "favours"),
    ("VAS decreased by 2.1 points with PRP and by 4.0 points with saline (p = 0.01).", "against"),
    # change in one arm, and the arms at the outset, compare nothing
    ("In the PRP group VAS fell from 7.1 to 6.9 (p = 0.40).", None),
    ("Baseline VAS was 7.1 with PRP and 7.0 with saline (p = 0.80).", None),
    ("Pain fell by 2.1 points (95% CI 1.5 to 2.7) with PRP.", None),
]


@pytest.mark.parametrize(("results", "direction"), CASES, ids=[case[0] for case in CASES])
def test_figures_tell_what_no_words_tell(results: str, direction: Kind | None) -> None:
    """Figures decide where they are plain, polarity and arms included; else the direction stays open."""
    assert trial(results).direction in ((direction,) if direction else (None, "not_reported"))


def test_words_stand_before_figures() -> None:
    """What a sentence says in words decides; figures of other sentences do not make it mixed."""
    found = trial("Pain was lower with PRP than with saline at 6 months. At 1 month VAS was 5.1 vs 5.3 (p = 0.60).")
    assert found.direction == "favours"


def test_a_figure_without_difference_under_a_claim_is_a_conflict() -> None:
    """The conclusion claims, the figures hold no difference: kept with both quotes."""
    found = trial(
        "VAS fell by 3.6 points with PRP and by 3.4 with saline (p = 0.72).", "PRP is an effective treatment."
    )
    assert (found.direction, [s.rule for s in found.spin]) == ("no_difference", ["spin.no_difference"])


def test_every_rule_has_a_source() -> None:
    """Each of the rules on figures says what it stands on."""
    assert all(cites for *_, cites in estimate_rules())
