"""The spin check: conclusions that claim more than their results, quoted side by side. All cases invented."""

from __future__ import annotations

from typing import get_args

import pytest

from catalog.tagging.findings import Kind
from catalog.tagging.spin import spin_rules
from catalog.tagging.tables import table
from tests.outcomes import tagged, trial


def test_rules_speak_of_kinds_that_exist() -> None:
    """Every kind named in spin.yml is one that findings have; every rule says something and cites a source."""
    values = {"direction": {"favours", "no_difference", "against"}, "basis": {"between", "within"}}
    for entry in table("spin")["rules"]:
        assert {entry["claims"], entry["reports"]} <= values[entry["field"]], entry["id"]
        for key in ("conclusion", "results", "unless_conclusion", "unless_results"):
            assert set(entry.get(key, ())) <= set(get_args(Kind)), entry["id"]
    assert all(says and cites for _, says, cites in spin_rules())


SPUN = [
    (
        "Pain did not differ between the groups.",
        "PRP is an effective treatment for low back pain.",
        "spin.no_difference",
    ),
    (
        "There was no significant difference in ODI between PRP and saline.",
        "PRP reduces pain and disability.",
        "spin.no_difference",
    ),
    (
        "Pain decreased significantly from baseline in both groups.",
        "PRP is effective in relieving pain.",
        "spin.within_group",
    ),
    ("Pain was lower with saline than with PRP.", "PRP effectively relieves pain.", "spin.control_better"),
    (
        "Pain was lower with PRP than with saline. One patient developed discitis.",
        "PRP is safe and effective.",
        "spin.safe_despite_event",
    ),
]


@pytest.mark.parametrize(("results", "conclusions", "rule"), SPUN)
def test_a_conclusion_beyond_its_results_is_kept_with_both_quotes(results: str, conclusions: str, rule: str) -> None:
    """The conflict names its rule and quotes conclusion and result."""
    found = trial(results, conclusions).spin
    assert [s.rule for s in found] == [rule]
    assert found[0].conclusion in conclusions
    assert found[0].results in results
    assert found[0].says


HONEST = [
    ("PRP was superior to saline for pain.", "PRP is effective for low back pain."),
    ("Pain did not differ between the groups.", "PRP was no better than saline."),
    ("Pain did not differ between the groups.", "Both injections are equally effective."),
    ("Pain did not differ between the groups.", "PRP and steroid gave similar relief; PRP may be an alternative."),
    ("PRP was better for pain at 6 months. Disability did not differ.", "PRP relieves pain."),
    ("Pain was lower with PRP than with saline. No serious adverse events occurred.", "PRP is safe and effective."),
    # A comparison that is told, however little of it is understood, is no ground to accuse anybody.
    (
        "Pain decreased from baseline in both groups (between groups compared to placebo, P = .003).",
        "PRP is effective in relieving pain.",
    ),
    ("Pain decreased from baseline in both dose groups, but not in the saline group.", "PRP relieves pain."),
]


@pytest.mark.parametrize(("results", "conclusions"), HONEST)
def test_a_conclusion_that_follows_is_no_conflict(results: str, conclusions: str) -> None:
    """Where the results bear the claim, or the authors say that arms were alike, nothing is kept."""
    assert trial(results, conclusions).spin == ()


def test_a_single_arm_that_claims_superiority() -> None:
    """Without a comparison nothing can be better than another treatment."""
    found = tagged(
        "Ozone for lumbar disc herniation: a case series",
        [
            ("METHODS", "Thirty patients with low back pain were treated with ozone. There was no control group."),
            ("RESULTS", "Pain decreased from 7 to 3."),
            ("CONCLUSIONS", "Ozone is superior to steroid injection for pain."),
        ],
    )
    assert [s.rule for s in found.spin] == ["spin.no_comparison"]


def test_a_review_that_claims_what_it_did_not_find() -> None:
    """A review whose pooled arms are alike and whose conclusion favours the treatment is kept."""
    found = tagged(
        "Platelet-rich plasma for low back pain: a systematic review of randomised trials",
        [
            ("METHODS", "We searched PubMed and Embase."),
            ("RESULTS", "Pain did not differ between PRP and control groups."),
            ("CONCLUSIONS", "PRP is an effective treatment."),
        ],
    )
    assert [s.rule for s in found.spin] == ["spin.review_no_difference"]
