"""Invented papers of the field, each written and labelled before the rules were run on it: direction and basis."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from tests.outcomes import tagged

# direction, basis, what the rules miss of the two, title, abstract
TABLE = list(
    csv.DictReader(
        (Path(__file__).parent / "cases" / "outcomes.tsv").read_text(encoding="utf-8").splitlines(),
        delimiter="\t",
        quoting=csv.QUOTE_NONE,
    )
)


@pytest.mark.parametrize("case", TABLE, ids=[case["title"] for case in TABLE])
def test_direction_and_basis_of_a_paper(case: dict[str, str]) -> None:
    """The rules agree with the label, but for what the table says they miss: a miss that is mended leaves the table."""
    found = tagged(case["title"], case["abstract"])
    given = {"direction": found.direction, "basis": found.basis}
    missed = [field for field in given if given[field] != case[field]]
    assert ";".join(missed) == case["missed"]


def test_the_table_covers_every_direction() -> None:
    """Each value of the codebook is asked for, and few are missed."""
    asked = {case["direction"] for case in TABLE}
    assert asked == {
        "favours", "no_difference", "non_inferior", "against", "mixed", "insufficient", "not_reported"
    }  # fmt: skip
    assert sum("direction" in case["missed"] for case in TABLE) <= 0.07 * len(TABLE)


# Values that say that nothing was said, or that follow from the design: they have no words of their own.
SILENT = {"not_reported", "none", "pooled_unclear", "unstated"}
FIELDS = (
    "participants",
    "studies",
    "comparator",
    "region",
    "basis",
    "direction",
    "followup_months",
    "harms",
    "certainty",
)


@pytest.mark.parametrize("case", TABLE, ids=[case["title"] for case in TABLE])
def test_every_value_has_words_that_say_it(case: dict[str, str]) -> None:
    """Each value given has a chosen tag with its place (`tagged` compares place and quote); an unknown one has none."""
    found = tagged(case["title"], case["abstract"])
    for field in FIELDS:
        value = getattr(found, field)
        chosen = [t for t in found.tags if t.field == field and t.chosen]
        if value is None:
            assert not chosen, field
        elif str(value) not in SILENT:
            assert chosen, (field, value)
            assert all(t.quote and t.start is not None for t in chosen if t.source in ("title", "abstract")), field
            # a sum of arms or a list of comparators has a tag a part; each value stands whole in none or in one
            parts = set(str(value).split(";"))
            assert field in ("participants", "followup_months", "studies") or {t.value for t in chosen} == parts, field
