"""The figures of an evaluation, against values worked out by hand."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from itertools import repeat

import pytest

from catalog.evaluation.bootstrap import intervals, quantile
from catalog.evaluation.compare import compare
from catalog.evaluation.fields import FIELDS, Field
from catalog.evaluation.scores import (
    Pair,
    agreement,
    confusion,
    coverage_of,
    kappa,
    value_scores,
    weighted_kappa,
)
from catalog.evaluation.tagged import Tagged


def table(**pairs: int) -> Counter[Pair]:
    """`a_b=3`: three records labelled a, tagged b; nothing stands for nothing."""
    found: Counter[Pair] = Counter()
    for name, count in pairs.items():
        gold, ours = name.split("_")
        found[(gold,) if gold else (), (ours,) if ours else ()] = count
    return found


# labels a a a b b c, tags a a b b b a
SIX = table(a_a=2, a_b=1, b_b=2, c_a=1)


def test_kappa_of_the_textbook() -> None:
    """Agreement 0.7 where chance gives 0.5 is kappa 0.4."""
    assert kappa(table(yes_yes=20, yes_no=5, no_yes=10, no_no=15)) == pytest.approx(0.4)


def test_kappa_is_one_where_all_agree_and_undefined_where_there_is_one_category() -> None:
    """No disagreement is 1; a single category leaves nothing to agree on beyond chance, so there is no figure."""
    assert kappa(table(a_a=3, b_b=1)) == 1
    assert kappa(table(a_a=5)) is None
    assert kappa({}) is None


def test_an_abstention_is_a_category_of_its_own_for_kappa() -> None:
    """Two of four agree; chance: rows a 2, b 2, columns a 1, b 1, none 2: (4*2 - 4) / (16 - 4)."""
    assert kappa(table(a_a=1, a_=1, b_b=1, b_=1)) == pytest.approx(4 / 12)


def test_linear_weighted_kappa() -> None:
    """Observed distance 2; by chance 32 / 6 (rows 3 2 1, columns 2 2 2): 1 - 2 * 6 / 32."""
    pairs = {"1_1": 2, "1_2": 1, "2_2": 1, "2_3": 1, "3_3": 1}
    assert weighted_kappa(table(**pairs), ("1", "2", "3", "4", "5")) == pytest.approx(0.625)


def test_weighted_kappa_leaves_out_what_is_not_in_the_order() -> None:
    """None against level is not a distance, nor is an abstention; one level only leaves nothing to weigh."""
    pairs = {"1_1": 2, "1_2": 1, "2_2": 1, "2_3": 1, "3_3": 1}
    with_none = table(**pairs, none_1=4, **{"2_none": 7, "2_": 3})
    assert weighted_kappa(with_none, ("1", "2", "3")) == pytest.approx(0.625)
    assert weighted_kappa(table(**{"2_2": 9}), ("1", "2", "3")) is None


def test_f1_of_each_value_and_their_means() -> None:
    """F1 a 2/3, b 4/5, c 0; macro their mean, weighted by labels 3, 2, 1; of the frequent ones (a) 2/3."""
    scores = value_scores(SIX)
    assert (scores["a"].labelled, scores["a"].tagged, scores["a"].agreed) == (3, 3, 2)
    assert scores["b"].precision == pytest.approx(2 / 3)
    assert scores["b"].recall == 1
    assert (scores["c"].precision, scores["c"].recall, scores["c"].f1) == (None, 0, 0)
    found = agreement(SIX, often={"a"})
    assert found["macro_f1"] == pytest.approx((2 / 3 + 4 / 5) / 3)
    assert found["macro_f1_of_five_or_more"] == pytest.approx(2 / 3)
    assert found["weighted_f1"] == pytest.approx((3 * 2 / 3 + 2 * 4 / 5) / 6)
    assert found["accuracy"] == found["micro_f1"] == pytest.approx(4 / 6)


def test_a_value_that_is_only_tagged_counts_in_the_macro_mean() -> None:
    """As in scikit-learn: F1 0 for a value nobody labelled; it weighs nothing in the weighted mean."""
    found = agreement(table(a_a=1, a_x=1), often=())
    assert found["macro_f1"] == pytest.approx((2 / 3 + 0) / 2)
    assert found["weighted_f1"] == pytest.approx(2 / 3)
    assert found["macro_f1_of_five_or_more"] is None


def test_sets_of_values() -> None:
    """Accuracy and kappa take the whole set, F1 each value: o 1, p 1/2; micro 4/6; kappa (4*2 - 4) / (16 - 4)."""
    sets: Counter[Pair] = Counter({(("o", "p"), ("o",)): 1, ((), ("p",)): 1, (("p",), ("p",)): 1, ((), ()): 1})
    found = agreement(sets, often=())
    assert found["accuracy"] == 0.5
    assert found["macro_f1"] == pytest.approx(0.75)
    assert found["micro_f1"] == pytest.approx(4 / 6)
    assert found["kappa"] == pytest.approx(1 / 3)


def test_coverage_counts_what_is_given_and_what_of_it_is_right() -> None:
    """Three labelled, two of them given; three given, one right: a value where the label is empty is wrong."""
    found = coverage_of(Counter(table(**{"1_1": 1, "2_": 1, "3_4": 1, "_5": 1, "_": 1})))
    assert (found.labelled, found.given, found.given_labelled, found.right) == (3, 3, 2, 1)
    assert found.right_of_given == pytest.approx(1 / 3)
    assert found.coverage == pytest.approx(2 / 3)
    assert coverage_of({}).coverage is None


def test_confusion_matrix() -> None:
    """Rows are labels, columns tags, the last of each nothing given."""
    assert confusion(SIX + table(b_=4), ("a", "b", "c")) == [[2, 1, 0, 0], [0, 2, 0, 4], [1, 0, 0, 0], [0, 0, 0, 0]]


def test_quantiles_are_interpolated() -> None:
    """Type 7: the place is share * (n - 1)."""
    assert quantile([1, 2, 3, 4], 0.025) == pytest.approx(1.075)
    assert quantile([1, 2, 3, 4], 0.5) == 2.5
    assert quantile([7], 0.975) == 7


def share(counted: Mapping[bool, int]) -> dict[str, float | None]:
    return {"right": counted.get(True, 0) / sum(counted.values()), "never": None}


def test_bootstrap_is_deterministic_and_about_as_wide_as_theory_says() -> None:
    """The same seed gives the same interval; 80 of 100 has a standard error of 0.04."""
    outcomes = [*repeat(True, 80), *repeat(False, 20)]
    found = intervals(outcomes, share)
    assert found == intervals(outcomes, share)
    assert found != intervals(outcomes, share, seed=2)
    low, high = found["right"]
    assert low == pytest.approx(0.8 - 1.96 * 0.04, abs=0.02)
    assert high == pytest.approx(0.8 + 1.96 * 0.04, abs=0.02)


def test_bootstrap_gives_no_interval_for_what_is_never_defined() -> None:
    """A figure that no round defines has none; neither has a field without records."""
    assert set(intervals([True, False], share)) == {"right"}
    assert intervals([], share) == {}
    assert intervals([True] * 9, share)["right"] == (1, 1)


def test_bootstrap_passes_over_rounds_without_a_figure() -> None:
    """Two records of which a round may draw only one kind: its kappa is undefined, the others' is 1."""
    pairs: list[Pair] = [(("a",), ("a",)), (("b",), ("b",))]
    assert intervals(pairs, lambda counted: {"kappa": kappa(counted)})["kappa"] == (1, 1)


def field(name: str) -> Field:
    return next(found for found in FIELDS if found.name == name)


def tags(**values: str) -> Tagged:
    return Tagged({name: tuple(value.split(";")) if value else () for name, value in values.items()}, {})


@pytest.mark.parametrize(
    ("name", "gold", "ours", "right"),
    [
        ("followup_months", "12", "12.2", True),  # within 2 %
        ("followup_months", "12", "12.3", False),
        ("followup_months", "6", "6.1", True),  # within 0.1, though binary 6.1 - 6 is a hair more
        ("followup_months", "1.8", "1.9", True),
        ("followup_months", "6", "6.2", False),
        ("followup_months", "0.5", "0.65", False),
        ("participants", "1000", "1001", False),
        ("participants", "30", "30", True),
        ("studies", "", "3", False),
        ("studies", "", "", True),
    ],
)
def test_how_near_a_number_must_be(name: str, gold: str, ours: str, right: bool) -> None:
    """Follow-up within 0.1 months or 2 %, whichever is more; people and studies exactly; given for nothing is wrong."""
    found = compare(field(name), {1: (gold,) if gold else ()}, {1: tags(**{name: ours})}, (), rounds=10)
    assert found.agreed == right
    assert found.values == ()
    assert found.confusion is None
    assert set(found.figures) == {"accuracy", "right_of_given", "coverage"}


@pytest.mark.parametrize(("name", "records"), [("design", 1), ("timing", 1), ("interventions", 2), ("certainty", 2)])
def test_what_an_empty_label_means(name: str, records: int) -> None:
    """Unlabelled or not asked: the record is not scored; none there is: it is."""
    value = {"design": "rct", "timing": "unclear", "interventions": "prp", "certainty": "low"}[name]
    found = compare(field(name), {1: (value,), 2: ()}, {1: tags(**{name: value}), 2: tags(**{name: value})}, (value,))
    assert (found.labelled, found.records, found.agreed) == (1, records, 1)


def test_levels_and_none_are_scored_apart() -> None:
    """Two levelled by both, one of them alike; one none by both; one only labelled, one only tagged."""
    labels = {1: "1", 2: "2", 3: "none", 4: "4", 5: "none"}
    ours = {1: "1", 2: "3", 3: "none", 4: "none", 5: "2"}
    found = compare(
        field("level"),
        {pmid: (value,) for pmid, value in labels.items()},
        {pmid: tags(level=value) for pmid, value in ours.items()},
        ("1", "2", "3", "4", "5", "none"),
        rounds=50,
    ).levelled
    assert found is not None
    counts = (found.both_levelled, found.both_none, found.only_labelled, found.only_tagged, found.agreed)
    assert counts == (2, 1, 1, 1, 1)
    assert found.figures["accuracy"].value == 0.5
    # rows 1 and 2, columns 1 and 3: observed distance 1, by chance (0 + 2 + 1 + 1) / 2
    assert found.figures["weighted_kappa"].value == pytest.approx(0.5)
    assert found.figures["none_or_level_accuracy"].value == pytest.approx(0.6)
    # rows 3 level and 2 none, columns the same: (5*3 - 13) / (25 - 13)
    assert found.figures["none_or_level_kappa"].value == pytest.approx(2 / 12)
