"""Every rule of the fields that read numbers, sites and comparators, as the catalog and its documentation list them."""

from __future__ import annotations

from collections.abc import Iterator

from catalog.tagging.comparator import comparison_rules
from catalog.tagging.quantities import number_rules, sum_rules
from catalog.tagging.tables import table

__all__ = ["LISTED", "listed"]

# Fields whose rules are not those of rules.py, and their files.
LISTED = {
    "region": "region",
    "participants": "participants",
    "studies": "studies",
    "comparator": "comparator",
    "followup_months": "followup",
}


def listed(field: str) -> Iterator[tuple[str, str | None, str, str]]:
    """(id, value, tier, where it comes from) of each rule of a field of LISTED; numbers have no fixed value."""
    name = LISTED[field]
    if field == "comparator":
        for comparison in comparison_rules():
            yield comparison.id, ";".join(sorted(comparison.only)) or None, comparison.tier, comparison.cites
    elif field != "region":
        for number in number_rules(name):
            yield number.id, None, number.tier, number.cites
    if field == "participants":
        for total in sum_rules():
            yield total.id, None, total.tier, total.cites
    for entry in table(name).get("also", ()):
        yield str(entry["id"]), entry.get("value"), str(entry["tier"]), str(entry["cites"])
