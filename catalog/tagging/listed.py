"""Every rule of the fields that read numbers, sites and comparators, as the catalog and its documentation list them."""

from __future__ import annotations

from collections.abc import Iterator

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
    data = table(LISTED[field])  # as the file has them: nothing is compiled to list rules
    for entry in data["rules"] if field != "region" else ():
        # a comparison rule of few kinds tells them
        kinds = ";".join(sorted(set(entry.get("only", ())))) or None if field == "comparator" else None
        yield str(entry["id"]), kinds, str(entry["tier"]), str(entry["cites"])
    if field == "participants":
        for entry in data["sums"]:
            yield str(entry["id"]), None, str(entry["tier"]), str(entry["cites"])
    for entry in data.get("also", ()):
        yield str(entry["id"]), entry.get("value"), str(entry["tier"]), str(entry["cites"])
