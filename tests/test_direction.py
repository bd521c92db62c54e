"""Basis and direction: between arms and within groups apart, who did better, and when to say nothing. All invented."""

from __future__ import annotations

from typing import get_args

import pytest

from catalog.tagging.findings import Kind
from catalog.tagging.rules import Rule, index_of, load
from catalog.tagging.scan import Scan
from tests.outcomes import tagged, trial

EVERY = [rule for name in ("direction", "basis") for rule in load(name)]


@pytest.mark.parametrize("rule", EVERY, ids=lambda rule: rule.id)
def test_examples_of_each_rule(rule: Rule) -> None:
    """A rule fires on the sentences its file says it must, and on none it says it must not."""
    for sentence in rule.match:
        assert rule.fits(sentence), sentence
    for sentence in rule.miss:
        assert not rule.fits(sentence), sentence


@pytest.mark.parametrize("rule", load("direction"), ids=lambda rule: rule.id)
def test_the_index_of_literals_loses_no_rule(rule: Rule) -> None:
    """A rule that matches a sentence is among those its literals bring to life."""
    for sentence in rule.match:
        alive = index_of("direction").read(Scan(sentence)).within(0, len(sentence))
        assert rule.id in {other.id for other, _ in alive}, sentence


def test_every_value_of_the_rules_is_a_kind_of_finding() -> None:
    """direction.yml speaks of the kinds of finding that the code knows, and of no other."""
    assert {rule.value for rule in load("direction")} == set(get_args(Kind))


TRIALS = [
    ("PRP was superior to saline for pain.", "", "favours"),
    ("Pain scores were significantly lower in the PRP group than in the saline group (p = 0.01).", "", "favours"),
    ("Disability fell significantly more with PRP than with saline.", "", "favours"),
    ("Compared with saline, PRP significantly reduced pain.", "", "favours"),
    ("The mean difference in pain was 1.5 points in favour of PRP.", "", "favours"),
    ("More responders were seen with PRP.", "PRP relieves pain better than saline.", "favours"),
    ("Pain was lower in the saline group than in the PRP group (p = 0.02).", "", "against"),
    ("The saline group had significantly greater improvement in pain than the PRP group.", "", "against"),
    ("Pain scores were higher with PRP than with saline.", "", "against"),
    ("PRP was less effective than saline for pain.", "", "against"),
    ("Saline was more effective than PRP in relieving pain.", "", "against"),
    ("There was no significant difference in pain between the groups.", "", "no_difference"),
    ("Pain improved significantly in both groups. The groups did not differ.", "", "no_difference"),
    ("PRP was no better than saline for pain.", "", "no_difference"),
    ("Neither injection was superior in pain relief.", "", "no_difference"),
    ("Pain relief was similar in the two groups.", "PRP and saline are equally effective.", "no_difference"),
    ("The difference in pain between groups was not significant (p = 0.40).", "", "no_difference"),
    ("The improvement in pain with PRP did not differ from that with saline.", "", "no_difference"),
    ("Pain differed by 2 mm (95% CI -3 to 7).", "PRP was non-inferior to saline for pain.", "non_inferior"),
    ("Non-inferiority for pain was not shown.", "", "no_difference"),
    ("Saline gave better pain relief at 1 week. PRP gave better pain relief than saline at 6 months.", "", "mixed"),
    ("Pain was better with PRP than with saline at 6 months, but there was no difference at 1 month.", "", "mixed"),
    (
        "Pain was lower with PRP than with saline, whereas disability did not differ between the groups.",
        "",
        "mixed",
    ),
    ("Pain was lower after PRP at 6 months.", "Benefit was confined to younger patients.", "mixed"),
]


@pytest.mark.parametrize(("results", "conclusions", "direction"), TRIALS)
def test_direction_of_a_trial(results: str, conclusions: str, direction: str) -> None:
    """What a trial says of its arms decides, whichever way round and with whichever polarity it says it."""
    found = trial(results, conclusions)
    assert (found.basis, found.direction) == ("between", direction)


def test_change_from_baseline_in_both_arms_is_no_difference_between_them() -> None:
    """Every arm improved: that gives no benefit, and where no comparison is told the direction stays open."""
    found = trial("Pain decreased significantly from baseline in both groups (p < 0.001).")
    assert (found.basis, found.direction) == ("between", None)


def test_a_conclusion_that_claims_does_not_beat_a_result_without_difference() -> None:
    """The claim is kept apart (spin); the direction is that of the comparison."""
    found = trial("Pain did not differ between the groups.", "PRP is an effective treatment for low back pain.")
    assert found.direction == "no_difference"


@pytest.mark.parametrize(
    "text",
    [
        "There was no significant difference between the groups at baseline in pain.",
        "The groups were comparable in age and in baseline pain scores.",
        "There was no difference in adverse events between the groups.",
    ],
)
def test_likeness_at_the_outset_or_in_harms_is_no_finding(text: str) -> None:
    """Groups alike at baseline, or in adverse events, say nothing of the outcome."""
    assert trial(f"{text} Pain was lower with PRP than with saline at 6 months.").direction == "favours"


@pytest.mark.parametrize(
    "results",
    [
        "Disc height was greater in the PRP group than in the saline group.",
        "Serum interleukin-6 was lower in the PRP group than in the saline group.",
    ],
)
def test_structure_and_laboratory_are_no_outcome_of_pain(results: str) -> None:
    """Direction speaks of pain and function only."""
    assert trial(results).direction == "not_reported"


def test_a_cosmetic_trial_has_no_direction() -> None:
    """A paper whose title is of scars or wrinkles reports no outcome that counts here."""
    found = trial(
        "Scores were better in the PRP group than with saline.",
        title="Platelet-rich plasma for facial wrinkles: a randomised trial",
        methods="Sixty women were randomised to PRP or saline. Painful injections were recorded.",
    )
    assert found.direction == "not_reported"


def test_direction_belongs_to_the_treatment_under_test_not_to_the_control() -> None:
    """Where ours is only the control, the direction is the other treatment's, and the role says so."""
    found = trial(
        "Denervation was superior to PRP at 6 months for pain.",
        title="Radiofrequency denervation with platelet-rich plasma as the control: a randomised trial in back pain",
        methods="Sixty patients with low back pain were randomised to denervation or platelet-rich plasma (PRP).",
    )
    assert [(i.intervention, i.role) for i in found.interventions] == [("prp", "comparator")]
    assert found.direction == "favours"


@pytest.mark.parametrize(
    ("results", "conclusions", "expected"),
    [
        ("Pain decreased from 7 to 3 points.", "Ozone relieved pain.", ("within", "favours")),
        ("Pain scores were unchanged at six months.", "We saw no benefit.", ("within", "against")),
        ("Pain did not improve.", "", ("within", "against")),
        ("Pain improved at 3 months.", "The benefit was short-lived.", ("within", "mixed")),
        ("The volume of the herniation was reduced by 30%.", "", ("within", "not_reported")),
    ],
)
def test_without_arms_the_change_in_the_treated_decides(
    results: str, conclusions: str, expected: tuple[str, str]
) -> None:
    """A single arm is before against after: improvement favours, none is against."""
    found = tagged(
        "Ozone for lumbar disc herniation: a case series",
        [
            ("METHODS", "Thirty patients with low back pain were treated with ozone. There was no control group."),
            ("RESULTS", results),
            ("CONCLUSIONS", conclusions),
        ],
    )
    assert (found.basis, found.direction) == expected


REVIEWS = [
    ("Pooled pain was lower with PRP than with control injections.", "PRP reduces pain.", "pooled_between", "favours"),
    ("Pooled pain fell by 3 points from baseline.", "PRP is effective.", "pooled_within", "favours"),
    ("All studies reported benefit.", "PRP is effective for pain.", "pooled_unclear", "favours"),
    ("Pain did not differ from control groups.", "PRP is not effective for pain.", "pooled_between", "against"),
    ("Results varied.", "There is insufficient evidence for PRP.", "pooled_unclear", "insufficient"),
    ("Few studies were found.", "No firm conclusions can be drawn.", "pooled_unclear", "insufficient"),
    ("Results of the trials were conflicting.", "", "pooled_unclear", "mixed"),
    (
        "Pain did not differ between PRP and control groups.",
        "PRP made no difference to pain compared with steroid.",
        "pooled_between",
        "no_difference",
    ),
]


@pytest.mark.parametrize(("results", "conclusions", "basis", "direction"), REVIEWS)
def test_reviews(results: str, conclusions: str, basis: str, direction: str) -> None:
    """A review against controls, against baseline, or neither told; and what it concludes."""
    found = tagged(
        "Platelet-rich plasma for low back pain: a systematic review",
        [("METHODS", "We searched PubMed and Embase."), ("RESULTS", results), ("CONCLUSIONS", conclusions)],
    )
    assert (found.basis, found.direction) == (basis, direction)


@pytest.mark.parametrize(
    ("title", "abstract"),
    [
        ("Platelet-rich plasma for back pain: protocol for a randomised trial", "Patients will be randomised."),
        ("Ozone on disc cells in vitro", "Cells were cultured with ozone. Pain genes were lower than in controls."),
        ("Who asks for stem cells for back pain? A survey", "A questionnaire was sent. Pain was reported by most."),
        ("Platelet-rich plasma and the disc", ""),
    ],
)
def test_what_has_no_result_has_no_direction(title: str, abstract: str) -> None:
    """Protocols, laboratory work, surveys and bare titles give no basis and no direction of pain."""
    found = tagged(title, abstract)
    assert (found.basis, found.direction) == ("none", "not_reported")


def test_the_deciding_clause_is_quoted() -> None:
    """The tag of a direction names its rule and quotes the clause that decided."""
    tags = [t for t in trial("PRP was superior to saline for pain.").tags if t.field == "direction"]
    assert [(t.rule, t.quote, t.chosen) for t in tags] == [
        ("between.superior", "PRP was superior to saline for pain.", True)
    ]


def test_groups_named_by_letters_and_abbreviations() -> None:
    """Arms are told by the letters and short forms that the methods give them."""
    methods = (
        "Forty patients with low back pain were randomised. Group A received platelet-rich plasma."
        " Group B received methylprednisolone. Pain was measured."
    )
    better = trial("Pain was significantly lower in group A than in group B.", methods=methods)
    worse = trial("Pain was significantly lower in group B than in group A.", methods=methods)
    assert (better.direction, worse.direction) == ("favours", "against")


def test_who_benefits_is_not_which_arm_did_better() -> None:
    """A predictor names no better arm; an effect that differs by subgroup is mixed."""
    predictors = trial(
        "The strongest predictors of greater improvement in pain were younger age and higher disability."
    )
    subgroup = trial(
        "Benefit from PRP compared to saline was greater in patients with less pain (interaction p = 0.01)."
    )
    assert (predictors.direction, subgroup.direction) == ("not_reported", "mixed")


@pytest.mark.parametrize(
    ("results", "expected"),
    [
        ("PRP relieved pain better than saline at 6 months, but not at 12 months.", "mixed"),
        ("PRP improved pain more than saline, though not disability.", "mixed"),
        ("The 5 mL dose gave more relief of pain than saline while the 2 mL dose did not.", "mixed"),
        ("PRP and saline relieved pain to a similar extent.", "no_difference"),
        ("None of the injections proved superior for pain.", "no_difference"),
        ("The results for pain did not favour either group.", "no_difference"),
        ("No attributable effect on pain was found for PRP over saline.", "no_difference"),
        ("PRP gave a clinically meaningful reduction in pain over and above saline.", "favours"),
        ("Relief of pain lasted longer with PRP than with saline.", "favours"),
        ("Pain decreased to a greater extent with PRP.", "favours"),
        ("Pain decreased to a lesser extent with PRP than with saline.", "against"),
    ],
)
def test_ways_to_say_it(results: str, expected: str) -> None:
    """Words for more, less, alike, and for a difference at one time or in one outcome only."""
    assert trial(results).direction == expected


def test_arms_outside_the_vocabulary_are_told_by_the_title() -> None:
    """The first of two treatments set against each other is under test; what favours the second is against it."""

    def against(results: str) -> str | None:
        return tagged(
            "Yoga versus stretching in chronic low back pain: a randomised trial",
            [("METHODS", "Sixty adults with low back pain were randomised. Pain was measured."), ("RESULTS", results)],
        ).direction

    assert against("Yoga was superior to stretching for pain.") == "favours"
    assert against("Stretching was superior to yoga for pain.") == "against"
    assert against("Yoga was better for pain; stretching was better for disability.") == "mixed"


def test_the_last_sentence_of_an_abstract_without_headings_concludes() -> None:
    """A claim at the end of plain text is the conclusion, so that results without difference stand against it."""
    found = tagged(
        "Ozone or lidocaine for low back pain: a randomised trial",
        "Sixty patients with low back pain were randomised to ozone or lidocaine. Pain fell by 3.6 points with ozone"
        " and by 3.4 points with lidocaine (p = 0.72). Two patients were lost. Ozone is an effective treatment.",
    )
    assert (found.direction, [s.rule for s in found.spin]) == ("no_difference", ["spin.no_difference"])


def test_the_basis_quotes_a_change_from_before_to_after() -> None:
    """In a single arm the proof of the basis is the change, not the claim of the title or conclusion."""
    found = tagged(
        "Ozone for lumbar disc herniation: a case series",
        [
            ("METHODS", "Thirty patients with low back pain were treated with ozone."),
            ("RESULTS", "Pain decreased from 7 to 3."),
            ("CONCLUSIONS", "Ozone is effective."),
        ],
    )
    assert [t.quote for t in found.tags if t.field == "basis"] == ["Pain decreased from 7 to 3."]


def test_a_claim_beside_safety_is_still_a_claim() -> None:
    """Efficacy named beside safety, cost or complications counts; function of an organ is no function of the body."""
    both = trial("Patients were seen monthly.", "This trial demonstrates the safety and efficacy of PRP.")
    lung = tagged(
        "Platelet lysate in emphysema: a randomised trial",
        "Sixty adults were randomised to platelet lysate or saline. Lung function was better with platelet lysate.",
    )
    assert (both.direction, lung.direction) == ("favours", "not_reported")
