"""Curation files: a person's corrections, checked line by line against the codebook's values (docs/curation.md)."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from catalog.csvlines import csv_lines
from catalog.tagging.certainty import CERTAINTIES
from catalog.tagging.overrides import BLANK, Mode, Override, agrees, value_of
from catalog.tagging.status import STATUSES
from catalog.tagging.tables import table
from catalog.tagging.tags import Tags
from harvest.topics import Topics

__all__ = ["COLUMNS", "NO_CURATION", "Curation", "Reviewed", "read_curation", "reviewed"]

COLUMNS = ("pmid", "field", "value", "who", "when", "why")
ROLES = ("experimental", "comparator", "adjunct")
_COMPARATORS = ("placebo_sham", "steroid", "local_anaesthetic", "surgery", "usual_care", "other_active", "none")
# Values that are the codebook's but no rules file's.
_VALUES: dict[str, tuple[str, ...]] = {
    "included": ("rct_only", "mixed", "nonrandomised", "preclinical", "unclear"),
    "lowest_design": ("controlled", "uncontrolled", "unstated"),
    "timing": ("prospective", "retrospective", "unclear"),
    "status": STATUSES,
    "certainty": CERTAINTIES,
    "basis": ("between", "within", "pooled_between", "pooled_within", "pooled_unclear", "none"),
    "direction": (
        "favours",
        "no_difference",
        "non_inferior",
        "against",
        "mixed",
        "insufficient",
        "not_reported",
    ),
    "harms": ("serious", "none_serious", "called_safe", "not_reported"),
}
_SEVERAL = ("interventions", "conditions", "comparator")
_NUMBERS = ("participants", "studies", "followup_months")
_MAY_BE_BLANK = frozenset({*_SEVERAL, *_NUMBERS, "certainty", "region", "basis", "direction", "harms"})


@dataclass(frozen=True)
class Curation:
    """The corrections of a file, by PMID in the file's order; what was left out, one line each; the file's hash."""

    overrides: Mapping[int, tuple[Override, ...]]
    troubles: tuple[str, ...]
    sha256: str | None


@dataclass(frozen=True, slots=True)
class Reviewed:
    """A correction, what the rules alone say, and what became of it.

    `outcome` is `corrects`, `rules_agree`, `not_in_catalog` or `does_not_fit` (the field is not asked of the design).
    """

    override: Override
    rules_say: str | None
    outcome: str


NO_CURATION = Curation({}, (), None)


def read_curation(path: Path, topics: Topics) -> Curation:
    """Read and check a curation file: CSV, UTF-8, with the columns of `COLUMNS` in any order.

    A wrong line is left out and named with its number; the others count. Raises WrongUse, one line, where the file
    cannot be read or lacks a column.
    """
    values = _allowed(topics)
    kept: dict[int, list[Override]] = {}
    troubles: list[str] = []
    raw, lines = csv_lines(path, COLUMNS, "curation file")
    for number, cells in lines:
        if isinstance(cells, str):
            troubles.append(f"{path}: line {number}: {cells}; the line is left out")
            continue
        try:
            override = _override(number, cells, values)
            earlier = kept.setdefault(override.pmid, [])
            _check_against(earlier, override)
            earlier.append(override)
        except _Wrong as wrong:
            troubles.append(f"{path}: line {number}: {wrong}; the line is left out")
    overrides = {pmid: tuple(found) for pmid, found in sorted(kept.items()) if found}
    return Curation(overrides, tuple(troubles), hashlib.sha256(raw).hexdigest())


def reviewed(override: Override, rules: Tags, corrected: Tags) -> Reviewed:
    """What became of a correction, given the tags by rules alone and with every correction of the record."""
    said = value_of(rules, override.field)
    if override.field in ("included", "lowest_design", "timing") and value_of(corrected, override.field) is None:
        return Reviewed(override, said, "does_not_fit")
    return Reviewed(override, said, "rules_agree" if agrees(rules, override) else "corrects")


class _Wrong(Exception):
    """What is wrong with a line, for its reader."""


def _allowed(topics: Topics) -> dict[str, tuple[str, ...]]:
    """The values a field may take, by field."""
    levels = table("levels")
    jbjs: set[str] = set()
    for entry in (*levels["designs"].values(), *levels["systematic_review"].values()):
        jbjs |= {entry["jbjs"]} if isinstance(entry["jbjs"], str) else set(entry["jbjs"].values())
    return _VALUES | {
        "design": tuple(table("designs")),
        "level": tuple(str(name) for name in levels["names"]),
        "jbjs": tuple(sorted(jbjs)),
        "region": topics.region.ids if topics.region else (),
        "interventions": tuple(c.id for c in topics.interventions if not c.search_only),
        "conditions": tuple(c.id for c in topics.conditions if not c.search_only),
        "comparator": _COMPARATORS,
        **dict.fromkeys(_NUMBERS, ()),
    }


def _override(number: int, cells: Mapping[str, str], values: Mapping[str, tuple[str, ...]]) -> Override:
    if not cells["pmid"].isascii() or not cells["pmid"].isdigit() or not 0 < int(cells["pmid"]) < 2**63:
        raise _Wrong(f"{cells['pmid']!r} is no PMID")
    field = cells["field"]
    if field not in values:
        raise _Wrong(f"there is no field {field!r}; fields are {', '.join(sorted(values))}")
    for name in ("value", "who", "why"):
        if not cells[name]:
            hint = f" (write `{BLANK}` where the text states none)" if name == "value" else ""
            raise _Wrong(f"`{name}` is empty{hint}")
    try:
        when = date.fromisoformat(cells["when"])
    except ValueError:
        when = None
    if when is None or when.isoformat() != cells["when"]:
        raise _Wrong(f"`when` is {cells['when']!r}, not a day written YYYY-MM-DD")
    mode, items = _value(field, cells["value"], values[field])
    return Override(
        number, int(cells["pmid"]), field, cells["value"], cells["who"], cells["when"], cells["why"], mode, items
    )


def _value(field: str, value: str, allowed: tuple[str, ...]) -> tuple[Mode, tuple[tuple[str, str | None], ...]]:
    """(mode, items) of a cell. Raises _Wrong for what the codebook does not have."""
    if value == BLANK:
        if field not in _MAY_BE_BLANK:
            raise _Wrong(f"{field} is never blank; it may be {', '.join(allowed)}")
        return "is", ()
    if field in _NUMBERS:
        return "is", ((_number(field, value), None),)
    if field not in _SEVERAL:
        if value not in allowed:
            raise _Wrong(f"{field} cannot be {value!r}; it may be {', '.join(allowed)}")
        return "is", ((value, None),)
    modes: dict[str, Mode] = {"+": "add", "-": "drop"}
    mode = modes.get(value[0], "is")
    items: dict[str, str | None] = {}
    for item in (value if mode == "is" else value[1:]).split(";"):
        name, _, role = (part.strip() for part in item.partition(":"))
        if name not in allowed:
            raise _Wrong(f"{field} cannot be {name!r}; it may be {', '.join(allowed)}")
        if role and (field != "interventions" or mode == "drop" or role not in ROLES):
            raise _Wrong(f"{role!r} is no role here; an intervention may be {', '.join(ROLES)}")
        if name in items:
            raise _Wrong(f"{name} stands twice")
        items[name] = role or None
    if field == "comparator" and "none" in items and (len(items) > 1 or mode != "is"):
        raise _Wrong("comparator `none` stands alone")
    return mode, tuple(items.items())


def _number(field: str, value: str) -> str:
    whole, _, rest = value.partition(".")
    digits = whole.isascii() and whole.isdigit() and len(whole) < 10
    if field == "followup_months":
        if not digits or (rest and (len(rest) > 1 or not rest.isdigit())) or value.endswith(".") or float(value) == 0:
            raise _Wrong(f"{field} is {value!r}, not a number of months above 0 with one decimal at most")
        return str(float(value))
    if not digits or "." in value or int(value) == 0:
        raise _Wrong(f"{field} is {value!r}, not a whole number above 0")
    return str(int(value))


def _check_against(earlier: list[Override], override: Override) -> None:
    """Two lines on one field must not quarrel: one value, or one whole list with additions that do not repeat."""
    for other in earlier:
        if other.field != override.field:
            continue
        if override.mode == "is":
            raise _Wrong(f"line {other.line} already corrects {override.field} of PMID {override.pmid}")
        if both := [name for name, _ in override.items if name in dict(other.items)]:
            raise _Wrong(f"line {other.line} already speaks of {both[0]} for PMID {override.pmid}")
